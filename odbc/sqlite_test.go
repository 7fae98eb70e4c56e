package odbc

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// These tests use SQLite's ODBC driver, which needs no server. Those of PostgreSQL and
// MariaDB are in internal/livetest/odbc.

// sqliteSource returns the connection string of a new SQLite database.
func sqliteSource(t testing.TB) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/*/odbc/libsqlite3odbc.so")
	if err == nil && len(found) == 0 {
		found, err = filepath.Glob("/usr/lib*/libsqlite3odbc*.so")
	}
	if err != nil || len(found) == 0 {
		text := "no ODBC driver for SQLite: apt-get install unixodbc libsqliteodbc"
		if os.Getenv("CI") == "true" {
			t.Fatal(text)
		}
		t.Skip(text)
	}
	return "Driver=" + found[0] + ";SyncPragma=OFF;Database=" + filepath.Join(t.TempDir(), "test.db")
}

// openSource opens a database, and checks in the end that no handle is left.
func openSource(t testing.TB, source string, opts *Options) (*sql.DB, *Connector) {
	t.Helper()
	c, err := NewConnector(source, opts)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	goroutines := runtime.NumGoroutine()
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
		lib, err := load("")
		if err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(30 * time.Second); lib.handles.Load() > 0 || c.left.Load() > 0 || runtime.NumGoroutine() > goroutines; {
			if time.Now().After(end) {
				t.Fatalf("%d handles, %d calls and %d goroutines are left, want 0, 0 and %d",
					lib.handles.Load(), c.left.Load(), runtime.NumGoroutine(), goroutines)
			}
			time.Sleep(time.Millisecond)
		}
	})
	return db, c
}

func openSQLite(t testing.TB) *sql.DB {
	t.Helper()
	db, _ := openSource(t, sqliteSource(t), nil)
	return db
}

func exec(t testing.TB, db interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, query string, args ...any) int64 {
	t.Helper()
	res, err := db.ExecContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// table makes a table with a column for each kind of value.
func table(t testing.TB, db *sql.DB) {
	t.Helper()
	exec(t, db, `CREATE TABLE v (k integer primary key, text longvarchar, bytes blob, number bigint, real double, yes bit, at timestamp)`)
}

func TestValues(t *testing.T) {
	db := openSQLite(t)
	table(t, db)
	at := time.Date(2026, 11, 22, 1, 2, 3, 456_000_000, time.UTC)
	for i, c := range []struct {
		column    string
		in, want  any
		statement string
	}{
		{"text", "é𝄞 \xff'\"?", "é𝄞 \xff'\"?", ""},
		{"text", "", "", ""},
		{"text", strings.Repeat("é", 5000), strings.Repeat("é", 5000), ""},
		{"text", strings.Repeat("x", 8191), strings.Repeat("x", 8191), ""},
		{"text", strings.Repeat("x", 8192), strings.Repeat("x", 8192), ""},
		{"text", nil, nil, ""},
		{"bytes", []byte{}, []byte{}, ""},
		{"bytes", []byte("\x00\x01\xff"), []byte("\x00\x01\xff"), ""},
		{"bytes", allBytes(8192), allBytes(8192), ""},
		{"bytes", allBytes(8193), allBytes(8193), ""},
		{"bytes", allBytes(1 << 20), allBytes(1 << 20), ""},
		{"bytes", []byte(nil), nil, ""},
		{"number", int64(math.MaxInt64), int64(math.MaxInt64), ""},
		{"number", int64(math.MinInt64), int64(math.MinInt64), ""},
		{"number", int32(-7), int64(-7), ""},
		{"number", "not a number", "not a number", ""}, // SQLite keeps it
		{"real", 1.5, 1.5, ""},
		{"real", -1e300, -1e300, ""},
		{"yes", true, true, ""},
		{"yes", false, false, ""},
		{"at", at, at, ""},
		{"at", at.In(time.FixedZone("", 3600)), at, ""},
		{"at", nil, nil, ""},
		{"text", new("pointer"), "pointer", ""},
		{"text", sql.NullString{}, nil, ""},
	} {
		if n := exec(t, db, "INSERT INTO v (k, "+c.column+") VALUES (?, ?)", i, c.in); n != 1 {
			t.Errorf("%d rows were inserted, want 1", n)
		}
		var got any
		if err := db.QueryRow("SELECT "+c.column+" FROM v WHERE k = ?", i).Scan(&got); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s %.40q came back as %T %.40q, %v", c.column, c.in, got, got, err)
		}
	}
}

func allBytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8)
	}
	return b
}

func TestBadArguments(t *testing.T) {
	db := openSQLite(t)
	table(t, db)
	for name, args := range map[string][]any{
		"too few":  {},
		"too many": {1, 2, 3},
		"named":    {1, sql.Named("x", 2)},
		"out":      {1, sql.Out{Dest: new(int)}},
		"struct":   {1, struct{}{}},
		"channel":  {1, make(chan int)},
		"year":     {1, time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if _, err := db.Exec("INSERT INTO v (k, text) VALUES (?, ?)", args...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, query := range []string{"", "SELEC", "SELECT * FROM nowhere", "INSERT INTO v (k) VALUES (1), (1)", "\xff"} {
		_, err := db.Exec(query)
		var e *Error
		if query != "" && (!errors.As(err, &e) || len(e.Records) == 0 || len(e.SQLState()) != 5) {
			t.Errorf("%q: %v; want an Error with a state", query, err)
		}
	}
	var n int
	if err := db.QueryRow("SELECT count(*) FROM v").Scan(&n); err != nil || n != 0 {
		t.Errorf("there are %d rows, %v; want none", n, err)
	}
}

func TestDuplicateKey(t *testing.T) {
	db := openSQLite(t)
	table(t, db)
	exec(t, db, "INSERT INTO v (k) VALUES (1)")
	_, err := db.Exec("INSERT INTO v (k) VALUES (?)", 1)
	var e *Error
	if !errors.As(err, &e) || e.SQLState() != "HY000" || e.Native() != 19 {
		t.Errorf("duplicate key = %v; want HY000 and 19, as the driver says", err)
	}
}

func TestPreparedAndRows(t *testing.T) {
	db := openSQLite(t)
	db.SetMaxOpenConns(1)
	table(t, db)
	insert, err := db.Prepare("INSERT INTO v (k, bytes) VALUES (?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	defer insert.Close()
	const rows = 300
	for i := range rows {
		if _, err := insert.Exec(i, allBytes(i*10)); err != nil {
			t.Fatal(err)
		}
	}
	for _, stop := range []int{0, 1, 64, 65, rows} {
		got, err := db.Query("SELECT k, bytes FROM v ORDER BY k")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for ; n < stop && got.Next(); n++ {
			var k int
			var b []byte
			if err := got.Scan(&k, &b); err != nil || k != n || !reflect.DeepEqual(b, allBytes(n*10)) {
				t.Fatalf("row %d is %d with %d bytes, %v", n, k, len(b), err)
			}
		}
		if n == rows && got.Next() {
			t.Error("there are more rows than were inserted")
		}
		if n != stop || got.Err() != nil || got.Close() != nil {
			t.Errorf("%d rows, %v; want %d", n, got.Err(), stop)
		}
	}
}

func TestColumnTypes(t *testing.T) {
	db := openSQLite(t)
	table(t, db)
	rows, err := db.Query("SELECT * FROM v")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range types {
		got = append(got, c.Name()+" "+c.DatabaseTypeName()+" "+c.ScanType().String())
	}
	want := []string{"k INTEGER int64", "text LONGVARCHAR string", "bytes BINARY []uint8", "number INTEGER int64",
		"real DOUBLE float64", "yes BIT bool", "at TIMESTAMP time.Time"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("columns are\n%q, want\n%q", got, want)
	}
}

func TestTransactions(t *testing.T) {
	db := openSQLite(t)
	table(t, db)
	count := func() (n int) {
		t.Helper()
		if err := db.QueryRow("SELECT count(*) FROM v").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for i, c := range []struct {
		end  func(*sql.Tx) error
		want int
	}{{(*sql.Tx).Rollback, 0}, {(*sql.Tx).Commit, 1}} {
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		exec(t, tx, "INSERT INTO v (k) VALUES (?)", i)
		if err := c.end(tx); err != nil || count() != c.want {
			t.Errorf("after %v there are %d rows, want %d", err, count(), c.want)
		}
	}
	exec(t, db, "DELETE FROM v")
	tx, err := db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("INSERT INTO v (k) VALUES (9)"); err == nil {
		t.Error("a read-only transaction writes")
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	exec(t, db, "INSERT INTO v (k) VALUES (9)")
	if _, err := db.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelLinearizable}); err == nil {
		t.Error("BeginTx has a level that ODBC does not have")
	}
	// A connection that is closed in a transaction rolls back.
	raw, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Raw(func(c any) error {
		own := c.(*conn)
		_, begin := own.Begin()
		_, run := own.ExecContext(t.Context(), "DELETE FROM v", nil)
		return errors.Join(begin, run, own.Close())
	})
	raw.Close()
	if err != nil || count() != 1 {
		t.Errorf("after %v there are %d rows, want 1", err, count())
	}
}

// slow takes about a second.
const slow = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x < 1500000) SELECT count(*) FROM c"

func TestCancel(t *testing.T) {
	db := openSQLite(t)
	for _, run := range map[string]func(context.Context) error{
		"exec": func(ctx context.Context) error { _, err := db.ExecContext(ctx, slow); return err },
		"query": func(ctx context.Context) error {
			var n int
			return db.QueryRowContext(ctx, slow).Scan(&n)
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		start := time.Now()
		err := run(ctx)
		took := time.Since(start)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || took > 200*time.Millisecond {
			t.Errorf("a slow statement = %v after %v, want %v after 100ms", err, took, context.DeadlineExceeded)
		}
	}
	var n int
	if err := db.QueryRow("SELECT 7").Scan(&n); err != nil || n != 7 {
		t.Errorf("afterwards SELECT 7 = %d, %v", n, err)
	}
}

// What was cancelled leaves no handle and no goroutine; openSource checks it.
func TestCancelledCallsLeaveNothing(t *testing.T) {
	db := openSQLite(t)
	table(t, db)
	exec(t, db, "INSERT INTO v (k, bytes) VALUES (1, ?)", allBytes(20_000))
	stmt, err := db.Prepare("SELECT bytes FROM v WHERE k = ?")
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 250 {
				ctx, cancel := context.WithCancel(context.Background())
				timer := time.AfterFunc(time.Duration(i)*time.Microsecond, cancel)
				var b []byte
				if err := stmt.QueryRowContext(ctx, 1).Scan(&b); err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("query %d.%d = %v", g, i, err)
				} else if err == nil && !reflect.DeepEqual(b, allBytes(20_000)) {
					t.Errorf("query %d.%d gave %d other bytes", g, i, len(b))
				}
				timer.Stop()
				cancel()
			}
		})
	}
	wg.Wait()
}

func TestManyAtOnce(t *testing.T) {
	db := openSQLite(t)
	table(t, db)
	db.SetMaxOpenConns(8)
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := range 20 {
				if _, err := db.ExecContext(t.Context(), "INSERT INTO v (k, text) VALUES (?, ?)", g*1000+i, "x"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var n int
	if err := db.QueryRow("SELECT count(*) FROM v").Scan(&n); err != nil || n != 320 {
		t.Errorf("there are %d rows, %v; want 320", n, err)
	}
}
