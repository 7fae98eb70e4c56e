package sqltest

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// BrowseableTable has the columns that Apache::Session::Browseable documents, as
// LemonLDAP::NG uses them.
const BrowseableTable = "(id varchar(64) not null primary key, a_session text, _whatToTrace text," +
	" _session_kind text, _utime bigint, ipAddr varchar(64))"

var browseableIndex = []string{"_whatToTrace", "_session_kind", "_utime", "ipAddr"}

const browseable = `
my ($class, $table, $do, $dsn, $user, @args) = @ARGV;
eval "use $class; 1" or die $@;
my $with = { DataSource => $dsn, UserName => $user, Password => '', Commit => 1, TableName => $table,
	Index => '_whatToTrace _session_kind _utime ipAddr' };
if ($do eq 'new') {
	for (@args) {
		tie my %s, $class, undef, $with;
		@s{qw(_whatToTrace _session_kind _utime ipAddr)} = split /,/;
		$s{more} = [ 1, { x => "\x{3c8}" } ];
		print "$s{_session_id}\n";
		untie %s;
	}
} elsif ($do eq 'search') {
	my $found = $class->searchOn($with, @args);
	print "$_\n" for sort keys %$found;
} elsif ($do eq 'less') {
	my (undef, $rows) = $class->deleteIfLowerThan($with, { or => { _utime => $args[0] }, not => { _session_kind => $args[1] } });
	print "$rows\n";
} elsif ($do eq 'dump') {
	tie my %s, $class, $args[0], $with;
	print join(',', map { $s{$_} } qw(_whatToTrace _session_kind _utime ipAddr)), "\n";
	untie %s;
}
`

// Browseable checks that Perl's searches and sweeps of a class of Apache::Session find
// what Go wrote, and Go what Perl wrote, in a table with index columns.
func (d Database) Browseable(t *testing.T, db *sql.DB, class, dsn, user, charset string) {
	perltest.Need(t, perltest.ApacheSession, perltest.Module{Name: class, Package: "libapache-session-browseable-perl"},
		perltest.Module{Name: "JSON", Package: "libjson-perl"})
	table := Table(t, db, BrowseableTable+charset)
	run := func(do string, args ...string) []string {
		t.Helper()
		return strings.Fields(perltest.Run(t, browseable, append([]string{class, table, do, dsn, user}, args...)...))
	}
	o := &sqlstore.Options{Table: table}
	for _, name := range browseableIndex {
		o.Index = append(o.Index, sqlstore.IndexColumn{Param: name})
	}
	m, err := datasession.New(d.Store(t, db, o), perljson.Codec{UTF8: true}, &datasession.Options{Family: datasession.ApacheSession})
	if err != nil {
		t.Fatal(err)
	}
	want := func(what string, got []string, ids ...string) {
		t.Helper()
		slices.Sort(got)
		slices.Sort(ids)
		if !slices.Equal(got, ids) {
			t.Errorf("%s finds %d sessions, want %d:\n%q\n%q", what, len(got), len(ids), got, ids)
		}
	}
	find := func(name, value string) (ids []string) {
		t.Helper()
		for id, err := range m.FindBy(t.Context(), name, value) {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
		}
		return ids
	}

	perls := run("new", "dwho,SSO,1700000000,127.0.0.1", "rtyler,SSO,1700000100,10.0.0.1", "dwho,Persistent,1600000000,10.0.0.2")
	if len(perls) != 3 {
		t.Fatalf("perl made %q", perls)
	}
	var gos []string
	for i, user := range []string{"dwho", "msmith"} {
		s, err := m.New(t.Context())
		if err == nil {
			err = errors.Join(s.Set("_whatToTrace", user), s.Set("_session_kind", "SSO"), s.Set("_utime", 1650000000+100000000*i),
				s.Set("ipAddr", "192.0.2."+fmt.Sprint(i)), s.Set("more", "Ω"), s.Flush(t.Context()))
		}
		if err != nil {
			t.Fatal(err)
		}
		gos = append(gos, s.ID())
	}

	want("Go's FindBy", find("_whatToTrace", "dwho"), perls[0], perls[2], gos[0])
	want("Go's FindBy", find("_utime", "1700000100"), perls[1])
	want("Perl's searchOn", run("search", "_whatToTrace", "dwho"), perls[0], perls[2], gos[0])
	want("Perl's searchOn, decoding", run("search", "_whatToTrace", "dwho", "more"), perls[0], perls[2], gos[0])
	want("Perl's searchOn", run("search", "ipAddr", "192.0.2.1"), gos[1])
	if got := run("dump", gos[1]); len(got) != 1 || got[0] != "msmith,SSO,1750000000,192.0.2.1" {
		t.Errorf("perl reads %q of what Go wrote", got)
	}

	// A change moves the session in the index; a parameter that goes leaves NULL.
	s, err := m.Load(t.Context(), perls[1])
	if err == nil {
		err = errors.Join(s.Set("_whatToTrace", "dwho"), s.Clear("ipAddr"), s.Flush(t.Context()))
	}
	if err != nil {
		t.Fatal(err)
	}
	want("Perl's searchOn", run("search", "_whatToTrace", "rtyler"))
	want("Perl's searchOn", run("search", "_whatToTrace", "dwho"), perls[0], perls[1], perls[2], gos[0])
	if got := Query1(t, db, "SELECT count(*) FROM "+table+" WHERE ipAddr IS NULL"); got != "1" {
		t.Errorf("%s addresses are NULL, want 1", got)
	}

	// What is older than this goes, but for those that are persistent: one of Go's.
	if got := run("less", "1690000000", "Persistent"); len(got) != 1 || got[0] != "1" {
		t.Errorf("Perl's deleteIfLowerThan deletes %q sessions, want 1", got)
	}
	want("Go's FindBy", find("_session_kind", "SSO"), perls[0], perls[1], gos[1])
}

// Updated checks the column that says when a session was last saved.
func (d Database) Updated(t *testing.T, db *sql.DB, blob string) {
	table := Table(t, db, "(id varchar(32) not null primary key, a_session "+blob+", LastUpdated timestamp null)")
	st := d.Store(t, db, &sqlstore.Options{Table: table, Updated: "LastUpdated"})
	rev := Save(t, st, "a", "one", store.Rev{})
	Exec(t, db, "UPDATE "+table+" SET LastUpdated = '2001-01-01 00:00:00'")
	const recent = "SELECT count(*) FROM %s WHERE LastUpdated > '2020-01-01 00:00:00'"
	if got := Query1(t, db, fmt.Sprintf(recent, table)); got != "0" {
		t.Fatal("the column is not of use")
	}
	Save(t, st, "a", "two", rev)
	if got := Query1(t, db, fmt.Sprintf(recent, table)); got != "1" {
		t.Errorf("Save leaves the time")
	}
	Exec(t, db, "UPDATE "+table+" SET LastUpdated = NULL")
	Save(t, st, "b", "one", store.AnyRev)
	Save(t, st, "a", "three", store.AnyRev)
	if got := Query1(t, db, fmt.Sprintf(recent, table)); got != "2" {
		t.Errorf("Save of a new session, and over another, leaves the time")
	}
	Holds(t, st, "a", "three")
}
