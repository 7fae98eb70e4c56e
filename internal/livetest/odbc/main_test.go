package odbc

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "github.com/go-datasession/datasession/odbc"

	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store/sqlstore"
)

var binary sqltest.Binary

func TestMain(m *testing.M) { binary.Main(m) }

var (
	startPostgres = sync.OnceValue(func() *testserver.Postgres { return testserver.StartPostgres(&binary) })
	startMariaDB  = sync.OnceValue(func() *testserver.MariaDB { return testserver.StartMariaDB(&binary) })
)

// postgres is the server that the tests share, as mariaDB is.
func postgres(t testing.TB) *testserver.Postgres {
	t.Helper()
	testserver.Find(t, "initdb", "postgresql", "/usr/lib/postgresql/*/bin")
	return startPostgres()
}

func mariaDB(t testing.TB) *testserver.MariaDB {
	t.Helper()
	testserver.Find(t, "mariadbd", "mariadb-server")
	return startMariaDB()
}

// driver returns the file of an ODBC driver, from a Debian package.
func driver(t testing.TB, file, debian string) string {
	t.Helper()
	perltest.Need(t)
	find := func() string {
		for _, pattern := range []string{"/usr/lib/*/odbc/", "/usr/lib64/", "/usr/lib/"} {
			if found, err := filepath.Glob(pattern + file); err == nil && len(found) > 0 {
				return found[0]
			}
		}
		return ""
	}
	if find() == "" {
		perltest.Packages(t, "unixodbc", debian)
	}
	name := find()
	if name == "" {
		t.Fatalf("the Debian package %s has no %s", debian, file)
	}
	return name
}

// postgresSource leads to a server, over loopback, with one of the two drivers.
func postgresSource(t testing.TB, server *testserver.Postgres, file string) string {
	return fmt.Sprintf("Driver=%s;Server=127.0.0.1;Port=%d;Database=postgres;UID=postgres;ByteaAsLongVarBinary=1;MaxVarcharSize=1048576",
		driver(t, file, "odbc-postgresql"), server.Port)
}

func mariaSource(t testing.TB, server *testserver.MariaDB) string {
	return fmt.Sprintf("Driver=%s;Server=127.0.0.1;Port=%d;Database=test;UID=root;CHARSET=utf8mb4",
		driver(t, "libmaodbc.so", "odbc-mariadb"), server.Port)
}

// sqliteTimeout is for how long SQLite waits for a lock.
const sqliteTimeout = 50 * time.Millisecond

// sqliteSource leads to a file. It waits a short while for a lock: the store tries again.
func sqliteSource(t testing.TB, file string) string {
	return fmt.Sprintf("Driver=%s;Timeout=%d;SyncPragma=OFF;JournalMode=WAL;Database=%s",
		driver(t, "libsqlite3odbc.so", "libsqliteodbc"), sqliteTimeout.Milliseconds(), file)
}

// backend is a database behind ODBC.
type backend struct {
	name    string
	dialect sqlstore.Dialect
	columns string // of a table in Perl's layout
	source  func(testing.TB) string
}

var backends = []backend{
	{"SQLite", sqlstore.SQLite, "(id char(128) not null primary key, a_session text not null)",
		func(t testing.TB) string { return sqliteSource(t, filepath.Join(t.TempDir(), "sessions.db")) }},
	{"PostgreSQL", sqlstore.Pg, "(id char(128) not null primary key, a_session bytea not null)",
		func(t testing.TB) string { return postgresSource(t, postgres(t), "psqlodbcw.so") }},
	{"MariaDB", sqlstore.MySQL, "(id char(255) COLLATE ascii_bin not null primary key, a_session longblob not null)",
		func(t testing.TB) string { return mariaSource(t, mariaDB(t)) }},
}

// each runs a test over each of the databases.
func each(t *testing.T, f func(t *testing.T, b backend, d sqltest.Database)) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) { f(t, b, b.database(t)) })
	}
}

func (b backend) database(t testing.TB) sqltest.Database { return b.at(b.source(t)) }

func (b backend) at(source string) sqltest.Database {
	waiters := map[string]string{
		"PostgreSQL": "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()",
		"MariaDB":    "SELECT count(*) FROM information_schema.processlist WHERE command IN ('Execute', 'Query') AND id <> CONNECTION_ID()",
	}
	return sqltest.Database{Driver: "odbc", Source: source, Dialect: sqlstore.ODBC(b.dialect), Waiters: waiters[b.name]}
}

// table makes a table in Perl's layout, and returns a store on it.
func table(t testing.TB, b backend, d sqltest.Database) (*sqlstore.Store, *sql.DB, string) {
	t.Helper()
	db := d.DB(t)
	name := sqltest.Table(t, db, b.columns)
	return d.Store(t, db, &sqlstore.Options{Table: name}), db, name
}
