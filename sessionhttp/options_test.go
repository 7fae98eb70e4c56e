package sessionhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/memstore"
)

func TestFlashes(t *testing.T) {
	f := serve(t, func(w http.ResponseWriter, r *http.Request) {
		h := sessionhttp.From(r.Context())
		switch r.URL.Path {
		case "/add":
			if err := errors.Join(h.AddFlash("done", "saved "+r.FormValue("n")), h.AddFlash("error", "but not quite")); err != nil {
				t.Error(err)
			}
		case "/show":
			all, err := h.Flashes()
			fmt.Fprint(w, all, err)
		}
	})
	id := f.put("user", "ann")
	f.path("/add?n=1", id)
	const want = "[{done saved 1} {error but not quite}] <nil>"
	if got := body(t, f.path("/show", id)); got != want {
		t.Errorf("the first page shows %s; want %s", got, want)
	}
	if got := body(t, f.path("/show", id)); got != "[] <nil>" {
		t.Errorf("the second page shows %s; want nothing", got)
	}
	var adding sync.WaitGroup
	for i := range 8 {
		adding.Go(func() { f.path(fmt.Sprint("/add?n=", i), id) })
	}
	adding.Wait()
	s, err := f.manager.Load(t.Context(), id)
	if err != nil || len(s.Names()) != 17 {
		t.Errorf("of eight requests at once, %d parameters are there, want 17: %v", len(s.Names()), err)
	}
}

func TestSameOrigin(t *testing.T) {
	f := serveWith(t, nil, sessionhttp.Options{SameOrigin: true, TrustedOrigins: []string{"https://pay.example"}}, setUser(t))
	id := f.put("user", "bob")
	for _, test := range []struct {
		method, site, origin string
		want                 int
	}{
		{"GET", "cross-site", "", http.StatusOK},
		{"POST", "same-origin", "", http.StatusOK},
		{"POST", "none", "", http.StatusOK},
		{"POST", "", "", http.StatusOK}, // not a browser
		{"POST", "cross-site", "", http.StatusForbidden},
		{"POST", "same-site", "", http.StatusForbidden},
		{"DELETE", "cross-site", "https://evil.example", http.StatusForbidden},
		{"POST", "", "https://evil.example", http.StatusForbidden},
		{"POST", "cross-site", "https://pay.example", http.StatusOK},
	} {
		r := httptest.NewRequest(test.method, "/", nil)
		r.AddCookie(&http.Cookie{Name: datasession.CookieName, Value: id})
		if test.site != "" {
			r.Header.Set("Sec-Fetch-Site", test.site)
		}
		if test.origin != "" {
			r.Header.Set("Origin", test.origin)
		}
		f.store.loads = 0
		if got := f.do(r).StatusCode; got != test.want || (f.store.loads == 0) != (got == http.StatusForbidden) {
			t.Errorf("%s from %q %q: %d, %d loads; want %d", test.method, test.site, test.origin, got, f.store.loads, test.want)
		}
	}
	blind, err := datasession.New(struct{ store.Store }{memstore.New(nil)}, perljson.Codec{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sessionhttp.New(blind, &sessionhttp.Options{PerPrincipal: 1}); err == nil {
		t.Error("New with PerPrincipal over a store that finds nothing succeeds")
	}
	for _, o := range []sessionhttp.Options{
		{SameOrigin: true, TrustedOrigins: []string{"pay.example"}},
		{TrustedOrigins: []string{"https://pay.example"}},
		{PerlRules: true, Transports: []sessionhttp.Transport{sessionhttp.Bearer{}}},
		{Transports: slices.Repeat([]sessionhttp.Transport{sessionhttp.Bearer{}}, 9)},
	} {
		if err := newMiddleware(t, &o); err == nil {
			t.Errorf("New with %+v succeeds", o)
		}
	}
}

func TestSkip(t *testing.T) {
	f := serveWith(t, nil, sessionhttp.Options{Skip: sessionhttp.SkipPaths("/static/", "/favicon.ico")}, func(w http.ResponseWriter, r *http.Request) {
		_, err := sessionhttp.Session(r)
		_, _ = io.WriteString(w, fmt.Sprint(errors.Is(err, sessionhttp.ErrNoMiddleware)))
	})
	for path, want := range map[string]string{
		"/static/a.css": "true", "/static/": "true", "/favicon.ico": "true",
		"/": "false", "/static": "false", "/favicon.ico/x": "false", "/statics/a": "false",
	} {
		if got := body(t, f.path(path, "")); got != want {
			t.Errorf("%s is skipped: %s; want %s", path, got, want)
		}
	}
}

func TestTwoMiddlewares(t *testing.T) {
	open := func(name string) *sessionhttp.Middleware {
		m, err := datasession.New(memstore.New(nil), perljson.Codec{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		mw, err := sessionhttp.New(m, &sessionhttp.Options{Cookie: datasession.CookieOptions{Name: name}})
		if err != nil {
			t.Fatal(err)
		}
		return mw
	}
	shop, admin := open("shop"), open("admin")
	h := shop.Handler(admin.Handler(shop.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		inner, err := sessionhttp.Session(r)
		a, errA := admin.From(r.Context()).Session()
		s, errS := shop.From(r.Context()).Session()
		if err := errors.Join(err, errA, errS); err != nil || inner != a || a == s {
			t.Errorf("the innermost is not that of admin: %v", err)
			return
		}
		_ = errors.Join(a.Set("user", "root"), s.Set("user", "ann"))
	}))))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	names := []string{}
	for _, c := range w.Result().Cookies() {
		names = append(names, c.Name)
	}
	if slices.Sort(names); !slices.Equal(names, []string{"admin", "shop"}) {
		t.Errorf("cookies %q; want one of each", names)
	}
}

func TestFromNeverFails(t *testing.T) {
	h := sessionhttp.From(context.Background())
	_, flashes := h.Flashes()
	_, detach := h.Detach()
	_, principal := h.Principal()
	_, all := h.RevokeAll()
	_, others := h.RevokeOthers()
	for what, err := range map[string]error{
		"Login": h.Login("ann"), "Logout": h.Logout(), "Remember": h.Remember(true), "AddFlash": h.AddFlash("", ""), "Flashes": flashes,
		"Detach": detach, "Principal": principal, "RevokeAll": all, "RevokeOthers": others, "Revoke": h.Revoke("x"),
	} {
		if !errors.Is(err, sessionhttp.ErrNoMiddleware) {
			t.Errorf("%s = %v; want ErrNoMiddleware", what, err)
		}
	}
	for _, err := range h.SignIns() {
		if !errors.Is(err, sessionhttp.ErrNoMiddleware) {
			t.Errorf("SignIns yields %v", err)
		}
	}
}
