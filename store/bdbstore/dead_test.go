//go:build bdb && cgo && linux

package bdbstore

import (
	"bufio"
	"context"
	"errors"
	"github.com/go-datasession/datasession/store"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-datasession/datasession/internal/perltest"
)

// holder is a Perl process that has the write lock of an environment and keeps it until
// SIGTERM, at which it lets go and leaves.
func holder(t testing.TB, home string) *exec.Cmd {
	t.Helper()
	perltest.Need(t, perltest.BerkeleyDB)
	cmd := perltest.Command(t, "-e", `
use strict;
my ($home) = @ARGV;
my $done;
$SIG{TERM} = sub { $done = 1 };
`+perlOpen+`
my $lock = $db->cds_lock or die $BerkeleyDB::Error;
$| = 1;
print "held\n";
select undef, undef, undef, 0.02 until $done;
$lock->cds_unlock;
undef $lock;
undef $db;
`, home)
	untilHeld(t, cmd)
	return cmd
}

// untilHeld starts a command and waits until it says that it holds its lock.
func untilHeld(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "held\n" {
		t.Fatalf("perl says %q, %v", line, err)
	}
}

// speaking runs a script that holds a lock until its input ends.
func speaking(t testing.TB, script string, args ...string) (release func()) {
	t.Helper()
	cmd := perltest.Command(t, append([]string{"-e", script}, args...)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	untilHeld(t, cmd)
	return func() { in.Close(); _ = cmd.Wait() }
}

const aWhile = 300 * time.Millisecond

// inAWhile makes a call with a deadline, and wants the error that tells what to do.
func inAWhile(t *testing.T, what string, call func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), aWhile)
	defer cancel()
	start := time.Now()
	err := call(ctx)
	if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "remove the files __db.*") {
		t.Errorf("%s = %v; want %v with what to do", what, err, store.ErrUnavailable)
	}
	if d := time.Since(start); d > aWhile+time.Second/2 {
		t.Errorf("%s took %v with a deadline of %v", what, d, aWhile)
	}
}

func writes(s *Store, rev store.Rev) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Save": func(ctx context.Context) error {
			_, err := s.Save(ctx, "a", []byte("late"), rev, store.SaveOptions{})
			return err
		},
		"Create": func(ctx context.Context) error {
			_, err := s.Save(ctx, "b", []byte("late"), store.Rev{}, store.SaveOptions{})
			return err
		},
		"Delete": func(ctx context.Context) error { return s.Delete(ctx, "a", rev) },
	}
}

// A program that was killed while it had the write lock leaves it locked. Whoever is in
// the environment then gets errors; the first who finds that nobody else is in it
// any more makes a new one.
func TestHolderDies(t *testing.T) {
	home := t.TempDir()
	s := cds(t, home, Options{})
	rev := save(t, s, "a", "one", store.Rev{})
	p := holder(t, home)
	for what, call := range writes(s, rev) {
		inAWhile(t, what+" while perl has the lock", call)
	}
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait()
	errs := 0
	for ; errs < 20; errs++ {
		ctx, cancel := context.WithTimeout(t.Context(), aWhile)
		_, err := s.Save(ctx, "a", []byte("two"), rev, store.SaveOptions{})
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("Save after perl was killed = %v", err)
		}
	}
	t.Logf("%d errors, then a new environment", errs)
	load(t, s, "a", "two")
	if out := perltest.Run(t, `my ($home) = @ARGV;`+perlOpen+`my $v; $db->db_get("a", $v); print $v; $db->db_put("a", "three");`, home); out != "two" {
		t.Errorf("perl reads %q", out)
	}
	load(t, s, "a", "three")
}

// The same when Go comes later, in a process of its own.
func TestOpenAfterHolderDied(t *testing.T) {
	home := t.TempDir()
	again(t, home, "make")
	p := holder(t, home)
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait()
	again(t, home, "change")
	load(t, cds(t, home, Options{}), "a", "two")
}

// again runs TestChild in a process of its own.
func again(t *testing.T, home, do string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), "BDBSTORE_HOME="+home, "BDBSTORE_DO="+do)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", do, err, out)
	}
}

func TestChild(t *testing.T) {
	home := os.Getenv("BDBSTORE_HOME")
	if home == "" {
		t.Skip("is run by another test")
	}
	s := cds(t, home, Options{})
	if os.Getenv("BDBSTORE_DO") == "make" {
		save(t, s, "a", "one", store.Rev{})
		return
	}
	save(t, s, "a", "two", load(t, s, "a", "one"))
}

// A program that stands still with the lock is not dead: nothing is taken from it.
func TestHolderStandsStill(t *testing.T) {
	home := t.TempDir()
	s := cds(t, home, Options{Wait: 2 * time.Second})
	rev := save(t, s, "a", "one", store.Rev{})
	p := holder(t, home)
	if err := p.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if _, err := s.Save(context.Background(), "a", nil, rev, store.SaveOptions{}); !errors.Is(err, store.ErrUnavailable) || time.Since(start) > 3*time.Second {
		t.Errorf("Save without a deadline = %v after %v", err, time.Since(start))
	}
	for what, call := range writes(s, rev) {
		inAWhile(t, what, call)
	}
	if names, _ := filepath.Glob(home + "/__db.*"); len(names) == 0 {
		t.Error("the environment was removed")
	}
	_ = p.Process.Signal(syscall.SIGCONT)
	_ = p.Process.Signal(syscall.SIGTERM)
	_ = p.Wait()
	save(t, s, "a", "two", rev) // what was given up has not been done
	load(t, s, "a", "two")
}

func save(t testing.TB, s store.Store, id, data string, old store.Rev) store.Rev {
	t.Helper()
	rev, err := s.Save(t.Context(), id, []byte(data), old, store.SaveOptions{})
	if err != nil {
		t.Fatalf("Save(%q) = %v", id, err)
	}
	return rev
}

func load(t testing.TB, s store.Store, id, want string) store.Rev {
	t.Helper()
	rec, err := s.Load(t.Context(), id)
	if err != nil || string(rec.Data) != want {
		t.Fatalf("Load(%q) = %.40q, %v; want %.40q", id, rec.Data, err, want)
	}
	return rec.Rev
}
