package web

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/codec/storable"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/memstore"
)

// Ours is this library.
var Ours = Library{
	Name:   "datasession",
	Config: "the README's: memstore, JSON, all defaults",
	Open:   func(tb testing.TB, set Setup) *Site { return openOurs(tb, set, perljson.Codec{}) },
}

// OursStorable is this library with Perl's binary format.
var OursStorable = Library{
	Name:   "datasession, Storable",
	Config: "the same, Storable in place of JSON",
	Open:   func(tb testing.TB, set Setup) *Site { return openOurs(tb, set, storable.Codec{}) },
}

func openOurs(tb testing.TB, set Setup, c codec.Codec) *Site {
	tb.Helper()
	mem := &ourStore{Store: memstore.New(nil)}
	var st store.Store = mem
	if set.Plain {
		st = mem.Store
	}
	m, err := datasession.New(st, c, &datasession.Options{Lifetime: set.Idle, HashIDs: set.HashIDs, PrincipalParam: "user"})
	if err != nil {
		tb.Fatal(err)
	}
	mw, err := sessionhttp.New(m, &sessionhttp.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	site := &Site{Meter: &mem.Meter}
	site.Handler = mw.Handler(set.mux(func(w http.ResponseWriter, r *http.Request, h Handler) {
		s := &ourSession{sessionhttp.From(r.Context())}
		if err := h(Visit{s, w, r.Context()}); err != nil {
			mw.Error(w, r, err)
		}
	}))
	site.SignOut = func(principal string) error {
		_, err := m.RevokeAll(context.Background(), principal)
		return err
	}
	site.Each = func(fn func() bool) error {
		for _, err := range m.All(context.Background()) {
			if err != nil {
				return err
			}
			if !fn() {
				break
			}
		}
		return nil
	}
	site.Spoil = mem.spoil
	return site
}

type ourSession struct{ h *sessionhttp.Handle }

func (o *ourSession) Get(name string) any {
	s, err := o.h.Session()
	if err != nil {
		return nil
	}
	return s.Get(name)
}

func (o *ourSession) Set(name string, value any) error {
	s, err := o.h.Session()
	if err != nil {
		return err
	}
	return s.Set(name, value)
}

func (o *ourSession) Increment(name string) error {
	s, err := o.h.Session()
	if err != nil {
		return err
	}
	return datasession.Key[int](name).Update(context.Background(), s.Manager(), s.ID(), func(n int) (int, error) {
		return n + 1, nil
	})
}

func (o *ourSession) Save() error    { return nil }
func (o *ourSession) Renew() error   { return o.h.Renew() }
func (o *ourSession) Destroy() error { return o.h.Logout() }

// ourStore is a metered memstore.
type ourStore struct {
	*memstore.Store
	Meter
}

func (o *ourStore) Save(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
	if err := o.write(ctx, len(data)); err != nil {
		return store.Rev{}, err
	}
	return o.Store.Save(ctx, id, data, old, opts)
}

func (o *ourStore) Touch(ctx context.Context, id string, ttl time.Duration) error {
	if err := o.write(ctx, 0); err != nil {
		return err
	}
	return o.Store.Touch(ctx, id, ttl)
}

func (o *ourStore) spoil() error {
	ctx := context.Background()
	for id, err := range o.IDs(ctx) {
		if err != nil {
			return err
		}
		if _, err := o.Store.Save(ctx, id, garbage, store.AnyRev, store.SaveOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// garbage is what no codec reads.
var garbage = []byte("\xff\xfe garbage")
