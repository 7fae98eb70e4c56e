package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2/memstore"
	"github.com/gorilla/sessions"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/filestore"
	ours "github.com/go-datasession/datasession/store/memstore"
)

// keyed is what every store can do with session n.
type keyed struct {
	name        string
	read, write func(n int) error
	replace     func(n int) error // delete and make anew
}

const stored = 1000 // sessions

func storedIDs() (ids [stored]string) {
	for n := range ids {
		ids[n] = fmt.Sprintf("%064d", n)
	}
	return ids
}

func ourStores(b *testing.B, name string, st store.Store, data []byte) keyed {
	b.Helper()
	ctx := context.Background()
	ids := storedIDs()
	id := func(n int) string { return ids[n] }
	write := func(n int) error {
		_, err := st.Save(ctx, id(n), data, store.AnyRev, store.SaveOptions{})
		return err
	}
	return keyed{
		name: name, write: write,
		read:    func(n int) error { _, err := st.Load(ctx, id(n)); return err },
		replace: func(n int) error { return errors.Join(st.Delete(ctx, id(n), store.AnyRev), write(n)) },
	}
}

func scsStores(data []byte) keyed {
	st, end, ids := memstore.NewWithCleanupInterval(0), time.Now().Add(time.Hour), storedIDs()
	write := func(n int) error { return st.Commit(ids[n], data, end) }
	return keyed{
		name: "scs memstore", write: write,
		read: func(n int) error {
			_, ok, err := st.Find(ids[n])
			if !ok {
				return errFull
			}
			return err
		},
		replace: func(n int) error { return errors.Join(st.Delete(ids[n]), write(n)) },
	}
}

func gorillaStores(b *testing.B, data []byte) keyed {
	b.Helper()
	st := sessions.NewFilesystemStore(b.TempDir(), key)
	st.MaxLength(0)
	cookies := make([]string, stored)
	visit := func(n int, age int) error {
		r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
		if cookies[n] != "" {
			r.Header.Set("Cookie", cookies[n])
		}
		s, err := st.New(r, "s")
		if err != nil || age == 0 {
			return err
		}
		s.Values["data"] = data
		s.Options.MaxAge = age
		if err := s.Save(r, w); err != nil {
			return err
		}
		if cookies[n] == "" {
			c := w.Result().Cookies()[0]
			cookies[n] = c.Name + "=" + c.Value
		}
		return nil
	}
	return keyed{
		name:  "gorilla files, with its cookie and gob",
		read:  func(n int) error { return visit(n, 0) },
		write: func(n int) error { return visit(n, 60) },
	}
}

// BenchmarkStore is the stores alone, in memory and in files, over 1000 sessions.
func BenchmarkStore(b *testing.B) {
	for _, size := range []int{256, 4 << 10, 64 << 10} {
		data := bytes.Repeat([]byte("x"), size)
		files, err := filestore.New(b.TempDir(), &filestore.Options{NoSync: true})
		if err != nil {
			b.Fatal(err)
		}
		for _, st := range []keyed{
			ourStores(b, "memstore", ours.New(nil), data), scsStores(data),
			ourStores(b, "filestore", files, data), gorillaStores(b, data),
		} {
			for n := range stored {
				if err := st.write(n); err != nil {
					b.Fatal(err)
				}
			}
			for op, fn := range map[string]func(int) error{"read": st.read, "write": st.write, "replace": st.replace} {
				for _, goroutines := range []int{1, 8, 64} {
					if fn == nil {
						continue
					}
					b.Run(fmt.Sprintf("%s/%d/%d/%s", op, size, goroutines, st.name), func(b *testing.B) {
						b.ReportAllocs()
						if goroutines == 1 {
							for b.Loop() {
								if err := fn(rand.IntN(stored)); err != nil {
									b.Fatal(err)
								}
							}
							return
						}
						b.SetParallelism(max(1, goroutines/runtime.GOMAXPROCS(0)))
						b.RunParallel(func(pb *testing.PB) {
							for pb.Next() {
								if err := fn(rand.IntN(stored)); err != nil {
									b.Error(err)
									return
								}
							}
						})
					})
				}
			}
		}
	}
}
