package sessionhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/codec/freezethaw"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/codec/perlyaml"
	"github.com/go-datasession/datasession/codec/storable"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/memstore"
	"github.com/go-datasession/datasession/store/storetest"
)

// shop is a site to sign in at: /in?user=ann, /out, /others, /all, /set?name=value.
func shop(t *testing.T) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		h := sessionhttp.From(r.Context())
		s, err := h.Session()
		if err != nil {
			http.Error(w, "no session", sessionhttp.Status(err))
			return
		}
		switch r.URL.Path {
		case "/in":
			err = h.Login(r.FormValue("user"))
		case "/out":
			err = h.Logout()
		case "/others":
			_, err = h.RevokeOthers()
		case "/all":
			_, err = h.RevokeAll()
		case "/set":
			err = s.SaveRequest(r)
		}
		if err != nil {
			http.Error(w, err.Error(), sessionhttp.Status(err))
			return
		}
		principal, _ := h.Principal()
		fmt.Fprint(w, principal)
	}
}

func (f *fixture) path(path, id string) *http.Response {
	f.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("User-Agent", "Browser/1")
	if id != "" {
		r.AddCookie(&http.Cookie{Name: datasession.CookieName, Value: id})
	}
	return f.do(r)
}

func TestC1RenewKillsTheOldID(t *testing.T) {
	f := serve(t, shop(t))
	for range times(100) {
		old := f.put("cart", "full")
		var racing sync.WaitGroup
		for i := range 8 {
			racing.Go(func() { f.path(fmt.Sprintf("/set?p%d=1", i), old) })
		}
		r := f.path("/in?user=ann", old)
		racing.Wait()
		id := cookie(r)
		if r.StatusCode != http.StatusOK || id == "" || id == old {
			t.Fatalf("the sign-in: %d, cookie %q", r.StatusCode, id)
		}
		if !gone(t, f.manager, old) {
			t.Fatal("the id from before the sign-in loads")
		}
		s, err := f.manager.Load(t.Context(), id)
		if err != nil || s.Get("cart") != "full" || s.Principal() != "ann" {
			t.Fatalf("after the sign-in: %v", err)
		}
	}
}

func TestC1Grace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serveWith(t, &datasession.Options{RenameGrace: 3 * time.Second}, sessionhttp.Options{}, shop(t))
		old := f.put("cart", "full")
		id := cookie(f.path("/in?user=ann", old))
		late := f.path("/", old)
		if body(t, late) != "ann" || len(late.Cookies()) != 0 {
			t.Errorf("within the grace: cookies %v; want ann's page and none", late.Cookies())
		}
		for _, path := range []string{"/set?cart=stolen", "/out", "/in?user=eve", "/others", "/all"} {
			if r := f.path(path, old); r.StatusCode != http.StatusServiceUnavailable || len(r.Cookies()) != 0 {
				t.Errorf("%s by the old id: %d, cookies %v; want 503 and none", path, r.StatusCode, r.Cookies())
			}
		}
		time.Sleep(4 * time.Second)
		if got := body(t, f.path("/", old)); got != "" || body(t, f.path("/", id)) != "ann" {
			t.Errorf("after the grace the old id shows %q", got)
		}
	})
}

func TestC2IdleTimeOut(t *testing.T) {
	for idle, want := range map[time.Duration]string{59 * time.Second: "ann", 60 * time.Second: "ann", 61 * time.Second: ""} {
		synctest.Test(t, func(t *testing.T) {
			f := serveWith(t, &datasession.Options{Lifetime: time.Minute}, sessionhttp.Options{}, shop(t))
			id := cookie(f.path("/in?user=ann", ""))
			for range 3 {
				time.Sleep(30 * time.Second)
				f.path("/", id)
			}
			time.Sleep(idle)
			if got := body(t, f.path("/", id)); got != want {
				t.Errorf("idle for %v: %q; want %q", idle, got, want)
			}
		})
	}
}

func TestC3AbsoluteTimeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serveWith(t, &datasession.Options{Lifetime: time.Minute, MaxAge: 10 * time.Minute}, sessionhttp.Options{}, shop(t))
		id := cookie(f.path("/in?user=ann", ""))
		for range 20 {
			time.Sleep(30 * time.Second)
			if got := body(t, f.path("/", id)); got != "ann" {
				t.Fatal("signed out too early")
			}
		}
		time.Sleep(time.Second)
		if got := body(t, f.path("/", id)); got != "" || !gone(t, f.manager, id) {
			t.Errorf("past its age: %q", got)
		}
	})
}

func TestParameterExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(w http.ResponseWriter, r *http.Request) {
			s := session(t, r)
			if r.URL.Path == "/set" {
				_ = errors.Join(s.Set("code", 1), s.ExpireParam("code", 30*time.Second), s.Set("user", "ann"))
			}
			fmt.Fprint(w, s.Names())
		})
		id := cookie(f.path("/set", ""))
		time.Sleep(31 * time.Second)
		if got := body(t, f.path("/", id)); got != "[user]" {
			t.Errorf("after its time the session has %s", got)
		}
	})
}

func TestC4DestroyedStaysDestroyed(t *testing.T) {
	races := 1000
	if storetest.Long() {
		races = 10_000
	}
	f := serve(t, shop(t))
	for range times(races) {
		id := f.put("cart", "full")
		var racing sync.WaitGroup
		for i := range 8 {
			racing.Go(func() { f.path(fmt.Sprintf("/set?p%d=1", i), id) })
		}
		f.path("/out", id)
		if !gone(t, f.manager, id) {
			t.Fatal("alive when the sign-out was done")
		}
		racing.Wait()
		if !gone(t, f.manager, id) {
			t.Fatal("a request that was under way has revived a session")
		}
	}
}

// Probe 1 of the peers: a slow request is under way while the user signs out.
func TestC4SlowRequest(t *testing.T) {
	out := make(chan struct{})
	var f *fixture
	f = serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			s := session(t, r)
			s.Get("user")
			close(out)
			<-out
			f.path("/out", s.ID())
			_ = s.Set("user", "ann")
			return
		}
		shop(t)(w, r)
	})
	id := cookie(f.path("/in?user=ann", ""))
	r := f.path("/slow", id)
	if !gone(t, f.manager, id) || len(r.Cookies()) != 1 || r.Cookies()[0].MaxAge >= 0 {
		t.Errorf("the slow request: cookies %v; want the old one dropped, and the session dead", r.Cookies())
	}
}

func TestC5RevokeAll(t *testing.T) {
	const users = 3
	each := 300
	if storetest.Long() {
		each = 3334 // some 10,000 in all
	}
	f := serve(t, shop(t))
	ids := make([][]string, users)
	for i := range users * each {
		u := i % users
		ids[u] = append(ids[u], cookie(f.path(fmt.Sprintf("/in?user=user%d", u), "")))
	}
	alive := func(u int) (n int) {
		for _, id := range ids[u] {
			if !gone(t, f.manager, id) {
				n++
			}
		}
		return n
	}
	f.path("/others", ids[0][1])
	f.path("/all", ids[1][0])
	if alive(0) != 1 || gone(t, f.manager, ids[0][1]) || alive(1) != 0 || alive(2) != each {
		t.Errorf("alive: %d, %d, %d; want 1, 0, %d", alive(0), alive(1), alive(2), each)
	}
}

func TestC6ListSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all []datasession.SignIn
		var own string
		f := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/list" {
				shop(t)(w, r)
				return
			}
			own = session(t, r).Handle()
			for in, err := range sessionhttp.From(r.Context()).SignIns() {
				if err != nil {
					t.Error(err)
				}
				all = append(all, in)
			}
			if err := sessionhttp.From(r.Context()).Revoke(r.FormValue("end")); err != nil && r.FormValue("end") != "" {
				t.Error(err)
			}
		})
		first := cookie(f.path("/in?user=ann", ""))
		start := time.Now()
		time.Sleep(time.Hour)
		second := cookie(f.path("/in?user=ann", ""))
		f.path("/in?user=bob", "")
		f.path("/list", second)
		slices.SortFunc(all, func(a, b datasession.SignIn) int { return a.SignedIn.Compare(b.SignedIn) })
		want := datasession.SignIn{
			Handle: datasession.Handle(first), Principal: "ann", Created: start, Accessed: start, SignedIn: start,
			Expires: start.Add(24 * time.Hour), Addr: "192.0.2.1", Agent: "Browser/1",
		}
		if len(all) != 2 || fmt.Sprint(all[0]) != fmt.Sprint(want) || all[1].Handle != own || own != datasession.Handle(second) {
			t.Errorf("ann's sessions: %+v; want the first to be %+v", all, want)
		}
		if text := fmt.Sprintf("%+v", all); strings.Contains(text, first) || strings.Contains(text, second) {
			t.Error("the list has ids in it")
		}
		f.path("/list?end="+all[0].Handle, second)
		if !gone(t, f.manager, first) || gone(t, f.manager, second) {
			t.Error("the wrong session ended")
		}
	})
}

func TestPerPrincipal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serveWith(t, nil, sessionhttp.Options{PerPrincipal: 2}, shop(t))
		var ids []string
		for range 4 {
			ids = append(ids, cookie(f.path("/in?user=ann", "")))
			time.Sleep(time.Second)
		}
		for i, id := range ids {
			if gone(t, f.manager, id) != (i < 2) {
				t.Errorf("session %d: gone %v", i, i >= 2)
			}
		}
		f = serveWith(t, nil, sessionhttp.Options{PerPrincipal: 2, RefuseMore: true}, shop(t))
		f.path("/in?user=ann", "")
		id := cookie(f.path("/in?user=ann", ""))
		if r := f.path("/in?user=ann", ""); r.StatusCode != http.StatusConflict || f.rows() != 2 {
			t.Errorf("the third sign-in: %d, %d rows; want 409 and two", r.StatusCode, f.rows())
		}
		if r := f.path("/in?user=ann", id); r.StatusCode != http.StatusOK {
			t.Errorf("a sign-in by a session that counts already: %d", r.StatusCode)
		}
	})
}

func TestC7LifetimeTexts(t *testing.T) {
	// The texts themselves are compared with Perl's in the root package.
	for _, text := range []string{"+99999999999999999999y", "9223372036854775807y", "1e9", "0x10", "1 h", "+-1h", "１h", "1h\n"} {
		if d, err := datasession.ParseLifetime(text); err == nil {
			t.Errorf("ParseLifetime(%q) = %v; want an error", text, d)
		}
	}
}

func TestC8WrongClocks(t *testing.T) {
	for _, shift := range []time.Duration{-time.Hour, time.Hour, -365 * 24 * time.Hour, 365 * 24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			const life = 10 * time.Minute
			var wrong time.Duration
			now := func() time.Time { return time.Now().Add(wrong) }
			f := serveWith(t, &datasession.Options{Lifetime: life, Now: now}, sessionhttp.Options{}, shop(t))
			wrong = shift
			id := cookie(f.path("/in?user=ann", ""))
			wrong = 0
			f.path("/", id) // a use at the right time
			time.Sleep(life + time.Second)
			if got := body(t, f.path("/", id)); got != "" {
				t.Errorf("made by a clock that was wrong by %v: alive after its time", shift)
			}
		})
	}
}

// touching uses a session at the moment at which it is about to be deleted.
type touching struct {
	*memstore.Store
	now func(id string)
}

func (s *touching) Delete(ctx context.Context, id string, old store.Rev) error {
	if now := s.now; now != nil {
		s.now = nil
		now(id)
	}
	return s.Store.Delete(ctx, id, old)
}

func TestC9PurgeSparesWhatIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := &touching{Store: memstore.New(nil)}
		m, err := datasession.New(struct {
			store.Store
			store.Lister
		}{st, st}, perljson.Codec{}, &datasession.Options{Lifetime: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		s, err := m.New(t.Context())
		if err == nil {
			err = errors.Join(s.Set("user", "ann"), s.Flush(t.Context()))
		}
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(61 * time.Second)
		st.now = func(string) { // somebody else's clock is a second behind
			p, err := m.Peek(t.Context(), s.ID())
			if err == nil {
				p.SetAccessTime(time.Now())
				err = p.Flush(t.Context())
			}
			if err != nil {
				t.Error(err)
			}
		}
		if res, err := m.Purge(t.Context(), nil); err != nil || res.Removed != 0 || gone(t, m, s.ID()) {
			t.Errorf("Purge = %+v, %v; want the session that was used to stay", res, err)
		}
	})
}

func TestC10DataUnderAnotherID(t *testing.T) {
	for _, c := range []codec.Codec{perljson.Codec{}, dumper.Codec{}, storable.Codec{}, freezethaw.Codec{}, perlyaml.Codec{}} {
		t.Run(c.Name(), func(t *testing.T) {
			st := memstore.New(nil)
			m, err := datasession.New(st, c, nil)
			if err != nil {
				t.Fatal(err)
			}
			mw, err := sessionhttp.New(m, nil)
			if err != nil {
				t.Fatal(err)
			}
			f := &fixture{T: t, store: &counting{Store: st}, manager: m, middleware: mw, handler: mw.Handler(http.HandlerFunc(shop(t)))}
			id := cookie(f.path("/in?user=ann", ""))
			other, _ := m.New(t.Context())
			rec, err := st.Load(t.Context(), id)
			if err == nil {
				_, err = st.Save(t.Context(), other.ID(), rec.Data, store.Rev{}, store.SaveOptions{})
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := body(t, f.path("/", other.ID())); got != "" {
				t.Errorf("ann's data under another id signs in %q", got)
			}
		})
	}
}

func TestC11ReservedNamesAreOutOfReach(t *testing.T) {
	names := []string{"_SESSION_ID", "_SESSION_ETIME", "_SESSION_CTIME", "_SESSION_ATIME", "_SESSION_PTIME", "_SESSION_PRINCIPAL",
		"_SESSION_AUTH_TIME", "_SESSION_REMOTE_ADDR", "_SESSION_PERSIST", "_SESSION_MOVED", "_SESSION_MOVED_UNTIL", "_x"}
	for _, family := range []datasession.Family{datasession.DataSession, datasession.CGISession, datasession.ApacheSession} {
		f := serveWith(t, &datasession.Options{Family: family}, sessionhttp.Options{}, shop(t))
		id := cookie(f.path("/in?user=ann", ""))
		before := dump(t, f.manager, id)
		for _, name := range names {
			if !family.Reserved(name) {
				continue
			}
			f.path("/set?ok=1&"+name+"=eve", id)
			s, err := f.manager.Load(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			for what, err := range map[string]error{
				"Set": s.Set(name, 1), "SetAll": s.SetAll(map[string]any{name: 1}), "Clear": s.Clear(name),
				"ExpireParam": s.ExpireParam(name, 1), "SaveParam": s.SaveParam(nil, name),
			} {
				if !errors.Is(err, datasession.ErrReserved) {
					t.Errorf("%s(%s) = %v; want ErrReserved", what, name, err)
				}
			}
		}
		f.path("/set?ok=1", id)
		if after := dump(t, f.manager, id); after != before {
			t.Errorf("%s: reserved parameters were changed:\n%s\n%s", family, before, after)
		}
	}
}

// dump returns the reserved parameters of a stored session, but for the access time.
func dump(t *testing.T, m *datasession.Manager, id string) string {
	t.Helper()
	s, err := m.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	h, err := s.Hash()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for k, v := range h.Sorted() {
		if name := k.String(); m.Options().Family.Reserved(name) && name != "_SESSION_ATIME" {
			lines = append(lines, name+"="+v.String())
		}
	}
	for i, line := range lines { // a hash is printed by its address
		if strings.HasPrefix(line, "_SESSION_PTIME") || strings.HasPrefix(line, "_SESSION_EXPIRE_LIST") {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n")
}

func TestRemember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := sessionhttp.Options{Cookie: datasession.CookieOptions{Browser: true}}
		f := serveWith(t, nil, o, func(w http.ResponseWriter, r *http.Request) {
			h := sessionhttp.From(r.Context())
			if r.URL.Path == "/in" {
				if err := errors.Join(h.Remember(r.FormValue("remember") == "1"), h.Login("ann")); err != nil {
					t.Error(err)
				}
			}
			session(t, r)
			_, _ = io.WriteString(w, "x")
		})
		expires := func(r *http.Response) time.Duration {
			c := r.Cookies()
			if len(c) == 0 {
				return -1
			}
			if c[0].Expires.IsZero() {
				return 0
			}
			return time.Until(c[0].Expires)
		}
		r := f.path("/in?remember=0", "")
		if got := expires(r); got != 0 {
			t.Errorf("not remembered: the cookie lives %v; want the browser's life", got)
		}
		r = f.path("/in?remember=1", "")
		id := cookie(r)
		if got := expires(r); got != 30*24*time.Hour {
			t.Errorf("remembered: the cookie lives %v; want 30 days", got)
		}
		time.Sleep(20 * 24 * time.Hour)
		if got := expires(f.path("/", id)); got != 30*24*time.Hour {
			t.Errorf("at the next visit: the cookie lives %v; want 30 days again", got)
		}
		if got := expires(f.path("/", id)); got != -1 {
			t.Errorf("at the visit after that: a cookie of %v; want none", got)
		}
		time.Sleep(29 * 24 * time.Hour)
		if gone(t, f.manager, id) {
			t.Error("gone within its 30 days")
		}
	})
}

func TestMatchAddr(t *testing.T) {
	for _, family := range []datasession.Family{datasession.DataSession, datasession.CGISession} {
		f := serveWith(t, &datasession.Options{Family: family}, sessionhttp.Options{MatchAddr: true}, shop(t))
		id := cookie(f.path("/set?user=ann", ""))
		at := func(addr string) *http.Response {
			r := request(id)
			r.RemoteAddr = addr
			return f.do(r)
		}
		if r := at("192.0.2.1:9999"); len(r.Cookies()) != 0 {
			t.Errorf("%s: from the same address: cookies %v", family, r.Cookies())
		}
		if r := at("192.0.2.2:1234"); len(r.Cookies()) != 1 || r.Cookies()[0].MaxAge >= 0 {
			t.Errorf("%s: from another address: cookies %v; want it dropped", family, r.Cookies())
		}
		if gone(t, f.manager, id) {
			t.Errorf("%s: the session was deleted", family)
		}
		if r := f.path("/", f.put("user", "ann")); len(r.Cookies()) != 1 {
			t.Errorf("%s: a session without an address: cookies %v; want it dropped", family, r.Cookies())
		}
	}
}
