package sqlite

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
	"github.com/go-datasession/datasession/store/storetest"
)

// fast is how the tests that are not about durability open their files.
var fast = sqlstore.SQLiteOptions{Create: true, WAL: true, Normal: true}

// perlLike leaves the file as Perl makes it: with a rollback journal.
var perlLike = sqlstore.SQLiteOptions{Create: true}

// openDB opens a file, for this test only.
func openDB(t testing.TB, file string, o sqlstore.SQLiteOptions) *sql.DB {
	t.Helper()
	db, err := sqlstore.OpenSQLite(t.Context(), Driver, file, &o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func newStore(t testing.TB, db *sql.DB, o *sqlstore.Options) *sqlstore.Store {
	t.Helper()
	st, err := sqlstore.New(db, sqlstore.SQLite, o)
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

// tableIn returns a store on a new file that has the table.
func tableIn(t testing.TB, file string, o sqlstore.SQLiteOptions) (*sqlstore.Store, *sql.DB) {
	t.Helper()
	db := openDB(t, file, o)
	st := newStore(t, db, nil)
	if err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return st, db
}

func tempFile(t testing.TB) string { return filepath.Join(t.TempDir(), "sessions.db") }

func mustSave(t testing.TB, st store.Store, id, data string, old store.Rev) store.Rev {
	t.Helper()
	rev, err := st.Save(t.Context(), id, []byte(data), old, store.SaveOptions{})
	if err != nil {
		t.Fatalf("Save(%q, %q) = %v", id, data, err)
	}
	return rev
}

func wantLoad(t testing.TB, st store.Store, id, want string) store.Rev {
	t.Helper()
	rec, err := st.Load(t.Context(), id)
	if err != nil || string(rec.Data) != want {
		t.Fatalf("Load(%q) = %q, %v; want %q", id, rec.Data, err, want)
	}
	return rec.Rev
}

func exec1(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func query1(t testing.TB, db *sql.DB, query string, args ...any) string {
	t.Helper()
	var s sql.NullString
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&s); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return s.String
}

// place is a file, and a lock on it as another process would take one.
func place(t testing.TB, source string, o sqlstore.SQLiteOptions) storetest.Place {
	_, db := tableIn(t, source, o)
	return storetest.Place{
		Open: func() (store.Store, error) { return reopen(source, o) },
		Block: func(string) (func(), error) {
			conn, err := db.Conn(t.Context())
			if err != nil {
				return nil, err
			}
			if _, err := conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
				return nil, err
			}
			return func() {
				if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
					t.Errorf("ROLLBACK: %v", err)
				}
				conn.Close()
			}, nil
		},
	}
}

// reopen returns a store that opens the file when it needs it.
func reopen(file string, o sqlstore.SQLiteOptions) (store.Store, error) {
	return sqlstore.Open(func(ctx context.Context) (*sql.DB, error) {
		return sqlstore.OpenSQLite(ctx, Driver, file, &o)
	}, sqlstore.SQLite, nil)
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Place { return place(t, tempFile(t), fast) }, nil)
}

// With a rollback journal readers and writers keep each other out. It is about
// that; the waiting for the disk at each commit is left out.
func TestStoreWithRollbackJournal(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Place {
		return place(t, "file:"+tempFile(t)+"?_synchronous=OFF&_pragma=synchronous(OFF)", perlLike)
	}, nil)
}

func TestProcesses(t *testing.T) {
	for name, o := range map[string]sqlstore.SQLiteOptions{"wal": fast, "rollback": perlLike} {
		t.Run(name, func(t *testing.T) {
			storetest.RunProcesses(t,
				func(t testing.TB) string {
					file := tempFile(t)
					tableIn(t, file, o)
					return file
				},
				func(file string) (store.Store, error) { return reopen(file, o) })
		})
	}
}

// holdFile, in the environment, makes the test binary hold the lock on a file
// until its standard input ends.
const holdFile = "DATASESSION_TEST_HOLD"

func TestMain(m *testing.M) {
	if file := os.Getenv(holdFile); file != "" {
		if err := hold(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func hold(file string) error {
	db, err := sqlstore.OpenSQLite(context.Background(), Driver, file, nil)
	if err != nil {
		return err
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(context.Background(), "BEGIN EXCLUSIVE"); err != nil {
		return err
	}
	fmt.Println("held")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// held starts a process that holds the lock on file until release is called.
func held(t *testing.T, file string) (release func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), holdFile+"="+file)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "held\n" {
		t.Fatalf("the process that should hold the lock says %q, %v: %s", line, err, &stderr)
	}
	done := false
	release = func() {
		if !done {
			done = true
			stdin.Close()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(release)
	return release
}

// within checks that a call ends because its context does, at most 100 ms after
// a deadline of 200 ms. The best of three counts: a machine with much to do is
// late by itself.
func within(t *testing.T, what string, call func(context.Context) error) {
	t.Helper()
	var took time.Duration
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		start := time.Now()
		err := call(ctx)
		took = time.Since(start)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s = %v; want %v", what, err, context.DeadlineExceeded)
		}
		if took <= 300*time.Millisecond {
			t.Logf("%s: %v", what, took)
			return
		}
	}
	t.Errorf("%s with a deadline of 200ms took %v; want at most 300ms", what, took)
}
