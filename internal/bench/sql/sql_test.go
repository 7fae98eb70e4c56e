package sql

import (
	"database/sql"
	"fmt"
	"testing"

	scsmysql "github.com/alexedwards/scs/mysqlstore"
	scspgx "github.com/alexedwards/scs/pgxstore"
	_ "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/go-datasession/datasession/internal/bench"
	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// most is the greatest number of goroutines, each of which gets a connection.
const most = 64

// beside compares scs, in one or more ways, with both layouts of ours.
func beside(b *testing.B, db *sql.DB, d sqlstore.Dialect, scs ...bench.Way) {
	b.Helper()
	perl, err := sqlstore.New(db, d, &sqlstore.Options{Table: "perl_sessions"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { perl.Close() })
	native, err := sqlstore.NewNative(db, d, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { native.Close() })
	for _, migrate := range []func() error{
		func() error { return perl.Migrate(b.Context()) },
		func() error { return native.Migrate(b.Context()) },
	} {
		if err := migrate(); err != nil {
			b.Fatal(err)
		}
	}
	ways := append(scs,
		bench.Way{Name: "perl", Visit: bench.Managed(b, perl)},
		bench.Way{Name: "native", Visit: bench.Managed(b, native)})
	for _, g := range []int{1, 8, most} {
		b.Run(fmt.Sprint(g), func(b *testing.B) { bench.Compare(b, g, 4*most, ways) })
	}
}

// open returns a handle on which the statements have been run that make the table of scs.
func open(b *testing.B, driver, source string, statements ...string) *sql.DB {
	b.Helper()
	db, err := sql.Open(driver, source)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	for _, s := range statements {
		if _, err := db.ExecContext(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
	return db
}

func BenchmarkPostgres(b *testing.B) {
	url := testserver.StartPostgres(b).URL()
	db := open(b, "pgx", url,
		"CREATE TABLE sessions (token text PRIMARY KEY, data bytea NOT NULL, expiry timestamptz NOT NULL)",
		"CREATE INDEX sessions_expiry_idx ON sessions (expiry)")
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		b.Fatal(err)
	}
	config.MaxConns = most
	pool, err := pgxpool.NewWithConfig(b.Context(), config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	beside(b, db, sqlstore.Pg,
		bench.Way{Name: "scs", Visit: bench.ByScs(b, scspgx.NewWithCleanupInterval(pool, 0))})
}

// BenchmarkMariaDB has scs also with a driver that puts values into the text of a
// statement, which saves two round trips.
func BenchmarkMariaDB(b *testing.B) {
	dsn := testserver.StartMariaDB(b).DSN()
	db := open(b, "mysql", dsn,
		"CREATE TABLE sessions (token CHAR(43) PRIMARY KEY, data BLOB NOT NULL, expiry TIMESTAMP(6) NOT NULL)",
		"CREATE INDEX sessions_expiry_idx ON sessions (expiry)")
	inText := open(b, "mysql", dsn+"?interpolateParams=true")
	beside(b, db, sqlstore.MySQL,
		bench.Way{Name: "scs", Visit: bench.ByScs(b, scsmysql.NewWithCleanupInterval(db, 0))},
		bench.Way{Name: "scs-in-text", Visit: bench.ByScs(b, scsmysql.NewWithCleanupInterval(inText, 0))})
}
