package sessionid

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
)

const childEnv = "SESSIONID_CHILD"

// child returns a command that runs this test binary as another process, which
// does what TestChild says and nothing else.
func child(t *testing.T, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), childEnv+"="+strings.Join(args, "\n"))
	cmd.Stderr = os.Stderr
	return cmd
}

// TestChild is the other process. It prints ids, each as soon as it has it.
func TestChild(t *testing.T) {
	args := strings.Split(os.Getenv(childEnv), "\n")
	n, _ := strconv.Atoi(args[len(args)-1])
	switch args[0] {
	case "random": // random N
		synctest.Test(t, func(t *testing.T) {
			out := bufio.NewWriter(os.Stdout)
			printIDs(t, MD5, n, func(id string) { fmt.Fprintln(out, id) })
			out.Flush()
		})
	case "count": // count FILE N
		c, err := AutoIncrement(&CounterOptions{File: args[1]})
		if err != nil {
			t.Fatal(err)
		}
		printIDs(t, c, n, func(id string) { fmt.Fprintln(os.Stdout, id) })
	default:
		return
	}
	os.Exit(0) // before the test framework prints to the same place
}

func printIDs(t *testing.T, g Generator, n int, emit func(string)) {
	for range n {
		id, err := g.New(t.Context())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		emit(id)
	}
}
