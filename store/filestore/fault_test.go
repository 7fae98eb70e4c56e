//go:build linux

package filestore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/filestore"
	"github.com/go-datasession/datasession/store/storetest"
)

// saveOnce saves value 1 over value 0, or as a new session, and says whether
// that was acknowledged.
func saveOnce(args []string) error {
	size, _ := strconv.Atoi(args[1])
	s, err := filestore.New(args[0], &filestore.Options{GoOnly: args[2] == "true"})
	if err != nil {
		return err
	}
	old := store.Rev{}
	if args[3] == "save" {
		old = store.DataRev(value(0, size))
	}
	_, err = s.Save(context.Background(), "x", value(1, size), old, store.SaveOptions{})
	if err == nil {
		fmt.Println("acknowledged")
	} else {
		fmt.Println("refused:", err)
	}
	return nil
}

// TestFaults lets each system call of a save fail, one after the other, and each
// with all that follow.
func TestFaults(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("install strace to let system calls fail")
	}
	if !storetest.Long() {
		t.Skip("set DATASESSION_LONG=1 to let system calls fail")
	}
	calls := []string{"openat", "flock", "fstat", "newfstatat", "pread64", "write", "pwrite64", "fsync", "ftruncate", "linkat", "renameat", "renameat2", "unlinkat"}
	for _, goOnly := range []bool{false, true} {
		for _, what := range []string{"save", "create"} {
			for _, fault := range []string{"EIO", "EIO from then on", "ENOSPC", "ENOSPC from then on", "signal=KILL"} {
				t.Run(fmt.Sprintf("GoOnly=%v/%s/%s", goOnly, what, fault), func(t *testing.T) {
					faults := 0
					for _, call := range calls {
						for n := 1; injected(t, strace, goOnly, what, call, fault, n); n++ {
							faults++
						}
					}
					t.Logf("%d faults", faults)
					if faults < 8 {
						t.Errorf("only %d system calls could be made to fail", faults)
					}
				})
			}
		}
	}
}

// injected runs a save whose n-th system call of a name fails, checks what is
// stored then, and reports whether there was an n-th such call.
func injected(t *testing.T, strace string, goOnly bool, what, call, fault string, n int) bool {
	t.Helper()
	const size = 5000
	dir := t.TempDir()
	s := open(t, dir, &filestore.Options{GoOnly: goOnly})
	if what == "save" {
		if _, err := s.Save(t.Context(), "x", value(0, size), store.Rev{}, store.SaveOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	fault, more, _ := strings.Cut(fault, " ")
	if !strings.Contains(fault, "=") {
		fault = "error=" + fault
	}
	when := strconv.Itoa(n)
	if more != "" {
		when += "+"
	}
	log := filepath.Join(t.TempDir(), "log")
	args := []string{"-f", "-o", log, "-e", fmt.Sprintf("inject=%s:%s:when=%s", call, fault, when), "-e", "trace=" + call}
	for _, name := range []string{"", "cgisess_x", ".cgisess_x.j", ".cgisess_x.t"} {
		args = append(args, "-P", filepath.Join(dir, name))
	}
	cmd := inChild(exec.CommandContext(t.Context(), strace, append(args, os.Args[0])...), "once", dir, size, goOnly, what)
	out, err := cmd.CombinedOutput()
	acked := strings.Contains(string(out), "acknowledged")
	if err != nil && !strings.Contains(fault, "KILL") && !strings.Contains(string(out), "cannot") {
		t.Fatalf("%s %d: %v: %s", call, n, err, out)
	}
	trace, _ := os.ReadFile(log)
	if !bytes.Contains(trace, []byte("INJECTED")) && !bytes.Contains(trace, []byte("killed by SIGKILL")) {
		return false
	}
	rec, err := s.Load(t.Context(), "x")
	isOld := what == "save" && err == nil && bytes.Equal(rec.Data, value(0, size)) || what == "create" && errors.Is(err, store.ErrNotFound)
	isNew := err == nil && bytes.Equal(rec.Data, value(1, size))
	if acked && !isNew || !isOld && !isNew {
		t.Errorf("%s %d fails: the save is acknowledged: %v; then Load = %d bytes, %v\n%s", call, n, acked, len(rec.Data), err, out)
	}
	// Whatever was left does not keep anybody from saving.
	old := rec.Rev
	if err != nil {
		old = store.Rev{}
	}
	if _, err := s.Save(t.Context(), "x", value(2, size), old, store.SaveOptions{}); err != nil {
		t.Errorf("%s %d fails: the next Save = %v", call, n, err)
	}
	if names, _ := filepath.Glob(filepath.Join(dir, ".cgi*")); len(names) != 0 {
		t.Errorf("%s %d fails: after the next Save there is %q", call, n, names)
	}
	return true
}

func TestFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("run as root to mount a small disk")
	}
	for _, goOnly := range []bool{false, true} {
		t.Run(fmt.Sprintf("GoOnly=%v", goOnly), func(t *testing.T) {
			dir := t.TempDir()
			if err := syscall.Mount("filestore", dir, "tmpfs", 0, "size=256k"); err != nil {
				t.Skip("cannot mount:", err)
			}
			t.Cleanup(func() {
				if err := syscall.Unmount(dir, 0); err != nil {
					t.Error(err)
				}
			})
			s := open(t, dir, &filestore.Options{GoOnly: goOnly})
			old := value(0, 20_000)
			rev, err := s.Save(t.Context(), "x", old, store.Rev{}, store.SaveOptions{})
			if err != nil {
				t.Fatal(err)
			}
			// From no free page at all to enough for everything.
			filler := filepath.Join(dir, "filler")
			refused := 0
			for free := 0; ; free += 4096 {
				os.Remove(filler)
				fill(t, filler, free)
				_, err := s.Save(t.Context(), "x", value(1, 40_000), rev, store.SaveOptions{})
				if err == nil {
					break
				}
				refused++
				if !errors.Is(err, syscall.ENOSPC) {
					t.Fatalf("with %d bytes free Save = %v; want %v", free, err, syscall.ENOSPC)
				}
				if rec, err := s.Load(t.Context(), "x"); err != nil || !bytes.Equal(rec.Data, old) {
					t.Fatalf("with %d bytes free Load = %d bytes, %v; want the old ones", free, len(rec.Data), err)
				}
				if _, err := s.Save(t.Context(), "new", value(1, 100_000), store.Rev{}, store.SaveOptions{}); err == nil {
					t.Fatalf("with %d bytes free a session of 100,000 bytes was made", free)
				}
				if _, err := s.Load(t.Context(), "new"); !errors.Is(err, store.ErrNotFound) {
					t.Fatalf("a session that was refused: Load = %v", err)
				}
				if names, _ := filepath.Glob(filepath.Join(dir, ".*")); len(names) != 0 {
					t.Fatalf("a refused Save left %q", names)
				}
			}
			if refused < 5 {
				t.Errorf("only %d saves were refused", refused)
			}
			if rec, err := s.Load(t.Context(), "x"); err != nil || !bytes.Equal(rec.Data, value(1, 40_000)) {
				t.Errorf("Load = %d bytes, %v; want the new ones", len(rec.Data), err)
			}
		})
	}
}

// fill leaves so many bytes free on the disk of a file.
func fill(t *testing.T, name string, free int) {
	t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(name), &st); err != nil {
		t.Fatal(err)
	}
	if n := int(st.Bavail)*int(st.Bsize) - free; n > 0 {
		if err := os.WriteFile(name, make([]byte, n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// outOfFiles saves and loads while the process may open fewer and fewer files.
func outOfFiles(args []string) error {
	ctx := context.Background()
	s, err := filestore.New(args[0], &filestore.Options{GoOnly: args[1] == "true"})
	if err != nil {
		return err
	}
	rev, err := s.Save(ctx, "x", value(0, 1000), store.Rev{}, store.SaveOptions{})
	if err != nil {
		return err
	}
	count := func() int {
		entries, _ := os.ReadDir("/proc/self/fd")
		return len(entries) - 1 // that of the directory itself
	}
	open, failed := count(), 0
	var usual syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &usual); err != nil {
		return err
	}
	for n := 1; n < 20; n++ {
		few := usual
		few.Cur = uint64(open + 2 - n%6)
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
			return err
		}
		next, saveErr := s.Save(ctx, "x", value(n, 1000), rev, store.SaveOptions{})
		_, loadErr := s.Load(ctx, "x")
		_, createErr := s.Save(ctx, fmt.Sprint("new", n), value(n, 1000), store.Rev{}, store.SaveOptions{})
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &usual); err != nil {
			return err
		}
		for what, err := range map[string]error{"Save": saveErr, "Load": loadErr, "create": createErr} {
			if err == nil {
				continue
			}
			failed++
			if !errors.Is(err, syscall.EMFILE) {
				return fmt.Errorf("%s = %w; want %w", what, err, syscall.EMFILE)
			}
		}
		if saveErr == nil {
			rev = next
		}
		rec, err := s.Load(ctx, "x")
		if err != nil || !rec.Rev.Equal(rev) {
			return fmt.Errorf("after %d files the session is not what was last saved: %w", few.Cur, err)
		}
		if now := count(); now != open {
			return fmt.Errorf("%d files are open; there were %d", now, open)
		}
	}
	if failed < 5 {
		return fmt.Errorf("only %d calls failed", failed)
	}
	return nil
}

func TestOutOfFiles(t *testing.T) {
	for _, goOnly := range []bool{false, true} {
		if out, err := child(t, "files", tempDir(t), goOnly).CombinedOutput(); err != nil {
			t.Errorf("GoOnly=%v: %v: %s", goOnly, err, out)
		}
	}
}
