package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/perl"
)

// cgiSession opens a session by CGI::Session, or makes one if the id is empty, and
// says what the parameters are and what they hold. It then sets user, and flushes.
const cgiSession = `
use CGI::Session;
use JSON::PP;
my ($dsn, $place, $id, $user) = @ARGV;
my $args = $dsn =~ /sqlite/ ? { DataSource => "dbi:SQLite:dbname=$place" } : { Directory => $place };
my $s = CGI::Session->load($dsn, $id, $args) or die CGI::Session->errstr;
if (!$id) {
	$s = CGI::Session->new($dsn, undef, $args) or die CGI::Session->errstr;
	$s->param(cart => [{ sku => "A-1", qty => 2 }]);
	$s->param(bytes => "bj\xf6rn");
	$s->param(text => "\x{20ac} 5");
	$s->param(count => 7);
	$s->param(owner => bless { name => "ann" }, "My::Owner");
	$s->expire("+2h");
	$s->expire(cart => "+1h");
}
die "no session" if $s->is_empty;
my %param = map { $_ => scalar $s->param($_) } $s->param;
my $json = JSON::PP->new->canonical->ascii->allow_blessed->convert_blessed;
sub My::Owner::TO_JSON { return { class => ref $_[0], %{$_[0]} } }
print $json->encode({ id => $s->id, etime => $s->expire, ptime => $s->dataref->{_SESSION_EXPIRE_LIST}, param => \%param });
$s->param(user => $user) if length $user;
$s->flush;
die $s->errstr if $s->errstr;
`

// fromPerl is what cgiSession prints.
type fromPerl struct {
	ID    string                     `json:"id"`
	Etime json.RawMessage            `json:"etime"`
	Ptime json.RawMessage            `json:"ptime"`
	Param map[string]json.RawMessage `json:"param"`
}

func runPerl(t *testing.T, args ...string) fromPerl {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "perl", append([]string{"-Mstrict", "-Mwarnings", "-e", cgiSession}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("perl: %v\n%s", err, &stderr)
	}
	var p fromPerl
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatalf("perl printed %q: %v", out, err)
	}
	return p
}

// Perl makes a session, the command changes it, Perl reads that and changes it, the
// command reads that; and once more with a session that the command has made.
func TestCGISession(t *testing.T) {
	perltest.Need(t, perltest.CGISession, perltest.SQLite)
	sqlite := filepath.Join(t.TempDir(), "sessions.db")
	for _, store := range []struct {
		dsn, place string
		flags      []string
	}{
		{"driver:file;serializer:default;id:md5", t.TempDir(), []string{"--directory"}},
		{"driver:sqlite;serializer:default;id:md5", sqlite, []string{"--data-source"}},
	} {
		dsn, place := store.dsn, store.place
		flags := append(store.flags, place, "--family", "cgi", "--type", dsn)
		with := func(args ...string) []string { return append(args, flags...) }
		t.Run(dsn, func(t *testing.T) {
			if place == sqlite {
				ds(t, exitDone, "", with("set", "--create", "--create-store", "first")...)
			}
			made := runPerl(t, dsn, place, "", "ann")

			ds(t, exitDone, "", with("set", made.ID, "user=bjørn €", "count=8", "--json", `list=[1,"1",null,{"k":[]}]`)...)
			ds(t, exitDone, "", with("unset", made.ID, "text")...)
			ds(t, exitDone, "", with("expire", made.ID, "+30m")...)
			ds(t, exitDone, "", with("expire", made.ID, "10m", "user")...)

			got := runPerl(t, dsn, place, made.ID, "eve")
			want := fromPerl{made.ID, raw(`1800`), raw(`{"cart":3600,"user":600}`), map[string]json.RawMessage{
				"bytes": raw(`"bj\u00f6rn"`),
				"cart":  raw(`[{"qty":2,"sku":"A-1"}]`),
				"count": raw(`"8"`),
				"list":  raw(`[1,"1",null,{"k":[]}]`),
				"owner": raw(`{"class":"My::Owner","name":"ann"}`),
				"user":  raw(`"bj\u00f8rn \u20ac"`),
			}}
			if fmt.Sprintf("%s", got) != fmt.Sprintf("%s", want) {
				t.Errorf("perl reads %s\nwant %s", got, want)
			}

			shown := value(t, ds(t, exitDone, "", with("show", "--json", made.ID)...)).Hash()
			if user, _ := shown.Get("user"); !perl.EqualLoose(user, perl.Bytes("eve")) {
				t.Errorf("after Perl's change show has user %v, want eve", user)
			}

			ds(t, exitDone, "", with("set", "--create", "by-go", "user=ann", "--lifetime", "1h")...)
			if got := runPerl(t, dsn, place, "by-go", ""); got.ID != "by-go" || string(got.Etime) != "3600" || string(got.Param["user"]) != `"ann"` {
				t.Errorf("of a session that Go made Perl reads %s", got)
			}
			ds(t, exitDone, "", with("rm", made.ID, "by-go")...)
			ds(t, exitRefused, "", with("show", made.ID)...)
		})
	}
}

// What Perl's driver for SQLite makes of the characters of JSON is shown as they were
// meant; with another character set it is not.
func TestCharsetOfSQLite(t *testing.T) {
	perltest.Need(t, perltest.CGISession, perltest.SQLite, perltest.JSONXS)
	place := filepath.Join(t.TempDir(), "sessions.db")
	const dsn = "driver:sqlite;serializer:json;id:md5"
	flags := []string{"--data-source", place, "--family", "cgi", "--type", dsn}
	with := func(args ...string) []string { return append(args, flags...) }
	ds(t, exitDone, "", with("set", "--create", "--create-store", "first")...)
	id := perltest.Run(t, perltest.CGISessionJSON+`
		use CGI::Session;
		my $s = CGI::Session->new($ARGV[0], undef, { DataSource => "dbi:SQLite:dbname=$ARGV[1]" }) or die CGI::Session->errstr;
		$s->param(name => "bj\xf6rn");
		$s->flush;
		die $s->errstr if $s->errstr;
		print $s->id`, dsn, place)
	shown := value(t, ds(t, exitDone, "", with("show", "--json", id)...)).Hash()
	if name, _ := shown.Get("name"); perl.Upgrade(name) != "björn" {
		t.Errorf("show has name %q, want björn", perl.Upgrade(name))
	}
	ds(t, exitRefused, "", with("show", "--charset", "utf8", id)...)
	ds(t, exitUsage, "", with("show", "--charset", "koi8", id)...)
}

func raw(text string) json.RawMessage { return json.RawMessage(text) }
