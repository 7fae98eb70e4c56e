package datasession_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/perl"
	"github.com/go-datasession/datasession/sessionid"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/memstore"
)

// keeper is a store in memory that leaves expiry to the Manager.
type keeper struct{ *memstore.Store }

func (k keeper) Save(ctx context.Context, id string, data []byte, old store.Rev, _ store.SaveOptions) (store.Rev, error) {
	return k.Store.Save(ctx, id, data, old, store.SaveOptions{})
}

// manager returns a Manager over an empty store in memory.
func manager(t *testing.T, opts *datasession.Options) *datasession.Manager {
	t.Helper()
	m, err := datasession.New(keeper{memstore.New(nil)}, perljson.Codec{}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// stored returns the id of a new session that holds params.
func stored(t *testing.T, m *datasession.Manager, params map[string]any) string {
	t.Helper()
	s, err := m.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetAll(params); err != nil {
		t.Fatal(err)
	}
	s.SetModified(true)
	flush(t, s)
	return s.ID()
}

func load(t *testing.T, m *datasession.Manager, id string) *datasession.Session {
	t.Helper()
	s, err := m.Load(t.Context(), id)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return s
}

func set(t *testing.T, s *datasession.Session, name string, value any) {
	t.Helper()
	if err := s.Set(name, value); err != nil {
		t.Fatalf("Set(%q): %v", name, err)
	}
}

func flush(t *testing.T, s *datasession.Session) {
	t.Helper()
	if err := s.Flush(t.Context()); err != nil {
		t.Fatalf("Flush: %v", err)
	}
}

// raw stores bytes under an id, as another program would.
func raw(t *testing.T, m *datasession.Manager, id, data string) {
	t.Helper()
	if _, err := m.Store().Save(t.Context(), id, []byte(data), store.AnyRev, store.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, m *datasession.Manager) (n int) {
	t.Helper()
	for _, err := range m.IDs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

func TestSessionRoundTrip(t *testing.T) {
	m := manager(t, nil)
	s, err := m.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !s.IsNew() || s.Modified() || s.Stored() {
		t.Errorf("a new session: IsNew %v, Modified %v, Stored %v; want true, false, false", s.IsNew(), s.Modified(), s.Stored())
	}
	set(t, s, "user", "Björn")
	set(t, s, "n", 0)
	set(t, s, "cart", []any{map[string]any{"sku": "A-1", "qty": 2}})
	flush(t, s)
	if s.Modified() || !s.Stored() || !s.IsNew() {
		t.Errorf("after the flush: Modified %v, Stored %v, IsNew %v; want false, true, true", s.Modified(), s.Stored(), s.IsNew())
	}

	s = load(t, m, s.ID())
	if s.IsNew() {
		t.Error("a loaded session is new")
	}
	if got, want := s.Names(), []string{"cart", "n", "user"}; !slices.Equal(got, want) {
		t.Errorf("Names() = %q; want %q", got, want)
	}
	if got := s.Get("user"); got != "Björn" {
		t.Errorf("Get(user) = %v; want Björn", got)
	}
	if got := s.Get("n"); got != 0 {
		t.Errorf("Get(n) = %v (%T); want the int 0", got, got)
	}
	if got := s.Get("cart").([]any)[0].(map[string]any)["qty"]; got != 2 {
		t.Errorf("qty = %v; want 2", got)
	}
	if got := s.Get("none"); got != nil {
		t.Errorf("Get(none) = %v; want nil", got)
	}
}

func TestUntouchedNewSessionIsNotStored(t *testing.T) {
	m := manager(t, nil)
	s, _ := m.New(t.Context())
	flush(t, s)
	if n := count(t, m); n != 0 {
		t.Errorf("%d sessions stored; want 0", n)
	}
	s.SetModified(true)
	flush(t, s)
	if n := count(t, m); n != 1 {
		t.Errorf("after SetModified(true): %d sessions stored; want 1", n)
	}
}

func TestLoadRefuses(t *testing.T) {
	const id = "0123456789abcdef0123456789abcdef"
	tests := []struct {
		name, data string
		want       error
	}{
		{"absent", "-", datasession.ErrNotFound},
		{"empty data", "", datasession.ErrCorrupt},
		{"not JSON", "$D = {};", datasession.ErrCorrupt},
		{"cut short", `{"_SESSION_ID":"` + id + `"`, datasession.ErrCorrupt},
		{"not a hash", `[1]`, datasession.ErrCorrupt},
		{"null", `null`, datasession.ErrCorrupt},
		{"another id", `{"_SESSION_ID":"` + strings.ToUpper(id) + `"}`, datasession.ErrCorrupt},
		{"expired", `{"_SESSION_ID":"` + id + `","_SESSION_ATIME":1000,"_SESSION_ETIME":5}`, datasession.ErrExpired},
		{"no reserved keys", `{"a":1}`, nil},
		{"times as text", `{"_SESSION_ATIME":"99999999999","_SESSION_ETIME":"3600"}`, nil},
		{"parameter times that are no hash", `{"_SESSION_PTIME":"zz"}`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := manager(t, nil)
			if test.data != "-" {
				raw(t, m, id, test.data)
			}
			_, err := m.Load(t.Context(), id)
			if !errors.Is(err, test.want) {
				t.Fatalf("Load = %v; want %v", err, test.want)
			}
			if err != nil && strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), id) {
				t.Errorf("the error shows the id: %#v", err)
			}
			if errors.Is(test.want, datasession.ErrCorrupt) {
				s, err := m.Open(t.Context(), id)
				if !errors.Is(err, datasession.ErrCorrupt) {
					t.Errorf("Open = %v, %v; want ErrCorrupt, not a new session over it", s, err)
				}
				if rec, _ := m.Store().Load(t.Context(), id); string(rec.Data) != test.data {
					t.Errorf("the corrupt data was changed to %q", rec.Data)
				}
			}
			if test.want == datasession.ErrExpired && count(t, m) != 0 {
				t.Error("the expired session is still stored")
			}
		})
	}
	if _, err := manager(t, nil).Load(t.Context(), ""); !errors.Is(err, datasession.ErrInvalidID) {
		t.Errorf("Load of the empty id = %v; want ErrInvalidID", err)
	}
}

func TestForeignIDIsAnOption(t *testing.T) {
	m := manager(t, &datasession.Options{AnyStoredID: true})
	raw(t, m, "ann@example.com", `{"_SESSION_ID":"0123","user":"ann"}`)
	if got := load(t, m, "ann@example.com").Get("user"); got != "ann" {
		t.Errorf("user = %v; want ann", got)
	}
}

func TestOpenTakesTheID(t *testing.T) {
	m := manager(t, nil)
	s, err := m.Open(t.Context(), "report-2026")
	if err != nil || !s.IsNew() || s.ID() != "report-2026" {
		t.Fatalf("Open = %v, %v; want a new session of that id", s, err)
	}
	set(t, s, "a", 1)
	flush(t, s)
	if s, err = m.Open(t.Context(), "report-2026"); err != nil || s.IsNew() {
		t.Errorf("Open again = new %v, %v; want the stored one", s.IsNew(), err)
	}
}

func TestReservedNames(t *testing.T) {
	for _, test := range []struct {
		family datasession.Family
		name   string
		want   bool
	}{
		{datasession.DataSession, "_SESSION_ID", true},
		{datasession.DataSession, "_x", true},
		{datasession.DataSession, "x_", false},
		{datasession.CGISession, "_x", false},
		{datasession.CGISession, "_SESSION_ETIME", true},
		{datasession.ApacheSession, "_session_id", true},
		{datasession.ApacheSession, "_utime", false},
	} {
		m := manager(t, &datasession.Options{Family: test.family})
		s, _ := m.New(t.Context())
		err := s.Set(test.name, 1)
		if errors.Is(err, datasession.ErrReserved) != test.want {
			t.Errorf("%s: Set(%q) = %v; want refused %v", test.family, test.name, err, test.want)
		}
		if err := s.Clear(test.name); errors.Is(err, datasession.ErrReserved) != test.want {
			t.Errorf("%s: Clear(%q) = %v; want refused %v", test.family, test.name, err, test.want)
		}
	}
}

func TestSetAllIsAllOrNothing(t *testing.T) {
	m := manager(t, nil)
	s, _ := m.New(t.Context())
	if err := s.SetAll(map[string]any{"a": 1, "_b": 2}); !errors.Is(err, datasession.ErrReserved) {
		t.Errorf("SetAll = %v; want ErrReserved", err)
	}
	if err := s.SetAll(map[string]any{"a": 1, "b": func() {}}); err == nil {
		t.Error("SetAll of a func succeeded")
	}
	if len(s.Names()) != 0 {
		t.Errorf("Names() = %q; want none", s.Names())
	}
}

func TestClear(t *testing.T) {
	m := manager(t, nil)
	id := stored(t, m, map[string]any{"a": 1, "b": 2, "0": 3})
	s := load(t, m, id)
	if err := s.ExpireParam("a", time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := s.Clear("0", "a", "none"); err != nil {
		t.Fatal(err)
	}
	flush(t, s)
	s = load(t, m, id)
	if got := s.Names(); !slices.Equal(got, []string{"b"}) {
		t.Errorf("Names() = %q; want b", got)
	}
	if got := s.ParamLifetimes(); len(got) != 0 {
		t.Errorf("ParamLifetimes() = %v; want none: the parameter is gone", got)
	}
	if err := s.Clear(); err != nil {
		t.Fatal(err)
	}
	flush(t, s)
	if got := load(t, m, id).Names(); len(got) != 0 {
		t.Errorf("after Clear(): Names() = %q", got)
	}
}

func TestPop(t *testing.T) {
	m := manager(t, nil)
	id := stored(t, m, map[string]any{"flash": "saved"})
	s := load(t, m, id)
	if got, err := s.Pop("flash"); got != "saved" || err != nil {
		t.Errorf("Pop = %v, %v; want saved", got, err)
	}
	flush(t, s)
	if load(t, m, id).Has("flash") {
		t.Error("the popped parameter is still there")
	}
}

func TestOneFlushOneWrite(t *testing.T) {
	m := manager(t, nil)
	id := stored(t, m, map[string]any{"a": 1})
	before := m.Stats().Saves
	s := load(t, m, id)
	set(t, s, "a", 1) // no change
	flush(t, s)
	if n := m.Stats().Saves - before; n != 0 {
		t.Errorf("setting an equal value made %d writes; want 0", n)
	}
	set(t, s, "a", 2)
	flush(t, s)
	flush(t, s)
	if n := m.Stats().Saves - before; n != 1 {
		t.Errorf("one change and two flushes made %d writes; want 1", n)
	}
	set(t, s, "a", 3)
	s.SetModified(false)
	flush(t, s)
	if got := load(t, m, id).Get("a"); got != 2 {
		t.Errorf("after SetModified(false): a = %v; want 2", got)
	}
}

func TestGoneIsGone(t *testing.T) {
	m := manager(t, nil)
	id := stored(t, m, map[string]any{"user": "ann"})
	slow := load(t, m, id)
	set(t, slow, "x", 1)
	if err := m.Delete(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := slow.Flush(t.Context()); !errors.Is(err, datasession.ErrDeleted) || !errors.Is(err, datasession.ErrNotFound) {
		t.Errorf("Flush = %v; want ErrDeleted, which is ErrNotFound", err)
	}
	if !slow.Deleted() {
		t.Error("the session does not know that it was deleted")
	}
	set(t, slow, "x", 2)
	flush(t, slow)
	if count(t, m) != 0 {
		t.Error("the deleted session is back")
	}
}

func TestDelete(t *testing.T) {
	m := manager(t, nil)
	s := load(t, m, stored(t, m, map[string]any{"user": "ann"}))
	other := load(t, m, s.ID())
	set(t, other, "b", 1)
	flush(t, other)
	if err := s.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !s.Deleted() || count(t, m) != 0 || s.Has("user") {
		t.Errorf("after Delete: Deleted %v, %d stored, user %v", s.Deleted(), count(t, m), s.Get("user"))
	}
	set(t, s, "user", "bob") // usable in memory
	flush(t, s)
	if count(t, m) != 0 {
		t.Error("a deleted session was stored")
	}
	if err := m.Delete(t.Context(), s.ID()); err != nil {
		t.Errorf("Delete of what is not there: %v", err)
	}
}

// A store that is down.
type broken struct{ store.Store }

var errDown = errors.New("connection refused")

func (broken) Load(context.Context, string) (store.Record, error) { return store.Record{}, errDown }
func (broken) Save(context.Context, string, []byte, store.Rev, store.SaveOptions) (store.Rev, error) {
	return store.Rev{}, errDown
}

// readOnly is a store that nothing can be removed from.
type readOnly struct{ keeper }

func (readOnly) Delete(context.Context, string, store.Rev) error { return errDown }

func TestExpiredWhereNothingCanBeRemoved(t *testing.T) {
	m, err := datasession.New(readOnly{keeper{memstore.New(nil)}}, perljson.Codec{}, nil)
	must(t, err)
	raw(t, m, "abc", `{"_SESSION_ATIME":1000,"_SESSION_ETIME":5}`)
	if _, err := m.Load(t.Context(), "abc"); !errors.Is(err, datasession.ErrExpired) {
		t.Errorf("Load = %v; want ErrExpired all the same", err)
	}
}

func TestStoreDownIsAnError(t *testing.T) {
	m, _ := datasession.New(broken{memstore.New(nil)}, perljson.Codec{}, nil)
	if s, err := m.Open(t.Context(), "abc"); !errors.Is(err, errDown) {
		t.Errorf("Open = %v, %v; want the store's error", s, err)
	}
	s, _ := m.New(t.Context())
	set(t, s, "a", 1)
	if err := s.Flush(t.Context()); !errors.Is(err, errDown) || !s.Modified() {
		t.Errorf("Flush = %v, Modified %v; want the store's error and the edits kept", err, s.Modified())
	}
}

// ids is a generator that draws from a list.
type ids struct {
	mu   sync.Mutex
	list []string
}

func (g *ids) Name() string      { return "list" }
func (g *ids) Valid(string) bool { return true }
func (g *ids) New(context.Context) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.list) == 0 {
		return "", sessionid.ErrRandom
	}
	id := g.list[0]
	g.list = g.list[1:]
	return id, nil
}

func TestCreateNeverOverwrites(t *testing.T) {
	m := manager(t, &datasession.Options{NewID: &ids{list: []string{"one", "one", "two"}}})
	first := stored(t, m, map[string]any{"user": "ann"})
	second, _ := m.New(t.Context())
	set(t, second, "user", "bob")
	flush(t, second)
	if second.ID() != "two" {
		t.Errorf("the second session has the id %q; want two", second.ID())
	}
	if got := load(t, m, first).Get("user"); got != "ann" {
		t.Errorf("the first session's user = %v; want ann", got)
	}
	if got := load(t, m, "two").Get("user"); got != "bob" {
		t.Errorf("the second session's user = %v; want bob", got)
	}
	if _, err := m.New(t.Context()); !errors.Is(err, sessionid.ErrRandom) {
		t.Errorf("New without randomness = %v; want ErrRandom", err)
	}
}

// slashless refuses ids with a slash, as a directory does.
type slashless struct{ keeper }

func (k slashless) Save(ctx context.Context, id string, data []byte, old store.Rev, o store.SaveOptions) (store.Rev, error) {
	if strings.Contains(id, "/") {
		return store.Rev{}, store.ErrInvalidID
	}
	return k.keeper.Save(ctx, id, data, old, o)
}

func TestAnIDThatTheStoreCannotHoldIsDrawnAgain(t *testing.T) {
	m, err := datasession.New(slashless{keeper{memstore.New(nil)}}, perljson.Codec{},
		&datasession.Options{NewID: &ids{list: []string{"a/b", "c/d", "ef", "g/h", "ij"}}})
	must(t, err)
	s, err := m.New(t.Context())
	must(t, err)
	set(t, s, "a", 1)
	flush(t, s)
	if s.ID() != "ef" {
		t.Errorf("ID() = %q; want ef", s.ID())
	}
	must(t, s.Rename(t.Context(), ""))
	if s.ID() != "ij" || load(t, m, "ij").Get("a") != 1 {
		t.Errorf("after Rename: ID() = %q; want ij", s.ID())
	}
	chosen, err := m.NewWithID(t.Context(), "x/y")
	must(t, err)
	set(t, chosen, "a", 1)
	if err := chosen.Flush(t.Context()); !errors.Is(err, datasession.ErrInvalidID) {
		t.Errorf("Flush under a chosen id that the store cannot hold = %v; want ErrInvalidID", err)
	}
}

func TestAllGoesOnAfterACorruptSession(t *testing.T) {
	m := manager(t, nil)
	good := stored(t, m, map[string]any{"a": 1})
	raw(t, m, "bad", "{")
	seen := map[string]string{}
	for s, err := range m.All(t.Context()) {
		var se *datasession.SessionError
		switch {
		case err == nil:
			seen[s.ID()] = "good"
		case errors.As(err, &se) && errors.Is(err, datasession.ErrCorrupt):
			seen[se.ID] = "corrupt"
		default:
			t.Errorf("All: %v", err)
		}
	}
	if want := map[string]string{good: "good", "bad": "corrupt"}; !maps.Equal(seen, want) {
		t.Errorf("All saw %v; want %v", seen, want)
	}
}

func TestNoLister(t *testing.T) {
	m, _ := datasession.New(struct{ store.Store }{memstore.New(nil)}, perljson.Codec{}, nil)
	if m.CanList() {
		t.Error("CanList() of a store that cannot = true")
	}
	for id, err := range m.IDs(t.Context()) {
		if id != "" || !errors.Is(err, datasession.ErrUnsupported) {
			t.Errorf("IDs yields %q, %v; want ErrUnsupported", id, err)
		}
	}
}

func TestDumpHidesTheID(t *testing.T) {
	m := manager(t, nil)
	s := load(t, m, stored(t, m, map[string]any{
		"user": "ann\x1b[31m", "cart": map[string]any{"a": []any{1}, "b": nil},
	}))
	var b strings.Builder
	if err := s.Dump(&b, "Loaded"); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{
		"# Loaded\n", "# _SESSION_ID: fingerprint " + s.Fingerprint() + "\n", "# _SESSION_ETIME: 86400 (1d)\n",
		"# cart: {a: [...], b: undef}\n", `# user: ann\x1b[31m` + "\n", "UTC)\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("Dump lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, s.ID()) {
		t.Error("Dump shows the id")
	}
	if err := s.Dump(failing{}, ""); err == nil {
		t.Error("Dump to a writer that fails reports no error")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestUnknownReservedKeysSurvive(t *testing.T) {
	m := manager(t, nil)
	raw(t, m, "abc", `{"_SESSION_ID":"abc","_SESSION_REMOTE_ADDR":"127.0.0.1","_SESSION_EXPIRE_LIST":{"a":60},"a":1}`)
	s := load(t, m, "abc")
	set(t, s, "b", 2)
	flush(t, s)
	h, err := load(t, m, "abc").Hash()
	if err != nil {
		t.Fatal(err)
	}
	addr, _ := h.Get("_SESSION_REMOTE_ADDR")
	list, _ := h.Get("_SESSION_EXPIRE_LIST")
	if addr.String() != "127.0.0.1" || list.Hash() == nil {
		t.Errorf("CGI::Session's own keys were lost: %v, %v", addr, list)
	}
	h.Set("b", perl.Int(9))
	if load(t, m, "abc").Get("b") != 2 {
		t.Error("Hash is not a copy")
	}
}
