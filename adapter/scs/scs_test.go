package scsadapter

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/filestore"
	"github.com/go-datasession/datasession/store/memstore"
)

var (
	_ scs.CtxStore         = CtxStore(nil)
	_ scs.IterableCtxStore = (*ListerStore)(nil)
	_ scs.IterableStore    = (*ListerStore)(nil)
	_ scs.IterableCtxStore = (*managerLister)(nil)
	_ scs.Codec            = Codec{}
)

func manager(t *testing.T, st store.Store) *datasession.Manager {
	t.Helper()
	m, err := datasession.New(st, perljson.Codec{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// adapters are the ways to give scs a store of ours.
func adapters(t *testing.T) map[string]func() *scs.SessionManager {
	files := func() store.Store {
		st, err := filestore.New(t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	with := func(adapt func(*scs.SessionManager)) func() *scs.SessionManager {
		return func() *scs.SessionManager {
			sm := scs.New()
			adapt(sm)
			return sm
		}
	}
	return map[string]func() *scs.SessionManager{
		"memory":      with(func(sm *scs.SessionManager) { sm.Store = New(memstore.New(nil)) }),
		"files":       with(func(sm *scs.SessionManager) { sm.Store = New(files()) }),
		"over memory": with(func(sm *scs.SessionManager) { sm.Store, sm.Codec = Over(manager(t, memstore.New(nil))) }),
		"over files":  with(func(sm *scs.SessionManager) { sm.Store, sm.Codec = Over(manager(t, files())) }),
	}
}

// site is a small program that uses scs.
func site(sm *scs.SessionManager) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/in", func(w http.ResponseWriter, r *http.Request) {
		if err := sm.RenewToken(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		sm.Put(r.Context(), "user", "ann")
		sm.Put(r.Context(), "visits", 0)
		sm.Put(r.Context(), "gone", true)
	})
	mux.HandleFunc("/visit", func(w http.ResponseWriter, r *http.Request) {
		sm.Put(r.Context(), "visits", sm.GetInt(r.Context(), "visits")+1)
		sm.Remove(r.Context(), "gone")
	})
	mux.HandleFunc("/show", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, sm.GetString(r.Context(), "user")+" "+strings.Repeat("x", sm.GetInt(r.Context(), "visits"))+
			" "+strings.Join(sm.Keys(r.Context()), ","))
	})
	mux.HandleFunc("/out", func(w http.ResponseWriter, r *http.Request) {
		if err := sm.Destroy(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return sm.LoadAndSave(mux)
}

func get(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s, %v", url, resp.StatusCode, b, err)
	}
	return string(b)
}

func TestSite(t *testing.T) {
	for name, make := range adapters(t) {
		t.Run(name, func(t *testing.T) {
			sm := make()
			server := httptest.NewServer(site(sm))
			defer server.Close()
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			c := &http.Client{Jar: jar}
			for _, step := range []struct{ page, want string }{
				{"/show", "  "},
				{"/in", ""},
				{"/visit", ""},
				{"/visit", ""},
				{"/show", "ann xx user,visits"},
			} {
				if got := get(t, c, server.URL+step.page); got != step.want {
					t.Errorf("%s shows %q, want %q", step.page, got, step.want)
				}
			}
			seen := 0
			err = sm.Iterate(t.Context(), func(ctx context.Context) error {
				seen++
				if got := sm.GetString(ctx, "user"); got != "ann" {
					t.Errorf("Iterate sees user %q", got)
				}
				return nil
			})
			if err != nil || seen != 1 {
				t.Errorf("Iterate saw %d sessions, %v; want 1", seen, err)
			}
			get(t, c, server.URL+"/out")
			if got := get(t, c, server.URL+"/show"); got != "  " {
				t.Errorf("signed out, the page shows %q", got)
			}
		})
	}
}

// What scs stores through a Manager is a session like any other, and so is the reverse.
func TestSharedWithManager(t *testing.T) {
	ctx := t.Context()
	m := manager(t, memstore.New(nil))
	sm := scs.New()
	sm.Store, sm.Codec = Over(m)

	with, err := sm.Load(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	sm.Put(with, "user", "ann")
	sm.Put(with, "cart", []any{"book", 2})
	token, _, err := sm.Commit(with)
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Load(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Set("cart", []any{"pen"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if with, err = sm.Load(ctx, token); err != nil {
		t.Fatal(err)
	}
	if got, ok := sm.Get(with, "cart").([]any); !ok || len(got) != 1 || got[0] != "pen" {
		t.Errorf("scs has cart %v", sm.Get(with, "cart"))
	}
	if end := sm.Deadline(with); time.Until(end) < 23*time.Hour || time.Until(end) > 25*time.Hour {
		t.Errorf("the deadline is in %v, want scs's own 24 hours", time.Until(end))
	}

	made, err := m.New(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Set("user", "bob"); err != nil {
		t.Fatal(err)
	}
	if err := made.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if with, err = sm.Load(ctx, made.ID()); err != nil || sm.GetString(with, "user") != "bob" {
		t.Errorf("scs has user %q, %v; want bob", sm.GetString(with, "user"), err)
	}
}

func TestTokensOfStrangers(t *testing.T) {
	st, err := filestore.New(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	over, _ := Over(manager(t, st))
	for name, s := range map[string]CtxStore{"New": New(st), "Over": over} {
		for _, token := range []string{"", "../../etc/passwd", "a\x00b", strings.Repeat("x", 10000), "unknown"} {
			if b, found, err := s.Find(token); b != nil || found || err != nil {
				t.Errorf("%s: Find(%.20q) = %q, %t, %v; want nothing", name, token, b, found, err)
			}
			if err := s.Delete(token); err != nil {
				t.Errorf("%s: Delete(%.20q) = %v", name, token, err)
			}
		}
	}
}

func TestExpiry(t *testing.T) {
	st, err := filestore.New(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := New(st).(*ListerStore)
	for token, expiry := range map[string]time.Time{"over": time.Now().Add(-time.Second), "live": time.Now().Add(time.Hour)} {
		if err := s.Commit(token, []byte("data"), expiry); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := st.Save(t.Context(), "foreign", []byte("what is this"), store.Rev{}, store.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	if b, found, err := s.Find("over"); found || err != nil {
		t.Errorf("Find(over) = %q, %t, %v", b, found, err)
	}
	if b, found, err := s.Find("live"); string(b) != "data" || !found || err != nil {
		t.Errorf("Find(live) = %q, %t, %v", b, found, err)
	}
	if _, found, err := s.Find("foreign"); found || err == nil {
		t.Errorf("Find(foreign) = %t, %v; want an error", found, err)
	}
	if n, err := s.Purge(t.Context()); n != 1 || err != nil {
		t.Errorf("Purge() = %d, %v; want 1", n, err)
	}
	for token, want := range map[string]error{"over": store.ErrNotFound, "live": nil, "foreign": nil} {
		if _, err := st.Load(t.Context(), token); !errors.Is(err, want) {
			t.Errorf("Load(%s) = %v, want %v", token, err, want)
		}
	}
}

func TestReservedKey(t *testing.T) {
	sm := scs.New()
	sm.Store, sm.Codec = Over(manager(t, memstore.New(nil)))
	with, err := sm.Load(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	sm.Put(with, "_SESSION_ETIME", 0)
	if _, _, err := sm.Commit(with); !errors.Is(err, datasession.ErrReserved) {
		t.Errorf("Commit() = %v, want ErrReserved", err)
	}
}

// The tests of scs itself, whose default store is its memstore, run on ours: in a copy
// of scs whose memstore is this adapter.
func TestTheirSuite(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/alexedwards/scs/v2").Output()
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(strings.TrimSpace(string(out)))); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"go.mod":  "module github.com/alexedwards/scs/v2\n\ngo 1.26.0\n",
		"go.work": "go 1.26.0\n\nuse (\n\t.\n\t" + here + "\n\t" + filepath.Join(here, "../..") + "\n)\n",
		"memstore/memstore.go": `package memstore

import (
	scsadapter "github.com/go-datasession/datasession/adapter/scs"
	"github.com/go-datasession/datasession/store/memstore"
)

func New() scsadapter.CtxStore { return scsadapter.New(memstore.New(nil)) }
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "memstore/memstore_test.go")); err != nil { // looks into the map of their own store
		t.Fatal(err)
	}
	cmd := exec.Command("go", "test", "-count=1", "-v", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK="+filepath.Join(dir, "go.work"), "GOFLAGS=")
	got, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go test: %v\n%s", err, got)
	}
	if n := strings.Count(string(got), "--- PASS"); n < 40 {
		t.Errorf("only %d tests passed:\n%s", n, got)
	}
}
