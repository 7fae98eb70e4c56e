package sqltest

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
	"github.com/go-datasession/datasession/typestring"
)

// peer loads, makes, changes or deletes one session by the module of a family. The
// statements of Data::Session are its own, word for word, since Debian has no package of
// it; its serializers are the modules that it calls.
const peer = `
use DBI qw(:sql_types);
my ($family, $dsn, $user, $table, $type, $serializer, $word) = @ARGV;
my ($action, $id);
$word = eval qq("$word");
my $odbc = $dsn =~ /^dbi:ODBC/;
my $driver = $dsn =~ ($odbc ? qr/psqlodbc|sqlite3odbc/ : qr/^dbi:Pg/) ? "Pg" : "mysql"; # which statements
my $bind = $odbc ? { TYPE => $type eq "text" ? SQL_LONGVARCHAR : SQL_LONGVARBINARY } : { pg_type => $type eq "bytea" ? 17 : 25 };
my $dbh = DBI->connect($dsn, $user, "", { RaiseError => 1, PrintError => 0,
	AutoCommit => $family ne "apache" || $driver ne "Pg" }); # as the modules open their own
$dbh->{LongReadLen} = 1 << 20 if $odbc;

my %freeze = (
	DataDumper => sub { require Data::Dumper; my $d = Data::Dumper->new([$_[0]], ["D"]);
		$d->Indent(0)->Purity(1)->Useqq(0)->Deepcopy(0)->Quotekeys(1)->Terse(0)->Dump },
	Storable => sub { require Storable; Storable::freeze($_[0]) },
	FreezeThaw => sub { require FreezeThaw; FreezeThaw::freeze($_[0]) },
	JSON => sub { require JSON; JSON->new->encode($_[0]) },
	YAML => sub { require YAML::Tiny; YAML::Tiny->new($_[0])->write_string },
);
my %thaw = (
	DataDumper => sub { my $D; my ($t) = $_[0] =~ /(.*)/s; no strict; eval $t; die $@ if $@; $D },
	Storable => sub { Storable::thaw($_[0]) },
	FreezeThaw => sub { (FreezeThaw::thaw($_[0]))[0] },
	JSON => sub { JSON->new->decode($_[0]) },
	YAML => sub { YAML::Tiny->read_string($_[0])->[0] },
);
sub ds_load {
	$freeze{$serializer}->({}); # loads the module
	my $sth = $dbh->prepare("select a_session from $table where id = ?");
	$sth->execute($id);
	my ($data) = $sth->fetchrow_array;
	$sth->finish;
	defined $data ? $thaw{$serializer}->($data) : undef;
}
sub ds_store {
	my $data = $freeze{$serializer}->($_[0]);
	if ($driver eq "mysql") {
		my $sth = $dbh->prepare("insert into $table (a_session, id) select ?, ? on duplicate key update a_session = ?");
		return $sth->execute($data, $id, $data);
	}
	my $sth = $dbh->prepare("insert into $table (a_session, id) select ?, ? where not exists (select 1 from $table where id = ? limit 1)");
	$sth->bind_param(1, $data, $bind);
	$sth->bind_param($_, $id) for 2, 3;
	return if $sth->execute > 0;
	$sth = $dbh->prepare("update $table set a_session = ? where id = ?");
	$sth->bind_param(1, $data, $bind);
	$sth->bind_param(2, $id);
	$sth->execute;
}
sub run {
my %new = (user => "ann", n => 1, word => $word, list => [1, "two", { deep => undef }]);
my $have;
if ($family eq "data") {
	my $s = ds_load();
	die "it is gone\n" if !$s && $action ne "make";
	if ($action eq "delete") { $dbh->prepare("delete from $table where id = ?")->execute($id); return "deleted" }
	if ($action eq "make") {
		$id = join "", map { sprintf "%x", rand 16 } 1 .. 32;
		$s = { _SESSION_ID => $id, _SESSION_CTIME => time, _SESSION_ATIME => time, _SESSION_ETIME => 0, _SESSION_PTIME => {}, %new };
	}
	$s->{user} = "eve" if $action eq "change";
	ds_store($s) if $action ne "show";
	$have = $s;
} elsif ($family eq "cgi") {
	require CGI::Session;
	my @args = ("driver:" . ($driver eq "Pg" ? "postgresql" : "mysql") . ";serializer:$serializer", $id || undef,
		{ Handle => $dbh, TableName => $table, ColumnType => $type eq "bytea" ? "binary" : "text" });
	my $s = $id ? CGI::Session->load(@args) : CGI::Session->new(@args);
	die CGI::Session->errstr if !$s;
	die "it is gone\n" if $id && $s->is_empty;
	if ($action eq "delete") { $s->delete; $s->flush; return "deleted" }
	if ($action eq "make") { $s->param($_, $new{$_}) for keys %new }
	$s->param(user => "eve") if $action eq "change";
	$s->flush;
	die $s->errstr if $s->errstr;
	$id = $s->id;
	$have = { map { $_ => scalar $s->param($_) } $s->param };
} else {
	require Apache::Session::Flex;
	my %s;
	my $store = $driver eq "Pg" ? "Postgres" : "MySQL";
	eval { tie %s, "Apache::Session::Flex", $id || undef, { Store => $store, Lock => $driver eq "Pg" ? "Null" : "MySQL",
		Generate => "MD5", Serialize => $serializer, Handle => $dbh, LockHandle => $dbh, TableName => $table, Commit => 1 } };
	die $@ =~ /does not exist/ ? "it is gone\n" : $@ if $@;
	if ($action eq "delete") { tied(%s)->delete; untie %s; return "deleted" }
	if ($action eq "make") { %s = (%s, %new) }
	$s{user} = "eve" if $action eq "change";
	$id = $s{_session_id};
	$have = { %s };
	untie %s;
}
my $list = join "|", map { ref $_ ? exists $_->{deep} && !defined $_->{deep} ? "undef" : "?" : $_ } @{$have->{list}};
return sprintf "%s user=%s n=%s word=%s list=%s", $id, @$have{qw(user n)}, join(".", map { sprintf "%x", ord } split //, $have->{word}), $list;
}
$| = 1;
while (<STDIN>) {
	chomp;
	($action, $id) = split / /, $_, 2;
	print run(), "\n";
}
`

// talk starts a script that answers each line with a line.
func talk(t *testing.T, script string, args ...string) (ask func(line string) string) {
	t.Helper()
	cmd := exec.Command("perl", append([]string{"-Mstrict", "-Mwarnings", "-e", script}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil || stderr.Len() > 0 {
			t.Errorf("perl: %v\n%s", err, &stderr)
		}
	})
	lines := bufio.NewReader(out)
	return func(line string) string {
		t.Helper()
		fmt.Fprintln(in, line)
		answer, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("perl says %q, %v", answer, err)
		}
		return strings.TrimSuffix(answer, "\n")
	}
}

// Peer is a table that Perl and Go use by turns.
type Peer struct {
	Database
	DBI, User string // for DBI->connect
	Driver    string // in a type string
	Type      string // of the data column: bytea or text with Pg, blob or text with ODBC
	Columns   string
	// Dialect of the table, for the parameters of a type string.
	Choose func(typestring.Params) sqlstore.Dialect
}

// Exchange is one way to keep sessions in a table.
type Exchange struct {
	Family     datasession.Family
	Serializer string // in the type string, and CGI::Session's and Apache::Session's name
	Word       string // of a parameter, in Perl's notation between double quotes
}

var families = map[string]string{"Data::Session": "data", "CGI::Session": "cgi", "Apache::Session": "apache"}

// Run has Perl and Go make, change, read and delete sessions, in both orders.
func (p Peer) Run(t *testing.T, db *sql.DB, e Exchange) {
	table := Table(t, db, p.Columns)
	ask := talk(t, peer, families[e.Family.String()], p.DBI, p.User, table, p.Type, e.Serializer, e.Word)
	perl := func(action, id string) (string, string) {
		t.Helper()
		id, have, _ := strings.Cut(ask(action+" "+id), " ")
		return id, have
	}
	typ := fmt.Sprintf("driver:%s;id:MD5;serialize:%s", p.Driver, e.Serializer)
	if e.Family == datasession.CGISession {
		typ = fmt.Sprintf("driver:%s;id:md5;serializer:%s", p.Driver, e.Serializer)
	}
	driver := typestring.Driver(p.Driver, func(_ context.Context, params typestring.Params) (store.Store, error) {
		return sqlstore.New(db, p.Choose(params), &sqlstore.Options{Table: table})
	})
	m, err := typestring.Std.With(driver).Open(t.Context(), typ, typestring.Params{
		PgText: p.Type == "text", PgBytea: p.Type == "bytea", Options: datasession.Options{Family: e.Family},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	load := func(id, user string) *datasession.Session {
		t.Helper()
		s, err := m.Load(t.Context(), id)
		if err != nil {
			t.Fatalf("Load: %v", err)
		}
		if got, err := datasession.Get[string](s, "user"); got != user || err != nil {
			t.Fatalf("user is %q, %v; want %q", got, err, user)
		}
		return s
	}
	change := func(s *datasession.Session, user string) {
		t.Helper()
		if err := errors.Join(s.Set("user", user), s.Flush(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	same := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("perl has %q, want %q", got, want)
		}
	}
	gone := func(id string) {
		t.Helper()
		if _, err := m.Load(t.Context(), id); !errors.Is(err, datasession.ErrNotFound) {
			t.Errorf("Load of what perl deleted = %v", err)
		}
	}

	// Perl makes it, Go changes it, Perl changes it, Go deletes it.
	id, made := perl("make", "")
	s := load(id, "ann")
	change(s, "bob")
	_, have := perl("show", id)
	same(have, strings.Replace(made, "user=ann", "user=bob", 1))
	_, have = perl("change", id)
	same(have, strings.Replace(made, "user=ann", "user=eve", 1))
	s = load(id, "eve")
	word, list := s.Value("word"), s.Value("list")

	// Go makes one of the same values, Perl changes it, Go changes it, Perl deletes it.
	other, err := m.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(other.Set("n", 1), other.Set("word", word), other.Set("list", list)); err != nil {
		t.Fatal(err)
	}
	change(other, "ann")
	_, have = perl("show", other.ID())
	same(have, made)
	_, have = perl("change", other.ID())
	same(have, strings.Replace(made, "user=ann", "user=eve", 1))
	change(load(other.ID(), "eve"), "joe")
	_, have = perl("show", other.ID())
	same(have, strings.Replace(made, "user=ann", "user=joe", 1))
	n := 0
	for _, err := range m.IDs(t.Context()) {
		if n++; err != nil {
			t.Error(err)
		}
	}
	if n != 2 {
		t.Errorf("%d sessions are listed, want 2", n)
	}
	perl("delete", other.ID())
	gone(other.ID())
	if err := m.Delete(t.Context(), id); err != nil {
		t.Error(err)
	}
	if rows := Query1(t, db, "SELECT count(*) FROM "+table); rows != "0" {
		t.Errorf("%s rows are left", rows)
	}
}

// increments counts up in a session of Apache::Session, each time from load to store
// under its lock: GET_LOCK with MySQL, the row with PostgreSQL.
const increments = `
use Apache::Session::Flex;
my ($dsn, $user, $table, $serializer, $id, $n) = @ARGV;
my $pg = $dsn =~ /^dbi:Pg/;
for (1 .. $n) {
	my %s;
	tie %s, "Apache::Session::Flex", $id, { Store => $pg ? "Postgres" : "MySQL", Lock => $pg ? "Null" : "MySQL",
		Generate => "MD5", Serialize => $serializer, TableName => $table, Commit => 1, Transaction => 1,
		DataSource => $dsn, UserName => $user, Password => "", LockDataSource => $dsn, LockUserName => $user, LockPassword => "" };
	$s{n}++;
	untie %s;
}
`

// Increments has Perl and Go count up in one session at the same time. around is what Go
// does about each of its increments.
func (p Peer) Increments(t *testing.T, db *sql.DB, serializer string, around func(st *sqlstore.Store, id string, increment func() error) error) {
	const perls, goroutines, each = 2, 2, 25
	table := Table(t, db, p.Columns)
	st := p.Store(t, db, &sqlstore.Options{Table: table})
	driver := typestring.Driver(p.Driver, func(context.Context, typestring.Params) (store.Store, error) { return st, nil })
	m, err := typestring.Std.With(driver).Open(t.Context(), "driver:"+p.Driver+";id:MD5;serialize:"+serializer,
		typestring.Params{Options: datasession.Options{Family: datasession.ApacheSession}})
	if err != nil {
		t.Fatal(err)
	}
	const n datasession.Key[int] = "n"
	s, err := m.New(t.Context())
	if err := errors.Join(err, n.Set(s, 0), s.Flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range perls {
		wg.Go(func() { perltest.Run(t, increments, p.DBI, p.User, table, serializer, s.ID(), fmt.Sprint(each)) })
	}
	for range goroutines {
		wg.Go(func() {
			for range each {
				err := around(st, s.ID(), func() error {
					return n.Update(t.Context(), m, s.ID(), func(n int) (int, error) { return n + 1, nil })
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if s, err = m.Load(t.Context(), s.ID()); err != nil {
		t.Fatal(err)
	}
	if got, err := n.Get(s); got != (perls+goroutines)*each || err != nil {
		t.Errorf("n = %d, %v; want %d", got, err, (perls+goroutines)*each)
	}
}
