//go:build linux

package filestore_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Some tests need a process of their own, to be killed or to be another user's.
// It is this test binary, told by its environment what to do.
const (
	envChild = "FILESTORE_CHILD"
	envArgs  = "FILESTORE_CHILD_ARGS"
)

var children = map[string]func(args []string) error{
	"save":   killedSaver,
	"create": killedCreator,
	"once":   saveOnce,
	"nobody": asNobody,
	"files":  outOfFiles,
}

func TestMain(m *testing.M) {
	if child := children[os.Getenv(envChild)]; child != nil {
		if err := child(strings.Split(os.Getenv(envArgs), "\n")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child returns a command that runs one of children.
func child(t testing.TB, name string, args ...any) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	return inChild(cmd, name, args...)
}

func inChild(cmd *exec.Cmd, name string, args ...any) *exec.Cmd {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = fmt.Sprint(a)
	}
	cmd.Env = append(os.Environ(), envChild+"="+name, envArgs+"="+strings.Join(words, "\n"))
	return cmd
}
