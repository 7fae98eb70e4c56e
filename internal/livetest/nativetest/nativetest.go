// Package nativetest checks the native layout of package sqlstore in one database, with
// whatever driver: the stores' and the Managers' suites, and what is special about it.
package nativetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/go-datasession/datasession/internal/managertest"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
	"github.com/go-datasession/datasession/store/storetest"
)

// A Database is one to test in.
type Database struct {
	Dialect sqlstore.Dialect

	// Fresh returns a place that no test has had: what Open takes, in this process
	// and in others. There is no table yet.
	Fresh func(t testing.TB) (place string)

	// Open opens the database of a place, and says how the table is to be called.
	Open func(ctx context.Context, place string) (db *sql.DB, table string, err error)
}

// store returns a store that opens the place when it needs it.
func (d Database) store(place string, o sqlstore.NativeOptions) (*sqlstore.Native, error) {
	db, table, err := d.Open(context.Background(), place)
	if err != nil {
		return nil, err
	}
	o.Table = table
	return sqlstore.OpenNative(func(context.Context) (*sql.DB, error) { return db, nil }, d.Dialect, &o)
}

// open returns a store on a place, which has the table then, until the test ends.
func (d Database) open(t testing.TB, place string, o sqlstore.NativeOptions) *sqlstore.Native {
	t.Helper()
	st, err := d.store(place, o)
	if err == nil {
		t.Cleanup(func() {
			if err := st.Close(); err != nil {
				t.Errorf("Close() = %v", err)
			}
		})
		err = st.Migrate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// made returns a fresh place with the table.
func (d Database) made(t testing.TB) string {
	place := d.Fresh(t)
	d.open(t, place, sqlstore.NativeOptions{})
	return place
}

// Store runs package storetest.
func (d Database) Store(t *testing.T, dev storetest.Deviates) {
	storetest.Run(t, func(t testing.TB) storetest.Place {
		place := d.made(t)
		return storetest.Place{Open: func() (store.Store, error) { return d.store(place, sqlstore.NativeOptions{}) }}
	}, dev)
}

// StoreProcesses runs what storetest has for several processes. It must be all that a
// test does.
func (d Database) StoreProcesses(t *testing.T) {
	storetest.RunProcesses(t, d.made, func(place string) (store.Store, error) { return d.store(place, sqlstore.NativeOptions{}) })
}

// Manager runs package managertest, but for processes.
func (d Database) Manager(t *testing.T) {
	managertest.Run(t, func(t *testing.T) store.Store { return d.open(t, d.Fresh(t), sqlstore.NativeOptions{}) })
}

// ManagerProcesses counts in one session from two processes. It must be all that a test
// does.
func (d Database) ManagerProcesses(t *testing.T) {
	place := ""
	if os.Getenv("DATASESSION_MANAGERTEST_PLACE") == "" {
		place = d.Fresh(t)
	}
	managertest.RunProcesses(t, place, func(t *testing.T, place string) store.Store {
		return d.open(t, place, sqlstore.NativeOptions{})
	})
}

// placeVariable tells a process what to migrate, and startVariable when.
const (
	placeVariable = "DATASESSION_NATIVETEST_PLACE"
	startVariable = "DATASESSION_NATIVETEST_START"
)

// Migrate checks that the table is made once by many at once, in one process and in two,
// and that a table that is there stays as it is. It must be all that a test does.
func (d Database) Migrate(t *testing.T) {
	index := sqlstore.NativeOptions{Index: []sqlstore.IndexColumn{{Param: "user"}, {Param: "_kind"}}}
	migrate := func(place string) error {
		st, err := d.store(place, index)
		if err != nil {
			return err
		}
		return errors.Join(st.Migrate(context.Background()), st.Close())
	}
	if place := os.Getenv(placeVariable); place != "" {
		start, err := time.Parse(time.RFC3339Nano, os.Getenv(startVariable))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(start)) // both at once
		if err := migrate(place); err != nil {
			t.Error(err)
		}
		return
	}
	for range 5 {
		place := d.Fresh(t)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := migrate(place); err != nil {
					t.Errorf("Migrate of eight at once = %v", err)
				}
			})
		}
		wg.Wait()
	}
	place := d.Fresh(t)
	start := time.Now().Add(time.Second)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+regexp.QuoteMeta(t.Name())+"$")
			cmd.Env = append(os.Environ(), placeVariable+"="+place, startVariable+"="+start.Format(time.RFC3339Nano))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("process: %v\n%s", err, out)
			}
		})
	}
	wg.Wait()
	st := d.open(t, place, index)
	save(t, st, "a", "one", 0)
	if err := st.Migrate(t.Context()); err != nil {
		t.Errorf("Migrate of a table that is there = %v", err)
	}
	if rec, err := st.Load(t.Context(), "a"); err != nil || string(rec.Data) != "one" {
		t.Errorf("after Migrate Load = %q, %v", rec.Data, err)
	}
}

func save(t testing.TB, st store.Store, id, data string, ttl time.Duration, index ...store.IndexValue) store.Rev {
	t.Helper()
	rev, err := st.Save(t.Context(), id, []byte(data), store.AnyRev, store.SaveOptions{TTL: ttl, Index: index})
	if err != nil {
		t.Fatalf("Save(%s) = %v", id, err)
	}
	return rev
}

func load(t testing.TB, st store.Store, id string) store.Record {
	t.Helper()
	rec, err := st.Load(t.Context(), id)
	if err != nil {
		t.Fatalf("Load(%s) = %v", id, err)
	}
	return rec
}

func isErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || want == nil && err != nil {
		t.Errorf("%s = %v, want %v", what, err, want)
	}
}

func number(i int) string { return fmt.Sprintf("%06d", i) }
