package datasession_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/filestore"
	"github.com/go-datasession/datasession/store/memstore"
)

// What must hold on every store, checked on those that need nothing; the tests of
// the other stores check it on theirs.
var places = []struct {
	name string
	open func(*testing.T) store.Store
}{
	{"memory", func(*testing.T) store.Store { return memstore.New(nil) }},
	{"file", func(t *testing.T) store.Store { return files(t, t.TempDir()) }},
}

// files is a directory shared with Perl, without the waiting for the disk.
func files(t *testing.T, dir string) store.Store {
	t.Helper()
	st, err := filestore.New(dir, &filestore.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

func on(t *testing.T, st store.Store) *datasession.Manager {
	t.Helper()
	m, err := datasession.New(st, dumper.Codec{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// full returns n, or a part of it when tests are to be short.
func full(n int) int {
	if testing.Short() {
		return n / 20
	}
	return n
}

const visits datasession.Key[int] = "visits"

// count8 counts up by 8 goroutines, rounds times each.
func count8(t *testing.T, m *datasession.Manager, id string, rounds int) {
	t.Helper()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range rounds {
				if err := visits.Update(t.Context(), m, id, func(n int) (int, error) { return n + 1, nil }); err != nil {
					t.Errorf("Update: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestUpdateCountsEveryIncrement(t *testing.T) {
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			m := on(t, place.open(t))
			id := stored(t, m, nil)
			count8(t, m, id, full(500))
			if n, err := visits.Get(load(t, m, id)); n != 8*full(500) || err != nil {
				t.Errorf("visits = %d, %v; want %d", n, err, 8*full(500))
			}
		})
	}
}

const placeVariable = "DATASESSION_TEST_PLACE" // what a process started by a test works on

func TestUpdateOfTwoProcesses(t *testing.T) {
	if dir := os.Getenv(placeVariable); dir != "" {
		count8(t, on(t, files(t, dir)), "shared", full(500))
		return
	}
	dir := t.TempDir()
	m := on(t, files(t, dir))
	s, err := m.Open(t.Context(), "shared")
	must(t, err)
	set(t, s, string(visits), 0)
	flush(t, s)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestUpdateOfTwoProcesses$", fmt.Sprintf("-test.short=%v", testing.Short()))
			cmd.Env = append(os.Environ(), placeVariable+"="+dir)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("process: %v\n%s", err, out)
			}
		})
	}
	wg.Wait()
	if n, err := visits.Get(load(t, m, "shared")); n != 16*full(500) || err != nil {
		t.Errorf("visits = %d, %v; want %d", n, err, 16*full(500))
	}
}

func TestDeletedNeverReturns(t *testing.T) {
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			m := on(t, place.open(t))
			races := full(10_000)
			for range races {
				id := stored(t, m, map[string]any{"n": 0})
				var wg sync.WaitGroup
				for i := range 2 {
					s := load(t, m, id)
					set(t, s, fmt.Sprint("p", i), 1)
					wg.Go(func() {
						if err := s.Flush(t.Context()); err != nil && !errors.Is(err, datasession.ErrDeleted) {
							t.Error(err)
						}
					})
				}
				wg.Go(func() { must(t, m.Delete(t.Context(), id)) })
				wg.Wait()
			}
			if n := count(t, m); n != 0 {
				t.Errorf("%d of %d deleted sessions are back", n, races)
			}
		})
	}
}

// The tests above can fail: a Manager on a store that overwrites loses increments and
// brings sessions back.
func TestAStoreThatOverwritesIsCaught(t *testing.T) {
	m, err := datasession.New(overwriting{memstore.New(nil)}, perljson.Codec{}, nil)
	must(t, err)
	id := stored(t, m, map[string]any{"n": 1})
	one, two := load(t, m, id), load(t, m, id)
	set(t, one, "a", 1)
	set(t, two, "b", 1)
	flush(t, one)
	flush(t, two)
	if load(t, m, id).Has("a") {
		t.Error("the overwriting store kept both edits: the merge is not what keeps them")
	}
	must(t, m.Delete(t.Context(), id))
	set(t, one, "a", 2)
	flush(t, one)
	if count(t, m) != 1 {
		t.Error("the overwriting store did not bring the session back")
	}
}

// overwriting is a store that stores whatever it is given, as Perl's drivers do.
type overwriting struct{ *memstore.Store }

func (o overwriting) Save(ctx context.Context, id string, data []byte, _ store.Rev, opts store.SaveOptions) (store.Rev, error) {
	return o.Store.Save(ctx, id, data, store.AnyRev, opts)
}
