package mysql

import (
	"testing"

	"github.com/go-datasession/datasession/internal/livetest/sqltest"
)

// go test -run - -bench Visit ./mysql
func BenchmarkVisit(b *testing.B) {
	base, db := database(b)
	db.SetMaxOpenConns(64)
	db.SetMaxIdleConns(64)
	table := sqltest.Table(b, db, exactID)
	base.BenchVisit(b, db, table,
		"SELECT a_session FROM "+table+" WHERE id = ?",
		"UPDATE "+table+" SET a_session = ? WHERE id = ? AND a_session = ?")
}
