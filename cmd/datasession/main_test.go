package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScript runs the command as its users do: one script for each behaviour.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"datasession": scriptRun,
			"store":       scriptStore,
		},
		Condition: func(name string) (bool, error) { return name == "root" && os.Geteuid() == 0, nil },
	})
}

// scriptRun runs the command in this process:
//
//	datasession [-in FILE] WANT ARGUMENT...
//
// WANT is the exit code. FILE is standard input.
func scriptRun(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("want the exit code as the first argument, not !")
	}
	var stdin string
	if len(args) > 1 && args[0] == "-in" {
		stdin = ts.ReadFile(args[1])
		args = args[2:]
	}
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), args[1:], strings.NewReader(stdin), &stdout, &stderr)
	_, _ = ts.Stdout().Write(stdout.Bytes())
	_, _ = ts.Stderr().Write(stderr.Bytes())
	if want := args[0]; want != string(rune('0'+code)) {
		ts.Logf("stdout:\n%s\nstderr:\n%s", stdout.Bytes(), stderr.Bytes())
		ts.Fatalf("exit code %d, want %s", code, want)
	}
}

// scriptStore copies one of the stores that Perl wrote to the script's folder:
//
//	store NAME
func scriptStore(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(copyStore(filepath.Join(stores, args[0]), ts.MkAbs(args[0])))
}

const stores = "../../internal/testdata/stores"

// copyStore copies a directory or a file, and makes the copy writable.
func copyStore(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return os.CopyFS(to, os.DirFS(from))
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}
