// Testlog reads the output of go test -json and prints it as go test would,
// with the skipped tests and their reasons in it: a suite that skips in silence
// promises more than it checks.
//
// A test that misses a program or a module skips with what to install. With
// CI=true in the environment such a skip fails the run; others (the long tests,
// what a store lacks, what root may do) are only shown.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// install is what the reason for a skip says that should not have been one.
const install = "install"

// event is a line of go test -json; see go doc cmd/test2json.
type event struct {
	Action, Package, Test, Output string
}

func main() {
	skips, err := copyLog(os.Stdout, os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testlog:", err)
		os.Exit(1)
	}
	if len(skips) > 0 && os.Getenv("CI") == "true" {
		fmt.Fprintln(os.Stderr, "testlog: these tests miss what they need:")
		for _, name := range skips {
			fmt.Fprintln(os.Stderr, "  "+name)
		}
		os.Exit(1)
	}
}

// copyLog copies the log from r to w without what tests that passed printed, and
// returns the names of the tests that were skipped for want of something to install.
func copyLog(w io.Writer, r io.Reader) (skips []string, err error) {
	said := map[event]string{} // what each running test printed so far
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			return skips, nil
		}
		if err != nil {
			return skips, err
		}
		var e event
		if json.Unmarshal(line, &e) != nil {
			fmt.Fprintf(w, "%s", line) // not from a test: go itself complains
			continue
		}
		test := event{Package: e.Package, Test: e.Test}
		switch {
		case e.Action == "output" && e.Test != "":
			if !strings.HasPrefix(e.Output, "=== ") {
				said[test] += e.Output
			}
		case e.Output != "":
			if e.Output != "PASS\n" {
				fmt.Fprint(w, e.Output)
			}
		case e.Action == "pass":
			delete(said, test)
		case e.Action == "skip" && e.Test != "":
			if strings.Contains(said[test], install) {
				skips = append(skips, e.Package+" "+e.Test)
			}
			fallthrough
		case e.Action == "fail" && e.Test != "":
			fmt.Fprint(w, said[test])
			delete(said, test)
		case e.Action == "fail":
			for test, out := range said { // a panic ends tests without a word
				if test.Package == e.Package {
					fmt.Fprint(w, out)
					delete(said, test)
				}
			}
		}
	}
}
