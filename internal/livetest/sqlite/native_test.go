package sqlite

import (
	"context"
	"database/sql"
	"testing"

	"github.com/go-datasession/datasession/internal/livetest/nativetest"
	"github.com/go-datasession/datasession/store/sqlstore"
)

var native = nativetest.Database{
	Dialect: sqlstore.SQLite,
	Fresh:   func(t testing.TB) string { return tempFile(t) },
	Open: func(ctx context.Context, place string) (*sql.DB, string, error) {
		db, err := sqlstore.OpenSQLite(ctx, Driver, place, &fast)
		return db, "sessions", err
	},
}

func TestNative(t *testing.T)                 { native.Store(t, nil) }
func TestNativeInProcesses(t *testing.T)      { native.StoreProcesses(t) }
func TestNativeOfManagers(t *testing.T)       { native.Manager(t) }
func TestNativeOfManagersAtOnce(t *testing.T) { native.ManagerProcesses(t) }
func TestNativeMigrate(t *testing.T)          { native.Migrate(t) }
func TestNativeSpecial(t *testing.T)          { native.Special(t) }
