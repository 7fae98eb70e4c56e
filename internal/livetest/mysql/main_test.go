package mysql

import (
	"database/sql"
	"maps"
	"sync"
	"testing"

	_ "github.com/go-sql-driver/mysql"

	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store/sqlstore"
	"github.com/go-datasession/datasession/store/storetest"
)

var binary sqltest.Binary

func TestMain(m *testing.M) { binary.Main(m) }

var start = sync.OnceValue(func() *testserver.MariaDB { return testserver.StartMariaDB(&binary) })

// server is the one that the tests share.
func server(t testing.TB) *testserver.MariaDB {
	t.Helper()
	testserver.Find(t, "mariadbd", "mariadb-server")
	return start()
}

// at is the database with that data source name.
func at(dsn string) sqltest.Database {
	return sqltest.Database{Driver: "mysql", Source: dsn, Dialect: sqlstore.MySQL,
		Waiters: "SELECT count(*) FROM information_schema.processlist WHERE command IN ('Execute', 'Query') AND id <> CONNECTION_ID()"}
}

func database(t testing.TB) (sqltest.Database, *sql.DB) {
	t.Helper()
	base := at(server(t).DSN())
	return base, base.DB(t)
}

// Tables as Perl's distributions document them, with ids long enough for the suite.
const (
	blob    = "(id char(255) not null primary key, a_session longblob not null) CHARACTER SET utf8mb4"
	exactID = "(id char(255) COLLATE ascii_bin not null primary key, a_session longblob not null)"
	utf8    = "(id char(255) COLLATE ascii_bin not null primary key, a_session longtext CHARACTER SET utf8mb4 not null)"
	latin1  = "(id char(255) CHARACTER SET latin1 not null primary key, a_session longtext CHARACTER SET latin1 not null)"
)

const (
	foldsIDs = "the collation of the column takes ids that differ in case for one"
	notText  = "the column takes text only"
)

var folded = storetest.Deviates{"Ids/CaseDiffers": foldsIDs, "Ids/Hostile": foldsIDs}

var notBytes = storetest.Deviates{
	"Data/EveryByte":  notText,
	"Data/NotUTF8":    notText,
	"Data/Sizes":      notText,
	"Data/AtTheLimit": notText,

	"Save/StaleRevDiffersInCaseOrSpace": notText,
}

func and(a, b storetest.Deviates) storetest.Deviates {
	c := maps.Clone(a)
	maps.Copy(c, b)
	return c
}

var tables = map[string]struct {
	columns string
	dev     storetest.Deviates
}{
	"blob":    {exactID, nil},
	"folded":  {blob, folded},
	"utf8mb4": {utf8, notBytes},
	"latin1":  {latin1, and(notBytes, and(folded, storetest.Deviates{"Data/UTF8": notText}))},
}

func TestStore(t *testing.T) {
	for name, c := range tables {
		t.Run(name, func(t *testing.T) {
			base, db := database(t)
			storetest.Run(t, func(t testing.TB) storetest.Place { return base.Place(t, db, c.columns) }, c.dev)
		})
	}
}
