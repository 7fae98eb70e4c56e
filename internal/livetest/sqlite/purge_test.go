package sqlite

import (
	"testing"

	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// BenchmarkPerlPurge does not wait for the disk, which Perl would do for each session.
//
//	go test -run - -bench PerlPurge -benchtime 1x ./sqlite
func BenchmarkPerlPurge(b *testing.B) {
	file := tempFile(b)
	db := openDB(b, "file:"+file+"?_synchronous=OFF&_pragma=synchronous(OFF)", perlLike)
	sqltest.Database{Dialect: sqlstore.SQLite}.BenchmarkPerlPurge(b, db,
		sqltest.PerlDB{Driver: "sqlite", DSN: "dbi:SQLite:dbname=" + file, Pragma: "PRAGMA synchronous = OFF"},
		"(id char(32) not null primary key, a_session text not null)", sqltest.PerlPurged)
}

// go test -run - -bench NativePurge -benchtime 1x ./sqlite
func BenchmarkNativePurge(b *testing.B) { native.BenchmarkPurge(b, sqltest.NativePurged) }
