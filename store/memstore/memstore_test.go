package memstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/memstore"
	"github.com/go-datasession/datasession/store/storetest"
)

var deviates = storetest.Deviates{
	"Load/TwoStoresOnOnePlace": "a memory store is its own place",
}

func place(opts *memstore.Options) func(testing.TB) storetest.Place {
	return func(testing.TB) storetest.Place {
		return storetest.Place{Open: func() (store.Store, error) { return memstore.New(opts), nil }}
	}
}

func TestStore(t *testing.T) {
	storetest.Run(t, place(nil), deviates)
}

func TestStoreWithCap(t *testing.T) {
	storetest.Run(t, place(&memstore.Options{MaxSessions: 100_000}), deviates)
}

func save(t *testing.T, s *memstore.Store, id string, ttl time.Duration) {
	t.Helper()
	if _, err := s.Save(t.Context(), id, []byte(id), store.AnyRev, store.SaveOptions{TTL: ttl}); err != nil {
		t.Fatalf("Save(%q) = %v", id, err)
	}
}

// ids returns the stored ids in order.
func ids(t *testing.T, s *memstore.Store) []string {
	t.Helper()
	var all []string
	for id, err := range s.IDs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

func TestTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New(nil)
		save(t, s, "hour", time.Hour)
		save(t, s, "touched", time.Hour)
		save(t, s, "freed", time.Hour)
		save(t, s, "forever", 0)
		rec, err := s.Load(t.Context(), "hour")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour - 1)
		if got := ids(t, s); len(got) != 4 {
			t.Errorf("a nanosecond before the end of the TTL: %q", got)
		}
		for id, ttl := range map[string]time.Duration{"touched": time.Minute, "freed": 0} {
			if err := s.Touch(t.Context(), id, ttl); err != nil {
				t.Errorf("Touch(%s) = %v", id, err)
			}
		}
		time.Sleep(time.Nanosecond)
		if got, want := ids(t, s), []string{"forever", "freed", "touched"}; !slices.Equal(got, want) {
			t.Errorf("IDs = %q; want %q", got, want)
		}
		if _, err := s.Save(t.Context(), "hour", nil, rec.Rev, store.SaveOptions{}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Save of an expired session = %v; want %v", err, store.ErrNotFound)
		}
		if err := s.Touch(t.Context(), "hour", time.Hour); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Touch of an expired session = %v; want %v", err, store.ErrNotFound)
		}
		time.Sleep(time.Minute)
		if _, err := s.Load(t.Context(), "touched"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Load after the TTL of Touch = %v; want %v", err, store.ErrNotFound)
		}
	})
}

func TestPurge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New(nil)
		for i := range 5000 {
			save(t, s, fmt.Sprint("short", i), time.Minute)
			save(t, s, fmt.Sprint("long", i), time.Hour)
		}
		time.Sleep(2 * time.Minute)
		if n, err := s.Purge(t.Context()); n != 5000 || err != nil {
			t.Errorf("Purge = %d, %v; want 5000", n, err)
		}
		if n, err := s.Purge(t.Context()); n != 0 || err != nil {
			t.Errorf("second Purge = %d, %v; want 0", n, err)
		}
		if n := len(ids(t, s)); n != 5000 {
			t.Errorf("%d sessions are left; want 5000", n)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Purge(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Purge with a cancelled context = %v", err)
		}
	})
}

func TestCap(t *testing.T) {
	s := memstore.New(&memstore.Options{MaxSessions: 3})
	for _, id := range []string{"a", "b", "c"} {
		save(t, s, id, 0)
	}
	rec, err := s.Load(t.Context(), "a") // now b is the oldest
	if err != nil {
		t.Fatal(err)
	}
	save(t, s, "d", 0)
	if got, want := ids(t, s), []string{"a", "c", "d"}; !slices.Equal(got, want) {
		t.Errorf("after a fourth session: %q; want %q", got, want)
	}
	save(t, s, "c", 0)
	save(t, s, "e", 0)
	save(t, s, "f", 0)
	if got, want := ids(t, s), []string{"c", "e", "f"}; !slices.Equal(got, want) {
		t.Errorf("after two more: %q; want %q", got, want)
	}
	if _, err := s.Save(t.Context(), "a", nil, rec.Rev, store.SaveOptions{}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Save of an evicted session = %v; want %v", err, store.ErrNotFound)
	}
	for i := range 100_000 {
		save(t, s, fmt.Sprint(i), 0)
	}
	if n := len(ids(t, s)); n != 3 {
		t.Errorf("%d sessions under a cap of 3", n)
	}
}

// bare is the least that keeps bytes under an id.
type bare struct {
	mu sync.Mutex
	m  map[string][]byte
}

func (b *bare) load(id string) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.m[id]
}

func (b *bare) save(id string, data []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.m[id] = append([]byte{}, data...)
}

// BenchmarkStore takes turns between the store and a map under a mutex, a
// thousand calls each, with values of 500 bytes among 10,000 sessions. It reports
// the medians for one call, and their ratio.
func BenchmarkStore(b *testing.B) {
	keys := make([]string, 10_000)
	for i := range keys {
		keys[i] = fmt.Sprintf("%032x", i*7919)
	}
	data := make([]byte, 500)
	for name, ttl := range map[string]time.Duration{"Forever": 0, "TTL": time.Hour} {
		floor, s := &bare{m: map[string][]byte{}}, memstore.New(nil)
		ctx, opts := b.Context(), store.SaveOptions{TTL: ttl}
		revs := make([]store.Rev, len(keys))
		for i, k := range keys {
			floor.save(k, data)
			revs[i], _ = s.Save(ctx, k, data, store.Rev{}, opts)
		}
		b.Run("load/"+name, func(b *testing.B) {
			against(b, func(i int) {
				if _, err := s.Load(ctx, keys[i%len(keys)]); err != nil {
					b.Fatal(err)
				}
			}, func(i int) {
				if floor.load(keys[i%len(keys)]) == nil {
					b.Fatal("missing")
				}
			})
		})
		b.Run("save/"+name, func(b *testing.B) {
			against(b, func(i int) {
				var err error
				i %= len(keys)
				if revs[i], err = s.Save(ctx, keys[i], data, revs[i], opts); err != nil {
					b.Fatal(err)
				}
			}, func(i int) { floor.save(keys[i%len(keys)], data) })
		})
	}
}

func against(b *testing.B, call, bare func(i int)) {
	const turn = 1000
	var times [2][]float64
	for i := 0; b.Loop(); i += turn {
		for which, call := range []func(int){call, bare} {
			start := time.Now()
			for n := range turn {
				call(i + n)
			}
			times[which] = append(times[which], float64(time.Since(start))/turn)
		}
	}
	for _, t := range times {
		slices.Sort(t)
	}
	full, floor := times[0][len(times[0])/2], times[1][len(times[1])/2]
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(full, "store-ns")
	b.ReportMetric(floor, "bare-ns")
	b.ReportMetric(full/floor, "x-bare")
}
