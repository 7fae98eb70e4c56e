package sqlite

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/store"
)

// cgiSession opens the session, sets the parameters given as name=value, and
// prints the id, the parameters and the stored bytes.
const cgiSession = `
use CGI::Session;
use DBI;
my ($file, $serializer, $id, @set) = @ARGV;
my $s = CGI::Session->new("driver:sqlite;serializer:$serializer", $id || undef,
	{ DataSource => "dbi:SQLite:dbname=$file" }) or die CGI::Session->errstr;
$s->param(split /=/, $_, 2) for @set;
$s->flush;
die $s->errstr if $s->errstr;
print $s->id, "\n";
print join(",", map { "$_=" . $s->param($_) } sort $s->param), "\n";
my $dbh = DBI->connect("dbi:SQLite:dbname=$file", "", "", { RaiseError => 1 });
my ($bytes, $class) = $dbh->selectrow_array(
	"select a_session, typeof(a_session) from sessions where id = ?", undef, $s->id);
print unpack("H*", $bytes), "\n$class\n";
`

// perlSession is what cgiSession printed.
type perlSession struct{ id, params, data, class string }

func runCGISession(t *testing.T, args ...string) perlSession {
	t.Helper()
	lines := strings.Split(perltest.Run(t, cgiSession, args...), "\n")
	if len(lines) < 4 {
		t.Fatalf("perl printed %q", lines)
	}
	data, err := hex.DecodeString(lines[2])
	if err != nil {
		t.Fatal(err)
	}
	return perlSession{lines[0], lines[1], string(data), lines[3]}
}

// Go swaps one byte of the value of the parameter, which is all a store has to
// know of what the bytes mean.
func TestCGISession(t *testing.T) {
	perltest.Need(t, perltest.CGISession, perltest.SQLite)
	for _, serializer := range []string{"default", "storable"} {
		t.Run(serializer, func(t *testing.T) {
			file := tempFile(t)
			st, db := tableIn(t, file, perlLike)

			// Perl makes it, Go changes it, Perl changes it, Go reads it.
			p := runCGISession(t, file, serializer, "", "user=ann", "n=1")
			if p.params != "n=1,user=ann" {
				t.Fatalf("perl made a session of %s", p.params)
			}
			rev := wantLoad(t, st, p.id, p.data)
			mustSave(t, st, p.id, strings.Replace(p.data, "ann", "bob", 1), rev)
			p2 := runCGISession(t, file, serializer, p.id)
			if p2.id != p.id || p2.params != "n=1,user=bob" {
				t.Fatalf("after Go's change perl has %s, want n=1,user=bob in the same session", p2.params)
			}
			p3 := runCGISession(t, file, serializer, p.id, "user=eve")
			wantLoad(t, st, p.id, p3.data)
			if _, err := st.Save(t.Context(), p.id, nil, rev, store.SaveOptions{}); err == nil {
				t.Errorf("Save went over Perl's change")
			}

			// Go makes it, Perl changes it, Go changes it, Perl reads it.
			made := strings.Repeat("0123456789abcdef", 2)
			mustSave(t, st, made, strings.Replace(p.data, p.id, made, 1), store.Rev{})
			p4 := runCGISession(t, file, serializer, made, "n=2")
			if p4.id != made || p4.params != "n=2,user=ann" {
				t.Fatalf("of Go's session perl has %s in %s", p4.params, p4.id)
			}
			mustSave(t, st, made, strings.Replace(p4.data, "ann", "joe", 1), wantLoad(t, st, made, p4.data))
			p5 := runCGISession(t, file, serializer, made)
			if p5.params != "n=2,user=joe" {
				t.Errorf("after Go's change perl has %s, want n=2,user=joe", p5.params)
			}

			for _, s := range []perlSession{p, p2, p3, p4, p5} {
				if s.class != "blob" {
					t.Errorf("the row became %s, want blob", s.class)
				}
			}
			if got := listed(t, st); len(got) != 2 || got[p.id] != 1 || got[made] != 1 {
				t.Errorf("IDs = %v", got)
			}

			// Each sees that the other has deleted.
			if err := st.Delete(t.Context(), made, store.AnyRev); err != nil {
				t.Errorf("Delete = %v", err)
			}
			if s := runCGISession(t, file, serializer, made); s.id == made {
				t.Errorf("perl still has the session that Go deleted")
			}
			perltest.Run(t, `use CGI::Session; my $s = CGI::Session->load("driver:sqlite;serializer:$ARGV[1]", $ARGV[2],
				{ DataSource => "dbi:SQLite:dbname=$ARGV[0]" }); $s->delete; $s->flush`, file, serializer, p.id)
			if _, err := st.Load(t.Context(), p.id); err == nil {
				t.Errorf("Go still has the session that Perl deleted")
			}
			if mode := query1(t, db, "PRAGMA journal_mode"); mode != "delete" {
				t.Errorf("the journal mode became %q", mode)
			}
		})
	}
}

// The table that Migrate makes is as good for Perl as one that Perl made, and
// one that is made as CGI::Session documents it as good for Go.
func TestTableFromPerl(t *testing.T) {
	perltest.Need(t, perltest.CGISession, perltest.SQLite)
	file := tempFile(t)
	perltest.Run(t, `use DBI; DBI->connect("dbi:SQLite:dbname=$ARGV[0]", "", "", { RaiseError => 1 })->do(
		"CREATE TABLE sessions (id CHAR(32) NOT NULL PRIMARY KEY, a_session TEXT NOT NULL)")`, file)
	st, _ := tableIn(t, file, perlLike)
	p := runCGISession(t, file, "default", "", "user=ann")
	mustSave(t, st, p.id, strings.Replace(p.data, "ann", "bob", 1), wantLoad(t, st, p.id, p.data))
	if p := runCGISession(t, file, "default", p.id); p.params != "user=bob" {
		t.Errorf("perl has %s, want user=bob", p.params)
	}
}

// perlIncrements counts up in transactions, as a Perl program that shares a
// session has to if it does not want to lose updates.
const perlIncrements = `
use DBI qw(:sql_types);
my ($file, $id, $n) = @ARGV;
my $dbh = DBI->connect("dbi:SQLite:dbname=$file", "", "",
	{ RaiseError => 1, AutoCommit => 1, sqlite_use_immediate_transaction => 1 });
$dbh->sqlite_busy_timeout(60_000);
for (1 .. $n) {
	$dbh->begin_work;
	my ($v) = $dbh->selectrow_array("select a_session from sessions where id = ?", undef, $id);
	my $sth = $dbh->prepare("update sessions set a_session = ? where id = ?");
	$sth->bind_param(1, $v + 1, SQL_BLOB);
	$sth->bind_param(2, $id);
	$sth->execute;
	$dbh->commit;
}
`

func TestPerlAndGoWriteAtOnce(t *testing.T) {
	perltest.Need(t, perltest.CGISession, perltest.SQLite)
	const perls, goroutines, each = 2, 4, 50
	for name, o := range map[string]struct{ wal bool }{"rollback": {false}, "wal": {true}} {
		t.Run(name, func(t *testing.T) {
			file, opts := tempFile(t), perlLike
			if o.wal {
				opts = fast
			}
			st, db := tableIn(t, file, opts)
			mustSave(t, st, "n", "0", store.Rev{})
			var wg sync.WaitGroup
			for range perls {
				wg.Go(func() { perltest.Run(t, perlIncrements, file, "n", strconv.Itoa(each)) })
				// And sessions of CGI::Session's own.
				wg.Go(func() {
					p := runCGISession(t, file, "default", "", "user=ann")
					wantLoad(t, st, p.id, p.data)
				})
			}
			for range goroutines {
				wg.Go(func() {
					for range each {
						if err := increment(t, st, "n"); err != nil {
							t.Errorf("increment: %v", err)
							return
						}
					}
				})
			}
			wg.Wait()
			wantLoad(t, st, "n", strconv.Itoa((perls+goroutines)*each))
			if got := query1(t, db, typeOf, "n"); got != "blob" {
				t.Errorf("the row became %s, want blob", got)
			}
			if got := query1(t, db, "PRAGMA integrity_check"); got != "ok" {
				t.Errorf("integrity_check = %s", got)
			}
		})
	}
}

// increment adds one to the number under id.
func increment(t testing.TB, st store.Store, id string) error {
	for {
		rec, err := st.Load(t.Context(), id)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(rec.Data))
		if err != nil {
			return err
		}
		_, err = st.Save(t.Context(), id, fmt.Append(nil, n+1), rec.Rev, store.SaveOptions{})
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}
