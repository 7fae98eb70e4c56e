package web

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"
)

// The set-ups of scs.
var (
	SCS     = Library{"scs", "v2.9.0, the README's: `scs.New()`, its memory store, gob", openSCS}
	SCSIdle = Library{"scs, IdleTimeout", "the same with `IdleTimeout`", func(tb testing.TB, set Setup) *Site {
		set.Idle = 20 * time.Minute
		return openSCS(tb, set)
	}}
)

func openSCS(_ testing.TB, set Setup) *Site {
	mem := &scsStore{MemStore: memstore.NewWithCleanupInterval(0)}
	m := scs.New()
	m.Store = mem
	if set.Plain {
		m.Store = mem.MemStore
	}
	m.Lifetime = 24 * time.Hour
	m.IdleTimeout = set.Idle
	m.HashTokenInStore = set.HashIDs
	m.ErrorFunc = func(w http.ResponseWriter, _ *http.Request, _ error) {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
	site := &Site{Meter: &mem.Meter}
	site.Handler = m.LoadAndSave(set.mux(func(w http.ResponseWriter, r *http.Request, h Handler) {
		if err := h(Visit{&scsSession{m, r.Context()}, w, r.Context()}); err != nil {
			fail(w)
		}
	}))
	site.SignOut = func(principal string) error { // the README's recipe
		return m.Iterate(context.Background(), func(ctx context.Context) error {
			if m.GetString(ctx, "user") == principal {
				return m.Destroy(ctx)
			}
			return nil
		})
	}
	site.Each = func(fn func() bool) error {
		return m.Iterate(context.Background(), func(context.Context) error {
			if !fn() {
				return errFull
			}
			return nil
		})
	}
	site.Spoil = func() error {
		all, err := mem.All()
		for token := range all {
			err = mem.MemStore.Commit(token, garbage, time.Now().Add(time.Hour))
		}
		return err
	}
	return site
}

type scsSession struct {
	m   *scs.SessionManager
	ctx context.Context
}

func (s *scsSession) Get(name string) any { return s.m.Get(s.ctx, name) }

func (s *scsSession) Set(name string, value any) error {
	s.m.Put(s.ctx, name, value)
	return nil
}

func (s *scsSession) Increment(name string) error {
	s.m.Put(s.ctx, name, s.m.GetInt(s.ctx, name)+1)
	return nil
}

func (s *scsSession) Save() error    { return nil }
func (s *scsSession) Renew() error   { return s.m.RenewToken(s.ctx) }
func (s *scsSession) Destroy() error { return s.m.Destroy(s.ctx) }

// scsStore is a metered store in memory that takes a context, as stores over a network do.
type scsStore struct {
	*memstore.MemStore
	Meter
}

func (s *scsStore) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	if err := s.write(ctx, len(b)); err != nil {
		return err
	}
	return s.Commit(token, b, expiry)
}

func (s *scsStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	return s.Find(token)
}

func (s *scsStore) DeleteCtx(_ context.Context, token string) error { return s.Delete(token) }

func (s *scsStore) AllCtx(context.Context) (map[string][]byte, error) { return s.All() }
