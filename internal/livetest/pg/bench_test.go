package pg

import (
	"testing"

	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// go test -run - -bench Visit ./pg
func BenchmarkVisit(b *testing.B) {
	base, db := database(b, sqlstore.Pg)
	db.SetMaxOpenConns(64)
	db.SetMaxIdleConns(64)
	table := sqltest.Table(b, db, bytea)
	base.BenchVisit(b, db, table,
		"SELECT a_session FROM "+table+" WHERE id = $1",
		"UPDATE "+table+" SET a_session = $1 WHERE id = $2 AND a_session = $3")
}
