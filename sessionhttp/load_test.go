package sessionhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/sessionid"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/memstore"
)

func TestH1AHundredThousandThatDoNotUseIt(t *testing.T) {
	for what, handler := range map[string]func(http.ResponseWriter, *http.Request){
		"not used":  func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") },
		"only read": func(_ http.ResponseWriter, r *http.Request) { session(t, r).Get("user") },
	} {
		f := serve(t, handler)
		cookies := 0
		r, w := request(""), &null{http.Header{}}
		for range times(100_000) {
			clear(w.header)
			f.handler.ServeHTTP(w, r)
			cookies += len(w.header["Set-Cookie"])
		}
		if rows := f.rows(); rows != 0 || cookies != 0 || f.store.saves != 0 || f.store.loads != 0 {
			t.Errorf("%s: %d stored, %d cookies, %d saves, %d loads; want 0", what, rows, cookies, f.store.saves, f.store.loads)
		}
	}
}

// null is a response writer that costs nothing.
type null struct{ header http.Header }

func (n *null) Header() http.Header         { return n.header }
func (n *null) Write(p []byte) (int, error) { return len(p), nil }
func (n *null) WriteHeader(int)             {}

func TestUnusedSessionAllocates(t *testing.T) {
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	f := serve(t, hello)
	skipping := serveWith(t, nil, sessionhttp.Options{Skip: sessionhttp.SkipPaths("/")}, hello)
	w, r := &null{http.Header{}}, request(f.put("user", "ann"))
	bare := testing.AllocsPerRun(1000, func() { hello.ServeHTTP(w, r) })
	ours := testing.AllocsPerRun(1000, func() { f.handler.ServeHTTP(w, r) })
	skipped := testing.AllocsPerRun(1000, func() { skipping.handler.ServeHTTP(w, r) })
	if ours-bare > 6 || skipped != bare {
		t.Errorf("allocations: %v added, %v where it is skipped; want 6 at most, and none", ours-bare, skipped-bare)
	}
}

func TestH2UnknownIDsAreLookedUpOnce(t *testing.T) {
	f := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		session(t, r).Get("user")
		session(t, r).Get("user")
	})
	for range 1000 {
		id, _ := sessionid.SHA256.New(t.Context())
		f.get(id)
	}
	if f.store.loads != 1000 {
		t.Errorf("%d lookups for 1000 unknown ids", f.store.loads)
	}
	f.store.loads = 0
	for range 1000 {
		id, _ := sessionid.SHA256.New(t.Context())
		f.get(id[1:])
	}
	if f.store.loads != 0 {
		t.Errorf("%d lookups for malformed ids", f.store.loads)
	}
}

func TestH3TooMuchData(t *testing.T) {
	f := serve(t, func(w http.ResponseWriter, r *http.Request) {
		s := session(t, r)
		var err error
		switch r.URL.Path {
		case "/bytes":
			err = s.Set("user", strings.Repeat("x", 2<<20))
		case "/names":
			for i := range 100_001 {
				err = errors.Join(err, s.Set(fmt.Sprint("p", i), i))
			}
		}
		if err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, "SECRET PAGE")
	})
	id := f.put("user", "ann")
	for _, path := range []string{"/bytes", "/names"} {
		if r := f.path(path, id); r.StatusCode != http.StatusInternalServerError || strings.Contains(body(t, r), "SECRET") {
			t.Errorf("%s: %d; want 500 in place of the page", path, r.StatusCode)
		}
		if s, err := f.manager.Load(t.Context(), id); err != nil || s.Get("user") != "ann" || len(s.Names()) != 1 {
			t.Errorf("%s: what was there is not there any more: %v", path, err)
		}
		if !strings.Contains(f.log.String(), "limit") && !strings.Contains(f.log.String(), "large") {
			t.Errorf("%s: log %q", path, f.log.String())
		}
		f.log.Reset()
	}
}

func TestH4MemoryIsBounded(t *testing.T) {
	f := serve(t, setUser(t))
	f.store.Store = memstore.New(&memstore.Options{MaxSessions: 100})
	for range 1000 {
		f.get("")
	}
	if n := f.rows(); n > 100 {
		t.Errorf("%d sessions; want 100 at most", n)
	}
}

func TestH5ReadsAreNotWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(_ http.ResponseWriter, r *http.Request) { session(t, r).Get("user") })
		f.store.Store = struct{ *memstore.Store }{memstore.New(nil)}
		id := f.put("user", "ann")
		time.Sleep(time.Hour)
		cookies := 0
		for range 1000 {
			cookies += len(f.get(id).Cookies())
			time.Sleep(time.Millisecond)
		}
		if s := f.manager.Stats(); f.store.saves > 2 || s.Touches > 2 || cookies > 2 || f.store.saves+int(s.Touches) == 0 {
			t.Errorf("1000 requests in a second: %d writes, %d touches, %d cookies; want 1 or 2", f.store.saves, s.Touches, cookies)
		}
	})
}

func TestH6LinearTime(t *testing.T) {
	takes := func(n int) time.Duration {
		line := []string{strings.Repeat("CGISESSID=%61;x", n)}
		best := time.Hour
		for range 20 {
			start := time.Now()
			sessionhttp.CookieValues(nil, line, "CGISESSIX")
			sessionhttp.CookieValues(nil, line, "CGISESSID")
			datasession.UnescapeCookie(line[0])
			best = min(best, time.Since(start))
		}
		return best
	}
	small, large := takes(10_000), takes(80_000)
	if ratio := float64(large) / float64(small); ratio > 24 { // other programs may be using the machine
		t.Errorf("8 times the input takes %.1f times as long; were it not linear, it would be 64", ratio)
	}
}

// hanging is a store whose saves get no answer.
type hanging struct{ *memstore.Store }

func (hanging) Save(ctx context.Context, _ string, _ []byte, _ store.Rev, _ store.SaveOptions) (store.Rev, error) {
	<-ctx.Done()
	return store.Rev{}, ctx.Err()
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serveWith(t, nil, sessionhttp.Options{Timeout: 3 * time.Second}, setUser(t))
		f.store.Store = hanging{memstore.New(nil)}
		start := time.Now()
		if r := f.get(""); r.StatusCode != http.StatusServiceUnavailable || time.Since(start) != 3*time.Second {
			t.Errorf("%d after %v; want 503 after 3s", r.StatusCode, time.Since(start))
		}
	})
}
