package mysql

import (
	"testing"

	"github.com/go-datasession/datasession/internal/livetest/sqltest"
)

// go test -run - -bench 'PerlPurge|NativePurge' -benchtime 1x ./mysql
func BenchmarkPerlPurge(b *testing.B) {
	s := server(b)
	base, db := database(b)
	base.BenchmarkPerlPurge(b, db, sqltest.PerlDB{
		Driver: "mysql", DSN: "dbi:mysql:database=test;mysql_socket=" + s.Socket, User: "root",
	}, "(id char(32) not null primary key, a_session longblob not null)", sqltest.PerlPurged)
}

func BenchmarkNativePurge(b *testing.B) { native.BenchmarkPurge(b, sqltest.NativePurged) }
