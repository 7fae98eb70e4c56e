package odbc

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/store/sqlstore"
	"github.com/go-datasession/datasession/typestring"
)

var dbdODBC = perltest.Module{Name: "DBD::ODBC", Package: "libdbd-odbc-perl"}

// Data::Session's driver for ODBC has the statement of MySQL and so leads nowhere else; with
// the others Perl uses those of its drivers for PostgreSQL and SQLite. SQLite's ODBC driver
// gives blobs in a column of text as X'…', and 255 bytes of those in one declared as blob.
func TestPerl(t *testing.T) {
	perltest.Need(t, dbdODBC)
	const wide, ascii = `\x{20ac} \xe9`, `plain`
	for i, c := range []struct {
		typ, column string
	}{
		{"blob", "longvarbinary"},
		{"bytea", "bytea"},
		{"blob", "longblob"},
		{"text", "text CHARACTER SET utf8mb4"},
	} {
		b := backends[min(i, 2)]
		exchanges := []sqltest.Exchange{
			{Serializer: "DataDumper", Word: wide}, {Serializer: "JSON", Word: ascii},
			{Serializer: "YAML", Word: ascii}, {Serializer: "FreezeThaw", Word: ascii},
		}
		if c.typ != "text" {
			exchanges = append(exchanges, sqltest.Exchange{Serializer: "Storable", Word: wide})
		}
		for _, e := range exchanges {
			e.Family = datasession.DataSession
			t.Run(fmt.Sprint(b.name, " ", strings.Fields(c.column)[0], " ", e.Serializer), func(t *testing.T) {
				d := b.database(t)
				sqltest.Peer{
					Database: d, Driver: "ODBC", Type: c.typ, DBI: "dbi:ODBC:" + d.Source,
					Choose:  func(typestring.Params) sqlstore.Dialect { return d.Dialect },
					Columns: "(id char(32) not null primary key, a_session " + c.column + ")",
				}.Run(t, d.DB(t), e)
			})
		}
	}
}

// What Perl's own drivers, without ODBC, have written is read over ODBC, and they read what
// was written over ODBC: a blob in SQLite's column of text.
func TestPerlWithoutODBC(t *testing.T) {
	perltest.Need(t, perltest.SQLite)
	file := filepath.Join(t.TempDir(), "sessions.db")
	d := backends[0].at(sqliteSource(t, file))
	st, _, name := table(t, backends[0], d)
	const insert = `use DBI qw(:sql_types); my ($file, $table, $id, $hex) = @ARGV;
		my $dbh = DBI->connect("dbi:SQLite:dbname=$file", "", "", { RaiseError => 1 });
		my $sth = $dbh->prepare("insert into $table (a_session, id) values (?, ?)");
		$sth->bind_param(1, pack("H*", $hex), SQL_BLOB); $sth->bind_param(2, $id); $sth->execute`
	data := string(everyByte(600))
	perltest.Run(t, insert, file, name, "a", fmt.Sprintf("%x", data))
	rev := sqltest.Holds(t, st, "a", data)
	sqltest.Save(t, st, "a", data+"more", rev)
	const show = `use DBI; my ($file, $table) = @ARGV;
		my $dbh = DBI->connect("dbi:SQLite:dbname=$file", "", "", { RaiseError => 1 });
		print join " ", map { $_ // "NULL" } $dbh->selectrow_array("select hex(a_session), typeof(a_session) from $table where id = 'a'")`
	if got, want := perltest.Run(t, show, file, name), fmt.Sprintf("%X blob", data+"more"); got != want {
		t.Errorf("perl has %s, want %s", got, want)
	}
}
