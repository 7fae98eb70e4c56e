// Testlog reads the output of go test -json and prints it as go test would,
// with the skipped tests and their reasons in it: a suite that skips in silence
// promises more than it checks.
//
// With CI=true in the environment a skip fails the run, but for the tests that
// wait for DATASESSION_LONG.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// longRun is what the reason for a skip names that is meant to be one.
const longRun = "DATASESSION_LONG"

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
		fmt.Fprintln(os.Stderr, "testlog: nothing may be skipped here, but these were:")
		for _, name := range skips {
			fmt.Fprintln(os.Stderr, "  "+name)
		}
		os.Exit(1)
	}
}

// copyLog copies the log from r to w without what tests that passed printed, and
// returns the names of the tests that were skipped for another reason than longRun.
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
			if !strings.Contains(said[test], longRun) {
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
