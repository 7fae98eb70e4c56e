package sessionhttp_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/sessionid"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/memstore"
)

// counting is a store that counts calls and can be down.
type counting struct {
	store.Store
	loads, saves int
	down         error
	mu           sync.Mutex
}

func (c *counting) count(n *int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	*n++
	return c.down
}

func (c *counting) Delete(ctx context.Context, id string, old store.Rev) error {
	if c.down != nil {
		return c.down
	}
	return c.Store.Delete(ctx, id, old)
}

// IDs lists, as the store below does.
func (c *counting) IDs(ctx context.Context) iter.Seq2[string, error] {
	return c.Store.(store.Lister).IDs(ctx)
}

func (c *counting) Load(ctx context.Context, id string) (store.Record, error) {
	if err := c.count(&c.loads); err != nil {
		return store.Record{}, err
	}
	return c.Store.Load(ctx, id)
}

func (c *counting) Save(ctx context.Context, id string, data []byte, old store.Rev, o store.SaveOptions) (store.Rev, error) {
	if err := c.count(&c.saves); err != nil {
		return store.Rev{}, err
	}
	return c.Store.Save(ctx, id, data, old, o)
}

type fixture struct {
	*testing.T
	store      *counting
	manager    *datasession.Manager
	middleware *sessionhttp.Middleware
	log        bytes.Buffer
	handler    http.Handler
}

func serve(t *testing.T, h func(http.ResponseWriter, *http.Request)) *fixture {
	t.Helper()
	return serveWith(t, nil, sessionhttp.Options{}, h)
}

func serveWith(t *testing.T, mo *datasession.Options, o sessionhttp.Options, h func(http.ResponseWriter, *http.Request)) *fixture {
	t.Helper()
	f := &fixture{T: t, store: &counting{Store: memstore.New(nil)}}
	m, err := datasession.New(f.store, perljson.Codec{}, mo)
	if err != nil {
		t.Fatal(err)
	}
	f.manager = m
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(&f.log, nil))
	}
	mw, err := sessionhttp.New(m, &o)
	if err != nil {
		t.Fatal(err)
	}
	f.middleware, f.handler = mw, mw.Handler(http.HandlerFunc(h))
	return f
}

// times is how often something is tried: a tenth with -short, as under the race detector.
func times(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

// get makes a request with a cookie, if id is not empty, and returns the response.
func (f *fixture) get(id string) *http.Response {
	f.Helper()
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, request(id))
	return w.Result()
}

func request(id string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	if id != "" {
		r.AddCookie(&http.Cookie{Name: datasession.CookieName, Value: id})
	}
	return r
}

// do makes a request as it is.
func (f *fixture) do(r *http.Request) *http.Response {
	f.Helper()
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return w.Result()
}

func (f *fixture) put(name string, value any) (id string) {
	f.Helper()
	s, err := f.manager.New(f.Context())
	if err == nil {
		err = errors.Join(s.Set(name, value), s.Flush(f.Context()))
	}
	if err != nil {
		f.Fatal(err)
	}
	f.store.loads, f.store.saves = 0, 0
	return s.ID()
}

func cookie(r *http.Response) string {
	for _, c := range r.Cookies() {
		if c.Name == datasession.CookieName {
			return c.Value
		}
	}
	return ""
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func session(t *testing.T, r *http.Request) *datasession.Session {
	t.Helper()
	s, err := sessionhttp.Session(r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestUnusedSessionCostsNothing(t *testing.T) {
	f := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	id := f.put("user", "ann")
	for _, id := range []string{"", id, "nonsense"} {
		r := f.get(id)
		if len(r.Header["Set-Cookie"]) != 0 || r.Header.Get("Vary") != "" || r.Header.Get("Cache-Control") != "" {
			t.Errorf("headers of a page without a session: %v", r.Header)
		}
	}
	if f.store.loads+f.store.saves != 0 {
		t.Errorf("%d loads and %d saves; want none", f.store.loads, f.store.saves)
	}
}

func TestReadOnlyVisitorLeavesNothing(t *testing.T) {
	f := serve(t, func(_ http.ResponseWriter, r *http.Request) { session(t, r).Get("user") })
	r := f.get("")
	if len(r.Header["Set-Cookie"]) != 0 || f.store.saves != 0 {
		t.Errorf("Set-Cookie %q, %d saves; want none", r.Header["Set-Cookie"], f.store.saves)
	}
	if r.Header.Get("Vary") != "Cookie" {
		t.Errorf("Vary = %q; want Cookie", r.Header.Get("Vary"))
	}
}

func TestNewSessionGetsACookie(t *testing.T) {
	f := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if err := session(t, r).Set("user", "ann"); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, "hello")
	})
	r := f.get("")
	id := cookie(r)
	if !f.manager.ValidID(id) || r.Header.Get("Cache-Control") != "no-store" || f.store.saves != 1 {
		t.Errorf("cookie %q, Cache-Control %q, %d saves", r.Header["Set-Cookie"], r.Header.Get("Cache-Control"), f.store.saves)
	}
	if s, err := f.manager.Load(t.Context(), id); err != nil || s.Get("user") != "ann" {
		t.Errorf("stored: %v", err)
	}
}

func TestUnknownIDIsNotAdopted(t *testing.T) {
	f := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if err := session(t, r).Set("user", "ann"); err != nil {
			t.Error(err)
		}
	})
	for range 100 {
		unknown, err := sessionid.SHA256.New(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := cookie(f.get(unknown)); got == unknown || got == "" {
			t.Fatalf("the cookie is %q; want a fresh id", got)
		}
		if _, err := f.manager.Load(t.Context(), unknown); !errors.Is(err, datasession.ErrNotFound) {
			t.Fatalf("the stranger's id was adopted: %v", err)
		}
	}
}

func TestMalformedIDNeverReachesTheStore(t *testing.T) {
	f := serve(t, func(_ http.ResponseWriter, r *http.Request) { session(t, r) })
	for _, id := range []string{"../../etc/passwd", "a", strings.Repeat("a", 64) + "%00", strings.Repeat("A", 64), "%2e%2e%2f"} {
		r := f.get(id)
		if len(r.Cookies()) != 1 || r.Cookies()[0].MaxAge >= 0 {
			t.Errorf("cookie %q is not dropped: %v", id, r.Header["Set-Cookie"])
		}
	}
	if f.store.loads != 0 {
		t.Errorf("%d loads; want 0", f.store.loads)
	}
}

func TestCommitBeforeTheFirstByte(t *testing.T) {
	tests := []struct {
		name  string
		write func(http.ResponseWriter)
	}{
		{"nothing written", func(http.ResponseWriter) {}},
		{"Write", func(w http.ResponseWriter) { _, _ = w.Write([]byte("x")) }},
		{"WriteHeader", func(w http.ResponseWriter) { w.WriteHeader(http.StatusTeapot) }},
		{"Flush", func(w http.ResponseWriter) { w.(http.Flusher).Flush() }},
		{"ResponseController.Flush", func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }},
		{"ReadFrom", func(w http.ResponseWriter) { _, _ = io.Copy(w, strings.NewReader("x")) }},
		{"early hints, then a body", func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = w.Write([]byte("x"))
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if err := session(t, r).Set("user", "ann"); err != nil {
					t.Error(err)
				}
				test.write(w)
			})
			server := httptest.NewServer(f.handler)
			defer server.Close()
			r, err := http.Get(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			if cookie(r) == "" || f.store.saves != 1 {
				t.Errorf("cookie %q, %d saves; want a cookie and one", cookie(r), f.store.saves)
			}
		})
	}
}

func TestHijack(t *testing.T) {
	f := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if err := session(t, r).Set("user", "ann"); err != nil {
			t.Error(err)
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "mine\n")
	})
	server := httptest.NewServer(f.handler)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if got, _ := bufio.NewReader(conn).ReadString('\n'); got != "mine\n" || f.store.saves != 1 {
		t.Errorf("got %q, %d saves; want the hijacked connection and one save", got, f.store.saves)
	}
}

func TestStoreDown(t *testing.T) {
	reached := false
	f := serve(t, func(w http.ResponseWriter, r *http.Request) {
		s, err := sessionhttp.Session(r)
		if err != nil {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		reached = true
		_ = s.Set("user", "ann")
		w.Header().Set("X-Secret", "1")
		if _, err := io.WriteString(w, "SECRET PAGE"); err == nil {
			t.Error("Write after a failed commit reports no error")
		}
	})
	id := f.put("user", "ann")
	f.store.down = errors.New("connection refused")
	if r := f.get(id); reached || r.StatusCode != http.StatusServiceUnavailable || len(r.Cookies()) != 0 {
		t.Errorf("load from a store that is down: %d, cookies %v; want 503 and none", r.StatusCode, r.Cookies())
	}
	r := f.get("")
	text := body(t, r)
	if !reached || r.StatusCode != http.StatusServiceUnavailable || strings.Contains(text, "SECRET") || len(r.Cookies()) != 0 || r.Header.Get("X-Secret") != "" {
		t.Errorf("a failed commit: %d %q %v; want 503 in place of the page, no cookie", r.StatusCode, text, r.Header)
	}
}

func TestCorruptSessionIsKept(t *testing.T) {
	f := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if err := session(t, r).Set("user", "ann"); err != nil {
			t.Error(err)
		}
	})
	id, _ := sessionid.SHA256.New(t.Context())
	if _, err := f.store.Store.Save(t.Context(), id, []byte("{torn"), store.Rev{}, store.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := cookie(f.get(id)); got == "" || got == id {
		t.Errorf("cookie = %q; want a fresh id", got)
	}
	if rec, _ := f.store.Store.Load(t.Context(), id); string(rec.Data) != "{torn" {
		t.Errorf("the corrupt session became %q", rec.Data)
	}
	if log := f.log.String(); !strings.Contains(log, "corrupt") || strings.Contains(log, id) {
		t.Errorf("log %q; want the corruption and no id", log)
	}
}

func TestPanicStoresNothing(t *testing.T) {
	f := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_ = session(t, r).Set("user", "ann")
		panic(http.ErrAbortHandler)
	})
	func() {
		defer func() { _ = recover() }()
		f.get("")
	}()
	if f.store.saves != 0 {
		t.Errorf("%d saves; want 0", f.store.saves)
	}
}

func TestClientThatLeavesLosesNothing(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	f := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_ = session(t, r).Set("user", "ann")
		leave()
	})
	r := httptest.NewRequest("GET", "/", nil).WithContext(ctx)
	f.handler.ServeHTTP(httptest.NewRecorder(), r)
	if f.manager.Stats().Saves != 1 {
		t.Errorf("%d saves; want 1", f.manager.Stats().Saves)
	}
}

func TestChangeAfterTheFirstByte(t *testing.T) {
	f := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "x")
		_ = session(t, r).Set("user", "bob")
	})
	id := f.put("user", "ann")
	f.get(id)
	if s, err := f.manager.Load(t.Context(), id); err != nil || s.Get("user") != "bob" {
		t.Errorf("the change of a client that holds the cookie was lost: %v", err)
	}
	if f.log.Len() != 0 {
		t.Errorf("log: %s", f.log.String())
	}
	f.get("")
	if !strings.Contains(f.log.String(), "no cookie") {
		t.Errorf("log %q; want a line on the lost cookie", f.log.String())
	}
	if n := f.rows(); n != 1 {
		t.Errorf("%d sessions are stored; want no orphan", n)
	}
}

func TestSignInAndOut(t *testing.T) {
	f := serve(t, func(w http.ResponseWriter, r *http.Request) {
		h := sessionhttp.From(r.Context())
		s := session(t, r)
		switch r.URL.Path {
		case "/in":
			if err := errors.Join(s.Set("user", "ann"), h.Renew()); err != nil {
				t.Error(err)
			}
			http.Redirect(w, r, "/", http.StatusSeeOther)
		case "/out":
			if err := h.Destroy(); err != nil {
				t.Error(err)
			}
			http.Redirect(w, r, "/", http.StatusSeeOther)
		case "/cart":
			if err := s.Set("cart", "full"); err != nil {
				t.Error(err)
			}
		default:
			user, _ := datasession.Get[string](s, "user")
			cart, _ := datasession.Get[string](s, "cart")
			_, _ = io.WriteString(w, user+"/"+cart)
		}
	})
	server := httptest.NewTLSServer(f.handler)
	defer server.Close()
	client := server.Client()
	client.Jar, _ = cookiejar.New(nil)
	do := func(path string) string {
		t.Helper()
		r, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		return body(t, r)
	}
	held := func() string {
		u := httptest.NewRequest("GET", server.URL, nil).URL
		for _, c := range client.Jar.Cookies(u) {
			return c.Value
		}
		return ""
	}
	do("/cart")
	before := held()
	if got := do("/in"); got != "ann/full" {
		t.Errorf("the page after the sign-in shows %q; want ann/full", got)
	}
	after := held()
	if after == before || after == "" {
		t.Error("the sign-in kept the id")
	}
	if _, err := f.manager.Load(t.Context(), before); !errors.Is(err, datasession.ErrNotFound) {
		t.Errorf("the id from before the sign-in loads: %v", err)
	}
	if got := do("/out"); got != "/" {
		t.Errorf("the page after the sign-out shows %q; want /", got)
	}
	if held() != "" {
		t.Error("the browser still holds a cookie")
	}
	if _, err := f.manager.Load(t.Context(), after); !errors.Is(err, datasession.ErrNotFound) {
		t.Errorf("the signed-out session loads: %v", err)
	}
}

func TestWithoutMiddleware(t *testing.T) {
	h := sessionhttp.From(t.Context())
	if _, err := h.Session(); !errors.Is(err, sessionhttp.ErrNoMiddleware) {
		t.Errorf("Session = %v; want ErrNoMiddleware", err)
	}
	if err := errors.Join(h.Commit(http.Header{})); err != nil {
		t.Errorf("Commit = %v", err)
	}
	if err := h.Renew(); !errors.Is(err, sessionhttp.ErrNoMiddleware) {
		t.Errorf("Renew = %v; want ErrNoMiddleware", err)
	}
}

func TestNewRefuses(t *testing.T) {
	m := func(g sessionid.Generator) *datasession.Manager {
		m, err := datasession.New(memstore.New(nil), perljson.Codec{}, &datasession.Options{NewID: g})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	type c = datasession.CookieOptions
	for name, o := range map[string]sessionhttp.Options{
		"a space in the name":      {Cookie: c{Name: "a b"}},
		"a bad path":               {Cookie: c{Path: "/a;b"}},
		"a bad domain":             {Cookie: c{Domain: "a b"}},
		"__Host- and insecure":     {Cookie: c{Name: "__Host-s", Insecure: true}},
		"__Host- with a domain":    {Cookie: c{Name: "__host-s", Domain: "example.com"}},
		"__Host- with a path":      {Cookie: c{Name: "__Host-s", Path: "/app"}},
		"__Secure- and insecure":   {Cookie: c{Name: "__Secure-s", Insecure: true}},
		"SameSite=None insecure":   {Cookie: c{SameSite: http.SameSiteNoneMode, Insecure: true}},
		"Partitioned and insecure": {Cookie: c{Partitioned: true, Insecure: true}},
	} {
		if _, err := sessionhttp.New(m(nil), &o); err == nil {
			t.Errorf("New with %s succeeded", name)
		}
	}
	if _, err := sessionhttp.New(m(nil), &sessionhttp.Options{Cookie: c{Name: "__Host-s"}}); err != nil {
		t.Errorf("New with a good __Host- cookie: %v", err)
	}
	static := sessionid.Static("fixed")
	if _, err := sessionhttp.New(m(static), nil); err == nil {
		t.Error("New with ids that can be guessed succeeded")
	}
	if _, err := sessionhttp.New(m(static), &sessionhttp.Options{AllowGuessable: true}); err != nil {
		t.Errorf("New with AllowGuessable: %v", err)
	}
}
