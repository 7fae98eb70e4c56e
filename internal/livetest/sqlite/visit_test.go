package sqlite

import (
	"testing"
	"time"

	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// go test -run - -bench Visit ./sqlite
func BenchmarkVisit(b *testing.B) {
	_, db := tableIn(b, tempFile(b), sqlstore.SQLiteOptions{Create: true, WAL: true, BusyTimeout: 5 * time.Second})
	sqltest.Database{Dialect: sqlstore.SQLite}.BenchVisit(b, db, "sessions",
		"SELECT a_session FROM sessions WHERE id = ?",
		"UPDATE sessions SET a_session = ? WHERE id = ? AND a_session = ?")
}
