package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/store"
)

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"none", nil, exitDone},
		{"not found", datasession.ErrNotFound, exitRefused},
		{"expired", datasession.ErrExpired, exitRefused},
		{"deleted meanwhile", datasession.ErrDeleted, exitRefused},
		{"corrupt", datasession.ErrCorrupt, exitRefused},
		{"reserved", datasession.ErrReserved, exitRefused},
		{"conflict", datasession.ErrConflict, exitRefused},
		{"invalid id", datasession.ErrInvalidID, exitRefused},
		{"too large", datasession.ErrTooLarge, exitRefused},
		{"unsupported by the store", datasession.ErrUnsupported, exitRefused},
		{"unsupported by the codec", &codec.UnsupportedError{}, exitRefused},
		{"syntax", &codec.SyntaxError{Err: errors.New("x")}, exitRefused},
		{"limit", &codec.LimitError{}, exitRefused},
		{"a link where a file should be", store.ErrUnsafe, exitRefused},
		{"unavailable", store.ErrUnavailable, exitUnreachable},
		{"no permission", fs.ErrPermission, exitUnreachable},
		{"disk full", &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, exitUnreachable},
		{"timeout", context.DeadlineExceeded, exitUnreachable},
		{"anything else of a store", errors.New("connection reset"), exitUnreachable},
		{"interrupted", context.Canceled, exitInterrupted},
		{"cobra's", errors.New("unknown command"), exitUsage},
	} {
		err := c.err
		if err != nil {
			err = fmt.Errorf("load: %w", err)
		}
		if c.want != exitUsage {
			err = judge(err)
		}
		if code := report(new(bytes.Buffer), "datasession", err); code != c.want {
			t.Errorf("%s: exit code %d, want %d", c.name, code, c.want)
		}
	}
}

// A result that could not be written is not a success.
func TestOutputFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full on this system")
	}
	defer full.Close()
	var stderr bytes.Buffer
	if code := run(t.Context(), []string{"id", "-n", "1000"}, nil, full, &stderr); code != exitRefused {
		t.Errorf("exit code %d, want %d", code, exitRefused)
	}
	if want := "datasession: cannot write the output: no space left on device\n"; stderr.String() != want {
		t.Errorf("%q, want %q", &stderr, want)
	}
}

// Nobody finds an id in what goes to standard error, or in ls and show.
func TestNoIDs(t *testing.T) {
	const id = "canary0123456789"
	dir := t.TempDir()
	flags := []string{"--directory", dir}
	ds(t, exitDone, "", append([]string{"set", "--create", id, "a=b"}, flags...)...)
	corrupt := filepath.Join(dir, "cgisess_"+id+"corrupt")
	if err := os.WriteFile(corrupt, []byte("$D = {"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{
		"ls", "ls --json", "show ID", "show IDcorrupt", "show IDmissing", "show ID/x", "show ID ID", "set ID", "set ID ID",
		"set ID _x=1", "set IDcorrupt a=b", "set IDmissing a=b", "set --create ID/x a=b", "unset IDcorrupt a", "expire IDcorrupt 1h",
		"expire ID x", "expire IDmissing 1h", "ID", "show --ID", "rm --dry-run ID", "rm IDmissing ID/x", "purge", "ls ID", "purge ID",
		"expire ID -1s", "set ID a=c", "expire ID 1h --json",
	} {
		line := strings.Fields(strings.ReplaceAll(args, "ID", id))
		if line[0] != id {
			line = append(line, flags...)
		}
		var stdout, stderr bytes.Buffer
		run(t.Context(), line, nil, &stdout, &stderr)
		if out := stdout.String() + stderr.String(); strings.Contains(out, id) && args != "show --ID" {
			t.Errorf("datasession %s prints the id: %s", args, out)
		}
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain, Ünïcödé, 李雷": "plain, Ünïcödé, 李雷",
		"a\x1b[2Jb":          `a\x1b[2Jb`,
		"a\r\nb\tc\x00\x7f":  `a\r\nb\tc\x00\x7f`,
		"a\u009b2J":          `a\u009b2J`,
		"\u202eabc\u2066":    `\u202eabc\u2066`,
		"a\xffb\xef":         `a\xffb\xef`,
		"\uFFFD":             "\uFFFD",
		"\u2028":             `\u2028`,
	} {
		if got := printable(text); got != want {
			t.Errorf("printable(%q) = %s, want %s", text, got, want)
		}
	}
}
