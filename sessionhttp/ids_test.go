package sessionhttp_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/sessionid"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/memstore"
)

// setUser is a handler that changes its session.
func setUser(t *testing.T) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		s, err := sessionhttp.Session(r)
		if err == nil {
			err = s.Set("user", "ann")
		}
		if err != nil {
			http.Error(w, "no session", http.StatusServiceUnavailable)
		}
	}
}

// scripted makes the ids that it is given, and then fails.
type scripted struct {
	sessionid.Generator
	ids []string
}

var errNoRandomness = errors.New("no randomness")

func (g *scripted) New(context.Context) (string, error) {
	if len(g.ids) == 0 {
		return "", errNoRandomness
	}
	id := g.ids[0]
	g.ids = g.ids[1:]
	return id, nil
}

// What else A1 to A4 and A6 ask is in the tests of sessionid.

func TestA3NoIDWithoutRandomness(t *testing.T) {
	f := serveWith(t, &datasession.Options{NewID: &scripted{Generator: sessionid.SHA256}}, sessionhttp.Options{}, setUser(t))
	if r := f.get(""); r.StatusCode != http.StatusServiceUnavailable || len(r.Cookies()) != 0 || f.store.saves != 0 {
		t.Errorf("%d, cookies %v, %d saves; want an error and neither", r.StatusCode, r.Cookies(), f.store.saves)
	}
}

func TestA5GuessableIDsAreRefused(t *testing.T) {
	counter, err := sessionid.AutoIncrement(&sessionid.CounterOptions{File: t.TempDir() + "/id"})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range []sessionid.Generator{counter, sessionid.Static("fixed")} {
		m, err := datasession.New(memstore.New(nil), perljson.Codec{}, &datasession.Options{NewID: g})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sessionhttp.New(m, nil); err == nil {
			t.Errorf("New with %s ids succeeds", g.Name())
		}
		if _, err := sessionhttp.New(m, &sessionhttp.Options{AllowGuessable: true}); err != nil {
			t.Errorf("New with %s ids and AllowGuessable: %v", g.Name(), err)
		}
	}
}

// malformed are ids of another shape than 64 small hexadecimal digits.
func malformed() []string {
	good := strings.Repeat("a", 64)
	return []string{
		"../../etc/passwd", "..%2f..%2fetc%2fpasswd", "a", good[1:], good + "a", good[1:] + "%00", strings.ToUpper(good),
		good[1:] + "g", good[1:] + "%0d%0a", good[1:] + "%20", good[1:] + "+", good[1:] + "%c3%a4", "%", "%%%",
		"1'%20OR%20'1'='1", good + "%0d%0aset%20x%200%200%201", strings.Repeat("a", 900_000), "_epoch",
	}
}

func TestA7MalformedIDsReachNoStore(t *testing.T) {
	f := serve(t, setUser(t))
	for _, id := range malformed() {
		r := request("")
		r.Header.Set("Cookie", datasession.CookieName+"="+id)
		if got := cookie(f.do(r)); got == "" || strings.HasPrefix(id, got) {
			t.Errorf("id %.40q: the cookie is %.40q; want a fresh one", id, got)
		}
	}
	if f.store.loads != 0 {
		t.Errorf("%d loads; want 0", f.store.loads)
	}
}

func TestA8CreateNeverOverwrites(t *testing.T) {
	var ids []string
	for range 2 {
		id, _ := sessionid.SHA256.New(t.Context())
		ids = append(ids, id)
	}
	g := &scripted{Generator: sessionid.SHA256, ids: []string{ids[0], ids[1]}}
	f := serveWith(t, &datasession.Options{NewID: g}, sessionhttp.Options{}, setUser(t))
	if _, err := f.store.Store.Save(t.Context(), ids[0], []byte("taken"), store.Rev{}, store.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := cookie(f.get("")); got != ids[1] {
		t.Error("the second id was not drawn")
	}
	if rec, err := f.store.Store.Load(t.Context(), ids[0]); err != nil || string(rec.Data) != "taken" {
		t.Errorf("what was there became %q, %v", rec.Data, err)
	}
}

func TestA9IDsCompareByByte(t *testing.T) {
	f := serveWith(t, &datasession.Options{NewID: sessionid.UUID64}, sessionhttp.Options{}, setUser(t))
	id := f.put("user", "bob")
	swapped := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 32
		case 'A' <= r && r <= 'Z':
			return r + 32
		}
		return r
	}, id)
	for _, other := range []string{swapped, id + " ", id + "\u00a0"} {
		r := request("")
		r.Header.Set("Cookie", datasession.CookieName+"="+datasession.EscapeCookie(other))
		if got := cookie(f.do(r)); got == "" || datasession.UnescapeCookie(got) == id {
			t.Errorf("an id that is not quite the stored one loads its session")
		}
	}
}
