package web

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Probe is one question that is put to each library, over real HTTP.
type Probe struct {
	Number string
	Asks   string // what a user may expect
	Run    func(t *testing.T, lib Library) Verdict
}

// Verdict is what a probe saw.
type Verdict struct {
	Pass bool
	Saw  string // in a few words, where it did not pass
}

func verdict(pass bool, saw string) Verdict {
	if pass {
		return Verdict{Pass: true}
	}
	return Verdict{false, saw}
}

// missing is the verdict on a library that cannot do what the probe asks for.
var missing = Verdict{false, "has no such thing"}

// Probes are the questions, by their numbers.
var Probes = []Probe{
	{"1", "A request is under way, its visitor signs out: the old cookie is worth nothing afterwards", logoutRace},
	{"2", "One request only reads while another writes: what was written stays", readBesideWrite},
	{"3", "Two requests write a parameter each at the same time: both stay", writeBesideWrite},
	{"4", "A parameter is set, then the response is flushed: the client has the cookie", flushed},
	{"5", "What is set after the first byte, or after a 103, is stored, or an error", late},
	{"6", "The store fails while a page is written: an error, and nothing of the page", failingStore},
	{"7", "All sessions of one account end, also where ids are hashed at rest", everywhere},
	{"8", "A stored session that nothing can read does not lock its visitor out", unreadable},
	{"9", "A value of a type that nobody registered comes back", unregistered},
	{"10", "The client leaves while the handler works: what it sets is stored", gone},
	{"10b", "A handler panics after setting something: nothing of it is stored", panics},
	{"11", "A list changed in place is stored", inPlace},
	{"12", "A visitor without a cookie only reads: nothing stored, no cookie", anonymous},
	{"13", "The cookie is HttpOnly, Secure and SameSite by default", flags},
	{"14", "Sessions can be listed without having them all in memory", listing},
}

func set(name string, value any) Handler {
	return func(v Visit) error {
		if err := v.Set(name, value); err != nil {
			return err
		}
		if err := v.Save(); err != nil {
			return err
		}
		_, err := v.Write([]byte("done"))
		return err
	}
}

func show(name string) Handler {
	return func(v Visit) error {
		_, err := fmt.Fprint(v, v.Get(name))
		return err
	}
}

func logout(v Visit) error { return v.Destroy() }

// gate holds a handler up until the probe lets it go on.
type gate struct{ entered, release chan struct{} }

func newGate() gate { return gate{make(chan struct{}), make(chan struct{})} }

func (g gate) wait() {
	close(g.entered)
	<-g.release
}

// during asks for path, does while in the midst of it, and waits for its end.
func during(t *testing.T, g gate, v *Visitor, path string, while func()) {
	t.Helper()
	done := make(chan Answer, 1)
	slow := v.Copy()
	go func() { done <- slow.Get(t.Context(), path) }()
	select {
	case <-g.entered:
	case <-time.After(10 * time.Second):
		t.Error("the slow request did not begin")
	}
	while()
	close(g.release)
	<-done
}

func open(t *testing.T, lib Library, routes map[string]Handler) (*Site, *Visitor) {
	t.Helper()
	return openWith(t, lib, Setup{Routes: routes})
}

func openWith(t *testing.T, lib Library, setup Setup) (*Site, *Visitor) {
	t.Helper()
	site := lib.Open(t, setup)
	return site, NewVisitor(t, Start(t, site))
}

func logoutRace(t *testing.T, lib Library) Verdict {
	g := newGate()
	_, v := open(t, lib, map[string]Handler{
		"/login": set("user", "alice"), "/who": show("user"), "/logout": logout,
		"/slow": func(v Visit) error {
			v.Get("user")
			g.wait()
			return set("seen", "yes")(v)
		},
	})
	v.Get(t.Context(), "/login")
	old := v.Copy()
	during(t, g, v, "/slow", func() { v.Get(t.Context(), "/logout") })
	return verdict(!strings.Contains(old.Get(t.Context(), "/who").Body, "alice"), "it is alice's again")
}

func readBesideWrite(t *testing.T, lib Library) Verdict {
	g := newGate()
	_, v := open(t, lib, map[string]Handler{
		"/login": set("user", "alice"), "/add": set("cart", "book"), "/cart": show("cart"),
		"/slow": func(v Visit) error {
			v.Get("user")
			g.wait()
			return nil
		},
	})
	v.Get(t.Context(), "/login")
	during(t, g, v, "/slow", func() { v.Get(t.Context(), "/add") })
	return verdict(v.Get(t.Context(), "/cart").Body == "book", "the write is lost")
}

func writeBesideWrite(t *testing.T, lib Library) Verdict {
	g := newGate()
	_, v := open(t, lib, map[string]Handler{
		"/login": set("user", "alice"), "/add": set("cart", "book"),
		"/cart": func(v Visit) error {
			_, err := fmt.Fprint(v, v.Get("cart"), v.Get("seen"))
			return err
		},
		"/slow": func(v Visit) error {
			v.Get("user")
			g.wait()
			return set("seen", "yes")(v)
		},
	})
	v.Get(t.Context(), "/login")
	during(t, g, v, "/slow", func() { v.Get(t.Context(), "/add") })
	got := v.Get(t.Context(), "/cart").Body
	return verdict(strings.Contains(got, "book") && strings.Contains(got, "yes"), "one is lost")
}

func flushed(t *testing.T, lib Library) Verdict {
	_, v := open(t, lib, map[string]Handler{
		"/a": show("a"),
		"/stream": func(v Visit) error {
			if err := v.Set("a", "kept"); err != nil {
				return err
			}
			if err := v.Save(); err != nil {
				return err
			}
			if f, ok := v.ResponseWriter.(http.Flusher); ok {
				f.Flush()
			} else if err := http.NewResponseController(v.ResponseWriter).Flush(); err != nil {
				return err
			}
			_, err := fmt.Fprint(v, "data: 1\n\n")
			return err
		},
	})
	v.Get(t.Context(), "/stream")
	return verdict(v.Get(t.Context(), "/a").Body == "kept", "no cookie, and an orphan in the store")
}

func late(t *testing.T, lib Library) Verdict {
	var reported bool
	_, v := open(t, lib, map[string]Handler{
		"/login": set("user", "alice"), "/after": show("after"), "/hint": show("hint"),
		"/set/after": func(v Visit) error {
			if _, err := fmt.Fprint(v, "a page"); err != nil {
				return err
			}
			err := set("after", "kept")(v)
			reported = err != nil
			return nil
		},
		"/set/hint": func(v Visit) error {
			v.WriteHeader(http.StatusEarlyHints)
			return set("hint", "kept")(v)
		},
	})
	v.Get(t.Context(), "/login")
	v.Get(t.Context(), "/set/after")
	v.Get(t.Context(), "/set/hint")
	lost := v.Get(t.Context(), "/after").Body != "kept" && !reported
	hint := v.Get(t.Context(), "/hint").Body != "kept"
	switch {
	case lost && hint:
		return Verdict{false, "both are dropped, silently"}
	case lost:
		return Verdict{false, "dropped after the first byte, silently"}
	}
	return verdict(!hint, "dropped after a 103, silently")
}

func failingStore(t *testing.T, lib Library) Verdict {
	site, v := open(t, lib, map[string]Handler{
		"/page": func(v Visit) error {
			if err := v.Set("a", "b"); err != nil {
				return err
			}
			if err := v.Save(); err != nil {
				return err
			}
			_, err := fmt.Fprint(v, "SECRET PAGE")
			return err
		},
	})
	site.Meter.Fail.Store(true)
	got := v.Get(t.Context(), "/page")
	switch {
	case strings.Contains(got.Body, "SECRET"):
		return Verdict{false, fmt.Sprintf("%d, and the page", got.Status)}
	}
	return verdict(got.Status >= 500, fmt.Sprintf("%d: the error is swallowed", got.Status))
}

func everywhere(t *testing.T, lib Library) Verdict {
	site, ann := openWith(t, lib, Setup{HashIDs: true, Routes: map[string]Handler{
		"/ann": set("user", "ann"), "/bob": set("user", "bob"), "/who": show("user"),
	}})
	if site.SignOut == nil {
		return missing
	}
	twin, bob := NewVisitor(t, ann.URL), NewVisitor(t, ann.URL)
	ann.Get(t.Context(), "/ann")
	twin.Get(t.Context(), "/ann")
	bob.Get(t.Context(), "/bob")
	if err := site.SignOut("ann"); err != nil {
		return Verdict{false, err.Error()}
	}
	for _, v := range []*Visitor{ann, twin} {
		if v.Get(t.Context(), "/who").Body == "ann" {
			return Verdict{false, "ends nothing"}
		}
	}
	return verdict(bob.Get(t.Context(), "/who").Body == "bob", "ends others too")
}

func unreadable(t *testing.T, lib Library) Verdict {
	site, v := open(t, lib, map[string]Handler{"/login": set("user", "alice"), "/who": show("user")})
	if site.Spoil == nil {
		return Verdict{true, "values are not encoded"}
	}
	v.Get(t.Context(), "/login")
	if err := site.Spoil(); err != nil {
		t.Error(err)
	}
	v.Get(t.Context(), "/who")
	again := v.Get(t.Context(), "/login")
	if again.Status != http.StatusOK {
		return Verdict{false, fmt.Sprintf("%d for ever", again.Status)}
	}
	return verdict(v.Get(t.Context(), "/who").Body == "alice", "it stays unreadable")
}

type address struct{ Street string }

func unregistered(t *testing.T, lib Library) Verdict {
	_, v := open(t, lib, map[string]Handler{"/put": set("home", address{"Elm Street"}), "/home": show("home")})
	put := v.Get(t.Context(), "/put")
	got := v.Get(t.Context(), "/home").Body
	return verdict(strings.Contains(got, "Elm Street"), fmt.Sprintf("%d", put.Status))
}

func gone(t *testing.T, lib Library) Verdict {
	entered, done := make(chan struct{}), make(chan struct{})
	_, v := open(t, lib, map[string]Handler{
		"/login": set("user", "alice"), "/a": show("a"),
		"/leave": func(v Visit) error {
			defer close(done)
			v.Get("user")
			close(entered)
			select {
			case <-v.Context.Done():
			case <-time.After(time.Second): // a library that does not tell
			}
			return set("a", "kept")(v)
		},
	})
	v.Get(t.Context(), "/login")
	ctx, cancel := context.WithCancel(t.Context())
	go v.Copy().Get(ctx, "/leave")
	<-entered
	cancel()
	<-done
	for range 100 { // the middleware stores when the handler has returned
		if v.Get(t.Context(), "/a").Body == "kept" {
			return Verdict{Pass: true}
		}
		time.Sleep(5 * time.Millisecond)
	}
	return Verdict{false, "lost"}
}

func panics(t *testing.T, lib Library) Verdict {
	_, v := open(t, lib, map[string]Handler{
		"/login": set("user", "alice"), "/a": show("a"),
		"/panic": func(v Visit) error {
			if err := v.Set("a", "kept"); err != nil {
				return err
			}
			panic(http.ErrAbortHandler)
		},
	})
	v.Get(t.Context(), "/login")
	v.Get(t.Context(), "/panic")
	return verdict(v.Get(t.Context(), "/a").Body != "kept", "stored")
}

func inPlace(t *testing.T, lib Library) Verdict {
	_, v := open(t, lib, map[string]Handler{
		"/put": set("list", []string{"old"}), "/list": show("list"),
		"/change": func(v Visit) error {
			item := reflect.ValueOf(v.Get("list")).Index(0)
			item.Set(reflect.ValueOf("new"))
			return v.Save()
		},
	})
	v.Get(t.Context(), "/put")
	v.Get(t.Context(), "/change")
	return verdict(v.Get(t.Context(), "/list").Body == "[new]", "not stored")
}

func anonymous(t *testing.T, lib Library) Verdict {
	site, v := open(t, lib, map[string]Handler{"/who": show("user")})
	got := v.Get(t.Context(), "/who")
	stored, cookie := site.Meter.Writes.Load() > 0, got.Header.Get("Set-Cookie") != ""
	switch {
	case stored && cookie:
		return Verdict{false, "stored, and a cookie"}
	case stored:
		return Verdict{false, "stored"}
	}
	return verdict(!cookie, "a cookie")
}

func flags(t *testing.T, lib Library) Verdict {
	_, v := open(t, lib, map[string]Handler{"/login": set("user", "alice")})
	v.Get(t.Context(), "/login")
	var lacks []string
	for _, c := range v.cookies {
		if !c.HttpOnly {
			lacks = append(lacks, "HttpOnly")
		}
		if !c.Secure {
			lacks = append(lacks, "Secure")
		}
		if c.SameSite != http.SameSiteLaxMode && c.SameSite != http.SameSiteStrictMode {
			lacks = append(lacks, "SameSite")
		}
	}
	return verdict(len(v.cookies) == 1 && len(lacks) == 0, "no "+strings.Join(lacks, ", no "))
}

// listed is how many sessions the probe lists.
const listed = 4000

func listing(t *testing.T, lib Library) Verdict {
	site, v := open(t, lib, map[string]Handler{"/put": set("text", strings.Repeat("x", 2000))})
	if site.Each == nil {
		return missing
	}
	for range listed {
		if got := NewVisitorOf(v).Get(t.Context(), "/put"); got.Status != http.StatusOK {
			t.Fatalf("status %d", got.Status)
		}
	}
	before, seen, most := heap(), 0, int64(0)
	err := site.Each(func() bool {
		if seen++; seen%(listed/10) == 0 {
			most = max(most, heap()-before)
		}
		return true
	})
	if err != nil || seen != listed {
		return Verdict{false, fmt.Sprintf("%d listed: %v", seen, err)}
	}
	return verdict(most < listed*20, "a copy of them all")
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
