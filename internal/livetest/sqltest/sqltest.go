// Package sqltest is what the tests of store/sqlstore against servers of databases have in
// common: a server for a whole test binary, tables, stores on them, and what holds on
// each of them.
package sqltest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-datasession/datasession/internal/managertest"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
	"github.com/go-datasession/datasession/store/storetest"
)

// Binary is the test binary in the place of a test, for what all tests share.
type Binary struct {
	testing.TB
	mu       sync.Mutex
	cleanups []func()
}

// Main runs the tests, and then what they had Binary clean up.
func (b *Binary) Main(m *testing.M) {
	code := m.Run()
	for len(b.cleanups) > 0 {
		last := b.cleanups[len(b.cleanups)-1]
		b.cleanups = b.cleanups[:len(b.cleanups)-1]
		last()
	}
	os.Exit(code)
}

// Cleanup runs f when all tests have ended.
func (b *Binary) Cleanup(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cleanups = append(b.cleanups, f)
}

func (b *Binary) Helper()                         {}
func (b *Binary) Fatal(args ...any)               { panic(fmt.Sprint(args...)) }
func (b *Binary) Fatalf(format string, a ...any)  { panic(fmt.Sprintf(format, a...)) }
func (b *Binary) Skip(args ...any)                { panic(fmt.Sprint(args...)) }
func (b *Binary) Logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// Database is where tests have their tables.
type Database struct {
	Driver, Source string // for sql.Open
	Dialect        sqlstore.Dialect
	// Waiters counts the statements that the server is at, but for this. One that was on its
	// way when its context ended is still carried out, or refused, a moment later.
	Waiters string
}

// conns is how many connections a handle keeps.
const conns = 16

// Open returns a new handle.
func (d Database) Open() (*sql.DB, error) {
	db, err := sql.Open(d.Driver, d.Source)
	if err == nil {
		db.SetMaxOpenConns(conns)
		db.SetMaxIdleConns(conns)
	}
	return db, err
}

// DB returns a handle for one test.
func (d Database) DB(t testing.TB) *sql.DB {
	t.Helper()
	db, err := d.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Name returns the name of a table that no other test has.
func Name() string { return fmt.Sprintf("t%012x", rand.Uint64()>>16) }

// Table makes a table with these columns, for one test.
func Table(t testing.TB, db *sql.DB, columns string) string {
	t.Helper()
	name := Name()
	Exec(t, db, "CREATE TABLE "+name+" "+columns)
	t.Cleanup(func() { _, _ = db.ExecContext(context.WithoutCancel(t.Context()), "DROP TABLE "+name) })
	return name
}

// Store returns a store on db, and checks at the end that no connection is in use.
func (d Database) Store(t testing.TB, db *sql.DB, o *sqlstore.Options) *sqlstore.Store {
	t.Helper()
	st, err := sqlstore.New(db, d.Dialect, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
		if n := db.Stats().InUse; n != 0 {
			t.Errorf("%d connections are still in use", n)
		}
	})
	return st
}

// Reopen returns a store that opens a handle when it needs it.
func (d Database) Reopen(o *sqlstore.Options) (store.Store, error) {
	return sqlstore.Open(func(context.Context) (*sql.DB, error) { return d.Open() }, d.Dialect, o)
}

// Place is a new table, and a lock on a row as another program would take one.
func (d Database) Place(t testing.TB, db *sql.DB, columns string) storetest.Place {
	t.Helper()
	table := Table(t, db, columns)
	return storetest.Place{
		Open:  func() (store.Store, error) { return d.Reopen(&sqlstore.Options{Table: table}) },
		Block: func(id string) (func(), error) { return d.block(t, db, table, id) },
	}
}

func (d Database) block(t testing.TB, db *sql.DB, table, id string) (release func(), err error) {
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		return nil, err
	}
	var data []byte
	if err := tx.QueryRowContext(t.Context(), "SELECT a_session FROM "+table+" WHERE id = '"+id+"' FOR UPDATE").Scan(&data); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return func() {
		for quiet, end := 0, time.Now().Add(5*time.Second); d.Waiters != "" && quiet < 50 && time.Now().Before(end); quiet++ {
			if Query1(t, db, d.Waiters) != "0" {
				quiet = 0
			}
			time.Sleep(time.Millisecond)
		}
		if err := tx.Rollback(); err != nil {
			t.Errorf("rollback: %v", err)
		}
	}, nil
}

// Exec runs a statement that must succeed.
func Exec(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// Query1 returns the one value that a query selects, NULL as "NULL".
func Query1(t testing.TB, db *sql.DB, query string, args ...any) string {
	t.Helper()
	var s sql.NullString
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&s); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if !s.Valid {
		return "NULL"
	}
	return s.String
}

// Save saves what must be possible to save.
func Save(t testing.TB, st store.Store, id, data string, old store.Rev) store.Rev {
	t.Helper()
	rev, err := st.Save(t.Context(), id, []byte(data), old, store.SaveOptions{})
	if err != nil {
		t.Fatalf("Save(%q, %d bytes) = %v", id, len(data), err)
	}
	return rev
}

// Holds checks what is stored.
func Holds(t testing.TB, st store.Store, id, want string) store.Rev {
	t.Helper()
	rec, err := st.Load(t.Context(), id)
	if err != nil || string(rec.Data) != want {
		t.Fatalf("Load(%q) = %.80q (%d bytes), %v; want %.80q (%d bytes)", id, rec.Data, len(rec.Data), err, want, len(want))
	}
	return rec.Rev
}

// Settle waits for what was left to itself, and checks that nothing else remains.
func Settle(t testing.TB, db *sql.DB, goroutines int) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		inUse, now := db.Stats().InUse, runtime.NumGoroutine()
		if inUse == 0 && now <= goroutines {
			return
		}
		if time.Now().After(end) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d connections in use and %d goroutines; want 0 and %d\n%s", inUse, now, goroutines, buf[:runtime.Stack(buf, true)])
		}
	}
}

// ManyAtOnce is managertest.Run in new tables.
func (d Database) ManyAtOnce(t *testing.T, db *sql.DB, columns string) {
	managertest.Run(t, func(t *testing.T) store.Store {
		return d.Store(t, db, &sqlstore.Options{Table: Table(t, db, columns)})
	})
}

// Processes runs the suites for processes, each a test of its own. table makes the place
// that they share, and is called in the first process only.
func (d Database) Processes(t *testing.T, suite string, table func() string) {
	place := ""
	if os.Getenv("DATASESSION_MANAGERTEST_PLACE")+os.Getenv("DATASESSION_STORETEST_PLACE") == "" {
		place = table()
	}
	open := func(place string) (store.Store, error) {
		d := d
		source, table, _ := strings.Cut(place, "#")
		d.Source = source
		return d.Reopen(&sqlstore.Options{Table: table})
	}
	if suite == "storetest" {
		storetest.RunProcesses(t, func(testing.TB) string { return place }, open)
		return
	}
	managertest.RunProcesses(t, place, func(t *testing.T, place string) store.Store {
		st, err := open(place)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { st.Close() })
		return st
	})
}

// Shared is a new table, named for other processes.
func (d Database) Shared(t testing.TB, columns string) string {
	return d.Source + "#" + Table(t, d.DB(t), columns)
}
