//go:build cgo

package sql

import (
	"path/filepath"
	"testing"

	"github.com/alexedwards/scs/sqlite3store"
	_ "github.com/mattn/go-sqlite3"

	"github.com/go-datasession/datasession/internal/bench"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// Both use one handle with the same settings.
func BenchmarkSQLite(b *testing.B) {
	db, err := sqlstore.OpenSQLite(b.Context(), "sqlite3", filepath.Join(b.TempDir(), "sessions"),
		&sqlstore.SQLiteOptions{Create: true, WAL: true, Normal: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	for _, s := range []string{
		"CREATE TABLE sessions (token TEXT PRIMARY KEY, data BLOB NOT NULL, expiry REAL NOT NULL)",
		"CREATE INDEX sessions_expiry_idx ON sessions (expiry)",
	} {
		if _, err := db.ExecContext(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
	beside(b, db, sqlstore.SQLite,
		bench.Way{Name: "scs", Visit: bench.ByScs(b, sqlite3store.NewWithCleanupInterval(db, 0))})
}
