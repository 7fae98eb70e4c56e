package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/memstore"
)

// A store of this file is right but for the methods that a test replaces.
type broken struct {
	*memstore.Store
	load  func(ctx context.Context, id string) (store.Record, error)
	save  func(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error)
	del   func(ctx context.Context, id string, old store.Rev) error
	ids   func(ctx context.Context) iter.Seq2[string, error]
	close func() error
}

func (b *broken) Load(ctx context.Context, id string) (store.Record, error) {
	if b.load != nil {
		return b.load(ctx, id)
	}
	return b.Store.Load(ctx, id)
}

func (b *broken) Save(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
	if b.save != nil {
		return b.save(ctx, id, data, old, opts)
	}
	return b.Store.Save(ctx, id, data, old, opts)
}

func (b *broken) Delete(ctx context.Context, id string, old store.Rev) error {
	if b.del != nil {
		return b.del(ctx, id, old)
	}
	return b.Store.Delete(ctx, id, old)
}

func (b *broken) IDs(ctx context.Context) iter.Seq2[string, error] {
	if b.ids != nil {
		return b.ids(ctx)
	}
	return b.Store.IDs(ctx)
}

func (b *broken) Close() error {
	if b.close != nil {
		return b.close()
	}
	return nil
}

// Each of these stores has one fault that stores are known to have, and names
// cases that must find it.
var faults = []struct {
	name  string
	fault func(b *broken)
	finds []string
}{
	{"loses updates", func(b *broken) {
		b.save = func(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
			if _, err := b.Store.Load(ctx, id); err == nil && !old.IsZero() {
				old = store.AnyRev
			}
			time.Sleep(50 * time.Microsecond) // let another read what is about to be replaced
			return b.Store.Save(ctx, id, data, old, opts)
		}
	}, []string{"Save/StaleRev", "Save/OneOfTwoFromOneRead", "Race/OneSaveOfManyFromOneRead", "Race/Increments"}},

	{"compares, then saves", func(b *broken) {
		b.save = func(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
			rec, err := b.Store.Load(ctx, id)
			switch {
			case err == nil && !old.IsAny() && !rec.Rev.Equal(old):
				return store.Rev{}, store.ErrConflict
			case errors.Is(err, store.ErrNotFound) && !old.IsAny() && !old.IsZero():
				return store.Rev{}, store.ErrNotFound
			}
			time.Sleep(50 * time.Microsecond)
			return b.Store.Save(ctx, id, data, store.AnyRev, opts)
		}
	}, []string{"Race/OneSaveOfManyFromOneRead", "Race/OneCreateOfMany", "Race/Increments", "Race/DeletedStaysDeleted"}},

	{"revives", func(b *broken) {
		b.save = func(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
			rev, err := b.Store.Save(ctx, id, data, old, opts)
			if errors.Is(err, store.ErrNotFound) {
				return b.Store.Save(ctx, id, data, store.Rev{}, opts)
			}
			return rev, err
		}
	}, []string{"Save/RevOfDeleted", "Save/RevOfNeverThere", "Race/DeletedStaysDeleted"}},

	{"creates over what is there", func(b *broken) {
		b.save = func(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
			if old.IsZero() {
				old = store.AnyRev
			}
			return b.Store.Save(ctx, id, data, old, opts)
		}
	}, []string{"Create/Exists", "Create/ExistsEmpty", "Race/OneCreateOfMany"}},

	{"folds the case of ids", mapIDs(strings.ToLower), []string{"Ids/CaseDiffers", "Ids/Hostile"}},
	{"pads ids", mapIDs(func(id string) string { return strings.TrimRight(id, " ") }),
		[]string{"Ids/TrailingSpaceDiffers", "Ids/Hostile"}},
	{"cuts ids", mapIDs(func(id string) string { return id[:min(len(id), 64)] }), []string{"Ids/Plain", "Ids/Hostile"}},
	{"cuts ids at a NUL", mapIDs(func(id string) string { id, _, _ = strings.Cut(id, "\x00"); return id }), []string{"Ids/Hostile"}},
	{"takes ids for paths", mapIDs(filepath.Base), []string{"Ids/Hostile"}},

	{"cuts data at a NUL", mapData(func(d []byte) []byte { d, _, _ = bytes.Cut(d, []byte{0}); return d }), []string{"Data/NUL", "Data/EveryByte"}},
	{"cuts data at 65,535 bytes", mapData(func(d []byte) []byte { return d[:min(len(d), 65535)] }), []string{"Data/Sizes"}},
	{"mends UTF-8", mapData(func(d []byte) []byte { return bytes.ToValidUTF8(d, []byte("?")) }), []string{"Data/NotUTF8", "Data/EveryByte"}},
	{"trims spaces", mapData(bytes.TrimSpace), []string{"Data/Spaces"}},

	{"takes empty for absent", func(b *broken) {
		b.load = func(ctx context.Context, id string) (store.Record, error) {
			rec, err := b.Store.Load(ctx, id)
			if err == nil && len(rec.Data) == 0 {
				return store.Record{}, store.ErrNotFound
			}
			return rec, err
		}
	}, []string{"Data/Empty", "Data/NilIsEmpty", "Create/ExistsEmpty"}},

	{"keeps the caller's buffer", func(b *broken) {
		var mu sync.Mutex
		kept := map[string][]byte{}
		b.save = func(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
			mu.Lock()
			defer mu.Unlock()
			rev, err := b.Store.Save(ctx, id, data, old, opts)
			if err == nil {
				kept[id] = data
			}
			return rev, err
		}
		b.load = func(ctx context.Context, id string) (store.Record, error) {
			mu.Lock()
			defer mu.Unlock()
			rec, err := b.Store.Load(ctx, id)
			if err == nil {
				rec.Data = kept[id]
			}
			return rec, err
		}
	}, []string{"Data/NotKept"}},

	{"has no limit", func(b *broken) { b.Store = memstore.New(&memstore.Options{MaxBytes: -1}) }, []string{"Data/OverTheLimit"}},
	{"limit one too low", func(b *broken) {
		b.Store = memstore.New(&memstore.Options{MaxBytes: store.MaxBytes - 1})
	}, []string{"Data/AtTheLimit"}},

	{"deletes what is newer", func(b *broken) {
		b.del = func(ctx context.Context, id string, _ store.Rev) error { return b.Store.Delete(ctx, id, store.AnyRev) }
	}, []string{"Delete/StaleRev"}},
	{"misses what is not there", func(b *broken) {
		b.del = func(ctx context.Context, id string, old store.Rev) error {
			if _, err := b.Store.Load(ctx, id); err != nil {
				return err
			}
			return b.Store.Delete(ctx, id, old)
		}
	}, []string{"Delete/Missing"}},

	{"ignores contexts", func(b *broken) {
		b.load = func(_ context.Context, id string) (store.Record, error) {
			return b.Store.Load(context.Background(), id)
		}
	}, []string{"Context/CancelledBefore"}},
	{"tells ids", func(b *broken) {
		b.load = func(ctx context.Context, id string) (store.Record, error) {
			rec, err := b.Store.Load(ctx, id)
			if err != nil {
				err = fmt.Errorf("no row for %s: %w", id, err)
			}
			return rec, err
		}
	}, []string{"Ids/NotInErrors"}},

	{"lists twice", func(b *broken) {
		b.ids = func(ctx context.Context) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for range 2 {
					for id, err := range b.Store.IDs(ctx) {
						if !yield(id, err) {
							return
						}
					}
				}
			}
		}
	}, []string{"Lister/EachOnce", "Lister/ErrorOnce"}},
	{"lists a first page", func(b *broken) {
		b.ids = func(ctx context.Context) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				n := 0
				for id, err := range b.Store.IDs(ctx) {
					if n++; n > 100 || !yield(id, err) {
						return
					}
				}
			}
		}
	}, []string{"Lister/EachOnce"}},

	{"leaves goroutines behind", func(b *broken) {
		stop := make(chan struct{})
		b.load = func(ctx context.Context, id string) (store.Record, error) {
			go func() { <-stop }()
			return b.Store.Load(ctx, id)
		}
		b.close = sync.OnceValue(func() error { close(stop); return nil })
	}, []string{"Close/NothingLeaks"}},
	{"leaves files open", func(b *broken) {
		b.load = func(ctx context.Context, id string) (store.Record, error) {
			keep(os.Open(os.DevNull))
			return b.Store.Load(ctx, id)
		}
	}, []string{"Close/NothingLeaks"}},
	{"closes once", func(b *broken) {
		n := 0
		b.close = func() error {
			if n++; n > 1 {
				return errors.New("close of a closed store")
			}
			return nil
		}
	}, []string{"Close/Twice"}},
}

// keep keeps a file open, from the garbage collector too.
var keep = func() func(*os.File, error) {
	var mu sync.Mutex
	var kept []*os.File
	return func(f *os.File, _ error) {
		mu.Lock()
		defer mu.Unlock()
		kept = append(kept, f)
	}
}()

func mapIDs(fold func(string) string) func(*broken) {
	return func(b *broken) {
		b.load = func(ctx context.Context, id string) (store.Record, error) { return b.Store.Load(ctx, fold(id)) }
		b.save = func(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
			return b.Store.Save(ctx, fold(id), data, old, opts)
		}
		b.del = func(ctx context.Context, id string, old store.Rev) error { return b.Store.Delete(ctx, fold(id), old) }
	}
}

func mapData(change func([]byte) []byte) func(*broken) {
	return func(b *broken) {
		b.save = func(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
			return b.Store.Save(ctx, id, change(bytes.Clone(data)), old, opts)
		}
	}
}

// shared returns places whose stores are all the same one.
func shared(fault func(*broken)) func(testing.TB) Place {
	return func(testing.TB) Place {
		b := &broken{Store: memstore.New(nil)}
		fault(b)
		return Place{Open: func() (store.Store, error) { return b, nil }}
	}
}

func TestFaultsAreFound(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			for _, name := range f.finds {
				if r := record(t, caseNamed(t, name), shared(f.fault)); !r.Failed() {
					t.Errorf("%s does not find it", name)
				} else {
					t.Logf("%s: %s", name, strings.TrimSpace(r.first))
				}
			}
		})
	}
}

func TestRightStorePasses(t *testing.T) {
	Run(t, shared(func(*broken) {}), nil)
}

func caseNamed(t *testing.T, name string) testCase {
	for _, c := range cases {
		if c.name == name {
			return c
		}
	}
	t.Fatalf("there is no case %s", name)
	return testCase{}
}

func TestDeviations(t *testing.T) {
	fold := shared(mapIDs(strings.ToLower))
	run := func(name string, fresh func(testing.TB) Place, dev Deviates) *recorder {
		r := &recorder{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			runCase(r, caseNamed(t, name), fresh, dev)
		}()
		<-done
		return r
	}
	if r := run("Ids/CaseDiffers", fold, nil); !r.Failed() {
		t.Error("a case that fails passes")
	}
	if r := run("Ids/CaseDiffers", fold, Deviates{"Ids/CaseDiffers": "folds"}); r.Failed() {
		t.Error("a declared deviation fails:", r.first)
	}
	if r := run("Ids/Plain", fold, Deviates{"Ids/Plain": "folds"}); !r.Failed() {
		t.Error("a deviation that is not needed passes")
	}
	if r := run("Locker/Excludes", fold, Deviates{"Locker/Excludes": "none"}); !r.Failed() {
		t.Error("a deviation from a case that does not apply passes")
	}
	if got := unknown(Deviates{"Ids/Plain": "", "Ids/Plan": ""}); len(got) != 1 || got[0] != "Ids/Plan" {
		t.Errorf("unknown deviations = %q", got)
	}
}

// TestRunProcesses has two processes increment a number in a file, with a lock
// that works and with none.
func TestRunProcesses(t *testing.T) {
	RunProcesses(t, func(t testing.TB) string { return t.TempDir() }, openCounter)
}

// openCounter opens a store of one number in a directory, where making a
// directory is the lock.
func openCounter(dir string) (store.Store, error) {
	b := &broken{Store: memstore.New(nil)}
	file := filepath.Join(dir, "n")
	b.load = func(context.Context, string) (store.Record, error) {
		data, err := os.ReadFile(file)
		return store.Record{Data: data, Rev: store.DataRev(data)}, err
	}
	b.save = func(_ context.Context, _ string, data []byte, old store.Rev, _ store.SaveOptions) (store.Rev, error) {
		for os.Mkdir(filepath.Join(dir, "lock"), 0o700) != nil {
			time.Sleep(10 * time.Microsecond)
		}
		defer os.Remove(filepath.Join(dir, "lock"))
		if now, err := os.ReadFile(file); err == nil && !store.DataRev(now).Equal(old) {
			return store.Rev{}, store.ErrConflict
		}
		temp := filepath.Join(dir, "n"+strconv.Itoa(os.Getpid()))
		if err := os.WriteFile(temp, data, 0o600); err != nil {
			return store.Rev{}, err
		}
		return store.DataRev(data), os.Rename(temp, file)
	}
	return b, nil
}
