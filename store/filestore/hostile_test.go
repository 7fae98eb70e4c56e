//go:build linux

package filestore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/filestore"
)

// A trap puts something under name in the directory of the sessions. Beside it is
// the session "victim", and the file VICTIM in another directory.
var traps = map[string]func(name, outside string) error{
	"link to a file outside":      func(name, out string) error { return os.Symlink(filepath.Join(out, "VICTIM"), name) },
	"link to a session":           func(name, _ string) error { return os.Symlink("cgisess_victim", name) },
	"link up and down again":      func(name, out string) error { return os.Symlink("../"+filepath.Base(out)+"/VICTIM", name) },
	"link to nothing":             func(name, _ string) error { return os.Symlink("nothing", name) },
	"link to nothing outside":     func(name, out string) error { return os.Symlink(filepath.Join(out, "nothing"), name) },
	"link to itself":              func(name, _ string) error { return os.Symlink(filepath.Base(name), name) },
	"link to the directory":       func(name, _ string) error { return os.Symlink(".", name) },
	"link to a device":            func(name, _ string) error { return os.Symlink("/dev/zero", name) },
	"link to what is not allowed": func(name, _ string) error { return os.Symlink("/proc/self/mem", name) },
	"link to a pipe": func(name, out string) error {
		pipe := filepath.Join(filepath.Dir(name), "pipe")
		return errors.Join(syscall.Mkfifo(pipe, 0o600), os.Symlink("pipe", name))
	},
	"second name of a file outside": func(name, out string) error { return os.Link(filepath.Join(out, "VICTIM"), name) },
	"second name of a session": func(name, _ string) error {
		return os.Link(filepath.Join(filepath.Dir(name), "cgisess_victim"), name)
	},
	"pipe":           func(name, _ string) error { return syscall.Mkfifo(name, 0o600) },
	"directory":      func(name, _ string) error { return os.Mkdir(name, 0o700) },
	"full directory": func(name, _ string) error { return os.MkdirAll(filepath.Join(name, "a", "b"), 0o700) },
	"socket": func(name, _ string) error {
		// A socket's path has 108 bytes at most.
		there, err := os.Getwd()
		if err != nil {
			return err
		}
		defer os.Chdir(there)
		if err := os.Chdir(filepath.Dir(name)); err != nil {
			return err
		}
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Base(name)})
		if err == nil {
			l.SetUnlinkOnClose(false)
			err = l.Close()
		}
		return err
	},
	"/dev/zero": func(name, _ string) error { return syscall.Mknod(name, syscall.S_IFCHR|0o600, 1<<8|5) },
	"/dev/null": func(name, _ string) error { return syscall.Mknod(name, syscall.S_IFCHR|0o600, 1<<8|3) },
	"/dev/tty":  func(name, _ string) error { return syscall.Mknod(name, syscall.S_IFCHR|0o600, 5<<8) },
}

// inTime fails the test if call takes a second.
func inTime(t *testing.T, what string, call func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case err := <-done:
		return err
	case <-time.After(time.Second):
		t.Fatalf("%s hangs", what)
		return nil
	}
}

// calls are what may be done to the session "x".
func calls(s *filestore.Store, rev store.Rev) map[string]func() error {
	ctx := context.Background()
	save := func(old store.Rev) func() error {
		return func() error { _, err := s.Save(ctx, "x", []byte("attack"), old, store.SaveOptions{}); return err }
	}
	return map[string]func() error{
		"Load":           func() error { _, err := s.Load(ctx, "x"); return err },
		"Save(zero Rev)": save(store.Rev{}),
		"Save(AnyRev)":   save(store.AnyRev),
		"Save(Rev)":      save(rev),
		"Delete(AnyRev)": func() error { return s.Delete(ctx, "x", store.AnyRev) },
		"Delete(Rev)":    func() error { return s.Delete(ctx, "x", rev) },
		"Recover":        func() error { _, err := s.Recover(ctx); return err },
		"IDs": func() error {
			for id, err := range s.IDs(ctx) {
				if err != nil || id != "victim" && id != "x" {
					return fmt.Errorf("IDs yielded %q, %w", id, err)
				}
			}
			return nil
		},
	}
}

func TestHostileDirectory(t *testing.T) {
	for _, goOnly := range []bool{false, true} {
		for _, where := range []string{"cgisess_x", ".cgisess_x.j", ".cgisess_x.t"} {
			if goOnly && where == ".cgisess_x.j" {
				continue // no journals there
			}
			for trap, set := range traps {
				t.Run(fmt.Sprintf("GoOnly=%v/%s/%s", goOnly, where, trap), func(t *testing.T) {
					parent := tempDir(t)
					dir, out := filepath.Join(parent, "sessions"), filepath.Join(parent, "outside")
					for _, d := range []string{dir, out} {
						if err := os.Mkdir(d, 0o700); err != nil {
							t.Fatal(err)
						}
					}
					victims := []string{filepath.Join(out, "VICTIM"), filepath.Join(dir, "cgisess_victim")}
					for _, v := range victims {
						if err := os.WriteFile(v, []byte("VICTIM"), 0o600); err != nil {
							t.Fatal(err)
						}
					}
					s := open(t, dir, &filestore.Options{GoOnly: goOnly})
					if where != "cgisess_x" {
						if _, err := s.Save(t.Context(), "x", []byte("mine"), store.Rev{}, store.SaveOptions{}); err != nil {
							t.Fatal(err)
						}
					}
					if err := set(filepath.Join(dir, where), out); err != nil {
						t.Skip("cannot set the trap:", err)
					}
					before, err := os.Lstat(filepath.Join(dir, where))
					if err != nil {
						t.Fatal(err)
					}
					for name, call := range calls(s, store.DataRev([]byte("mine"))) {
						err := inTime(t, name, call)
						if where == "cgisess_x" && name != "IDs" && name != "Recover" && !errors.Is(err, store.ErrUnsafe) {
							t.Errorf("%s = %v; want %v", name, err, store.ErrUnsafe)
						}
						for _, v := range victims {
							if data, err := os.ReadFile(v); err != nil || string(data) != "VICTIM" {
								t.Fatalf("after %s %s holds %q, %v", name, filepath.Base(v), data, err)
							}
						}
						if where != "cgisess_x" {
							continue
						}
						after, err := os.Lstat(filepath.Join(dir, where))
						if err != nil || !os.SameFile(before, after) || before.Mode() != after.Mode() {
							t.Fatalf("after %s what was there is gone: %v", name, err)
						}
					}
					if _, err := os.Lstat(filepath.Join(dir, "nothing")); err == nil {
						t.Error("a link to nothing was followed")
					}
				})
			}
		}
	}
}

// TestHostileFiles is about regular files that are not as they should be.
func TestHostileFiles(t *testing.T) {
	for _, goOnly := range []bool{false, true} {
		t.Run(fmt.Sprintf("Huge/GoOnly=%v", goOnly), func(t *testing.T) {
			dir := tempDir(t)
			s := open(t, dir, &filestore.Options{GoOnly: goOnly})
			for _, name := range []string{"cgisess_x", ".cgisess_x.j"} {
				if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Truncate(filepath.Join(dir, name), 10<<30); err != nil {
					t.Skip("no sparse files here:", err)
				}
			}
			for _, name := range []string{"Load", "Save(Rev)", "Save(zero Rev)", "Delete(Rev)", "Recover", "IDs"} {
				err := inTime(t, name, calls(s, store.DataRev([]byte("mine")))[name])
				want := store.ErrTooLarge
				switch name {
				case "Save(zero Rev)":
					want = store.ErrConflict
				case "Recover", "IDs":
					continue
				}
				if !errors.Is(err, want) {
					t.Errorf("%s = %v; want %v", name, err, want)
				}
			}
			if err := s.Delete(t.Context(), "x", store.AnyRev); err != nil {
				t.Errorf("Delete(AnyRev) = %v", err)
			}
		})
	}
	t.Run("Empty", func(t *testing.T) {
		dir := tempDir(t)
		s := open(t, dir, nil)
		if err := os.WriteFile(filepath.Join(dir, "cgisess_x"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		rec, err := s.Load(t.Context(), "x")
		if err != nil || len(rec.Data) != 0 || rec.Rev.IsZero() {
			t.Errorf("Load = %q, %v; want an empty record", rec.Data, err)
		}
		if _, err := s.Save(t.Context(), "x", []byte("new"), store.Rev{}, store.SaveOptions{}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("Save as new = %v; want %v", err, store.ErrConflict)
		}
	})
	t.Run("EmptyForAMoment", func(t *testing.T) {
		dir := tempDir(t)
		s := open(t, dir, nil)
		name := filepath.Join(dir, "cgisess_x")
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		time.AfterFunc(3*time.Millisecond, func() {
			syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
			f.WriteString("from Perl")
			f.Close()
		})
		if rec, err := s.Load(t.Context(), "x"); err != nil || string(rec.Data) != "from Perl" {
			t.Errorf("Load = %q, %v; want what was written after the file was made", rec.Data, err)
		}
	})
}

// asNobody finds what another user left in a directory.
func asNobody(args []string) error {
	ctx := context.Background()
	s, err := filestore.New(args[0], nil)
	if err != nil {
		return err
	}
	for _, id := range []string{"foreign", "foreign-journal", "foreign-stage"} {
		_, err := s.Load(ctx, id)
		if id == "foreign-stage" {
			_, err = s.Save(ctx, id, []byte("new"), store.Rev{}, store.SaveOptions{})
		}
		if !errors.Is(err, store.ErrUnsafe) {
			return fmt.Errorf("%s: %w; want %w", id, err, store.ErrUnsafe)
		}
	}
	if _, err := s.Load(ctx, "unreadable"); !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("unreadable: %w; want %w", err, fs.ErrPermission)
	}
	rec, err := s.Load(ctx, "read-only")
	if err != nil || string(rec.Data) != "old" {
		return fmt.Errorf("read-only: Load = %q, %w", rec.Data, err)
	}
	if _, err := s.Save(ctx, "read-only", []byte("new"), rec.Rev, store.SaveOptions{}); !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("read-only: Save = %w; want %w", err, fs.ErrPermission)
	}
	if err := s.Delete(ctx, "read-only", rec.Rev); err != nil {
		return fmt.Errorf("read-only: Delete = %w", err)
	}
	trusting, err := filestore.New(args[0], &filestore.Options{ForeignOwner: true})
	if err != nil {
		return err
	}
	if rec, err := trusting.Load(ctx, "foreign"); err != nil || string(rec.Data) != "old" {
		return fmt.Errorf("ForeignOwner: Load = %q, %w", rec.Data, err)
	}
	return nil
}

func TestOtherUsers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("run as root to make files of other users")
	}
	const nobody = 65534
	dir, err := os.MkdirTemp("", "filestore")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	binary := filepath.Join(dir, "test")
	data, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]struct {
		mode  fs.FileMode
		owner int
	}{
		"cgisess_foreign":            {0o666, 0},
		"cgisess_foreign-journal":    {0o600, nobody},
		".cgisess_foreign-journal.j": {0o666, 0},
		".cgisess_foreign-stage.t":   {0o666, 0},
		"cgisess_unreadable":         {0o000, nobody},
		"cgisess_read-only":          {0o400, nobody},
		"test":                       {0o755, nobody},
	} {
		name, content := filepath.Join(dir, name), []byte("old")
		if name == binary {
			content = data
		}
		err := errors.Join(os.WriteFile(name, content, 0o600), os.Chmod(name, file.mode), os.Chown(name, file.owner, file.owner))
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	cmd := child(t, "nobody", dir)
	cmd.Path, cmd.Dir = binary, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestModes(t *testing.T) {
	for _, umask := range []int{0, 0o077} {
		for _, c := range []struct {
			opts filestore.Options
			want fs.FileMode
		}{
			{filestore.Options{}, 0o600},
			{filestore.Options{GoOnly: true}, 0o600},
			{filestore.Options{Mode: 0o660}, 0o660 &^ fs.FileMode(umask)},
		} {
			func() {
				defer syscall.Umask(syscall.Umask(umask))
				dir := filepath.Join(tempDir(t), "a", "b")
				s := open(t, dir, &c.opts)
				if err := s.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					if _, err := s.Save(t.Context(), "x", []byte(strconv.Itoa(umask)), store.AnyRev, store.SaveOptions{}); err != nil {
						t.Fatal(err)
					}
				}
				for name, want := range map[string]fs.FileMode{"": fs.ModeDir | 0o700, "..": fs.ModeDir | 0o700, "cgisess_x": c.want} {
					if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != want {
						t.Errorf("umask %03o: mode of %q is %v, %v; want %v", umask, name, info.Mode(), err, want)
					}
				}
			}()
		}
	}
}

// TestKeepsInodeAndMode: Perl's lock is on the inode, and the site chose the mode.
func TestKeepsInodeAndMode(t *testing.T) {
	dir := tempDir(t)
	name := filepath.Join(dir, "cgisess_x")
	if err := errors.Join(os.WriteFile(name, []byte("from Perl"), 0o600), os.Chmod(name, 0o664)); err != nil {
		t.Fatal(err)
	}
	before, _ := os.Stat(name)
	s := open(t, dir, nil)
	for _, data := range []string{"longer than it was", "short", "", "again"} {
		if _, err := s.Save(t.Context(), "x", []byte(data), store.AnyRev, store.SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		after, err := os.Stat(name)
		if err != nil || !os.SameFile(before, after) || after.Mode() != before.Mode() {
			t.Errorf("Save made another file of it: %v, %v", after.Mode(), err)
		}
		if got, _ := os.ReadFile(name); !bytes.Equal(got, []byte(data)) {
			t.Errorf("the file holds %q; want %q", got, data)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("the directory holds %v", entries)
	}
}
