package layered_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-datasession/datasession/internal/managertest"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/filestore"
	"github.com/go-datasession/datasession/store/layered"
	"github.com/go-datasession/datasession/store/memstore"
	"github.com/go-datasession/datasession/store/storetest"
)

func files(t testing.TB, dir string) *filestore.Store {
	t.Helper()
	st, err := filestore.New(dir, &filestore.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func over(t testing.TB, cache, db store.Store, opts *layered.Options) store.Store {
	t.Helper()
	st, err := layered.New(cache, db, opts)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// suite runs what every store must pass, over files, with one cache for all stores of a
// place.
func suite(t *testing.T, cache func() store.Store, opts *layered.Options) {
	storetest.Run(t, func(t testing.TB) storetest.Place {
		dir, c := t.TempDir(), cache()
		return storetest.Place{Open: func() (store.Store, error) { return layered.New(c, files(t, dir), opts) }}
	}, nil)
}

func memory() store.Store { return memstore.New(nil) }

func TestStore(t *testing.T) { suite(t, memory, nil) }

// With a cache that never answers all is as without a cache.
func TestStoreWithoutCache(t *testing.T) {
	suite(t, func() store.Store { return &broken{Store: memory(), fail: 1} }, nil)
}

func TestStoreOverMemory(t *testing.T) {
	storetest.Run(t, func(testing.TB) storetest.Place {
		return storetest.Place{Open: func() (store.Store, error) { return layered.New(memory(), memory(), nil) }}
	}, storetest.Deviates{"Load/TwoStoresOnOnePlace": "a memory store is its own place"})
}

func TestManager(t *testing.T) {
	managertest.Run(t, func(t *testing.T) store.Store { return over(t, memory(), memory(), nil) })
}

// Each process has a cache that the others do not know of, and copies in it are old for
// a moment. Still nothing is lost: the database decides.
func TestProcesses(t *testing.T) {
	managertest.RunProcesses(t, t.TempDir(), func(t *testing.T, dir string) store.Store {
		return over(t, memory(), files(t, dir), &layered.Options{TTL: 5 * time.Millisecond})
	})
}

// broken is a store that fails with a probability, sometimes after it has done what was
// asked, or later.
type broken struct {
	store.Store
	fail float64
	late sync.WaitGroup
}

var errBroken = errors.New("broken")

// fails runs a call, or reports that it did not.
func (b *broken) fails(call func()) bool {
	if rand.Float64() >= b.fail {
		return false
	}
	switch rand.N(3) {
	case 0:
		call()
	case 1:
		b.late.Go(func() { time.Sleep(rand.N(3 * time.Millisecond)); call() })
	}
	return true
}

func (b *broken) Load(ctx context.Context, id string) (store.Record, error) {
	if b.fails(func() {}) {
		return store.Record{}, errBroken
	}
	return b.Store.Load(ctx, id)
}

func (b *broken) Save(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
	if b.fails(func() { _, _ = b.Store.Save(context.Background(), id, data, old, opts) }) {
		return store.Rev{}, errBroken
	}
	return b.Store.Save(ctx, id, data, old, opts)
}

func (b *broken) Delete(ctx context.Context, id string, old store.Rev) error {
	if b.fails(func() { _ = b.Store.Delete(context.Background(), id, old) }) {
		return errBroken
	}
	return b.Store.Delete(ctx, id, old)
}

// Whoever has saved a number reads that, or a later one, however badly the cache does.
func TestNeverOldAfterOwnWrite(t *testing.T) {
	for _, fail := range []float64{0, 0.02, 0.3} {
		t.Run(fmt.Sprint(fail), func(t *testing.T) {
			cache := &broken{Store: memory(), fail: fail}
			st := over(t, cache, memory(), &layered.Options{Timeout: time.Minute, Pause: 1, Skew: time.Microsecond})
			const ids, workers, rounds = 6, 8, 300
			ctx := t.Context()
			for i := range ids {
				if _, err := st.Save(ctx, fmt.Sprint(i), []byte("0"), store.Rev{}, store.SaveOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			number := func(id string) (int, store.Rev) {
				rec, err := st.Load(ctx, id)
				if err != nil {
					t.Fatal(err)
				}
				n, _ := strconv.Atoi(string(rec.Data))
				return n, rec.Rev
			}
			var wg sync.WaitGroup
			for w := range workers {
				wg.Go(func() {
					id, mine := fmt.Sprint(w%ids), 0
					for range rounds {
						n, rev := number(id)
						if n < mine {
							t.Errorf("Load = %d after %d was saved", n, mine)
							return
						}
						_, err := st.Save(ctx, id, strconv.AppendInt(nil, int64(n)+1, 10), rev, store.SaveOptions{})
						switch {
						case err == nil:
							mine = n + 1
						case !errors.Is(err, store.ErrConflict):
							t.Errorf("Save = %v", err)
							return
						}
					}
				})
			}
			wg.Wait()
			cache.late.Wait()
			number("0")
			number("0") // now that nobody saves
			stats := st.(interface{ Stats() layered.Stats }).Stats()
			t.Logf("%+v", stats)
			if (stats.Failures > 0) != (fail > 0) || fail == 0 && stats.Hits == 0 {
				t.Errorf("the cache has failed %d times, and answered %d times", stats.Failures, stats.Hits)
			}
		})
	}
}

// gate is a database whose next load, when it has read, waits.
type gate struct {
	*memstore.Store
	mu   sync.Mutex
	read chan struct{} // closed when the load has read
	open chan struct{} // closed to let it go on
}

func (g *gate) arm() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.read, g.open = make(chan struct{}), make(chan struct{})
}

func (g *gate) Load(ctx context.Context, id string) (store.Record, error) {
	rec, err := g.Store.Load(ctx, id)
	g.mu.Lock()
	read, open := g.read, g.open
	g.read, g.open = nil, nil
	g.mu.Unlock()
	if read != nil {
		close(read)
		<-open
	}
	return rec, err
}

// A reader has read the database, and comes to the cache when the session has been
// changed, or deleted, or changed behind our back long ago.
func TestSlowReader(t *testing.T) {
	for name, change := range map[string]func(ctx context.Context, st store.Store, rev store.Rev) error{
		"saved": func(ctx context.Context, st store.Store, rev store.Rev) error {
			_, err := st.Save(ctx, "a", []byte("new"), rev, store.SaveOptions{})
			return err
		},
		"deleted": func(ctx context.Context, st store.Store, rev store.Rev) error { return st.Delete(ctx, "a", rev) },
		"deleted and made again": func(ctx context.Context, st store.Store, rev store.Rev) error {
			err := st.Delete(ctx, "a", rev)
			if err == nil {
				_, err = st.Save(ctx, "a", []byte("new"), store.Rev{}, store.SaveOptions{})
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, g, cache := t.Context(), &gate{Store: memstore.New(nil)}, memory()
			reader, writer := over(t, cache, g, nil), over(t, cache, g, nil)
			rev, err := g.Store.Save(ctx, "a", []byte("old"), store.Rev{}, store.SaveOptions{})
			if err != nil {
				t.Fatal(err)
			}
			g.arm()
			read, open := g.read, g.open
			done := make(chan error)
			go func() {
				_, err := reader.Load(ctx, "a")
				done <- err
			}()
			<-read
			if err := change(ctx, writer, rev); err != nil {
				t.Fatal(err)
			}
			close(open)
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			for _, st := range []store.Store{reader, writer} {
				rec, err := st.Load(ctx, "a")
				if name == "deleted" && !errors.Is(err, store.ErrNotFound) || name != "deleted" && string(rec.Data) != "new" {
					t.Errorf("Load = %q, %v after the session was %s", rec.Data, err, name)
				}
			}
		})
	}
}

func TestReadsComeFromTheCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, db := t.Context(), files(t, t.TempDir())
		st := over(t, memory(), db, nil)
		rev, err := st.Save(ctx, "a", []byte("one"), store.Rev{}, store.SaveOptions{})
		if err != nil {
			t.Fatal(err)
		}
		want := func(data string, hits, misses int64) {
			t.Helper()
			rec, err := st.Load(ctx, "a")
			if err != nil || string(rec.Data) != data || !rec.Rev.Equal(store.DataRev([]byte(data))) {
				t.Errorf("Load = %q, %v; want %q", rec.Data, err, data)
			}
			if s := st.(interface{ Stats() layered.Stats }).Stats(); s.Hits != hits || s.Misses != misses {
				t.Errorf("%d hits and %d misses; want %d and %d", s.Hits, s.Misses, hits, misses)
			}
		}
		want("one", 1, 0)
		// Somebody who does not know of the cache.
		if _, err := db.Save(ctx, "a", []byte("theirs"), rev, store.SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		want("one", 2, 0)
		if _, err := st.Save(ctx, "a", []byte("mine"), rev, store.SaveOptions{}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("Save over what somebody else has saved = %v; want %v", err, store.ErrConflict)
		}
		want("theirs", 2, 1)
		want("theirs", 3, 1)
		time.Sleep(5*time.Minute + time.Second)
		want("theirs", 3, 2)
	})
}

// A cache that hangs costs one call its timeout, and those after it nothing.
func TestCacheHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := over(t, hanging{memory()}, memory(), nil)
		start := time.Now()
		for n := range 20 {
			if _, err := st.Save(t.Context(), fmt.Sprint(n), []byte("one"), store.Rev{}, store.SaveOptions{}); err != nil {
				t.Fatal(err)
			}
			if _, err := st.Load(t.Context(), fmt.Sprint(n)); err != nil {
				t.Fatal(err)
			}
		}
		if d := time.Since(start); d != 100*time.Millisecond {
			t.Errorf("40 calls took %v; want one timeout of 100ms", d)
		}
	})
}

type hanging struct{ store.Store }

func (hanging) Load(ctx context.Context, _ string) (store.Record, error) {
	<-ctx.Done()
	return store.Record{}, ctx.Err()
}

func (hanging) Save(ctx context.Context, _ string, _ []byte, _ store.Rev, _ store.SaveOptions) (store.Rev, error) {
	<-ctx.Done()
	return store.Rev{}, ctx.Err()
}

func (hanging) Delete(ctx context.Context, _ string, _ store.Rev) error {
	<-ctx.Done()
	return ctx.Err()
}

type bare struct{ store.Store }

func TestNew(t *testing.T) {
	for name, test := range map[string]struct {
		cache, db store.Store
		opts      *layered.Options
	}{
		"no cache":                    {nil, memory(), nil},
		"no database":                 {memory(), nil, nil},
		"a database that cannot list": {memory(), bare{memory()}, nil},
		"a timeout below zero":        {memory(), memory(), &layered.Options{Timeout: -1}},
	} {
		if _, err := layered.New(test.cache, test.db, test.opts); err == nil {
			t.Errorf("New takes %s", name)
		}
	}
	if _, ok := over(t, memory(), files(t, t.TempDir()), nil).(store.Toucher); ok {
		t.Error("files cannot be touched, and the store says that they can")
	}
	if _, ok := over(t, memory(), memory(), nil).(store.Purger); !ok {
		t.Error("a memory store can be purged, and the store says that it cannot")
	}
}

// Whatever is in the cache, it is a copy, a mark, or nothing.
func FuzzCopy(f *testing.F) {
	f.Add([]byte("m12345678"))
	f.Add([]byte("b123456781234567812345678data"))
	f.Fuzz(func(t *testing.T, data []byte) {
		cache, db := memory(), memory()
		st := over(t, cache, db, nil)
		if _, err := db.Save(t.Context(), "a", []byte("one"), store.Rev{}, store.SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		if _, err := cache.Save(t.Context(), "a", data, store.AnyRev, store.SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		rec, err := st.Load(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.Save(t.Context(), "a", []byte("two"), rec.Rev, store.SaveOptions{}); err != nil && !errors.Is(err, store.ErrConflict) {
			t.Errorf("Save = %v", err)
		}
		if rec, err := st.Load(t.Context(), "a"); err != nil || len(rec.Data) != 3 {
			t.Errorf("Load = %q, %v", rec.Data, err)
		}
	})
}
