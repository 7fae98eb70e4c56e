package redisstore_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redis/rueidis"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/internal/managertest"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/redisstore"
	"github.com/go-datasession/datasession/store/storetest"
)

var fields = &redisstore.BrowseableOptions{Indexes: []string{"uid", "mail"}}

func openBrowseable(t testing.TB, addr string) *redisstore.Browseable {
	t.Helper()
	st, err := redisstore.OpenBrowseable(rueidis.ClientOption{InitAddress: []string{addr}}, fields)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

func TestBrowseableStore(t *testing.T) {
	r := testserver.StartRedis(t)
	storetest.Run(t, func(testing.TB) storetest.Place {
		r.Cli(t, "FLUSHALL")
		return storetest.Place{Open: func() (store.Store, error) {
			st, err := redisstore.OpenBrowseable(rueidis.ClientOption{InitAddress: []string{r.Addr}}, fields)
			if err == nil {
				err = st.Ping(t.Context())
			}
			return st, err
		}}
	}, nil)
}

func TestBrowseableManager(t *testing.T) {
	if !storetest.Long() {
		t.Skip("with DATASESSION_LONG=1: the races of storetest are run on this layout anyway")
	}
	managertest.Run(t, func(t *testing.T) store.Store { return openBrowseable(t, testserver.StartRedis(t).Addr) })
}

// perlBrowseable runs operations on a session, each a word: set:name=value, find:name=value, get,
// delete, list. It prints the id first.
const perlBrowseable = `
use Apache::Session::Browseable::Redis;
my ($server, $id, @ops) = @ARGV;
my $args = { server => $server, Index => 'uid mail' };
my %s;
tie %s, 'Apache::Session::Browseable::Redis', $id || undef, $args;
print "$s{_session_id}\n";
for (@ops) {
	my ($op, $k, $v) = split /[:=]/, $_, 3;
	$v = "caf\x{e9}" if defined $v && $v eq 'CAFE';
	if ($op eq 'set') { $s{$k} = $v }
	elsif ($op eq 'get') { print join(',', map { "$_=" . ($s{$_} eq "caf\x{e9}" ? 'CAFE' : $s{$_}) } grep { !/^_/ } sort keys %s), "\n" }
	elsif ($op eq 'delete') { tied(%s)->delete }
}
untie %s;
for (@ops) {
	my ($op, $k, $v) = split /[:=]/, $_, 3;
	$v = "caf\x{e9}" if defined $v && $v eq 'CAFE';
	if ($op eq 'find') { print join(',', sort keys %{ Apache::Session::Browseable::Redis->searchOn($args, $k, $v) }), "\n" }
	elsif ($op eq 'list') { print join(',', sort keys %{ Apache::Session::Browseable::Redis->get_key_from_all_sessions($args) }), "\n" }
}
`

var browseableModules = []perltest.Module{
	{Name: "Apache::Session::Browseable::Redis", Package: "libapache-session-browseable-perl"},
	{Name: "Redis", Package: "libredis-perl"},
}

func runBrowseable(t *testing.T, addr, id string, ops ...string) []string {
	t.Helper()
	out := perltest.Run(t, perlBrowseable, append([]string{addr, id}, ops...)...)
	return strings.Split(strings.TrimSuffix(out, "\n"), "\n")
}

func foundBy(t *testing.T, st store.Indexer, name, value string) string {
	t.Helper()
	var ids []string
	for id, err := range st.Find(t.Context(), name, value) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return strings.Join(ids, ",")
}

// Perl and Go make, change, find and delete each other's sessions.
func TestBrowseablePerl(t *testing.T) {
	perltest.Need(t, browseableModules...)
	addr := testserver.StartRedis(t).Addr
	st := openBrowseable(t, addr)
	m, err := datasession.New(st, perljson.Codec{}, &datasession.Options{Family: datasession.ApacheSession, Lifetime: datasession.Forever})
	if err != nil {
		t.Fatal(err)
	}
	change := func(id, name string, value any) {
		t.Helper()
		s, err := m.Open(t.Context(), id)
		if err == nil {
			err = errors.Join(s.Set(name, value), s.Flush(t.Context()))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	find := func(name, value, want string) {
		t.Helper()
		if got := foundBy(t, st, name, value); got != want {
			t.Errorf("Find(%s, %s) = %q; want %q", name, value, got, want)
		}
	}

	// Perl makes it, Go finds and changes it, Perl finds that.
	id := runBrowseable(t, addr, "", "set:uid=ann", "set:n=1", "set:mail=CAFE")[0]
	find("uid", "ann", id)
	find("mail", "café", id)
	change(id, "uid", "bob")
	got := runBrowseable(t, addr, id, "get", "find:uid=ann", "find:uid=bob", "find:mail=CAFE", "list")
	if want := []string{id, "mail=CAFE,n=1,uid=bob", "", id, id, id}; !slices.Equal(got, want) {
		t.Errorf("after Go's change perl has %q; want %q", got, want)
	}
	find("uid", "ann", "")
	find("uid", "bob", id)

	// Perl's own change leaves the id in the set of the old value, which it then finds;
	// Go does not, and cleans up.
	if got := runBrowseable(t, addr, id, "set:uid=eve", "find:uid=bob"); got[1] != id {
		t.Errorf("Perl has learned to remove the old value: %q", got)
	}
	find("uid", "bob", "")
	find("uid", "eve", id)
	if got := runBrowseable(t, addr, id, "find:uid=bob"); got[1] != "" {
		t.Errorf("after Go has looked, Perl still finds the old value: %q", got)
	}

	// Go makes it, with a number and text beyond ASCII, Perl finds and changes it.
	made := strings.Repeat("0123456789abcdef", 4)
	change(made, "uid", 42)
	change(made, "mail", "café")
	both := min(id, made) + "," + max(id, made)
	got = runBrowseable(t, addr, made, "get", "find:uid=42", "find:mail=CAFE", "set:uid=43")
	if want := []string{made, "mail=CAFE,uid=42", made, both}; !slices.Equal(got, want) {
		t.Errorf("of Go's session perl has %q; want %q", got, want)
	}
	find("uid", "43", made)
	find("uid", "42", "")

	// Each deletes what the other has made.
	if err := m.Delete(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	got = runBrowseable(t, addr, made, "find:uid=eve", "find:mail=CAFE", "list", "delete")
	if want := []string{made, "", "", ""}; !slices.Equal(got, want) {
		t.Errorf("in the end perl has %q; want %q", got, want)
	}
	if _, err := m.Load(t.Context(), made); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Load of what Perl has deleted = %v", err)
	}
	find("uid", "43", "")
}

// Perl's processes change one session each, Go's goroutines count in another one and
// look for all of them: nothing is torn, and Go loses nothing of its own.
func TestBrowseablePerlAtOnce(t *testing.T) {
	perltest.Need(t, browseableModules...)
	const each, workers = 50, 4
	addr := testserver.StartRedis(t).Addr
	st := openBrowseable(t, addr)
	m, err := datasession.New(st, perljson.Codec{}, &datasession.Options{Family: datasession.ApacheSession, Lifetime: datasession.Forever})
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Open(t.Context(), "counter")
	if err == nil {
		err = errors.Join(s.Set("n", 0), s.Flush(t.Context()))
	}
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			perltest.Run(t, `
use Apache::Session::Browseable::Redis;
my ($server, $n, $w) = @ARGV;
my $id;
for my $i (1 .. $n) {
	my %s;
	tie %s, 'Apache::Session::Browseable::Redis', $id, { server => $server, Index => 'uid mail' };
	$id = $s{_session_id};
	die "lost" if $i > 1 && $s{n} != $i - 1;
	$s{uid} = "perl$w"; $s{mail} = "mail$i"; $s{n} = $i;
	untie %s;
}`, addr, fmt.Sprint(each), fmt.Sprint(w))
		})
		wg.Go(func() {
			for range each {
				if err := datasession.Key[int]("n").Update(t.Context(), m, "counter", func(n int) (int, error) { return n + 1, nil }); err != nil {
					t.Errorf("Update = %v", err)
					return
				}
				foundBy(t, st, "uid", fmt.Sprint("perl", w))
			}
		})
	}
	wg.Wait()
	s, err = m.Load(t.Context(), "counter")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := datasession.Key[int]("n").Get(s); n != workers*each || err != nil {
		t.Errorf("Go counted to %d, %v; want %d", n, err, workers*each)
	}
	for w := range workers {
		id := foundBy(t, st, "uid", fmt.Sprint("perl", w))
		if s, err := m.Load(t.Context(), id); err != nil || fmt.Sprint(s.Get("n")) != fmt.Sprint(each) {
			t.Errorf("session of perl %d: %v", w, err)
		}
		if got := foundBy(t, st, "mail", fmt.Sprint("mail", each)); !strings.Contains(got, id) {
			t.Errorf("perl %d is not found by its last value", w)
		}
	}
}

func browseableOnCluster(t *testing.T, addrs ...string) {
	st, err := redisstore.OpenBrowseable(rueidis.ClientOption{InitAddress: addrs}, &redisstore.BrowseableOptions{Wait: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if _, err := st.Load(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), "cluster") {
		t.Errorf("Load from a cluster = %v; want an error that says so", err)
	}
}
