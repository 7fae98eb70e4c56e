//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package filestore_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/filestore"
	"github.com/go-datasession/datasession/store/storetest"
)

// modes returns the ways to write: in a long run also those that do not wait for
// the disk.
func modes() map[string]filestore.Options {
	m := map[string]filestore.Options{"Shared": {}, "GoOnly": {GoOnly: true}}
	if storetest.Long() {
		m["SharedNoSync"] = filestore.Options{NoSync: true}
		m["GoOnlyNoSync"] = filestore.Options{NoSync: true, GoOnly: true}
	}
	return m
}

func TestStore(t *testing.T) {
	for name, opts := range modes() {
		t.Run(name, func(t *testing.T) { storetest.Run(t, place(opts), nil) })
	}
}

func place(opts filestore.Options) func(testing.TB) storetest.Place {
	return func(t testing.TB) storetest.Place {
		dir := tempDir(t)
		p := storetest.Place{Open: func() (store.Store, error) { return filestore.New(dir, &opts) }}
		p.Block = func(id string) (func(), error) {
			name := "cgisess_" + id
			if opts.GoOnly {
				name = "." + name + ".t"
			}
			f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE, 0o600)
			if err != nil {
				return nil, err
			}
			return func() { f.Close() }, syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		}
		return p
	}
}

func TestProcesses(t *testing.T) {
	for name, opts := range modes() {
		t.Run(name, func(t *testing.T) {
			storetest.RunProcesses(t, tempDir,
				func(dir string) (store.Store, error) { return filestore.New(dir, &opts) })
		})
	}
}

// tempDir returns a directory for a test, in memory where the system has files
// there, unless the run is a long one. To sync costs nothing in memory.
func tempDir(t testing.TB) string {
	const memory = "/dev/shm"
	if storetest.Long() {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(memory, "filestore")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// open returns a store on dir.
func open(t testing.TB, dir string, opts *filestore.Options) *filestore.Store {
	t.Helper()
	s, err := filestore.New(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
