package mysql

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/internal/livetest/nativetest"
	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/store/sqlstore"
)

var native = nativetest.Database{
	Dialect: sqlstore.MySQL,
	Fresh:   func(t testing.TB) string { return server(t).DSN() + "#" + sqltest.Name() },
	Open: func(_ context.Context, place string) (*sql.DB, string, error) {
		source, table, _ := strings.Cut(place, "#")
		db, err := sqltest.Database{Driver: "mysql", Source: source}.Open()
		return db, table, err
	},
}

func TestNative(t *testing.T)                 { native.Store(t, nil) }
func TestNativeInProcesses(t *testing.T)      { native.StoreProcesses(t) }
func TestNativeOfManagers(t *testing.T)       { native.Manager(t) }
func TestNativeOfManagersAtOnce(t *testing.T) { native.ManagerProcesses(t) }
func TestNativeMigrate(t *testing.T)          { native.Migrate(t) }
func TestNativeSpecial(t *testing.T)          { native.Special(t) }
