package datasession_test

import (
	"context"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/internal/managertest"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/filestore"
	"github.com/go-datasession/datasession/store/memstore"
)

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

func TestManyAtOnceInMemory(t *testing.T) {
	managertest.Run(t, func(*testing.T) store.Store { return memstore.New(nil) })
}

func TestManyAtOnceInFiles(t *testing.T) {
	managertest.Run(t, func(t *testing.T) store.Store { return files(t, t.TempDir()) })
}

func TestTwoProcessesInFiles(t *testing.T) { managertest.RunProcesses(t, t.TempDir(), files) }

// What keeps two sessions' edits, and a deleted session deleted, is the store's
// condition on a save: without it both are lost, as they are in Perl.
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
