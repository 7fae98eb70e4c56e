// Package sessiontest gives the tests of an application a session in one line:
//
//	r := sessiontest.SignIn(t, sessions, httptest.NewRequest("GET", "/cart", nil), "ann", nil)
//	app.ServeHTTP(w, r)
//	s := sessiontest.After(t, sessions, r, w.Result())
//
// They are real sessions, in the store of the application's Manager.
package sessiontest

import (
	"errors"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/sessionhttp"
)

// SignIn stores a session that is bound to a principal and has these parameters, and
// returns r with its id, as it comes from a browser that has signed in.
func SignIn(t testing.TB, mw *sessionhttp.Middleware, r *http.Request, principal string, params map[string]any) *http.Request {
	t.Helper()
	return Attach(mw, r, newSession(t, mw, principal, params))
}

// With is SignIn for a visitor who has not signed in.
func With(t testing.TB, mw *sessionhttp.Middleware, r *http.Request, params map[string]any) *http.Request {
	t.Helper()
	return Attach(mw, r, newSession(t, mw, "", params))
}

// Jar returns a jar with the cookie of a new session for a site, for an http.Client. It
// is bound to the principal, if that is not empty. Over plain HTTP the jar keeps back
// a cookie that is Secure.
func Jar(t testing.TB, mw *sessionhttp.Middleware, site, principal string, params map[string]any) http.CookieJar {
	t.Helper()
	u, err := url.Parse(site)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(u, cookies(sent(mw, newSession(t, mw, principal, params))))
	return jar
}

// After returns the session that a client has after a response to r, as it is stored: that
// of the id that the response sends, or else that of the request's. It is nil if there
// is none, as after a sign-out. To look does not count as a use.
func After(t testing.TB, mw *sessionhttp.Middleware, r *http.Request, res *http.Response) *datasession.Session {
	t.Helper()
	next := r.Clone(r.Context())
	if len(res.Header["Set-Cookie"]) > 0 {
		next.Header.Del("Cookie")
	}
	copyIDs(next, res.Header)
	s, err := mw.Find(next).Peek()
	if errors.Is(err, datasession.ErrNotFound) {
		return nil
	}
	if err != nil {
		t.Fatalf("session after the response: %v", err)
	}
	return s
}

// Attach returns r with the id of a stored session, as its client would send it.
func Attach(mw *sessionhttp.Middleware, r *http.Request, s *datasession.Session) *http.Request {
	r = r.Clone(r.Context())
	copyIDs(r, sent(mw, s))
	return r
}

func newSession(t testing.TB, mw *sessionhttp.Middleware, principal string, params map[string]any) *datasession.Session {
	t.Helper()
	s, err := mw.Manager().New(t.Context())
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if err == nil {
			err = s.Set(name, params[name])
		}
	}
	if err == nil {
		s.SetModified(true) // also without parameters
		if principal != "" {
			err = s.Login(t.Context(), principal, datasession.Client{Addr: "192.0.2.1", Agent: "sessiontest"})
		} else {
			err = s.Flush(t.Context())
		}
	}
	if err != nil {
		t.Fatalf("a session for the test: %v", err)
	}
	return s
}

func sent(mw *sessionhttp.Middleware, s *datasession.Session) http.Header {
	header := http.Header{}
	mw.Send(header, s)
	header.Del("Cache-Control")
	return header
}

// copyIDs puts what a response's header tells a client to keep into a request.
func copyIDs(r *http.Request, header http.Header) {
	for _, c := range cookies(header) {
		if c.MaxAge >= 0 {
			r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		}
	}
	for name, values := range header {
		if name != "Set-Cookie" {
			r.Header[name] = values
		}
	}
}

func cookies(header http.Header) []*http.Cookie { return (&http.Response{Header: header}).Cookies() }
