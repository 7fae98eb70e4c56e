package gorillaadapter

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gorilla/sessions"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/memstore"
)

func manager(t *testing.T, st store.Store) *datasession.Manager {
	t.Helper()
	m, err := datasession.New(st, perljson.Codec{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// visit is one request with a cookie, in which do works on the session and Save is
// called. It returns the cookie that the browser has afterwards.
func visit(t *testing.T, st *Store, cookie *http.Cookie, do func(*sessions.Session)) (*http.Cookie, error) {
	t.Helper()
	r := httptest.NewRequest("GET", "/", nil)
	if cookie != nil {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	s, err := st.Get(r, "cart")
	if err != nil {
		t.Fatal(err)
	}
	do(s)
	err = sessions.Save(r, w)
	for _, c := range w.Result().Cookies() {
		if cookie = c; c.MaxAge < 0 {
			cookie = nil
		}
	}
	return cookie, err
}

func mustVisit(t *testing.T, st *Store, cookie *http.Cookie, do func(*sessions.Session)) *http.Cookie {
	t.Helper()
	cookie, err := visit(t, st, cookie, do)
	if err != nil {
		t.Fatalf("Save: %v", err)
	}
	return cookie
}

func TestVisits(t *testing.T) {
	m := manager(t, memstore.New(nil))
	st := New(m, nil)
	if c := mustVisit(t, st, nil, func(*sessions.Session) {}); c != nil {
		t.Errorf("a session without values set the cookie %v", c)
	}
	c := mustVisit(t, st, nil, func(s *sessions.Session) {
		if !s.IsNew {
			t.Error("a new session is not new")
		}
		s.Values["user"], s.Values["visits"], s.Values["tags"] = "ann", 1, []any{"a"}
		s.AddFlash("hello")
	})
	if c == nil || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 86400 {
		t.Fatalf("the cookie is %v", c)
	}
	c = mustVisit(t, st, c, func(s *sessions.Session) {
		if s.IsNew || s.Values["user"] != "ann" || s.Values["visits"] != 1 {
			t.Errorf("the values are %v, new: %t", s.Values, s.IsNew)
		}
		if f := s.Flashes(); len(f) != 1 || f[0] != "hello" {
			t.Errorf("the flashes are %v", f)
		}
		s.Values["tags"].([]any)[0] = "b" // inside a value
		delete(s.Values, "visits")
	})
	s, err := m.Load(t.Context(), c.Value)
	if err != nil {
		t.Fatal(err)
	}
	if names := strings.Join(s.Names(), " "); names != "tags user" || s.Get("tags").([]any)[0] != "b" {
		t.Errorf("stored are %s, tags %v", names, s.Get("tags"))
	}

	old := c
	c = mustVisit(t, st, c, func(s *sessions.Session) { s.ID = "" }) // signing in
	if c.Value == old.Value {
		t.Error("the session kept its id")
	}
	if _, err := m.Load(t.Context(), old.Value); !errors.Is(err, datasession.ErrNotFound) {
		t.Errorf("the old id loads: %v", err)
	}
	mustVisit(t, st, c, func(s *sessions.Session) {
		clear(s.Values)
		s.Values["only"] = "this"
	})
	if s, err = m.Load(t.Context(), c.Value); err != nil || strings.Join(s.Names(), " ") != "only" {
		t.Errorf("stored are %v, %v; want only", s.Names(), err)
	}
	if gone := mustVisit(t, st, c, func(s *sessions.Session) { s.Options.MaxAge = -1 }); gone != nil {
		t.Errorf("deleted, the browser has the cookie %v", gone)
	}
	if _, err := m.Load(t.Context(), c.Value); !errors.Is(err, datasession.ErrNotFound) {
		t.Errorf("the deleted session loads: %v", err)
	}
}

// Two requests at once change what the other does not, and neither is lost. One that was
// at work while the session was deleted does not bring it back.
func TestAtOnce(t *testing.T) {
	m := manager(t, memstore.New(nil))
	st := New(m, nil)
	c := mustVisit(t, st, nil, func(s *sessions.Session) { s.Values["n"] = 1 })
	mustVisit(t, st, c, func(s *sessions.Session) {
		s.Values["a"] = "outer"
		mustVisit(t, st, c, func(s *sessions.Session) { s.Values["b"] = "inner" })
	})
	mustVisit(t, st, c, func(s *sessions.Session) {
		if s.Values["a"] != "outer" || s.Values["b"] != "inner" {
			t.Errorf("the values are %v", s.Values)
		}
	})
	c2, err := visit(t, st, c, func(s *sessions.Session) {
		s.Values["a"] = "late"
		mustVisit(t, st, c, func(s *sessions.Session) { s.Options.MaxAge = -1 })
	})
	if err == nil || c2 != nil {
		t.Errorf("Save after the deletion = %v, and the browser has %v; want an error and nothing", err, c2)
	}
	if _, err := m.Load(t.Context(), c.Value); !errors.Is(err, datasession.ErrNotFound) {
		t.Errorf("the session is back: %v", err)
	}
}

func TestBadInput(t *testing.T) {
	m := manager(t, memstore.New(nil))
	st := New(m, nil)
	for _, id := range []string{"x", strings.Repeat("a", 64), "../../etc/passwd"} {
		mustVisit(t, st, &http.Cookie{Name: "cart", Value: id}, func(s *sessions.Session) {
			if !s.IsNew || s.ID != "" {
				t.Errorf("%q is adopted", id)
			}
		})
	}
	for _, key := range []any{1, struct{}{}} {
		if _, err := visit(t, st, nil, func(s *sessions.Session) { s.Values[key] = 1 }); err == nil {
			t.Errorf("a key of type %T is taken", key)
		}
	}
	if _, err := visit(t, st, nil, func(s *sessions.Session) { s.Values["_SESSION_ETIME"] = 0 }); err == nil {
		t.Error("a reserved key is taken")
	}
}

type downStore struct{ store.Store }

func (downStore) Load(context.Context, string) (store.Record, error) {
	return store.Record{}, store.ErrUnavailable
}

// A store that is down gives no new session, also to programs that do not look at the
// error of Get.
func TestStoreDown(t *testing.T) {
	st := New(manager(t, downStore{memstore.New(nil)}), nil)
	c := &http.Cookie{Name: "cart", Value: strings.Repeat("a", 64)}
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(c)
	s, err := st.Get(r, "cart")
	if err == nil || s == nil {
		t.Fatalf("Get = %v, %v; want a session and an error", s, err)
	}
	w := httptest.NewRecorder()
	s.Values["n"] = 2
	if err := s.Save(r, w); err == nil {
		t.Error("Save = nil, want an error")
	}
	if len(w.Result().Cookies()) != 0 {
		t.Errorf("cookies were set: %v", w.Result().Cookies())
	}
}

// The tests of gorilla/sessions, on our store where they test what a store does. What they
// say of gob is left out: two rounds with a type of the program's own, and the limit of
// what fits into a cookie.
func TestTheirSuite(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/gorilla/sessions").Output()
	if err != nil {
		t.Fatal(err)
	}
	theirs := strings.TrimSpace(string(out))
	dir, err := os.MkdirTemp(".", "_theirs") // inside the module, for its go.mod
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for name, cut := range map[string]string{
		"sessions_test.go": `(?s)// Round 3 -.*// Round 5 -+|func TestCookieStoreMapPanic.*?\n}\n|func init\(\) \{.*?\n}\n|"encoding/gob"`,
		"store_test.go":    `(?s)// Test for GH-2\..*?\n}\n|"encoding/base64"`,
	} {
		b, err := os.ReadFile(filepath.Join(theirs, name))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer(
			"package sessions\n", "package theirs_test\n",
			"import (\n", "import (\n\t. \"github.com/gorilla/sessions\"\n",
			"func TestGH8CookieStore", "var _ Store = newStore()\n\nfunc TestGH8CookieStore",
			"NewCookieStore(", "newStore(",
			"NewFilesystemStore(\"\"", "newStore(nil",
		).Replace(regexp.MustCompile(cut).ReplaceAllString(string(b), ""))
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ours := `package theirs_test

import (
	"net/http"

	"github.com/gorilla/sessions"

	"github.com/go-datasession/datasession"
	gorillaadapter "github.com/go-datasession/datasession/adapter/gorilla"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/store/memstore"
)

var m, _ = datasession.New(memstore.New(nil), perljson.Codec{}, nil)

func newStore(...[]byte) *gorillaadapter.Store {
	return gorillaadapter.New(m, &sessions.Options{Path: "/", MaxAge: 3600, Secure: true, SameSite: http.SameSiteNoneMode})
}
`
	if err := os.WriteFile(filepath.Join(dir, "ours_test.go"), []byte(ours), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "test", "-count=1", "-v", ".")
	cmd.Dir = dir
	got, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go test: %v\n%s", err, got)
	}
	if n := strings.Count(string(got), "--- PASS"); n != 5 {
		t.Errorf("%d tests passed, want 5:\n%s", n, got)
	}
}
