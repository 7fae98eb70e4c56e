package memcachestore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/internal/managertest"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store"
)

// withCache is the beginning of scripts that have a cache in $c. The servers come
// first, with commas between.
const withCache = `
use Cache::Memcached;
my ($servers, $namespace) = splice @ARGV, 0, 2;
my $c = Cache::Memcached->new({ namespace => $namespace,
	servers => [ map { my ($a, $w) = split /=/; $w ? [ $a, $w ] : $a } split /,/, $servers ] });
`

func perlCache(t testing.TB, script, servers, namespace string, args ...string) string {
	t.Helper()
	perltest.Need(t, perltest.CacheMemcached)
	return perltest.Run(t, withCache+script, append([]string{servers, namespace}, args...)...)
}

// Which server has which key is seen on the servers themselves.
func TestPerlChoosesTheSameServers(t *testing.T) {
	perltest.Need(t, perltest.CacheMemcached)
	var servers []*testserver.Memcached
	var addrs []string
	for i, weight := range []string{"", "=3", "=2"} {
		servers = append(servers, testserver.StartMemcached(t))
		addrs = append(addrs, servers[i].Addr+weight)
	}
	var ids []string
	for range 1000 {
		ids = append(ids, fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64()))
	}
	list := strings.Join(addrs, ",")
	s := open(t, &Options{Namespace: "go:"}, addrs...)
	ofPerl := open(t, &Options{Namespace: "perl:"}, addrs...)

	for _, dead := range []int{-1, 1, 0} {
		t.Run(fmt.Sprint("dead ", dead), func(t *testing.T) {
			if dead >= 0 {
				servers[dead].Kill()
				defer servers[dead].Restart()
			}
			perlCache(t, `$c->set($_, "perl $_") or die for @ARGV`, list, "perl:", ids...)
			got := perlCache(t, `print $c->get($_) // "none", "\n" for @ARGV`, list, "perl:", ids...)
			if want := "perl " + strings.Join(ids, "\nperl ") + "\n"; got != want {
				t.Fatal("perl does not read what it wrote")
			}
			for _, id := range ids {
				save(t, s, id, "go "+id, store.AnyRev)
				load(t, ofPerl, id, "perl "+id)
			}
			got = perlCache(t, `print $c->get($_) // "none", "\n" for @ARGV`, list, "go:", ids...)
			if want := "go " + strings.Join(ids, "\ngo ") + "\n"; got != want {
				t.Error("perl does not find all that Go wrote")
			}
			shares := []int{}
			for i, srv := range s.servers {
				if i == dead {
					continue
				}
				mine, err := s.dump(t.Context(), srv)
				theirs, err2 := ofPerl.dump(t.Context(), srv)
				if err != nil || err2 != nil {
					t.Fatal(err, err2)
				}
				if !slices.Equal(sorted(mine), sorted(theirs)) {
					t.Errorf("server %d has %d keys of Go and %d of Perl, and not the same", i, len(sorted(mine)), len(sorted(theirs)))
				}
				shares = append(shares, len(sorted(mine)))
			}
			t.Logf("the servers that live have %d keys", shares)
			for _, srv := range s.servers {
				srv.deadUntil.Store(0)
			}
			for _, srv := range ofPerl.servers {
				srv.deadUntil.Store(0)
			}
			for i := range servers {
				if i != dead {
					servers[i].Restart() // empties it
				}
			}
		})
	}
}

func sorted(lines string) []string { return slices.Sorted(strings.SplitSeq(lines, "\n")) }

// Perl makes and changes a session, and so does Go, through Managers and modules.
func TestCGISession(t *testing.T) {
	perltest.Need(t, perltest.CacheMemcached, perltest.CGISession, perltest.CGISessionMemcached)
	m := testserver.StartMemcached(t)
	st := open(t, &Options{Namespace: "s:"}, m.Addr)
	manager, err := datasession.New(st, dumper.Codec{Tail: true}, &datasession.Options{Family: datasession.CGISession})
	if err != nil {
		t.Fatal(err)
	}
	const script = `
use CGI::Session;
my ($threshold, $id, @set) = @ARGV;
$c->set_compress_threshold($threshold);
my $s = CGI::Session->new("driver:memcached", $id || undef, { Memcached => $c }) or die CGI::Session->errstr;
$s->param(split /=/, $_, 2) for @set;
$s->flush;
print $s->id, " ", join ",", map { "$_=" . $s->param($_) } sort $s->param;
`
	for name, threshold := range map[string]string{"plain": "0", "compressed": "100"} {
		t.Run(name, func(t *testing.T) {
			fill := strings.Repeat("long ", 200)
			out := perlCache(t, script, m.Addr, "s:", threshold, "", "user=ann", "fill="+fill)
			id, params, _ := strings.Cut(out, " ")
			if params != "fill="+fill+",user=ann" {
				t.Fatalf("perl made %s", out)
			}
			s, err := manager.Load(t.Context(), id)
			if err == nil {
				err = s.Set("user", "bob")
			}
			if err == nil {
				err = s.Flush(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			out = perlCache(t, script, m.Addr, "s:", threshold, id, "n=1")
			if out != id+" fill="+fill+",n=1,user=bob" {
				t.Fatalf("after Go's change perl has %s", out)
			}
			if s, err = manager.Load(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			if n, err := datasession.Get[int](s, "n"); n != 1 || err != nil {
				t.Errorf("n = %d, %v", n, err)
			}
			if err := manager.Delete(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			if out := perlCache(t, `print defined $c->get($ARGV[0]) ? "there" : "gone"`, m.Addr, "s:", id); out != "gone" {
				t.Errorf("what Go deleted is %s for Perl", out)
			}
		})
	}
}

func TestPerlAndGoWriteAtOnce(t *testing.T) {
	perltest.Need(t, perltest.CacheMemcached, perltest.CGISession, perltest.CGISessionMemcached)
	managertest.RunBesidePerl(t, testserver.StartMemcached(t).Addr,
		func(t *testing.T, addr string) store.Store { return open(t, &Options{Namespace: "s:"}, addr) },
		managertest.Peer{Script: `
use CGI::Session;
use Cache::Memcached;
my ($addr, $id, $times, $who) = @ARGV;
my $c = Cache::Memcached->new({ servers => [$addr], namespace => "s:", compress_threshold => 500 });
for my $n (1 .. $times) {
	my $s = CGI::Session->new("driver:memcached", $id, { Memcached => $c }) or die CGI::Session->errstr;
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
