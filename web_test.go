package datasession_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-datasession/datasession"
)

func TestCookie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock stands at midnight of 2000-01-01
		m := manager(t, nil)
		fresh := func(lifetime time.Duration) *datasession.Session {
			s, _ := m.NewWithID(t.Context(), "1oWV19/l8RG2izqhD+OdXw==")
			must(t, s.Expire(lifetime))
			return s
		}
		const id = "CGISESSID=1oWV19%2Fl8RG2izqhD%2BOdXw%3D%3D; "
		gone := fresh(time.Hour)
		must(t, gone.Delete(t.Context()))
		tests := []struct {
			name string
			s    *datasession.Session
			opts *datasession.CookieOptions
			want string
		}{
			{"no expiry", fresh(0), nil, id + "Path=/; HttpOnly; Secure; SameSite=Lax"},
			{"an hour", fresh(time.Hour), nil, id + "Path=/; Expires=Sat, 01 Jan 2000 01:00:00 GMT; HttpOnly; Secure; SameSite=Lax"},
			{"for the browser's life", fresh(time.Hour), &datasession.CookieOptions{Browser: true}, id + "Path=/; HttpOnly; Secure; SameSite=Lax"},
			{"attributes", fresh(0), &datasession.CookieOptions{Name: "sid", Path: "/app", Domain: "example.com", Script: true, Insecure: true, SameSite: http.SameSiteStrictMode},
				"sid=1oWV19%2Fl8RG2izqhD%2BOdXw%3D%3D; Path=/app; Domain=example.com; SameSite=Strict"},
			{"over", fresh(-5 * time.Second), nil, "CGISESSID=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
			{"deleted", gone, nil, "CGISESSID=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
		}
		for _, test := range tests {
			if got := test.s.Cookie(test.opts).String(); got != test.want {
				t.Errorf("%s: Cookie = %q; want %q", test.name, got, test.want)
			}
		}
		h := fresh(0).Header(nil, "")
		if h.Get("Date") != "Sat, 01 Jan 2000 00:00:00 GMT" || !strings.HasPrefix(h.Get("Content-Type"), "text/html") ||
			h.Get("Cache-Control") != "no-store" || !strings.HasPrefix(h.Get("Set-Cookie"), id) {
			t.Errorf("Header = %v", h)
		}
	})
}

func TestUserID(t *testing.T) {
	tests := []struct{ name, cookie, query, want string }{
		{"none", "", "", ""},
		{"cookie", "CGISESSID=abc", "", "abc"},
		{"cookie before field", "CGISESSID=abc", "CGISESSID=def", "abc"},
		{"empty cookie", "CGISESSID=", "CGISESSID=def", "def"},
		{"0 is none", "CGISESSID=0", "CGISESSID=0", ""},
		{"the first cookie", "CGISESSID=abc; CGISESSID=def", "", "abc"},
		{"escaped", "CGISESSID=a%2Fb+c%3d&d", "", "a/b c="},
		{"not an escape", "CGISESSID=a%zzb%2", "", "a%zzb%2"},
	}
	for _, test := range tests {
		r := httptest.NewRequest("GET", "/?"+test.query, nil)
		if test.cookie != "" {
			r.Header.Set("Cookie", test.cookie)
		}
		if got := datasession.UserID(r, ""); got != test.want {
			t.Errorf("%s: UserID = %q; want %q", test.name, got, test.want)
		}
	}
}

func TestSaveParam(t *testing.T) {
	m := manager(t, nil)
	s, _ := m.New(t.Context())
	form := url.Values{"user": {"ann"}, "tag": {"a", "b"}, "_SESSION_ETIME": {"0"}, "_x": {"1"}}
	must(t, s.SaveParam(form))
	if got := s.Names(); !reflect.DeepEqual(got, []string{"tag", "user"}) {
		t.Errorf("Names() = %q; want tag and user: reserved names of a form are never taken", got)
	}
	if got := s.Get("tag"); !reflect.DeepEqual(got, []any{"a", "b"}) {
		t.Errorf("tag = %v; want a list", got)
	}
	if err := s.SaveParam(form, "user", "_SESSION_ETIME"); !errors.Is(err, datasession.ErrReserved) {
		t.Errorf("SaveParam of a reserved name = %v; want ErrReserved", err)
	}
	must(t, s.SaveParam(form, "missing"))
	if !s.Has("missing") || s.Get("missing") != nil {
		t.Errorf("a field that the form lacks = %v; want undef", s.Get("missing"))
	}
	if s.Lifetime() == datasession.Forever {
		t.Error("a form changed the expiry")
	}
	r := httptest.NewRequest("POST", "/?q=1", strings.NewReader("p=2"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	must(t, s.SaveRequest(r, "q", "p"))
	if s.Get("q") != "1" || s.Get("p") != "2" {
		t.Errorf("from a request: q = %v, p = %v", s.Get("q"), s.Get("p"))
	}
}

func TestLoadParam(t *testing.T) {
	m := manager(t, nil)
	s, _ := m.New(t.Context())
	must(t, s.SetAll(map[string]any{"user": "ann", "n": 5, "tag": []string{"a", "b"}}))
	form := url.Values{"user": {"old"}, "kept": {"1"}}
	must(t, s.LoadParam(form))
	want := url.Values{"user": {"ann"}, "n": {"5"}, "tag": {"a", "b"}, "kept": {"1"}}
	if !reflect.DeepEqual(form, want) {
		t.Errorf("LoadParam gives %v; want %v", form, want)
	}
	form = url.Values{}
	must(t, s.LoadParam(form, "n", "none"))
	if !reflect.DeepEqual(form, url.Values{"n": {"5"}}) {
		t.Errorf("LoadParam of names gives %v; want n alone", form)
	}
	set(t, s, "hash", map[string]any{"a": 1})
	form = url.Values{}
	if err := s.LoadParam(form); err == nil || len(form) != 0 {
		t.Errorf("LoadParam of a hash = %v, %v; want an error and nothing copied", err, form)
	}
}
