package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What go test says of a package that holds each way in which a test can end.
func TestCopyLog(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "go.mod", "module example\n\ngo 1.26\n")
	write(t, dir, "plain/plain_test.go", `package plain
import "testing"
func TestPasses(t *testing.T) { t.Log("a word of one that passed") }
func TestFails(t *testing.T)  { t.Run("inner", func(t *testing.T) { t.Error("a word of one that failed") }) }
func TestSkips(t *testing.T)  { t.Skip("install perl") }
func TestLong(t *testing.T)   { t.Skip("set DATASESSION_LONG=1") }
`)
	write(t, dir, "panics/panics_test.go", `package panics
import "testing"
func TestPanics(t *testing.T) { t.Log("a word before the end"); panic("the end") }
`)
	write(t, dir, "broken/broken_test.go", "package broken\n\nvar x int = nowhere\n")

	cmd := exec.Command("go", "test", "-json", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	log, err := cmd.Output()
	if _, failed := err.(*exec.ExitError); !failed {
		t.Fatalf("go test: %v, want a failure", err)
	}

	var out strings.Builder
	skips, err := copyLog(&out, strings.NewReader(string(log)))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"example/plain TestSkips"}; !slices.Equal(skips, want) {
		t.Errorf("skips = %q, want %q", skips, want)
	}
	for _, want := range []string{
		"a word of one that failed", "--- FAIL: TestFails (", "--- SKIP: TestSkips", "install perl",
		"--- SKIP: TestLong", "a word before the end", "panic: the end", "undefined: nowhere",
		"FAIL\texample/plain", "FAIL\texample/broken [build failed]",
	} {
		if n := strings.Count(out.String(), want); n != 1 {
			t.Errorf("the log has %q %d times, want once", want, n)
		}
	}
	if strings.Contains(out.String(), "one that passed") {
		t.Error("the log has the words of a test that passed")
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
