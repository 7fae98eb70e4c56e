package sessiontest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/sessionhttp/sessiontest"
	"github.com/go-datasession/datasession/store/memstore"
)

func middleware(t *testing.T, o *sessionhttp.Options) *sessionhttp.Middleware {
	t.Helper()
	m, err := datasession.New(memstore.New(nil), perljson.Codec{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	mw, err := sessionhttp.New(m, o)
	if err != nil {
		t.Fatal(err)
	}
	return mw
}

// app greets, counts, signs out.
func app(t *testing.T, mw *sessionhttp.Middleware) http.Handler {
	return mw.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := sessionhttp.From(r.Context())
		s, err := h.Session()
		switch {
		case err != nil:
		case r.URL.Path == "/out":
			err = h.Logout()
		default:
			n, _ := datasession.Get[int](s, "n")
			err = s.Set("n", n+1)
		}
		if err != nil {
			t.Error(err)
		}
		fmt.Fprint(w, s.Principal(), s.Get("n"))
	}))
}

func visits(s *datasession.Session) int {
	n, _ := datasession.Get[int](s, "n")
	return n
}

func TestSessions(t *testing.T) {
	for what, o := range map[string]*sessionhttp.Options{
		"cookie": nil,
		"header": {Transports: []sessionhttp.Transport{sessionhttp.Header("X-Session")}},
	} {
		mw := middleware(t, o)
		site := app(t, mw)
		call := func(r *http.Request) *http.Response {
			w := httptest.NewRecorder()
			site.ServeHTTP(w, r)
			return w.Result()
		}
		r := sessiontest.SignIn(t, mw, httptest.NewRequest("GET", "/", nil), "ann", map[string]any{"n": 5})
		if s := sessiontest.After(t, mw, r, call(r)); s == nil || s.Principal() != "ann" || visits(s) != 6 {
			t.Errorf("%s: after a visit: %v", what, s)
		}
		out := r.Clone(t.Context())
		out.URL.Path = "/out"
		if s := sessiontest.After(t, mw, r, call(out)); s != nil {
			t.Errorf("%s: after the sign-out there is a session", what)
		}
		r = sessiontest.With(t, mw, httptest.NewRequest("GET", "/", nil), nil)
		if s := sessiontest.After(t, mw, r, call(r)); s == nil || s.Principal() != "" || visits(s) != 1 {
			t.Errorf("%s: a visitor who has not signed in: %v", what, s)
		}
		r = httptest.NewRequest("GET", "/", nil)
		if s := sessiontest.After(t, mw, r, call(r)); s == nil || visits(s) != 1 {
			t.Errorf("%s: a new visitor: %v", what, s)
		}
	}
}

func TestJar(t *testing.T) {
	mw := middleware(t, nil)
	server := httptest.NewTLSServer(app(t, mw))
	defer server.Close()
	client := server.Client()
	client.Jar = sessiontest.Jar(t, mw, server.URL, "ann", map[string]any{"n": 1})
	r, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var got string
	if fmt.Fscan(r.Body, &got); got != "ann2" {
		t.Errorf("the page shows %q; want ann2", got)
	}
}
