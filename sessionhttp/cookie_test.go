package sessionhttp_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/sessionid"
	"github.com/go-datasession/datasession/store/memstore"
)

func TestB1DefaultAttributes(t *testing.T) {
	const browser = "; Path=/; HttpOnly; Secure; SameSite=Lax"
	plain := request("")
	direct := request("")
	direct.TLS = &tls.ConnectionState{}
	proxied := request("")
	proxied.Header.Set("X-Forwarded-Proto", "https")
	for _, test := range []struct {
		name    string
		cookie  datasession.CookieOptions
		request *http.Request
		want    string // what follows the value; the browser's life, for the sake of the clock
	}{
		{"plain", datasession.CookieOptions{Browser: true}, plain, browser},
		{"TLS", datasession.CookieOptions{Browser: true}, direct, browser},
		{"proxy", datasession.CookieOptions{Browser: true}, proxied, browser},
		{"insecure", datasession.CookieOptions{Browser: true, Insecure: true}, plain, "; Path=/; HttpOnly; SameSite=Lax"},
		{"hardened", browserLife(datasession.HostCookie()), direct, "; Path=/; HttpOnly; Secure; SameSite=Strict"},
		{"Perl's", browserLife(datasession.PerlCookie()), plain, "; Path=/"},
	} {
		f := serveWith(t, nil, sessionhttp.Options{Cookie: test.cookie}, setUser(t))
		lines := f.do(test.request).Header["Set-Cookie"]
		name := test.cookie.Name
		if name == "" {
			name = "CGISESSID"
		}
		if len(lines) != 1 || !strings.HasPrefix(lines[0], name+"=") || lines[0][len(name)+1+64:] != test.want {
			t.Errorf("%s: Set-Cookie = %q; want %s=ID%s", test.name, lines, name, test.want)
		}
	}
}

func browserLife(o datasession.CookieOptions) datasession.CookieOptions {
	o.Browser = true
	return o
}

// A browser keeps no cookie of ours that came over plain HTTP, unless Insecure says so.
func TestB1PlainHTTPSetsNone(t *testing.T) {
	kept := func(o datasession.CookieOptions, site string) int {
		f := serveWith(t, nil, sessionhttp.Options{Cookie: o}, setUser(t))
		u, _ := url.Parse(site)
		jar, _ := cookiejar.New(nil)
		jar.SetCookies(u, f.get("").Cookies())
		return len(jar.Cookies(u))
	}
	if n := kept(datasession.CookieOptions{}, "http://shop.example/"); n != 0 {
		t.Errorf("over plain HTTP the browser sends %d cookies; want none", n)
	}
	if n := kept(datasession.CookieOptions{Insecure: true}, "http://shop.example/"); n != 1 {
		t.Errorf("with Insecure it sends %d; want one", n)
	}
	if n := kept(datasession.HostCookie(), "https://shop.example/"); n != 1 {
		t.Errorf("over TLS it sends %d; want one", n)
	}
}

func newMiddleware(t *testing.T, o *sessionhttp.Options) error {
	t.Helper()
	m, err := datasession.New(memstore.New(nil), perljson.Codec{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = sessionhttp.New(m, o)
	return err
}

func TestB2CookieRules(t *testing.T) {
	type c = datasession.CookieOptions
	for _, test := range []struct {
		o  c
		ok bool
	}{
		{c{Name: "__Host-s"}, true},
		{c{Name: "__Host-s", Path: "/"}, true},
		{c{Name: "__Host-s", Insecure: true}, false},
		{c{Name: "__hOsT-s", Insecure: true}, false},
		{c{Name: "__host-s", Domain: "example.com"}, false},
		{c{Name: "__Host-s", Path: "/app"}, false},
		{c{Name: "__Host-s", Script: true}, true},
		{c{Name: "__Secure-s", Domain: "example.com", Path: "/app"}, true},
		{c{Name: "__SECURE-s", Insecure: true}, false},
		{c{Name: "__Http-s", Path: "/app"}, true},
		{c{Name: "__Http-s", Script: true}, false},
		{c{Name: "__http-s", Insecure: true}, false},
		{c{Name: "__Host-Http-s"}, true},
		{c{Name: "__host-http-s", Script: true}, false},
		{c{Name: "__Host-Http-s", Domain: "example.com"}, false},
		{c{SameSite: http.SameSiteNoneMode}, true},
		{c{SameSite: http.SameSiteNoneMode, Insecure: true}, false},
		{c{SameSite: 9}, false},
		{c{Partitioned: true, SameSite: http.SameSiteNoneMode}, true},
		{c{Partitioned: true, Insecure: true}, false},
		{c{Insecure: true}, true},
	} {
		if err := newMiddleware(t, &sessionhttp.Options{Cookie: test.o}); (err == nil) != test.ok {
			t.Errorf("New with %+v = %v; want success %v", test.o, err, test.ok)
		}
		both := &sessionhttp.Options{Transports: []sessionhttp.Transport{sessionhttp.Header("X-Session"), (*sessionhttp.Cookie)(&test.o)}}
		if err := newMiddleware(t, both); (err == nil) != test.ok {
			t.Errorf("New with %+v among transports = %v; want success %v", test.o, err, test.ok)
		}
	}
}

func TestB3NamesAndValues(t *testing.T) {
	type c = datasession.CookieOptions
	for _, o := range []c{
		{Name: "a b"}, {Name: "a=b"}, {Name: "a;b"}, {Name: "a,b"}, {Name: "ä"}, {Name: "a\x00"}, {Name: "a\r\nSet-Cookie: b"}, {Name: "\u00a0a"}, {Name: "a\"b"},
		{Path: "/a;b"}, {Path: "/a\r\n"}, {Path: "/\x00"}, {Path: "/ä"}, {Path: "app"},
		{Domain: "a b"}, {Domain: "example.com;"}, {Domain: "example.com\r\n"}, {Domain: "-"}, {Domain: ".."}, {Domain: "ex_ämple.com"}, {Domain: "example.com."},
	} {
		if err := newMiddleware(t, &sessionhttp.Options{Cookie: o}); err == nil {
			t.Errorf("New with %#v succeeds", o)
		}
	}
	for _, o := range []c{{Name: "a!#$%&'*+-.^_`|~1"}, {Path: "/a/b c"}, {Domain: "example.com"}, {Domain: ".example.com"}, {Domain: "127.0.0.1"}} {
		if err := newMiddleware(t, &sessionhttp.Options{Cookie: o}); err != nil {
			t.Errorf("New with %#v: %v", o, err)
		}
	}
	for b := range 256 { // whatever an id holds, its cookie is valid
		s := sessionOf(t, "id"+string([]byte{byte(b)}))
		if c := s.Cookie(nil); c.Valid() != nil {
			t.Errorf("an id with byte %#x makes the cookie %q: %v", b, c.Value, c.Valid())
		}
	}
}

func sessionOf(t *testing.T, id string) *datasession.Session {
	t.Helper()
	m, err := datasession.New(memstore.New(nil), perljson.Codec{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.NewWithID(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestB4Limits(t *testing.T) {
	type c = datasession.CookieOptions
	longest := strings.Repeat("n", 4096-3*512)
	s := sessionOf(t, strings.Repeat("/", 512))
	if c := s.Cookie(&c{Name: longest}); len(c.Name)+len(c.Value) != 4096 {
		t.Errorf("the largest cookie has %d bytes; want 4096", len(c.Name)+len(c.Value))
	}
	domain := strings.Repeat("a.", 126) + "a"
	for what, test := range map[string]struct {
		o  c
		ok bool
	}{
		"longest name":      {c{Name: longest}, true},
		"one more":          {c{Name: longest + "n"}, false},
		"longest path":      {c{Path: "/" + strings.Repeat("p", 1023)}, true},
		"one more in it":    {c{Path: "/" + strings.Repeat("p", 1024)}, false},
		"longest domain":    {c{Domain: domain}, true},
		"too long a domain": {c{Domain: domain + ".aa"}, false},
	} {
		if err := newMiddleware(t, &sessionhttp.Options{Cookie: test.o}); (err == nil) != test.ok {
			t.Errorf("%s: New = %v; want success %v", what, err, test.ok)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		const most = 34_560_000 * time.Second
		for _, life := range []time.Duration{most - time.Second, most, most + time.Second, 100 * most} {
			s := sessionOf(t, "id")
			if err := s.Expire(life); err != nil {
				t.Fatal(err)
			}
			if got := time.Until(s.Cookie(nil).Expires); got != min(life, most) {
				t.Errorf("cookie of a session of %v lives %v; want %v", life, got, min(life, most))
			}
		}
	})
}

func TestB5CacheHeaders(t *testing.T) {
	for _, test := range []struct {
		name          string
		do            func(*sessionhttp.Handle, *datasession.Session) error
		vary, noStore bool
	}{
		{"none", nil, false, false},
		{"read", func(_ *sessionhttp.Handle, s *datasession.Session) error { s.Get("user"); return nil }, true, false},
		{"write", func(_ *sessionhttp.Handle, s *datasession.Session) error { return s.Set("user", "bob") }, true, true},
		{"refresh", func(_ *sessionhttp.Handle, s *datasession.Session) error { s.SetAccessTime(time.Now()); return nil }, true, true},
		{"renew", func(h *sessionhttp.Handle, _ *datasession.Session) error { return h.Renew() }, true, true},
		{"destroy", func(h *sessionhttp.Handle, _ *datasession.Session) error { return h.Destroy() }, true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Cache-Control", "public, max-age=60")
				w.Header().Set("Vary", "Accept-Encoding")
				if test.do != nil {
					if err := test.do(sessionhttp.From(r.Context()), session(t, r)); err != nil {
						t.Error(err)
					}
				}
				_, _ = io.WriteString(w, "x")
			})
			h := f.get(f.put("user", "ann")).Header
			vary := strings.Contains(strings.Join(h["Vary"], ","), "Cookie")
			if vary != test.vary || (h.Get("Cache-Control") == "no-store") != test.noStore || (len(h["Set-Cookie"]) == 1) != test.noStore {
				t.Errorf("Vary %q, Cache-Control %q, Set-Cookie %d", h["Vary"], h.Get("Cache-Control"), len(h["Set-Cookie"]))
			}
		})
	}
}

func TestB6IDsFromTheCookieOnly(t *testing.T) {
	f := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, session(t, r).Get("user")) })
	id := f.put("user", "ann")
	query := httptest.NewRequest("GET", "/?CGISESSID="+id, nil)
	posted := httptest.NewRequest("POST", "/", strings.NewReader("CGISESSID="+id))
	posted.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	header := request("")
	header.Header.Set("CGISESSID", id)
	header.Header.Set("Authorization", "Bearer "+id)
	for what, r := range map[string]*http.Request{"query": query, "form": posted, "header": header} {
		if got := body(t, f.do(r)); got != "<nil>" {
			t.Errorf("an id in the %s gives the session of %s", what, got)
		}
	}
	if f.store.loads != 0 {
		t.Errorf("%d loads; want 0", f.store.loads)
	}
}

func TestTransports(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		s := session(t, r)
		if r.URL.Path == "/set" {
			_ = s.Set("user", "bob")
		}
		fmt.Fprint(w, s.Get("user"))
	}
	all := []sessionhttp.Transport{sessionhttp.Header("X-Session"), sessionhttp.Bearer{}, sessionhttp.FormField("sid"), sessionhttp.Query("sid"), &sessionhttp.Cookie{}}
	f := serveWith(t, nil, sessionhttp.Options{Transports: all}, handler)
	id := f.put("user", "ann")
	query := httptest.NewRequest("GET", "/?sid="+id, nil)
	posted := httptest.NewRequest("POST", "/", strings.NewReader("sid="+id))
	posted.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	header, bearer := request(""), request("")
	header.Header.Set("X-Session", id)
	bearer.Header.Set("Authorization", "bearer "+id)
	for what, r := range map[string]*http.Request{"query": query, "form": posted, "header": header, "bearer": bearer, "cookie": request(id)} {
		res := f.do(r)
		if got := body(t, res); got != "ann" {
			t.Errorf("an id by %s: the session of %s", what, got)
		}
		if strings.Contains(fmt.Sprint(res.Header), id) {
			t.Errorf("an id by %s is sent back: %v", what, res.Header)
		}
		if got := strings.Join(res.Header["Vary"], " "); got != "X-Session Authorization Cookie" {
			t.Errorf("Vary = %q", got)
		}
	}
	byCookie := request(id)
	byCookie.URL.Path = "/set"
	if res := f.do(byCookie); cookie(res) != id || res.Header.Get("X-Session") != "" {
		t.Errorf("a later end of what came by cookie: cookies %d, header %v", len(res.Cookies()), res.Header["X-Session"] != nil)
	}
	res := f.do(httptest.NewRequest("GET", "/set?sid="+id, nil))
	if len(res.Cookies()) != 0 || res.Header.Get("X-Session") != "" {
		t.Error("an id from the address was put into a cookie or a header")
	}
	res = f.do(httptest.NewRequest("GET", "/set", nil))
	if got := res.Header.Get("X-Session"); !f.manager.ValidID(got) || len(res.Cookies()) != 0 {
		t.Errorf("a new session: header %q, cookies %v; want the id in the first transport", got, res.Cookies())
	}
}

func TestPerlRules(t *testing.T) {
	f := serveWith(t, nil, sessionhttp.Options{PerlRules: true}, setUser(t))
	known := f.put("user", "bob")
	unknown, _ := sessionid.SHA256.New(t.Context())
	posted := httptest.NewRequest("POST", "/", strings.NewReader("CGISESSID="+known))
	posted.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	f.do(posted)
	if s, err := f.manager.Load(t.Context(), known); err != nil || s.Get("user") != "ann" {
		t.Errorf("the id in a form field is not taken: %v", err)
	}
	if got := cookie(f.get(unknown)); got != unknown {
		t.Error("an unknown id is not adopted")
	}
	if got := cookie(f.get("../../etc/passwd")); !f.manager.ValidID(got) {
		t.Errorf("a malformed id is adopted: %q", got)
	}
}

func TestB7UnknownIDsAreNotAdopted(t *testing.T) {
	f := serve(t, setUser(t))
	for range 1000 {
		unknown, err := sessionid.SHA256.New(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := cookie(f.get(unknown)); got == unknown || !f.manager.ValidID(got) {
			t.Fatalf("the cookie is %q; want a fresh id", got)
		}
		if _, err := f.manager.Load(t.Context(), unknown); !errors.Is(err, datasession.ErrNotFound) {
			t.Fatalf("the stranger's id was adopted: %v", err)
		}
	}
	f = serve(t, func(_ http.ResponseWriter, r *http.Request) { session(t, r).Get("user") })
	for range 1000 {
		unknown, _ := sessionid.SHA256.New(t.Context())
		f.get(unknown)
	}
	if rows := f.rows(); rows != 0 || f.store.saves != 0 || f.store.loads != 1000 {
		t.Errorf("%d rows, %d saves, %d loads; want none, none, and one for each request", rows, f.store.saves, f.store.loads)
	}
}

func (f *fixture) rows() (n int) {
	f.Helper()
	for _, err := range f.manager.IDs(f.Context()) {
		if err != nil {
			f.Fatal(err)
		}
		n++
	}
	return n
}

func TestB8SeveralCookiesOfTheName(t *testing.T) {
	f := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, session(t, r).Get("user")) })
	ann, bob := f.put("user", "ann"), f.put("user", "bob")
	unknown := strings.Repeat("0", 64)
	for _, test := range []struct{ name, header, want string }{
		{"the first counts", "CGISESSID=" + ann + "; CGISESSID=" + bob, "ann"},
		{"the other way round", "CGISESSID=" + bob + "; CGISESSID=" + ann, "bob"},
		{"after one that is not there", "CGISESSID=" + unknown + "; CGISESSID=" + bob, "bob"},
		{"after malformed ones", strings.Repeat("CGISESSID=x; ", 20) + "CGISESSID=" + bob, "bob"},
		{"after four that are not there", strings.Repeat("CGISESSID="+unknown+"; ", 4) + "CGISESSID=" + bob, "<nil>"},
		{"another case", "cgisessid=" + ann + "; CGISESSID=" + bob, "bob"},
		{"another case only", "cgisessid=" + ann, "<nil>"},
		{"a no-break space before", "\u00a0CGISESSID=" + ann + "; CGISESSID=" + bob, "bob"},
		{"a no-break space behind", "CGISESSID\u00a0=" + ann, "<nil>"},
		{"a space behind the name", "CGISESSID =" + ann, "ann"},
		{"a longer name", "XCGISESSID=" + ann + "; CGISESSIDX=" + ann, "<nil>"},
		{"within another's value", "x=CGISESSID=" + ann, "<nil>"},
		{"in quotes", `CGISESSID="` + ann + `"`, "ann"},
		{"no blanks", "a=b;CGISESSID=" + ann + ";c=d", "ann"},
		{"tabs", "a=b;\tCGISESSID=" + ann + "\t;c=d", "ann"},
		{"no value", "CGISESSID; CGISESSID=; CGISESSID=" + ann, "ann"},
	} {
		for range 3 {
			r := request("")
			r.Header.Set("Cookie", test.header)
			if got := body(t, f.do(r)); got != test.want {
				t.Errorf("%s: the session of %s; want %s", test.name, got, test.want)
			}
		}
	}
	r := request("")
	r.Header["Cookie"] = []string{"a=b", "CGISESSID=" + bob}
	if got := body(t, f.do(r)); got != "bob" {
		t.Errorf("in the second line: the session of %s", got)
	}
}

func TestB9HostileCookieHeaders(t *testing.T) {
	f := serve(t, func(_ http.ResponseWriter, r *http.Request) { session(t, r) })
	id := f.put("user", "ann")
	for name, line := range map[string]string{
		"200,000 tiny cookies":       strings.Repeat("a=;", 200_000) + "CGISESSID=" + id,
		"200,000 of our name":        strings.Repeat("CGISESSID=a;", 200_000),
		"a value of 900 kB":          "CGISESSID=" + strings.Repeat("a", 900_000),
		"a value of 900 kB, escaped": "CGISESSID=" + strings.Repeat("%61", 300_000),
		"900,000 semicolons":         strings.Repeat(";", 900_000),
		"900,000 equal signs":        strings.Repeat("=", 900_000),
		"20,000 ids":                 strings.Repeat("CGISESSID="+strings.Repeat("0", 64)+";", 20_000),
		"stripes":                    strings.Repeat("CGISESSID="+strings.Repeat("0", 64)+";x=y;", 10_000),
	} {
		r := request("")
		r.Header.Set("Cookie", line)
		took := time.Hour
		var before, after runtime.MemStats
		for range 3 { // other programs may be using the machine
			f.store.loads = 0
			runtime.ReadMemStats(&before)
			start := time.Now()
			f.do(r)
			took = min(took, time.Since(start))
			runtime.ReadMemStats(&after)
		}
		if took > 100*time.Millisecond || after.TotalAlloc-before.TotalAlloc > 32<<20 || f.store.loads > 4 {
			t.Errorf("%s: %v, %d MB, %d loads; want 100 ms, 32 MB, 4 at most", name, took, (after.TotalAlloc-before.TotalAlloc)>>20, f.store.loads)
		}
	}
}

func TestB10Destroy(t *testing.T) {
	o := sessionhttp.Options{
		Cookie:        datasession.CookieOptions{Name: "sid", Path: "/app", Domain: "example.com"},
		ClearSiteData: []string{"cookies", "storage", "cache"},
	}
	f := serveWith(t, nil, o, func(w http.ResponseWriter, r *http.Request) {
		h := sessionhttp.From(r.Context())
		session(t, r)
		switch r.URL.Path {
		case "/app/out":
			if err := h.Logout(); err != nil {
				t.Error(err)
			}
		case "/app/farewell":
			if err := errors.Join(h.Logout(), h.AddFlash("done", "Goodbye.")); err != nil {
				t.Error(err)
			}
		}
	})
	call := func(path, id string) *http.Response {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Cookie", "sid="+id)
		return f.do(r)
	}
	for range times(1000) {
		id := f.put("user", "ann")
		r := call("/app/out", id)
		if s := f.manager; !gone(t, s, id) {
			t.Fatal("a session that was signed out loads")
		}
		got := strings.Join(r.Header["Set-Cookie"], "\n")
		const want = "sid=; Path=/app; Domain=example.com; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; HttpOnly; Secure; SameSite=Lax"
		if got != want || r.Header.Get("Clear-Site-Data") != `"cookies", "storage", "cache"` {
			t.Fatalf("Set-Cookie = %q, Clear-Site-Data = %s; want %q", got, r.Header.Get("Clear-Site-Data"), want)
		}
		if c := call("/app", id).Cookies(); len(c) != 1 || c[0].MaxAge >= 0 {
			t.Fatalf("the old cookie, again: %v; want it dropped", c)
		}
	}
	r := call("/app/farewell", f.put("user", "ann"))
	if c := r.Cookies(); len(c) != 1 || c[0].MaxAge < 0 || r.Header.Get("Clear-Site-Data") != `"storage", "cache"` {
		t.Errorf("a farewell: cookies %v, Clear-Site-Data %s", c, r.Header.Get("Clear-Site-Data"))
	}
}

// A sign-out that the store does not take leaves the visitor signed in, and says so.
func TestB10DestroyThatFails(t *testing.T) {
	var f *fixture
	f = serve(t, func(w http.ResponseWriter, r *http.Request) {
		session(t, r)
		f.store.down = errors.New("connection refused")
		err := sessionhttp.From(r.Context()).Logout()
		f.store.down = nil
		if err == nil {
			t.Error("Logout reports no error")
		}
	})
	id := f.put("user", "ann")
	if r := f.get(id); len(r.Cookies()) != 0 || gone(t, f.manager, id) {
		t.Errorf("cookies %v; want none, and the session kept", r.Cookies())
	}
}

func gone(t *testing.T, m *datasession.Manager, id string) bool {
	t.Helper()
	_, err := m.Load(t.Context(), id)
	if err != nil && !errors.Is(err, datasession.ErrNotFound) {
		t.Fatal(err)
	}
	return err != nil
}

// The shapes of B11 but the panic: each has one cookie, before the first byte.
func TestB11SetCookieOnceBeforeTheFirstByte(t *testing.T) {
	shapes := map[string]func(http.ResponseWriter){
		"nothing":     func(http.ResponseWriter) {},
		"Write":       func(w http.ResponseWriter) { _, _ = w.Write([]byte("x")); _, _ = w.Write([]byte("y")) },
		"WriteString": func(w http.ResponseWriter) { _, _ = io.WriteString(w, "x") },
		"WriteHeader": func(w http.ResponseWriter) { w.WriteHeader(http.StatusTeapot) },
		"Flush":       func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
		"FlushError":  func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() },
		"ReadFrom":    func(w http.ResponseWriter) { _, _ = w.(io.ReaderFrom).ReadFrom(strings.NewReader("x")) },
		"103, then a body": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = io.WriteString(w, "x")
		},
		"a panic, caught below": func(w http.ResponseWriter) {
			defer func() { _ = recover(); _, _ = io.WriteString(w, "x") }()
			panic("oops")
		},
	}
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			f := serve(t, func(w http.ResponseWriter, r *http.Request) {
				setUser(t)(w, r)
				shape(w)
				_ = session(t, r).Set("later", 1)
			})
			server := httptest.NewServer(f.handler)
			defer server.Close()
			r, err := http.Get(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			body(t, r) // until the handler is done
			if n := len(r.Header["Set-Cookie"]); n != 1 {
				t.Errorf("%d cookies; want one", n)
			}
			s, err := f.manager.Load(t.Context(), cookie(r))
			if err != nil || s.Get("user") != "ann" || !s.Has("later") {
				t.Errorf("the cookie's session has not both changes: %v", err)
			}
		})
	}
	t.Run("Hijack", func(t *testing.T) {
		f := serve(t, func(w http.ResponseWriter, r *http.Request) {
			setUser(t)(w, r)
			header := w.Header()
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n")
			_ = header.Write(conn)
			_, _ = io.WriteString(conn, "\r\n")
		})
		server := httptest.NewServer(f.handler)
		defer server.Close()
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || len(r.Header["Set-Cookie"]) != 1 || gone(t, f.manager, cookie(r)) {
			t.Errorf("after a hijack: %v", err)
		}
	})
}

func TestB12NothingForAnUnusedSession(t *testing.T) {
	f := serve(t, func(w http.ResponseWriter, r *http.Request) {
		sessionhttp.From(r.Context())
		_, _ = io.WriteString(w, "hello")
	})
	id := f.put("user", "ann")
	for _, id := range []string{"", id, "nonsense"} {
		if h := f.get(id).Header; len(h["Set-Cookie"]) != 0 || h.Get("Vary") != "" || h.Get("Cache-Control") != "" {
			t.Errorf("headers of a page without a session: %v", h)
		}
	}
	if f.store.loads+f.store.saves != 0 {
		t.Errorf("%d loads and %d saves; want none", f.store.loads, f.store.saves)
	}
}
