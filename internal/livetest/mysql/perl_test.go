package mysql

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/store/sqlstore"
	"github.com/go-datasession/datasession/typestring"
)

var dbdMySQL = perltest.Module{Name: "DBD::mysql", Package: "libdbd-mysql-perl"}

// What Perl's own driver makes of characters it reads as their UTF-8, so JSON, YAML and
// FreezeThaw have ASCII here.
func TestPerl(t *testing.T) {
	perltest.Need(t, perltest.CGISession, perltest.ApacheSession, dbdMySQL)
	data, cgi, apache := datasession.DataSession, datasession.CGISession, datasession.ApacheSession
	const latin, wide, ascii = `caf\xe9`, `\x{20ac} \xe9`, `plain`
	for column, exchanges := range map[string][]sqltest.Exchange{
		"blob": {
			{Family: data, Serializer: "DataDumper", Word: latin}, {Family: data, Serializer: "Storable", Word: wide},
			{Family: cgi, Serializer: "default", Word: wide}, {Family: cgi, Serializer: "storable", Word: wide},
			{Family: cgi, Serializer: "freezethaw", Word: ascii}, {Family: apache, Serializer: "Storable", Word: wide},
		},
		"text CHARACTER SET utf8mb4": {
			{Family: data, Serializer: "DataDumper", Word: wide}, {Family: data, Serializer: "JSON", Word: ascii},
			{Family: data, Serializer: "YAML", Word: ascii}, {Family: data, Serializer: "FreezeThaw", Word: ascii},
			{Family: cgi, Serializer: "default", Word: wide}, {Family: apache, Serializer: "Base64", Word: wide},
		},
		"text CHARACTER SET latin1": {
			{Family: data, Serializer: "DataDumper", Word: wide}, {Family: cgi, Serializer: "default", Word: wide},
		},
	} {
		for _, e := range exchanges {
			t.Run(fmt.Sprint(strings.Fields(column), " ", e.Family, " ", e.Serializer), func(t *testing.T) {
				p, db := peer(t, column)
				p.Run(t, db, e)
			})
		}
	}
}

func peer(t *testing.T, column string) (sqltest.Peer, *sql.DB) {
	base, db := database(t)
	return sqltest.Peer{
		Database: base, Driver: "mysql", Choose: func(typestring.Params) sqlstore.Dialect { return sqlstore.MySQL },
		DBI: "dbi:mysql:database=test;mysql_socket=" + server(t).Socket, User: "root",
		Columns: "(id char(32) not null primary key, a_session " + column + ")",
	}, db
}

// Apache::Session holds GET_LOCK from load to store, and so does Go.
func TestPerlAndGoCount(t *testing.T) {
	perltest.Need(t, perltest.ApacheSession, dbdMySQL)
	p, db := peer(t, "blob")
	p.Increments(t, db, "Storable", func(st *sqlstore.Store, id string, increment func() error) error {
		unlock, err := sqlstore.NewApacheLocks(st, db).Lock(t.Context(), id)
		if err != nil {
			return err
		}
		return errors.Join(increment(), unlock())
	})
}
