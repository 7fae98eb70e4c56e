package main

import (
	"strings"
	"testing"

	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/internal/testserver"
)

// The command and Cache::Memcached find the same sessions, on two servers with weights.
func TestMemcached(t *testing.T) {
	perltest.Need(t, perltest.CGISession, perltest.CacheMemcached, perltest.CGISessionMemcached)
	one, two := testserver.StartMemcached(t).Addr, testserver.StartMemcached(t).Addr
	perl := func(script string, args ...string) string {
		return perltest.Run(t, `use CGI::Session; use Cache::Memcached;
my $c = Cache::Memcached->new({ namespace => "s:", servers => [ [ shift, 3 ], shift ] });
my $s = CGI::Session->new("driver:memcached", shift || undef, { Memcached => $c }); `+script, append([]string{one, two}, args...)...)
	}
	flags := []string{"--family", "cgi", "--type", "driver:memcached", "--server", one + "=3", "--server", two, "--namespace", "s:"}
	with := func(args ...string) []string { return append(args, flags...) }
	var ids []string
	for range 5 {
		ids = append(ids, perl(`$s->param(user => "ann"); $s->flush; print $s->id`))
	}
	if listed := strings.Fields(ds(t, exitDone, "", with("ls", "--show-ids")...)); len(listed) != 5 {
		t.Errorf("ls lists %d ids, want 5", len(listed))
	}
	for _, id := range ids {
		if shown := ds(t, exitDone, "", with("show", "--json", id)...); !strings.Contains(shown, `"user":"ann"`) {
			t.Errorf("show: %s", shown)
		}
		ds(t, exitDone, "", with("set", id, "user=bob")...)
		if got := perl(`print $s->id, $s->param("user")`, id); got != id+"bob" {
			t.Errorf("after set perl has %s", got)
		}
		ds(t, exitDone, "", with("rm", id)...)
		ds(t, exitRefused, "", with("show", id)...)
	}

	ls := []string{"ls", "--type", "driver:Memcached"}
	for _, test := range []struct {
		code int
		say  string
		args []string
	}{
		{exitUnreachable, "refused", []string{"--server", "127.0.0.1:1"}},
		{exitUsage, "wants --server", nil},
		{exitUsage, "host:port", []string{"--server", "localhost"}},
		{exitUsage, "weight", []string{"--server", one + "=x"}},
		{exitUsage, "namespace", []string{"--server", one, "--namespace", "a b"}},
	} {
		if said := dsError(t, test.code, append(ls, test.args...)...); !strings.Contains(said, test.say) {
			t.Errorf("%q: %s", test.args, said)
		}
	}
}
