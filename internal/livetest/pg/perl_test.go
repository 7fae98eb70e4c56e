package pg

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/store/sqlstore"
	"github.com/go-datasession/datasession/typestring"
)

var dbdPg = perltest.Module{Name: "DBD::Pg", Package: "libdbd-pg-perl"}

func dialect(p typestring.Params) sqlstore.Dialect {
	switch {
	case p.PgBytea:
		return sqlstore.Pg
	case p.Charset == typestring.UTF8:
		return sqlstore.PgCharacters
	}
	return sqlstore.PgText
}

// A byte is what every serializer keeps; characters above U+00FF are kept in a column of
// text, and by those that escape them.
func TestPerl(t *testing.T) {
	perltest.Need(t, perltest.CGISession, perltest.ApacheSession, dbdPg)
	data, cgi, apache := datasession.DataSession, datasession.CGISession, datasession.ApacheSession
	const latin, wide = `caf\xe9`, `\x{20ac} \xe9`
	for typ, exchanges := range map[string][]sqltest.Exchange{
		"bytea": {
			{Family: data, Serializer: "DataDumper", Word: wide}, {Family: data, Serializer: "Storable", Word: wide},
			{Family: data, Serializer: "JSON", Word: latin}, {Family: data, Serializer: "YAML", Word: latin},
			{Family: data, Serializer: "FreezeThaw", Word: latin},
			{Family: cgi, Serializer: "default", Word: wide}, {Family: cgi, Serializer: "storable", Word: wide},
			{Family: cgi, Serializer: "freezethaw", Word: latin},
		},
		"text": {
			{Family: data, Serializer: "DataDumper", Word: wide}, {Family: data, Serializer: "JSON", Word: wide},
			{Family: data, Serializer: "YAML", Word: wide}, {Family: data, Serializer: "FreezeThaw", Word: wide},
			{Family: cgi, Serializer: "default", Word: latin}, {Family: cgi, Serializer: "freezethaw", Word: latin},
			{Family: apache, Serializer: "Base64", Word: wide},
		},
	} {
		for _, e := range exchanges {
			t.Run(fmt.Sprint(typ, " ", e.Family, " ", e.Serializer), func(t *testing.T) {
				p, db := peer(t, sqlstore.Pg, typ)
				p.Run(t, db, e)
			})
		}
	}
}

func peer(t *testing.T, d sqlstore.Dialect, typ string) (sqltest.Peer, *sql.DB) {
	base, db := database(t, d)
	pg := server(t)
	return sqltest.Peer{
		Database: base, Driver: "Pg", Type: typ, Choose: dialect,
		DBI: fmt.Sprintf("dbi:Pg:dbname=postgres;host=%s;port=%d", pg.Socket, pg.Port), User: "postgres",
		Columns: "(id char(32) not null primary key, a_session " + typ + ")",
	}, db
}

// Apache::Session locks the row from load to store, and Go's save waits for it.
func TestPerlAndGoCount(t *testing.T) {
	perltest.Need(t, perltest.ApacheSession, dbdPg)
	p, db := peer(t, sqlstore.PgText, "text")
	p.Increments(t, db, "Base64", func(_ *sqlstore.Store, _ string, increment func() error) error { return increment() })
}
