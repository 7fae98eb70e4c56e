package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/internal/testserver"
)

// Each way to say which Redis it is leads to the same sessions.
func TestRedis(t *testing.T) {
	const id = "0123456789abcdef0123456789abcdef"
	one, cluster, sentinel := testserver.StartRedis(t), testserver.StartRedisCluster(t, 3, 0), testserver.StartRedisSentinel(t)
	repeat := func(flag string, values []string) (flags []string) {
		for _, v := range values {
			flags = append(flags, flag, v)
		}
		return flags
	}
	for name, ways := range map[string][][]string{
		"one":      {{"--server", one.Addr}, {"--server", one.Addr + "/0"}, {"--server", one.Addr, "--namespace", "session:", "--index", "user"}},
		"two":      {{"--server", one.Addr + "/1", "--namespace", "app:"}},
		"cluster":  {append(repeat("--server", cluster.Addrs()), "--cluster"), {"--server", cluster.Nodes[1].Addr}},
		"sentinel": {append(repeat("--server", sentinel.Addrs()), "--service", sentinel.Name), {"--server", sentinel.Master.Addr}},
	} {
		t.Run(name, func(t *testing.T) {
			with := func(way []string, args ...string) []string {
				return append(append(args, "--type", "driver:Redis;serialize:JSON"), way...)
			}
			ds(t, exitDone, "", with(ways[0], "set", "--create", id, "user=ann €")...)
			for _, way := range ways {
				if shown := ds(t, exitDone, "", with(way, "show", "--json", id)...); !strings.Contains(shown, `"user":"ann €"`) {
					t.Errorf("show %q: %s", way, shown)
				}
				if listed := ds(t, exitDone, "", with(way, "ls", "--show-ids")...); listed != id+"\n" {
					t.Errorf("ls %q: %s", way, listed)
				}
				ds(t, exitDone, "", with(way, "set", id, "n=1")...)
				ds(t, exitDone, "", with(way, "purge")...)
			}
			ds(t, exitDone, "", with(ways[0], "rm", id)...)
			ds(t, exitRefused, "", with(ways[0], "show", id)...)
		})
	}
}

func TestRedisRefusals(t *testing.T) {
	const secret = "open sesame"
	r := testserver.StartRedis(t, "--requirepass", secret)
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ls := []string{"ls", "--type", "driver:Redis"}
	ds(t, exitDone, "", append(ls, "--server", r.Addr, "--password-file", file)...)
	for _, test := range []struct {
		code int
		say  string
		args []string
	}{
		{exitUnreachable, "NOAUTH", []string{"--server", r.Addr}},
		{exitUnreachable, "refused", []string{"--server", "127.0.0.1:1"}},
		{exitUsage, "wants --server", nil},
		{exitUsage, "--cluster", []string{"--server", r.Addr, "--server", r.Addr}},
		{exitUsage, "host:port", []string{"--server", "localhost"}},
		{exitUsage, "number", []string{"--server", r.Addr + "/x"}},
		{exitUsage, "exclude", []string{"--server", r.Addr, "--cluster", "--service", "x"}},
		{exitUsage, "--namespace", []string{"--server", r.Addr, "--family", "apache", "--namespace", "x"}},
	} {
		if said := dsError(t, test.code, append(ls, test.args...)...); !strings.Contains(said, test.say) || strings.Contains(said, secret) {
			t.Errorf("%q: %s", test.args, said)
		}
	}
	t.Setenv(passwordVariable, "wrong "+secret)
	if said := dsError(t, exitUnreachable, append(ls, "--server", r.Addr)...); !strings.Contains(said, "WRONGPASS") || strings.Contains(said, secret) {
		t.Errorf("with a wrong password: %s", said)
	}
}

// The sessions of Apache::Session are Browseable's, and their sets are kept.
func TestRedisBrowseable(t *testing.T) {
	perltest.Need(t, perltest.Module{Name: "Apache::Session::Browseable::Redis", Package: "libapache-session-browseable-perl"},
		perltest.Module{Name: "Redis", Package: "libredis-perl"})
	r := testserver.StartRedis(t)
	perl := func(script string, args ...string) string {
		return perltest.Run(t, `use Apache::Session::Browseable::Redis; my ($server, $id) = @ARGV;
my $args = { server => $server, Index => 'uid', database => 2 }; my %s; `+script, append([]string{r.Addr}, args...)...)
	}
	id := perl(`tie %s, 'Apache::Session::Browseable::Redis', undef, $args; $s{uid} = 'ann'; $s{n} = 1; print $s{_session_id}`)
	flags := []string{"--family", "apache", "--type", "driver:Redis;serialize:JSON", "--server", r.Addr + "/2", "--index", "uid"}
	if listed := ds(t, exitDone, "", append([]string{"ls", "--show-ids"}, flags...)...); listed != id+"\n" {
		t.Errorf("ls: %s", listed)
	}
	ds(t, exitDone, "", append([]string{"set", id, "uid=bob"}, flags...)...)
	got := perl(`tie %s, 'Apache::Session::Browseable::Redis', $id, $args; print "$s{uid} $s{n} ";
print scalar keys %{ Apache::Session::Browseable::Redis->searchOn($args, 'uid', $_) } for 'ann', 'bob'`, id)
	if got != "bob 1 01" {
		t.Errorf("after set perl has %q; want bob 1, found by the new value only", got)
	}
	ds(t, exitDone, "", append([]string{"rm", id}, flags...)...)
	if keys := r.Cli(t, "-n", "2", "DBSIZE"); keys != "0" {
		t.Errorf("after rm %s keys are left", keys)
	}
}
