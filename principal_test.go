package datasession_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/memstore"
)

// signIn returns a new session that is bound to a principal.
func signIn(t *testing.T, m *datasession.Manager, principal string) *datasession.Session {
	t.Helper()
	s, err := m.New(t.Context())
	if err == nil {
		err = s.Login(t.Context(), principal, datasession.Client{Addr: "192.0.2.1", Agent: "Browser/1"})
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func alive(t *testing.T, m *datasession.Manager, id string) bool {
	t.Helper()
	_, err := m.Load(t.Context(), id)
	if err != nil && !errors.Is(err, datasession.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

func TestLogin(t *testing.T) {
	for _, f := range []datasession.Family{datasession.DataSession, datasession.CGISession, datasession.ApacheSession} {
		t.Run(f.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := manager(t, &datasession.Options{Family: f})
				id := stored(t, m, map[string]any{"cart": "full"})
				s := load(t, m, id)
				must(t, s.Login(t.Context(), "ann", datasession.Client{Addr: "192.0.2.1", Agent: strings.Repeat("x", 1000)}))
				if s.ID() == id || alive(t, m, id) {
					t.Error("the id from before the sign-in is alive")
				}
				s = load(t, m, s.ID())
				in := s.SignIn()
				if s.Get("cart") != "full" || s.Principal() != "ann" || !s.SignedIn().Equal(time.Now()) ||
					in.Addr != "192.0.2.1" || len(in.Agent) != 256 || in.Handle != datasession.Handle(s.ID()) {
					t.Errorf("after the sign-in: %v, principal %q at %v, %+v", s.Names(), s.Principal(), s.SignedIn(), in)
				}
				if got := s.Names(); !slices.Equal(got, []string{"cart"}) {
					t.Errorf("Names = %q; want the cart only", got)
				}
				for _, name := range []string{datasession.PrincipalParam, "_SESSION_AUTH_TIME"} {
					if err := s.Set(name, "eve"); !errors.Is(err, datasession.ErrReserved) {
						t.Errorf("Set(%s) = %v; want ErrReserved", name, err)
					}
				}
			})
		})
	}
}

func TestLoginOfAnotherClears(t *testing.T) {
	m := manager(t, nil)
	s := signIn(t, m, "ann")
	set(t, s, "secret", "ann's")
	must(t, s.Login(t.Context(), "bob", datasession.Client{}))
	if s = load(t, m, s.ID()); s.Principal() != "bob" || s.Has("secret") {
		t.Errorf("bob has %v of ann", s.Names())
	}
}

// flaky is a store whose saves fail while it is down, or instead the loads of one id.
type flaky struct {
	*memstore.Store
	down    bool
	loadsOf string
}

func (f *flaky) Save(ctx context.Context, id string, data []byte, old store.Rev, o store.SaveOptions) (store.Rev, error) {
	if f.down && f.loadsOf == "" {
		return store.Rev{}, errDown
	}
	return f.Store.Save(ctx, id, data, old, o)
}

func (f *flaky) Load(ctx context.Context, id string) (store.Record, error) {
	if f.down && f.loadsOf == id {
		return store.Record{}, errDown
	}
	return f.Store.Load(ctx, id)
}

func TestLoginThatFailsBindsNothing(t *testing.T) {
	st := &flaky{Store: memstore.New(nil)}
	m, err := datasession.New(st, perljson.Codec{}, nil)
	must(t, err)
	id := stored(t, m, map[string]any{"cart": "full"})
	s := load(t, m, id)
	st.down = true
	if err := s.Login(t.Context(), "ann", datasession.Client{}); !errors.Is(err, errDown) {
		t.Fatalf("Login = %v; want the store's error", err)
	}
	st.down = false
	if s.ID() != id || s.Principal() != "" {
		t.Errorf("after a sign-in that failed: principal %q, other id %v", s.Principal(), s.ID() != id)
	}
	if s.Modified() {
		t.Error("a sign-in that failed leaves something to store")
	}
	set(t, s, "cart", "empty")
	flush(t, s)
	if s = load(t, m, id); s.Principal() != "" || !s.SignedIn().IsZero() {
		t.Errorf("the id from before is bound to %q", s.Principal())
	}
}

func TestRevoke(t *testing.T) {
	m := manager(t, nil)
	first, second, third, other := signIn(t, m, "ann"), signIn(t, m, "ann"), signIn(t, m, "ann"), signIn(t, m, "bob")
	anonymous := stored(t, m, map[string]any{"cart": "full"})
	var handles []string
	for in, err := range m.SignIns(t.Context(), "ann") {
		must(t, err)
		handles = append(handles, in.Handle)
	}
	want := []string{first.Handle(), second.Handle(), third.Handle()}
	slices.Sort(handles)
	slices.Sort(want)
	if !slices.Equal(handles, want) {
		t.Errorf("SignIns = %q; want %q", handles, want)
	}
	if err := m.Revoke(t.Context(), "bob", first.Handle()); !errors.Is(err, datasession.ErrNotFound) || !alive(t, m, first.ID()) {
		t.Errorf("bob revokes ann's session: %v", err)
	}
	must(t, m.Revoke(t.Context(), "ann", first.Handle()))
	if alive(t, m, first.ID()) || !alive(t, m, second.ID()) {
		t.Error("Revoke ended the wrong one")
	}
	if n, err := m.RevokeOthers(t.Context(), "ann", second.ID()); n != 1 || err != nil || alive(t, m, third.ID()) || !alive(t, m, second.ID()) {
		t.Errorf("RevokeOthers = %d, %v", n, err)
	}
	if n, err := m.RevokeAll(t.Context(), "ann"); n != 1 || err != nil || alive(t, m, second.ID()) {
		t.Errorf("RevokeAll = %d, %v", n, err)
	}
	if !alive(t, m, other.ID()) || !alive(t, m, anonymous) {
		t.Error("sessions of others ended")
	}
	if _, err := m.RevokeAll(t.Context(), ""); err == nil {
		t.Error("RevokeAll of nobody succeeds")
	}
}

func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, nil)
		var ids []string
		for range 5 {
			ids = append(ids, signIn(t, m, "ann").ID())
			time.Sleep(time.Millisecond)
		}
		if n, err := m.Limit(t.Context(), "ann", 2); n != 3 || err != nil {
			t.Errorf("Limit = %d, %v; want 3", n, err)
		}
		for i, id := range ids {
			if alive(t, m, id) != (i >= 3) {
				t.Errorf("session %d is alive: %v", i, i < 3)
			}
		}
	})
}

func TestPerlsOwnPrincipal(t *testing.T) {
	m := manager(t, &datasession.Options{PrincipalParam: "user"})
	id := stored(t, m, map[string]any{"user": 42})
	if n, err := m.RevokeAll(t.Context(), "42"); n != 1 || err != nil || alive(t, m, id) {
		t.Errorf("RevokeAll = %d, %v", n, err)
	}
}

func TestRenameGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, &datasession.Options{RenameGrace: 5 * time.Second})
		old := stored(t, m, map[string]any{"cart": "full"})
		s := load(t, m, old)
		must(t, s.Login(t.Context(), "ann", datasession.Client{}))
		time.Sleep(4 * time.Second)
		late := load(t, m, old)
		if !late.ReadOnly() || late.Get("cart") != "full" || late.Principal() != "ann" {
			t.Fatalf("by the old id: read-only %v, cart %v", late.ReadOnly(), late.Get("cart"))
		}
		flush(t, late)
		set(t, late, "cart", "stolen")
		for what, err := range map[string]error{
			"Flush":  late.Flush(t.Context()),
			"Rename": late.Rename(t.Context(), ""),
			"Login":  late.Login(t.Context(), "eve", datasession.Client{}),
			"Delete": late.Delete(t.Context()),
		} {
			if !errors.Is(err, datasession.ErrReadOnly) {
				t.Errorf("%s by the old id = %v; want ErrReadOnly", what, err)
			}
		}
		if p, err := m.Peek(t.Context(), old); err != nil || !p.Expired() || p.Has("cart") {
			t.Errorf("Peek by the old id: %v, want an expired session with nothing in it", err)
		}
		time.Sleep(2 * time.Second)
		if alive(t, m, old) {
			t.Error("the old id loads after the grace")
		}
		if load(t, m, s.ID()).Get("cart") != "full" {
			t.Error("the session was changed by its old id")
		}
	})
}

func TestSignOutEndsTheGrace(t *testing.T) {
	m := manager(t, &datasession.Options{RenameGrace: time.Minute})
	old := stored(t, m, map[string]any{"cart": "full"})
	s := load(t, m, old)
	must(t, s.Rename(t.Context(), ""))
	must(t, s.Delete(t.Context()))
	if alive(t, m, old) {
		t.Error("the old id of a session that was deleted loads")
	}
}

// blind is a store that can only be asked for an id.
type blind struct{ store.Store }

func TestEpochs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := blind{memstore.New(nil)}
		open := func() *datasession.Manager {
			m, err := datasession.New(st, perljson.Codec{}, &datasession.Options{EpochCheck: 10 * time.Second})
			must(t, err)
			return m
		}
		here, there := open(), open()
		ann, bob := signIn(t, here, "ann"), signIn(t, here, "bob")
		anonymous := stored(t, here, map[string]any{"cart": "full"})
		for _, s := range []string{ann.ID(), bob.ID(), anonymous} {
			if !alive(t, there, s) {
				t.Fatal("a session is not there")
			}
		}
		time.Sleep(2 * time.Second)
		if n, err := here.RevokeAll(t.Context(), "ann"); n != 0 || err != nil {
			t.Errorf("RevokeAll on a store that cannot list = %d, %v", n, err)
		}
		if alive(t, here, ann.ID()) || !alive(t, here, bob.ID()) || !alive(t, here, anonymous) {
			t.Error("not ann's session alone ended at once")
		}
		ann = signIn(t, here, "ann") // at the same instant
		if !alive(t, here, ann.ID()) {
			t.Error("a sign-in after the sign-out ended with it")
		}
		carol := signIn(t, here, "carol")
		if _, err := here.RevokeAll(t.Context(), "carol"); err != nil || alive(t, here, carol.ID()) {
			t.Errorf("a sign-in at the instant of the sign-out is alive: %v", err)
		}
		time.Sleep(2 * time.Second)
		must(t, here.NotBefore(t.Context(), "", time.Now()))
		time.Sleep(10 * time.Second)
		for _, m := range []*datasession.Manager{here, there} {
			for what, id := range map[string]string{"ann's": ann.ID(), "bob's": bob.ID(), "an anonymous": anonymous} {
				if alive(t, m, id) {
					t.Errorf("%s session is alive after the epoch", what)
				}
			}
		}
		if !alive(t, there, signIn(t, there, "bob").ID()) {
			t.Error("nobody can sign in after the epoch")
		}
		must(t, here.NotBefore(t.Context(), "bob", time.Now().Add(time.Hour)))
		if bob = signIn(t, here, "bob"); !alive(t, here, bob.ID()) || bob.SignedIn().After(time.Now().Add(time.Second)) {
			t.Errorf("after an epoch in the future bob has signed in at %v, now is %v", bob.SignedIn(), time.Now())
		}
	})
}

func TestEpochsAreNoSessions(t *testing.T) {
	m := manager(t, &datasession.Options{EpochCheck: time.Second})
	must(t, m.NotBefore(t.Context(), "", time.Now().Add(-time.Hour)))
	must(t, m.NotBefore(t.Context(), "ann", time.Now().Add(-time.Hour)))
	var ids []string
	for id, err := range m.IDs(t.Context()) {
		must(t, err)
		ids = append(ids, id)
		if len(id) > 32 {
			t.Errorf("id of %d characters", len(id))
		}
		if alive(t, m, id) {
			t.Error("an epoch loads")
		}
	}
	if len(ids) != 2 {
		t.Errorf("%d records; want 2", len(ids))
	}
	for s, err := range m.All(t.Context()) {
		t.Errorf("All yields %v, %v", s, err)
	}
	if got, err := m.Purge(t.Context(), &datasession.PurgeOptions{Idle: time.Nanosecond}); got.Removed != 0 || err != nil {
		t.Errorf("Purge = %+v, %v", got, err)
	}
	for what, m := range map[string]*datasession.Manager{"without EpochCheck": manager(t, nil)} {
		if err := m.NotBefore(t.Context(), "", time.Now()); !errors.Is(err, datasession.ErrUnsupported) {
			t.Errorf("NotBefore %s = %v; want ErrUnsupported", what, err)
		}
	}
}

func TestAStoreThatIsDownEndsNoEpoch(t *testing.T) {
	st := &flaky{Store: memstore.New(nil), loadsOf: "_epoch"}
	m, err := datasession.New(st, perljson.Codec{}, &datasession.Options{EpochCheck: time.Second})
	must(t, err)
	id := stored(t, m, map[string]any{"cart": "full"})
	st.down = true
	if _, err := m.Load(t.Context(), id); !errors.Is(err, errDown) {
		t.Errorf("Load while the epochs cannot be read = %v; want the store's error", err)
	}
}
