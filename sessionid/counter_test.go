//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package sessionid

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func newCounter(t testing.TB, opts CounterOptions) *Counter {
	t.Helper()
	if opts.File == "" {
		opts.File = filepath.Join(t.TempDir(), "data.session.id")
	}
	c, err := AutoIncrement(&opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o660); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// contents is what a counter file may hold, and what base 100 and step 7 make of it.
// TestContentsLikePerl asks Perl the same.
var contents = []struct{ content, id string }{
	{"", "107"},
	{"5", "12"},
	{"5\n", "12"},
	{"5\n6", "12"},
	{"5\n\n", "12"},
	{"007", "14"},
	{"00", "7"},
	{"0\n", "7"},
	{"0", "107"},
	{"\n", "107"},
	{"\n5", "107"},
	{"abc", "107"},
	{"5 ", "107"},
	{" 5", "107"},
	{"5\r\n", "107"},
	{"5\x00", "107"},
	{"-3", "107"},
	{"+3", "107"},
	{"5.5", "107"},
	{"1e3", "107"},
	{"1e+20", "107"},
	{"0x10", "107"},
	{"\u0665", "107"}, // an Arabic five
	{"99", "106"},
	{"993", "1000"},
	{"9223372036854775807", "9223372036854775814"},
	{"18446744073709551608", "18446744073709551615"},
	{strings.Repeat("0", 30) + "5", "12"},
	{strings.Repeat("x", 10000), "107"},
}

func TestContents(t *testing.T) {
	for _, c := range contents {
		gen := newCounter(t, CounterOptions{Base: 100, Step: 7})
		write(t, gen.file, c.content)
		id, err := gen.New(t.Context())
		if id != c.id || err != nil {
			t.Errorf("from %.40q: New = %q, %v; want %q", c.content, id, err, c.id)
		}
		if got := read(t, gen.file); got != c.id {
			t.Errorf("from %.40q: file holds %.40q, want %q", c.content, got, c.id)
		}
	}
}

func TestEndOfNumbers(t *testing.T) {
	for _, content := range []string{
		"18446744073709551609",
		"18446744073709551615",
		"18446744073709551616",
		"99999999999999999999",
		strings.Repeat("0", 5000) + "5", // longer than a number can be
	} {
		gen := newCounter(t, CounterOptions{Step: 7})
		write(t, gen.file, content)
		if id, err := gen.New(t.Context()); id != "" || err == nil {
			t.Errorf("from %.40q: New = %q, %v; want an error", content, id, err)
		}
		if got := read(t, gen.file); got != content {
			t.Errorf("from %.40q: file holds %.40q after the error", content, got)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		name  string
		opts  *CounterOptions
		first uint64 // 0: refused
	}{
		{"nil", nil, 1},
		{"zero", &CounterOptions{}, 1},
		{"base and step", &CounterOptions{Base: 100, Step: 7}, 107},
		{"negative base, first id positive", &CounterOptions{Base: -2, Step: 7}, 5},
		{"first id zero", &CounterOptions{Base: -7, Step: 7}, 0},
		{"first id negative", &CounterOptions{Base: -8, Step: 7}, 0},
		{"negative step", &CounterOptions{Base: 100, Step: -1}, 0},
		{"greatest base", &CounterOptions{Base: math.MaxInt64 - 1}, math.MaxInt64},
		{"base too great", &CounterOptions{Base: math.MaxInt64}, 0},
		{"step too great", &CounterOptions{Base: 1, Step: math.MaxInt64}, 0},
		{"both at the low end", &CounterOptions{Base: math.MinInt64, Step: math.MinInt64}, 0},
	} {
		switch gen, err := AutoIncrement(c.opts); {
		case err != nil && c.first != 0:
			t.Errorf("%s: %v", c.name, err)
		case err == nil && gen.first != c.first:
			t.Errorf("%s: first id %d, want %d (0: refused)", c.name, gen.first, c.first)
		}
	}
	gen, err := AutoIncrement(nil)
	if want := filepath.Join(os.TempDir(), "data.session.id"); err != nil || gen.file != want {
		t.Errorf("default file is %q, %v; want %q", gen.file, err, want)
	}
}

func TestMode(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o027))
	for mode, want := range map[os.FileMode]os.FileMode{0: 0o640, 0o600: 0o600, 0o666: 0o640} {
		gen := newCounter(t, CounterOptions{Mode: mode})
		if _, err := gen.New(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{gen.file, gen.mark} {
			if info, err := os.Stat(name); err != nil || info.Mode() != want {
				t.Errorf("Mode %o: %s has mode %v, %v; want %o", mode, filepath.Base(name), info.Mode(), err, want)
			}
		}
	}
}

// What Perl does when it dies after it has shortened the file, and what the next
// Perl process makes of that.
func TestFall(t *testing.T) {
	for name, content := range map[string]string{
		"emptied":             "",
		"begun again by Perl": "1",
		"one lower":           "41",
		"garbled":             "x",
	} {
		t.Run(name, func(t *testing.T) {
			gen := newCounter(t, CounterOptions{})
			write(t, gen.file, "41")
			for _, want := range []string{"42", "1042", "1043"} {
				id, err := gen.New(t.Context())
				if id != want || err != nil {
					t.Fatalf("New = %q, %v; want %s", id, err, want)
				}
				if id == "42" {
					write(t, gen.file, content)
				}
			}
			if got := read(t, gen.file); got != "1043" {
				t.Errorf("file holds %q, want 1043", got)
			}
		})
	}
}

func TestRemovedFile(t *testing.T) {
	gen := newCounter(t, CounterOptions{})
	for _, c := range []struct {
		remove []string
		want   string
	}{
		{nil, "1"},
		{[]string{gen.mark}, "2"},
		{[]string{gen.file}, "1002"},
		{[]string{gen.file, gen.mark}, "1"},
	} {
		for _, name := range c.remove {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
		if id, err := gen.New(t.Context()); id != c.want || err != nil {
			t.Errorf("with %q removed: New = %q, %v; want %s", c.remove, id, err, c.want)
		}
	}
}

func TestMarkContents(t *testing.T) {
	for _, c := range []struct{ content, id string }{
		{"", "6"},
		{"00000000000000000005\n", "6"},
		{"00000000000000000006\n", "1006"},
		{"00000000000000000006", ""},
		{"6\n", ""},
		{"0000000000000000000x\n", ""},
		{"99999999999999999999\n", ""},
		{"18446744073709551615\n", ""},
		{"00000000000000000005\n\n", ""},
	} {
		gen := newCounter(t, CounterOptions{})
		write(t, gen.file, "5")
		write(t, gen.mark, c.content)
		if id, err := gen.New(t.Context()); id != c.id || (err == nil) != (c.id != "") {
			t.Errorf("mark %q: New = %q, %v; want %q", c.content, id, err, c.id)
		}
	}
}

func TestUnsafePlaces(t *testing.T) {
	for _, place := range []string{"data.session.id", ".data.session.id.hw"} {
		for name, put := range map[string]func(victim, at string) error{
			"link":             os.Symlink,
			"link to nothing":  func(_, at string) error { return os.Symlink("nowhere", at) },
			"link to itself":   func(_, at string) error { return os.Symlink(at, at) },
			"link to a device": func(_, at string) error { return os.Symlink("/dev/zero", at) },
			"second name":      os.Link,
			"pipe":             func(_, at string) error { return syscall.Mkfifo(at, 0o660) },
			"folder":           func(_, at string) error { return os.Mkdir(at, 0o770) },
		} {
			t.Run(place+"/"+name, func(t *testing.T) {
				gen := newCounter(t, CounterOptions{})
				victim := filepath.Join(t.TempDir(), "victim")
				write(t, victim, "5")
				if err := put(victim, filepath.Join(filepath.Dir(gen.file), place)); err != nil {
					t.Fatal(err)
				}
				if id, err := gen.New(t.Context()); id != "" || !errors.Is(err, ErrUnsafe) {
					t.Errorf("New = %q, %v; want ErrUnsafe", id, err)
				}
				if got := read(t, victim); got != "5" {
					t.Errorf("the file behind it holds %q, want 5", got)
				}
			})
		}
	}
}

func TestOpenFollowsNoLink(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/victim", "5")
	if err := os.Symlink("victim", dir+"/link"); err != nil {
		t.Fatal(err)
	}
	// The name may become a link after it was looked at.
	if f, err := openOrCreate(dir+"/link", 0o660); err == nil {
		f.Close()
		t.Error("openOrCreate follows a link")
	}
}

func TestMissingFolder(t *testing.T) {
	gen := newCounter(t, CounterOptions{File: filepath.Join(t.TempDir(), "no", "id")})
	if id, err := gen.New(t.Context()); id != "" || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("New = %q, %v; want not exist", id, err)
	}
}

func TestWaitEndsWithContext(t *testing.T) {
	gen := newCounter(t, CounterOptions{})
	other, err := openPlain(gen.file, 0o660)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock(other); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	for range 20 { // one waits for the lock, the rest for that one
		wait.Go(func() {
			if id, err := gen.New(ctx); id != "" || !errors.Is(err, context.Canceled) {
				t.Errorf("New = %q, %v; want context canceled", id, err)
			}
		})
	}
	for len(gen.turn) == 0 {
		runtime.Gosched()
	}
	cancel()
	wait.Wait() // would not end with a New that waits for the lock
	if len(gen.turn) == 0 {
		t.Error("nobody waits for the lock any more")
	}
	other.Close()
	if id, err := gen.New(t.Context()); id != "1" || err != nil {
		t.Errorf("New after the lock was freed = %q, %v; want 1: a call that gave up has counted", id, err)
	}
}

// A process that waits for the lock of a file that is replaced meanwhile counts in
// the new one.
func TestReplacedWhileWaiting(t *testing.T) {
	gen := newCounter(t, CounterOptions{})
	write(t, gen.file, "5")
	old, err := openPlain(gen.file, 0o660)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(gen.file); err != nil {
		t.Fatal(err)
	}
	write(t, gen.file, "70")
	if here, err := isAt(old, gen.file); here || err != nil {
		t.Errorf("isAt = %v, %v; want false", here, err)
	}
	old.Close()
	if id, err := gen.New(t.Context()); id != "71" || err != nil {
		t.Errorf("New = %q, %v; want 71", id, err)
	}
}

func TestGoroutines(t *testing.T) {
	for _, noFlock := range []bool{false, true} {
		gen := newCounter(t, CounterOptions{NoFlock: noFlock})
		var mu sync.Mutex
		seen := map[string]bool{}
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				for range 25 {
					id, err := gen.New(t.Context())
					if err != nil || !gen.Valid(id) {
						t.Errorf("New = %q, %v", id, err)
					}
					mu.Lock()
					seen[id] = true
					mu.Unlock()
				}
			})
		}
		wait.Wait()
		if len(seen) != 200 || !seen["200"] {
			t.Errorf("NoFlock %v: %d different ids, want 1 to 200", noFlock, len(seen))
		}
	}
}

func BenchmarkCounter(b *testing.B) {
	gen := newCounter(b, CounterOptions{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := gen.New(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
