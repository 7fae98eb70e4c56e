//go:build bdb && cgo && linux

package bdbstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/codec/storable"
	"github.com/go-datasession/datasession/internal/managertest"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/store"
)

// perlText is what the Perl programs below do with a session's text: they check it and
// make the next one.
const perlText = `
sub check {
	my ($text) = @_;
	die "torn: no session" unless defined $text;
	my ($n, $fill) = ($text =~ /-(\d+)'/, $text =~ /'(x*)'/) or die "torn: $text";
	die "torn: $n" if length($fill) != $n * 37 % 3000;
}
sub text {
	my ($id, $who, $n) = @_;
	return sprintf q($D = {'_SESSION_ATIME' => 1,'_SESSION_CTIME' => 1,'_SESSION_ID' => '%s','by' => '%s-%d','fill' => '%s'};;$D),
		$id, $who, $n, "x" x ($n * 37 % 3000);
}
`

// Perl's programs read and write under cds_lock, as Data::Session does. All are there
// before the first one writes: to open a database takes a read lock, with which libdb
// may let those that write wait for ever (see environment).
func TestPerlAndGoWriteAtOnce(t *testing.T) {
	perltest.Need(t, perltest.BerkeleyDB)
	managertest.RunBesidePerl(t, t.TempDir(),
		func(t *testing.T, home string) store.Store { return cds(t, home, Options{}) },
		managertest.Peer{Opened: waitForAll, Script: perlText + `
my ($home, $id, $times, $who) = @ARGV;
` + perlOpen + `
open my $ready, ">", "$home/ready-$who" or die $!;
select undef, undef, undef, 0.01 until 8 == (() = glob "$home/ready-*");
for my $n (1 .. $times) {
	my $text;
	my $lock = $db->cds_lock;
	$db->db_get($id, $text) == 0 or die "torn: not there";
	$lock->cds_unlock;
	check($text);
	$lock = $db->cds_lock;
	$db->db_put($id, text($id, $who, $n)) == 0 or die $BerkeleyDB::Error;
	$lock->cds_unlock;
}
`})
}

// waitForAll says that one of 8 processes is ready and waits for the others.
func waitForAll(home, name string) {
	_ = os.WriteFile(filepath.Join(home, "ready-"+name), nil, 0o600)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if all, _ := filepath.Glob(filepath.Join(home, "ready-*")); len(all) == 8 {
			return
		}
	}
}

const cgiDBFile = `
use CGI::Session;
my $name = shift;
sub session { CGI::Session->new("driver:db_file", $_[0] || undef, { FileName => $name }) or die CGI::Session->errstr }
`

func TestCGISessionAndGoWriteAtOnce(t *testing.T) {
	perltest.Need(t, perltest.CGISession, perltest.DBFile)
	managertest.RunBesidePerl(t, tempFile(t),
		func(t *testing.T, name string) store.Store { return dbFile(t, name) },
		managertest.Peer{Script: cgiDBFile + `
my ($id, $times, $who) = @ARGV;
for my $n (1 .. $times) {
	my $s = session($id);
	die "another session" if $s->id ne $id;
	my ($last) = $s->param("by") =~ /-(\d+)$/ or die "torn";
	die "torn: $last" if length $s->param("fill") != $last * 37 % 3000;
	$s->param(by => "$who-$n");
	$s->param(fill => "x" x ($n * 37 % 3000));
	$s->flush;
	die $s->errstr if $s->errstr;
}
`})
}

// Apache::Session alone damages a file that several programs write to: it lets go of
// its locks before DB_File has written. With one more lock around each use it does not,
// and that lock is the one that Go takes.
func TestApacheSessionAndGoWriteAtOnce(t *testing.T) {
	perltest.Need(t, perltest.ApacheSession, perltest.DBFile)
	managertest.RunBesidePerl(t, tempFile(t),
		func(t *testing.T, name string) store.Store { return dbFile(t, name) },
		managertest.Peer{Codec: storable.Codec{Network: true}, IDParam: "_session_id", Script: apache + `
my ($id, $times, $who) = @ARGV;
for my $n (1 .. $times) {
	open my $lock, "+>>", "$name.lck" or die $!;
	flock $lock, LOCK_EX or die $!;
	my %h;
	tie %h, "Apache::Session::DB_File", $id, { %args, Transaction => 1 };
	my ($last) = $h{by} =~ /-(\d+)$/ or die "torn";
	die "torn: $last" if length $h{fill} != $last * 37 % 3000;
	$h{by} = "$who-$n";
	$h{fill} = "x" x ($n * 37 % 3000);
	untie %h;
}
`})
}

const apache = `
use Apache::Session::DB_File;
use Fcntl ":flock";
use File::Basename;
my $name = shift;
my %args = (FileName => $name, LockDirectory => dirname $name);
`

// A session of CGI::Session goes to Go and back, and is deleted by either.
func TestCGISession(t *testing.T) {
	perltest.Need(t, perltest.CGISession, perltest.DBFile)
	name := tempFile(t)
	m, err := datasession.New(dbFile(t, name), dumper.Codec{Tail: true}, &datasession.Options{Family: datasession.CGISession})
	if err != nil {
		t.Fatal(err)
	}
	const show = cgiDBFile + `
my ($id, @set) = @ARGV;
my $s = session($id);
$s->param(split /=/, $_, 2) for @set;
$s->flush;
print $s->id, " ", join ",", map { "$_=" . $s->param($_) } sort $s->param;
`
	out := perltest.Run(t, show, name, "", "user=ann", "fill="+strings.Repeat("x", 10_000))
	id, _, _ := strings.Cut(out, " ")
	err = m.Update(t.Context(), id, func(s *datasession.Session) error { return s.Set("user", "bob") })
	if err != nil {
		t.Fatal(err)
	}
	if out, want := perltest.Run(t, show, name, id, "fill="), id+" fill=,user=bob"; out != want {
		t.Errorf("after Go's change perl has %.100s, want %s", out, want)
	}
	ids := 0
	for got, err := range m.IDs(t.Context()) {
		if ids++; err != nil || got != id {
			t.Errorf("IDs = %q, %v", got, err)
		}
	}
	if ids != 1 {
		t.Errorf("%d ids", ids)
	}
	if err := m.Delete(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if out := perltest.Run(t, show, name, id); strings.HasPrefix(out, id) {
		t.Errorf("what Go deleted is there for perl: %s", out)
	}
	if info, err := os.Stat(name + ".lck"); err != nil || info.Size() != 0 {
		t.Errorf("lock file: %v, %v", info, err)
	}
}

// Apache::Session's and Go's take turns.
func TestApacheSession(t *testing.T) {
	perltest.Need(t, perltest.ApacheSession, perltest.DBFile)
	name := tempFile(t)
	m, err := datasession.New(dbFile(t, name), storable.Codec{Network: true}, &datasession.Options{Family: datasession.ApacheSession})
	if err != nil {
		t.Fatal(err)
	}
	const show = apache + `
my ($id, @set) = @ARGV;
tie my %h, "Apache::Session::DB_File", $id || undef, \%args;
for (@set) { my ($k, $v) = split /=/; $h{$k} = $v }
print $h{_session_id}, " ", join ",", map { "$_=$h{$_}" } grep !/^_/, sort keys %h;
`
	id, _, _ := strings.Cut(perltest.Run(t, show, name, "", "user=ann"), " ")
	err = m.Update(t.Context(), id, func(s *datasession.Session) error { return s.Set("n", 1) })
	if err != nil {
		t.Fatal(err)
	}
	if out, want := perltest.Run(t, show, name, id, "m=2"), fmt.Sprint(id, " m=2,n=1,user=ann"); out != want {
		t.Errorf("after Go's change perl has %s, want %s", out, want)
	}
	s, err := m.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := datasession.Get[int](s, "m"); v != 2 || err != nil {
		t.Errorf("m = %d, %v", v, err)
	}
}

// While Apache::Session has a session, Go's writes to it wait, and to another do not.
func TestApacheSessionLock(t *testing.T) {
	perltest.Need(t, perltest.ApacheSession, perltest.DBFile)
	name := tempFile(t)
	s, err := NewDBFile(name, &Options{Create: true, LockDirectory: filepath.Dir(name)})
	if err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(perltest.Run(t, apache+`tie my %h, "Apache::Session::DB_File", undef, \%args; print $h{_session_id}, " "`, name), " ")
	rec, err := s.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	other := save(t, s, "other", "x", store.Rev{})
	release := speaking(t, apache+`
my $id = shift;
{ tie my %h, "Apache::Session::DB_File", $id, \%args; }
my $m = Apache::Session::Lock::File->new;
$m->acquire_read_lock({ args => \%args, data => { _session_id => $id } });
$| = 1;
print "held\n";
<STDIN>;
`, name, id)
	ctx, cancel := context.WithTimeout(t.Context(), aWhile)
	defer cancel()
	if _, err := s.Save(ctx, id, rec.Data, rec.Rev, store.SaveOptions{}); !errors.Is(err, store.ErrUnavailable) || strings.Contains(err.Error(), id) {
		t.Errorf("Save of a session that perl has locked = %v", err)
	}
	save(t, s, "other", "y", other)
	load(t, s, id, string(rec.Data))
	release()
	save(t, s, id, string(rec.Data), rec.Rev)
}

// The session files of a store that is not running are read without locks.
func TestReadOnly(t *testing.T) {
	home := t.TempDir()
	s := cds(t, home, Options{Type: Btree})
	save(t, s, "a", "one", store.Rev{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ro, err := ReadOnly(filepath.Join(home, "sessions.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	rev := load(t, ro, "a", "one")
	if _, err := ro.Save(t.Context(), "a", nil, rev, store.SaveOptions{}); err == nil {
		t.Error("Save succeeds")
	}
	if err := ro.Delete(t.Context(), "a", rev); err == nil {
		t.Error("Delete succeeds")
	}
	load(t, ro, "a", "one")
}
