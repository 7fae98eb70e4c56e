package odbc

import (
	"bytes"
	"context"
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/go-datasession/datasession/internal/livetest/sqlite"
	"github.com/go-datasession/datasession/internal/livetest/sqltest"
)

// BenchmarkOverNative reports what ODBC costs over the database's own Go driver: the
// median of the ratios of many short turns, taken by turns on the same table, with the
// same prepared statements. The context is one that can end, as that of a request is.
//
//	go test -run - -bench OverNative ./odbc
func BenchmarkOverNative(b *testing.B) {
	for _, c := range []struct {
		backend
		native sqltest.Database
		put    string
		source string
	}{
		{backends[0], sqltest.Database{Driver: sqlite.Driver}, "INSERT INTO bench (id, data) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data", ""},
		{backends[1], sqltest.Database{Driver: "pgx"}, "INSERT INTO bench (id, data) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET data = excluded.data", ""},
		{backends[2], sqltest.Database{Driver: "mysql"}, "INSERT INTO bench (id, data) VALUES (?, ?) ON DUPLICATE KEY UPDATE data = VALUES(data)", ""},
	} {
		blob := "longvarbinary"
		switch c.name {
		case "SQLite":
			file := filepath.Join(b.TempDir(), "bench.db")
			c.source = sqliteSource(b, file)
			c.native.Source = "file:" + file + "?_journal_mode=WAL&_synchronous=OFF&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)"
		case "PostgreSQL":
			c.source, c.native.Source, blob = c.backend.source(b), "postgres://postgres@"+postgres(b).Addr()+"/postgres", "bytea"
		case "MariaDB":
			c.source, c.native.Source, blob = c.backend.source(b), "root@tcp("+mariaDB(b).Addr()+")/test", "longblob"
		}
		over, native := c.at(c.source).DB(b), c.native.DB(b)
		sqltest.Exec(b, native, "CREATE TABLE bench (id char(32) not null primary key, data "+blob+")")
		ctx, cancel := context.WithCancel(context.Background())
		b.Cleanup(cancel)
		data := bytes.Repeat([]byte("x"), 500)
		put := func(db *sql.DB, query string) func() error {
			st := prepared(b, db, query)
			return func() error { _, err := st.ExecContext(ctx, "0123456789abcdef0123456789abcdef", data); return err }
		}
		get := func(db *sql.DB, query string) func() error {
			st := prepared(b, db, query)
			return func() error {
				var got []byte
				err := st.QueryRowContext(ctx, "0123456789abcdef0123456789abcdef").Scan(&got)
				if err == nil && len(got) != len(data) {
					b.Fatalf("%d bytes came back, want %d", len(got), len(data))
				}
				return err
			}
		}
		const load = "SELECT data FROM bench WHERE id = ?"
		b.Run(c.name+"/put", func(b *testing.B) {
			compare(b, put(native, c.put), put(over, strings.NewReplacer("$1", "?", "$2", "?").Replace(c.put)))
		})
		b.Run(c.name+"/get", func(b *testing.B) {
			nativeLoad := load
			if c.name == "PostgreSQL" {
				nativeLoad = strings.Replace(load, "?", "$1", 1)
			}
			compare(b, get(native, nativeLoad), get(over, load))
		})
	}
}

func prepared(b *testing.B, db *sql.DB, query string) *sql.Stmt {
	db.SetMaxOpenConns(1)
	st, err := db.Prepare(query)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	return st
}

// compare runs both by turns, and reports microseconds and the ratio.
func compare(b *testing.B, native, odbc func() error) {
	const turn = 50
	run := func(f func() error) float64 {
		start := time.Now()
		for range turn {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
		return float64(time.Since(start).Nanoseconds()) / turn / 1000
	}
	run(native)
	run(odbc)
	var ratios, natives, odbcs []float64
	for range b.N/turn + 1 {
		n, o := run(native), run(odbc)
		natives, odbcs, ratios = append(natives, n), append(odbcs, o), append(ratios, o/n)
	}
	median := func(all []float64) float64 { slices.Sort(all); return all[len(all)/2] }
	b.ReportMetric(median(natives), "native-µs")
	b.ReportMetric(median(odbcs), "odbc-µs")
	b.ReportMetric(median(ratios), "ratio")
}
