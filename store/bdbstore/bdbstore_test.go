//go:build bdb && cgo && linux

package bdbstore

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/go-datasession/datasession/internal/managertest"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/storetest"
)

func cds(t testing.TB, home string, o Options) *Store {
	t.Helper()
	o.Create = true
	s, err := New(home, "sessions.db", &o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	return s
}

func dbFile(t testing.TB, name string) *DBFile {
	t.Helper()
	s, err := NewDBFile(name, &Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func tempFile(t testing.TB) string { return filepath.Join(t.TempDir(), "sessions.db") }

func TestStore(t *testing.T) {
	for name, kind := range map[string]Type{"hash": Hash, "btree": Btree} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t testing.TB) storetest.Place {
				home := t.TempDir()
				return storetest.Place{
					Open: func() (store.Store, error) {
						return New(home, "sessions.db", &Options{Create: true, Type: kind})
					},
					Block: func(string) (func(), error) { return hold(t, home), nil },
				}
			}, nil)
		})
	}
}

func TestDBFile(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Place {
		name := tempFile(t)
		return storetest.Place{
			Open: func() (store.Store, error) { return NewDBFile(name, &Options{Create: true}) },
			Block: func(string) (func(), error) {
				return lockFile(t.Context(), name+lockSuffix, exclusiveLock, "the file")
			},
		}
	}, nil)
}

// hold keeps the write lock in a Perl process until release is called.
func hold(t testing.TB, home string) (release func()) {
	p := holder(t, home)
	return func() {
		_ = p.Process.Signal(syscall.SIGTERM)
		_ = p.Wait()
	}
}

const perlOpen = `
use BerkeleyDB;
my $env = BerkeleyDB::Env->new(-Home => $home, -Flags => DB_CREATE | DB_INIT_CDB | DB_INIT_MPOOL) or die $BerkeleyDB::Error;
my $db = BerkeleyDB::Unknown->new(-Filename => "sessions.db", -Env => $env) or die $BerkeleyDB::Error;
`

func TestProcesses(t *testing.T) {
	storetest.RunProcesses(t,
		func(t testing.TB) string { return t.TempDir() },
		func(home string) (store.Store, error) { return New(home, "sessions.db", &Options{Create: true}) })
}

func TestProcessesOfDBFile(t *testing.T) {
	storetest.RunProcesses(t, func(t testing.TB) string { return tempFile(t) },
		func(name string) (store.Store, error) { return NewDBFile(name, &Options{Create: true}) })
}

func TestManyAtOnce(t *testing.T) {
	managertest.Run(t, func(t *testing.T) store.Store { return cds(t, t.TempDir(), Options{}) })
}

func TestManyAtOnceInADBFile(t *testing.T) {
	managertest.Run(t, func(t *testing.T) store.Store { return dbFile(t, tempFile(t)) })
}

func TestTwoProcessesOfManagers(t *testing.T) {
	managertest.RunProcesses(t, t.TempDir(), func(t *testing.T, home string) store.Store { return cds(t, home, Options{}) })
}

func TestTwoProcessesOfManagersOnADBFile(t *testing.T) {
	managertest.RunProcesses(t, tempFile(t), func(t *testing.T, name string) store.Store { return dbFile(t, name) })
}
