package odbc

import (
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
	"github.com/go-datasession/datasession/store/storetest"
)

func TestStore(t *testing.T) {
	each(t, func(t *testing.T, b backend, d sqltest.Database) {
		db := d.DB(t)
		storetest.Run(t, func(t testing.TB) storetest.Place { return b.place(t, d, db) }, nil)
	})
}

// place is a new table, and a lock as another program would take one: on a row, and in
// SQLite on all of a file of its own.
func (b backend) place(t testing.TB, d sqltest.Database, db *sql.DB) storetest.Place {
	t.Helper()
	if b.name == "SQLite" {
		d = b.database(t)
		db = d.DB(t)
	}
	p := d.Place(t, db, b.columns)
	if b.name == "SQLite" {
		p.Block = func(string) (func(), error) {
			conn, err := db.Conn(t.Context())
			if err == nil {
				_, err = conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE")
			}
			return func() {
				// SQLite's statements over ODBC are not interrupted: one whose context has
				// ended waits for the lock as long as Timeout says, and has failed then.
				time.Sleep(4 * sqliteTimeout)
				if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
					t.Errorf("ROLLBACK: %v", err)
				}
				conn.Close()
			}, err
		}
	}
	return p
}

func TestManyAtOnce(t *testing.T) {
	each(t, func(t *testing.T, b backend, d sqltest.Database) { d.ManyAtOnce(t, d.DB(t), b.columns) })
}

// Each suite of processes is all that a test may do.

func TestProcessesSQLite(t *testing.T)     { processes(t, "storetest", backends[0]) }
func TestProcessesPostgreSQL(t *testing.T) { processes(t, "storetest", backends[1]) }
func TestProcessesMariaDB(t *testing.T)    { processes(t, "storetest", backends[2]) }

func TestManagersSQLite(t *testing.T)     { processes(t, "managertest", backends[0]) }
func TestManagersPostgreSQL(t *testing.T) { processes(t, "managertest", backends[1]) }
func TestManagersMariaDB(t *testing.T)    { processes(t, "managertest", backends[2]) }

func processes(t *testing.T, suite string, b backend) {
	b.at("").Processes(t, suite, func() string { return b.database(t).Shared(t, b.columns) })
}

func TestFindODBC(t *testing.T) {
	each(t, func(t *testing.T, b backend, d sqltest.Database) {
		got, err := sqlstore.FindODBC(t.Context(), d.DB(t))
		if err != nil || got.Data != d.Dialect.Data || got.Name != "ODBC" {
			t.Errorf("FindODBC = %s %q, %v; want that of %s", got.Name, got.Data, err, b.name)
		}
	})
	bad := sqltest.Database{Driver: "odbc", Source: "DSN=no-such-source;PWD=geheim"}
	if _, err := sqlstore.FindODBC(t.Context(), bad.DB(t)); !errors.Is(err, store.ErrUnavailable) || strings.Contains(err.Error(), "geheim") {
		t.Errorf("FindODBC of nothing = %v, want %v", err, store.ErrUnavailable)
	}
}
