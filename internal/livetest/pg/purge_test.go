package pg

import (
	"fmt"
	"testing"

	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// go test -run - -bench 'PerlPurge|NativePurge' -benchtime 1x ./pg
func BenchmarkPerlPurge(b *testing.B) {
	s := server(b)
	base, db := database(b, sqlstore.Pg)
	base.BenchmarkPerlPurge(b, db, sqltest.PerlDB{
		Driver: "postgresql", DSN: fmt.Sprintf("dbi:Pg:dbname=postgres;host=%s;port=%d", s.Socket, s.Port), User: "postgres",
	}, "(id char(32) not null primary key, a_session bytea not null)", sqltest.PerlPurged)
}

func BenchmarkNativePurge(b *testing.B) { native.BenchmarkPurge(b, sqltest.NativePurged) }
