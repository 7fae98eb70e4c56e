package odbc

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/odbc"
	"github.com/go-datasession/datasession/store/storetest"
)

// data is one ODBC driver and how its database spells things. What module odbc itself
// tests over SQLite is here for the others.
type data struct {
	name, source                         string
	bytes, text, double, timestamp, slow string
	duplicate                            string // SQLSTATE
	duplicateNative                      int32
	badText                              string // of invalid UTF-8; empty: it is kept
	nulInText                            string // what is left of "a\x00b"
}

func drivers(t *testing.T) []data {
	pg := data{
		bytes: "bytea", text: "text", double: "double precision", timestamp: "timestamp", slow: "SELECT pg_sleep(3)",
		duplicate: "23505", duplicateNative: 1, badText: "22021", nulInText: "a",
	}
	wide, ansi := pg, pg
	wide.name, wide.source = "psqlodbcw", postgresSource(t, postgres(t), "psqlodbcw.so")
	ansi.name, ansi.source = "psqlodbca", postgresSource(t, postgres(t), "psqlodbca.so")
	return []data{wide, ansi, {
		name: "maodbc", source: mariaSource(t, mariaDB(t)) + ";OPTION=67108864", // several statements in one
		bytes: "longblob", text: "longtext CHARACTER SET utf8mb4", double: "double", timestamp: "datetime(6)", slow: "SELECT SLEEP(3)",
		duplicate: "23000", duplicateNative: 1062, badText: "22007", nulInText: "a\x00b",
	}}
}

func eachDriver(t *testing.T, f func(t *testing.T, d data, db *sql.DB)) {
	for _, d := range drivers(t) {
		t.Run(d.name, func(t *testing.T) {
			db := sqltest.Database{Driver: "odbc", Source: d.source}.DB(t)
			f(t, d, db)
		})
	}
}

// values makes a table with a column for each kind of value.
func (d data) values(t *testing.T, db *sql.DB) string {
	return sqltest.Table(t, db, fmt.Sprintf("(k integer primary key, text %s, bytes %s, number bigint, small smallint, d %s, n numeric(20,5), at %s)",
		d.text, d.bytes, d.double, d.timestamp))
}

func everyByte(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8)
	}
	return b
}

func TestValues(t *testing.T) {
	eachDriver(t, func(t *testing.T, d data, db *sql.DB) {
		table := d.values(t, db)
		at := time.Date(2026, 11, 22, 1, 2, 3, 456_789_000, time.UTC)
		for i, c := range []struct {
			column   string
			in, want any
		}{
			{"text", "é𝄞 '\"?\\{}", "é𝄞 '\"?\\{}"},
			{"text", "", ""},
			{"text", strings.Repeat("é", 4000), strings.Repeat("é", 4000)},
			{"text", strings.Repeat("𝄞", 100_000), strings.Repeat("𝄞", 100_000)},
			{"text", strings.Repeat("x", 8191), strings.Repeat("x", 8191)},
			{"text", nil, nil},
			{"text", "a\x00b", d.nulInText},
			{"bytes", []byte{}, []byte{}},
			{"bytes", []byte{0}, []byte{0}},
			{"bytes", everyByte(256), everyByte(256)},
			{"bytes", everyByte(8192), everyByte(8192)},
			{"bytes", everyByte(65_537), everyByte(65_537)},
			{"bytes", everyByte(1 << 20), everyByte(1 << 20)},
			{"bytes", nil, nil},
			{"bytes", []byte(nil), nil},
			{"number", int64(math.MaxInt64), int64(math.MaxInt64)},
			{"number", int64(math.MinInt64), int64(math.MinInt64)},
			{"number", nil, nil},
			{"small", int64(-32768), int64(-32768)},
			{"small", true, int64(1)},
			{"d", 0.1, 0.1},
			{"d", -1e300, -1e300},
			{"d", 0.1 + 0.2, 0.1 + 0.2},
			{"n", "123456789012345.67891", "123456789012345.67891"},
			{"at", at, at},
			{"at", at.In(time.FixedZone("", -7200)), at},
		} {
			if i == 19 && strings.HasPrefix(d.name, "psqlodbc") {
				continue // PostgreSQL takes no boolean for a number
			}
			res, err := db.Exec("INSERT INTO "+table+" (k, "+c.column+") VALUES (?, ?)", i, c.in)
			if err != nil {
				t.Errorf("%s %.40q: %v", c.column, c.in, err)
				continue
			}
			if n, err := res.RowsAffected(); n != 1 || err != nil {
				t.Errorf("%d rows were inserted, %v; want 1", n, err)
			}
			var got any
			if err := db.QueryRow("SELECT "+c.column+" FROM "+table+" WHERE k = ?", i).Scan(&got); err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s %.40q came back as %T %.40q, %v", c.column, c.in, got, got, err)
			}
		}
		_, err := db.Exec("INSERT INTO "+table+" (k, text) VALUES (999, ?)", "a\xffb")
		var e *odbc.Error
		if !errors.As(err, &e) || e.SQLState() != d.badText {
			t.Errorf("invalid UTF-8 = %v, want SQLSTATE %s", err, d.badText)
		}
	})
}

func TestErrors(t *testing.T) {
	eachDriver(t, func(t *testing.T, d data, db *sql.DB) {
		table := d.values(t, db)
		sqltest.Exec(t, db, "INSERT INTO "+table+" (k) VALUES (1)")
		var e *odbc.Error
		if _, err := db.Exec("INSERT INTO "+table+" (k) VALUES (?)", 1); !errors.As(err, &e) || e.SQLState() != d.duplicate || e.Native() != d.duplicateNative {
			t.Errorf("duplicate key = %v, want %s and %d", err, d.duplicate, d.duplicateNative)
		}
		for _, query := range []string{"SELEC", "SELECT * FROM no_such_table", "SELECT ? FROM", "INSERT INTO " + table + " (k) VALUES ('x')"} {
			if _, err := db.Exec(query); !errors.As(err, &e) || len(e.SQLState()) != 5 || e.Records[0].Message == "" {
				t.Errorf("%s = %v", query, err)
			}
			if rows, err := db.Query(query); err == nil {
				rows.Close()
				t.Errorf("the query %s = no error", query)
			}
		}
		var n int
		if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil || n != 1 {
			t.Errorf("afterwards there are %d rows, %v", n, err)
		}
		if err := db.PingContext(t.Context()); err != nil {
			t.Errorf("Ping = %v", err)
		}
	})
}

func TestSeveralResults(t *testing.T) {
	eachDriver(t, func(t *testing.T, d data, db *sql.DB) {
		rows, err := db.Query("SELECT 1 AS a; SELECT 'x' AS b UNION ALL SELECT 'y'; SELECT 3 AS c WHERE 1 = 0")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var got []string
		for more := true; more; more = rows.NextResultSet() {
			names, err := rows.Columns()
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			text.WriteString(strings.Join(names, ",") + ":")
			for rows.Next() {
				var s string
				if err := rows.Scan(&s); err != nil {
					t.Fatal(err)
				}
				text.WriteString(s)
			}
			got = append(got, text.String())
		}
		if want := []string{"a:1", "b:xy", "c:"}; !reflect.DeepEqual(got, want) || rows.Err() != nil {
			t.Errorf("results are %q, %v; want %q", got, rows.Err(), want)
		}
	})
}

func TestManyRows(t *testing.T) {
	eachDriver(t, func(t *testing.T, d data, db *sql.DB) {
		table := d.values(t, db)
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		insert, err := tx.Prepare("INSERT INTO " + table + " (k, bytes) VALUES (?, ?)")
		if err != nil {
			t.Fatal(err)
		}
		const rows = 300
		for i := range rows {
			if _, err := insert.Exec(i, everyByte(i*20)); err != nil {
				t.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		for _, stop := range []int{0, 1, 64, 65, rows} {
			got, err := db.Query("SELECT k, bytes FROM " + table + " ORDER BY k")
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for ; n < stop && got.Next(); n++ {
				var k int
				var b []byte
				if err := got.Scan(&k, &b); err != nil || k != n || !bytes.Equal(b, everyByte(n*20)) {
					t.Fatalf("row %d is %d with %d bytes, %v", n, k, len(b), err)
				}
			}
			if n == rows && got.Next() || n != stop || got.Err() != nil || got.Close() != nil {
				t.Errorf("%d rows, %v; want %d", n, got.Err(), stop)
			}
		}
	})
}

func TestTransactions(t *testing.T) {
	eachDriver(t, func(t *testing.T, d data, db *sql.DB) {
		table := d.values(t, db)
		db.SetMaxOpenConns(1) // so that what a transaction changes of its connection is seen
		level := "SHOW transaction_isolation"
		if d.name == "maodbc" {
			level = "SELECT @@tx_isolation"
		}
		before := sqltest.Query1(t, db, level)
		for _, c := range []struct {
			opts sql.TxOptions
			want string
		}{
			{sql.TxOptions{}, before},
			{sql.TxOptions{Isolation: sql.LevelReadCommitted}, "READ COMMITTED"},
			{sql.TxOptions{Isolation: sql.LevelRepeatableRead}, "REPEATABLE READ"},
			{sql.TxOptions{Isolation: sql.LevelSerializable}, "SERIALIZABLE"},
			{sql.TxOptions{ReadOnly: true}, before},
			{sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: true}, "SERIALIZABLE"},
		} {
			tx, err := db.BeginTx(t.Context(), &c.opts)
			if err != nil {
				t.Errorf("BeginTx(%+v) = %v", c.opts, err)
				continue
			}
			var got string
			if err := tx.QueryRow(level).Scan(&got); err != nil || !strings.EqualFold(strings.ReplaceAll(got, "-", " "), strings.ReplaceAll(c.want, "-", " ")) {
				t.Errorf("with %+v the level is %q, %v; want %q", c.opts, got, err, c.want)
			}
			_, err = tx.Exec("INSERT INTO " + table + " (k) VALUES (1)")
			if (err != nil) != c.opts.ReadOnly {
				t.Errorf("with %+v INSERT = %v", c.opts, err)
			}
			if err := tx.Rollback(); err != nil {
				t.Errorf("Rollback = %v", err)
			}
			if n := sqltest.Query1(t, db, "SELECT count(*) FROM "+table); n != "0" {
				t.Errorf("after a rollback there are %s rows", n)
			}
			if got := sqltest.Query1(t, db, level); got != before {
				t.Errorf("after %+v the level is %s, want %s again", c.opts, got, before)
			}
			sqltest.Exec(t, db, "INSERT INTO "+table+" (k) VALUES (1)")
			sqltest.Exec(t, db, "DELETE FROM "+table)
		}
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec("INSERT INTO " + table + " (k) VALUES (1)"); err != nil {
			t.Error(err)
		}
		if err := tx.Commit(); err != nil || sqltest.Query1(t, db, "SELECT count(*) FROM "+table) != "1" {
			t.Errorf("Commit = %v, and the row is not there", err)
		}
	})
}

func TestCancel(t *testing.T) {
	eachDriver(t, func(t *testing.T, d data, db *sql.DB) {
		for name, run := range map[string]func(context.Context) error{
			"exec":  func(ctx context.Context) error { _, err := db.ExecContext(ctx, d.slow); return err },
			"query": func(ctx context.Context) error { return db.QueryRowContext(ctx, d.slow).Scan(new(any)) },
			"tx": func(ctx context.Context) error {
				tx, err := db.BeginTx(ctx, nil)
				if err != nil {
					return err
				}
				defer tx.Rollback()
				_, err = tx.ExecContext(ctx, d.slow)
				return err
			},
		} {
			goroutines := runtime.NumGoroutine()
			best := time.Hour // of some, as the machine may be busy
			for try := 0; try < 5 && best > 300*time.Millisecond; try++ {
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				start := time.Now()
				err := run(ctx)
				best = min(best, time.Since(start))
				cancel()
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: %v, want %v", name, err, context.DeadlineExceeded)
				}
				sqltest.Settle(t, db, goroutines)
				if took := time.Since(start); took > 2*time.Second {
					t.Errorf("%s: the statement was not interrupted: all was over after %v", name, took)
				}
			}
			if best > 300*time.Millisecond {
				t.Errorf("%s: the call ended after %v at best, want 200ms", name, best)
			}
		}
		if got := sqltest.Query1(t, db, "SELECT 7"); got != "7" {
			t.Errorf("afterwards SELECT 7 = %s", got)
		}
	})
}

func TestCancelledCallsLeaveNothing(t *testing.T) {
	eachDriver(t, func(t *testing.T, d data, db *sql.DB) {
		if d.name == "psqlodbca" && !storetest.Long() {
			t.Skip("it takes as long as psqlodbcw; set DATASESSION_LONG=1")
		}
		table := d.values(t, db)
		sqltest.Exec(t, db, "INSERT INTO "+table+" (k, bytes) VALUES (1, ?)", everyByte(20_000))
		stmt, err := db.Prepare("SELECT bytes FROM " + table + " WHERE k = ?")
		if err != nil {
			t.Fatal(err)
		}
		goroutines := runtime.NumGoroutine()
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				for i := range 250 {
					ctx, cancel := context.WithCancel(context.Background())
					timer := time.AfterFunc(time.Duration(i*4)*time.Microsecond, cancel)
					var b []byte
					if err := stmt.QueryRowContext(ctx, 1).Scan(&b); err != nil && !errors.Is(err, context.Canceled) {
						t.Errorf("query %d.%d = %v", g, i, err)
					} else if err == nil && !bytes.Equal(b, everyByte(20_000)) {
						t.Errorf("query %d.%d gave %d other bytes", g, i, len(b))
					}
					timer.Stop()
					cancel()
				}
			})
		}
		wg.Wait()
		stmt.Close()
		db.SetMaxIdleConns(0)
		sqltest.Settle(t, db, goroutines)
		if n := db.Stats().OpenConnections; n != 0 {
			t.Errorf("%d connections are open, want none", n)
		}
	})
}

func TestWrongPassword(t *testing.T) {
	server := mariaDB(t)
	for name, source := range map[string]string{
		"password":    fmt.Sprintf("Driver=%s;Server=127.0.0.1;Port=%d;UID=root;PWD={ge;heim}", driver(t, "libmaodbc.so", "odbc-mariadb"), server.Port),
		"no database": postgresSource(t, postgres(t), "psqlodbcw.so") + ";Database=nowhere;PWD=geheim",
		"no server":   fmt.Sprintf("Driver=%s;Server=127.0.0.1;Port=1;UID=geheim;PWD=geheim", driver(t, "psqlodbcw.so", "odbc-postgresql")),
		"no driver":   "Driver=" + filepath.Join(t.TempDir(), "no.so") + ";PWD=geheim",
	} {
		db := sqltest.Database{Driver: "odbc", Source: source}.DB(t)
		err := db.PingContext(t.Context())
		var e *odbc.Error
		if !errors.As(err, &e) || strings.Contains(fmt.Sprintf("%+v", e.Records), "heim") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
