package pg

import (
	"database/sql"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store/sqlstore"
	"github.com/go-datasession/datasession/store/storetest"
)

var binary sqltest.Binary

func TestMain(m *testing.M) { binary.Main(m) }

var start = sync.OnceValue(func() *testserver.Postgres { return testserver.StartPostgres(&binary) })

// server is the one that the tests share.
func server(t testing.TB) *testserver.Postgres {
	t.Helper()
	testserver.Find(t, "initdb", "postgresql", "/usr/lib/postgresql/*/bin")
	return start()
}

// at is the database with that URL.
func at(url string, d sqlstore.Dialect) sqltest.Database {
	return sqltest.Database{Driver: "pgx", Source: url, Dialect: d,
		Waiters: "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"}
}

func database(t testing.TB, d sqlstore.Dialect) (sqltest.Database, *sql.DB) {
	t.Helper()
	base := at(server(t).URL(), d)
	return base, base.DB(t)
}

// The columns of tables as Perl's distributions document them, with ids long enough for
// the suite.
const (
	bytea = "(id char(128) not null primary key, a_session bytea not null)"
	text  = "(id char(128) not null primary key, a_session text not null)"
)

var noNUL = storetest.Deviates{
	"Data/EveryByte":  "a text column takes no NUL",
	"Data/NUL":        "a text column takes no NUL",
	"Data/Sizes":      "a text column takes no NUL",
	"Data/AtTheLimit": "a text column takes no NUL",

	"Save/StaleRevDiffersInCaseOrSpace": "a text column takes no NUL",
}

var tables = map[string]struct {
	dialect sqlstore.Dialect
	columns string
	dev     storetest.Deviates
}{
	"bytea":   {sqlstore.Pg, bytea, nil},
	"varchar": {sqlstore.Pg, "(id varchar(255) primary key, a_session bytea)", nil},
	"text":    {sqlstore.PgText, text, noNUL},
}

func TestStore(t *testing.T) {
	for name, c := range tables {
		t.Run(name, func(t *testing.T) {
			base, db := database(t, c.dialect)
			storetest.Run(t, func(t testing.TB) storetest.Place { return base.Place(t, db, c.columns) }, c.dev)
		})
	}
}
