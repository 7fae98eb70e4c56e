package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/redisstore"
)

// as are the options of a save by a user.
func as(user string, ttl time.Duration) store.SaveOptions {
	return store.SaveOptions{TTL: ttl, Index: []store.IndexValue{{Name: "user", Value: user, Set: user != ""}, {Name: "other", Value: "x", Set: true}}}
}

func mustSave(t testing.TB, st store.Store, id, data string, old store.Rev, opts store.SaveOptions) store.Rev {
	t.Helper()
	rev, err := st.Save(t.Context(), id, []byte(data), old, opts)
	if err != nil {
		t.Fatalf("Save = %v", err)
	}
	return rev
}

func found(t testing.TB, st store.Indexer, user string) []string {
	t.Helper()
	var ids []string
	for id, err := range st.Find(t.Context(), "user", user) {
		if err != nil {
			t.Fatalf("Find = %v", err)
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func wantFound(t testing.TB, st store.Indexer, user string, want ...string) {
	t.Helper()
	if got := found(t, st, user); !slices.Equal(got, want) {
		t.Errorf("Find(%.20q) = %q; want %q", user, got, want)
	}
}

// direct returns a client of what a place is on.
func (p place) direct(t testing.TB) rueidis.Client {
	t.Helper()
	addrs, _, _ := strings.Cut(string(p), "|")
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: strings.Split(addrs, ","), DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func (p place) namespace() string {
	_, namespace, _ := strings.Cut(string(p), "|")
	return namespace
}

func TestIndex(t *testing.T) { index(t, testserver.StartRedis(t).Addr) }

func index(t *testing.T, addrs ...string) {
	p := placeAt(addrs...)
	st, db := p.mustOpen(t, indexed), p.direct(t)
	set := func(user string) string { return "index:" + p.namespace() + "user=" + user }
	members := func(user string) []string {
		t.Helper()
		all, err := db.Do(t.Context(), db.B().Zrange().Key(set(user)).Min("0").Max("-1").Build()).AsStrSlice()
		if err != nil {
			t.Fatal(err)
		}
		return all
	}

	t.Run("FollowsTheSession", func(t *testing.T) {
		rev := mustSave(t, st, "s1", "one", store.Rev{}, as("ann", time.Hour))
		mustSave(t, st, "s2", "two", store.Rev{}, as("ann", time.Hour))
		wantFound(t, st, "ann", "s1", "s2")
		wantFound(t, st, "Ann")
		rev = mustSave(t, st, "s1", "one", rev, as("bob", time.Hour))
		wantFound(t, st, "ann", "s2")
		wantFound(t, st, "bob", "s1")
		if got := members("ann"); !slices.Equal(got, []string{"s2"}) {
			t.Errorf("the set of the old value has %q", got)
		}
		mustSave(t, st, "s1", "one", rev, as("", time.Hour))
		wantFound(t, st, "bob")
		if err := st.Delete(t.Context(), "s2", store.AnyRev); err != nil {
			t.Fatal(err)
		}
		wantFound(t, st, "ann")
		if got := slices.Concat(members("ann"), members("bob")); len(got) > 0 {
			t.Errorf("the sets still have %q", got)
		}
	})
	t.Run("SessionsOfOthers", func(t *testing.T) {
		mustSave(t, st, "t1", "one", store.Rev{}, as("joe", time.Hour))
		for _, id := range []string{"t2", "t1x"} { // of a program that died, or a session that is gone
			if err := db.Do(t.Context(), db.B().Zadd().Key(set("joe")).ScoreMember().ScoreMember(9e15, id).Build()).Error(); err != nil {
				t.Fatal(err)
			}
		}
		mustSave(t, st, "t2", "two", store.Rev{}, as("eve", time.Hour))
		wantFound(t, st, "joe", "t1")
		if got := members("joe"); !slices.Equal(got, []string{"t1"}) {
			t.Errorf("Find left %q in the set", got)
		}
	})
	t.Run("Expiry", func(t *testing.T) {
		rev := mustSave(t, st, "u1", "one", store.Rev{}, as("kim", 50*time.Millisecond))
		mustSave(t, st, "u2", "two", store.Rev{}, as("kim", 50*time.Millisecond))
		if err := st.Touch(t.Context(), "u2", time.Hour); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(5 * time.Second); ; {
			if _, err := st.Load(t.Context(), "u1"); errors.Is(err, store.ErrNotFound) {
				break
			}
			if time.Now().After(end) {
				t.Fatal("a session does not expire")
			}
		}
		if _, err := st.Save(t.Context(), "u1", nil, rev, as("kim", time.Hour)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Save of an expired session = %v", err)
		}
		wantFound(t, st, "kim", "u2")
		ms, err := db.Do(t.Context(), db.B().Pttl().Key(set("kim")).Build()).AsInt64()
		if want := time.Hour.Milliseconds(); err != nil || ms < want || ms > want+want/2 {
			t.Errorf("the set lives for %d ms, %v; want a little over an hour", ms, err)
		}
		mustSave(t, st, "u3", "three", store.Rev{}, as("kim", 0))
		if ms, err := db.Do(t.Context(), db.B().Pttl().Key(set("kim")).Build()).AsInt64(); ms != -1 || err != nil {
			t.Errorf("with a session for ever the set lives for %d ms, %v", ms, err)
		}
	})
	t.Run("LongAndOddValues", func(t *testing.T) {
		long := strings.Repeat("x", 5000)
		for i, user := range []string{long, long + "y", "{a}", "a b\x00\r\n", "", "*", "ü"} {
			opts := as("-", time.Hour)
			opts.Index[0].Value = user
			mustSave(t, st, fmt.Sprint("v", i), "one", store.Rev{}, opts)
			wantFound(t, st, user, fmt.Sprint("v", i))
		}
	})
	t.Run("OtherNames", func(t *testing.T) {
		for _, err := range st.Find(t.Context(), "other", "x") {
			if err == nil {
				t.Error("Find finds by a parameter that is not indexed")
			}
		}
	})
	t.Run("FindersAndWriters", func(t *testing.T) { findersAndWriters(t, p) })
}

// Each writer changes the value of its session back and forth while others look for
// both values, and take out what they find stale. In the end every session is found
// under what it was last saved with.
func findersAndWriters(t *testing.T, p place) {
	const writers, changes = 4, 150
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var finders, wg sync.WaitGroup
	for i := range 4 {
		st := p.mustOpen(t, indexed)
		finders.Go(func() {
			for ctx.Err() == nil {
				for _, err := range st.Find(ctx, "user", fmt.Sprint("side", i%2)) {
					if err != nil && ctx.Err() == nil {
						t.Errorf("Find = %v", err)
						return
					}
				}
			}
		})
	}
	for w := range writers {
		st := p.mustOpen(t, indexed)
		wg.Go(func() {
			id := fmt.Sprint("w", w)
			rev := store.Rev{}
			for n := range changes {
				var err error
				if rev, err = st.Save(ctx, id, []byte(id), rev, as(fmt.Sprint("side", n%2), time.Hour)); err != nil {
					t.Errorf("Save = %v", err)
					return
				}
				if user := fmt.Sprint("side", n%2); !slices.Contains(found(t, st, user), id) {
					t.Errorf("change %d: Find does not find a session under what it was saved with", n)
					return
				}
			}
		})
	}
	wg.Wait()
	stop()
	finders.Wait()
	wantFound(t, p.mustOpen(t, indexed), "side0")
	wantFound(t, p.mustOpen(t, indexed), "side1", "w0", "w1", "w2", "w3")
}

func TestBadOptions(t *testing.T) {
	many := make([]string, 100)
	for i := range many {
		many[i] = fmt.Sprint("name", i)
	}
	for name, o := range map[string]redisstore.Options{
		"index without a name":  {Indexes: []string{""}},
		"index named twice":     {Indexes: []string{"a", "a"}},
		"index with an equals":  {Indexes: []string{"a=b"}},
		"too many indexes":      {Indexes: many},
		"namespace of an index": {Namespace: "index:a"},
	} {
		if _, err := redisstore.Open(rueidis.ClientOption{InitAddress: []string{"127.0.0.1:1"}}, &o); err == nil {
			t.Errorf("Open takes an %s", name)
		}
	}
	for _, addrs := range [][]string{nil, {"localhost"}} {
		if _, err := redisstore.Open(rueidis.ClientOption{InitAddress: addrs}, nil); err == nil {
			t.Errorf("Open takes the addresses %q", addrs)
		}
	}
	if _, err := redisstore.New(nil, nil); err == nil {
		t.Error("New takes no client")
	}
}
