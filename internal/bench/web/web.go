// Package web puts the session libraries of Go beside each other: what becomes of a
// session when two requests meet, a store fails, a visitor signs out (the scoreboard),
// and what a request costs. Every library is set up as its own documentation does it,
// and every handler is the same, written against [Session].
package web

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// Session is what a handler does with its session, in any library.
type Session interface {
	Get(name string) any // nil: not there
	Set(name string, value any) error
	Save() error                 // stores it now; nothing, where the library does that
	Increment(name string) error // counts up, in the library's best way
	Renew() error                // a new id, the same content
	Destroy() error
}

// Visit is one request in a handler's hands.
type Visit struct {
	Session
	http.ResponseWriter
	Context context.Context // of the request
}

// Handler answers a request.
type Handler func(v Visit) error

// Setup is what is asked of a library beyond its defaults.
type Setup struct {
	Routes  map[string]Handler
	Idle    time.Duration // sessions end so long after their last use; zero: as the library has it
	HashIDs bool          // at rest; where there is such an option
	Plain   bool          // the library's own store in memory, with no meter around it
}

// Library is a session library and how it is set up here.
type Library struct {
	Name   string
	Config string
	Open   func(tb testing.TB, set Setup) *Site
}

// Site is a program that uses a library. What is nil, the library cannot do.
type Site struct {
	Handler http.Handler
	Fast    fasthttp.RequestHandler // in place of Handler
	Meter   *Meter

	Spoil   func() error                 // makes every stored session undecodable
	SignOut func(principal string) error // ends every session whose "user" that is
	Each    func(fn func() bool) error   // calls fn for each session, until it says no
}

// Meter is around a store: it counts writes, and can make them fail.
type Meter struct {
	Writes, Bytes atomic.Int64
	Fail          atomic.Bool
}

// errFull is what a store reports that fails.
const errFull = constError("disk full")

type constError string

func (e constError) Error() string { return string(e) }

func (m *Meter) write(ctx context.Context, n int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.Fail.Load() {
		return errFull
	}
	m.Writes.Add(1)
	m.Bytes.Add(int64(n))
	return nil
}

// fail answers a request whose handler failed.
func fail(w http.ResponseWriter) { http.Error(w, "sorry", http.StatusInternalServerError) }

// mux routes without a library's help.
func (set *Setup) mux(visit func(w http.ResponseWriter, r *http.Request, h Handler)) http.Handler {
	mux := http.NewServeMux()
	for path, h := range set.Routes {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { visit(w, r, h) })
	}
	return mux
}

// Start serves a site and returns its address.
func Start(tb testing.TB, site *Site) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	done := make(chan error, 1)
	if site.Fast != nil {
		srv := &fasthttp.Server{Handler: site.Fast, Logger: quiet{}}
		go func() { done <- srv.Serve(l) }()
		tb.Cleanup(func() {
			_ = l.Close()
			<-done
		})
	} else {
		srv := &http.Server{Handler: site.Handler, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
		go func() { done <- srv.Serve(l) }()
		tb.Cleanup(func() { _ = srv.Close(); <-done })
	}
	return "http://" + l.Addr().String()
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}

// Visitor is a browser that keeps cookies whatever their attributes, and so can come back
// with one that it was told to forget.
type Visitor struct {
	URL    string
	client *http.Client

	mu      sync.Mutex
	cookies map[string]*http.Cookie
}

// NewVisitor returns a visitor without cookies.
func NewVisitor(tb testing.TB, url string) *Visitor {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	tb.Cleanup(client.CloseIdleConnections)
	return &Visitor{URL: url, client: client, cookies: map[string]*http.Cookie{}}
}

// Copy returns a visitor with the same cookies.
func (v *Visitor) Copy() *Visitor {
	v.mu.Lock()
	defer v.mu.Unlock()
	twin := &Visitor{URL: v.URL, client: v.client, cookies: map[string]*http.Cookie{}}
	maps.Copy(twin.cookies, v.cookies)
	return twin
}

// NewVisitorOf returns a visitor without cookies that shares the connections of v.
func NewVisitorOf(v *Visitor) *Visitor {
	return &Visitor{URL: v.URL, client: v.client, cookies: map[string]*http.Cookie{}}
}

// Answer is a response.
type Answer struct {
	Status int
	Body   string
	Header http.Header
}

// Get asks for a path. The zero Answer is that of a request that failed.
func (v *Visitor) Get(ctx context.Context, path string) Answer {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.URL+path, nil)
	if err != nil {
		return Answer{}
	}
	v.mu.Lock()
	for _, c := range v.cookies {
		req.AddCookie(c)
	}
	v.mu.Unlock()
	res, err := v.client.Do(req)
	if err != nil {
		return Answer{}
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 || c.Value == "" || !c.Expires.IsZero() && c.Expires.Before(time.Now()) {
			delete(v.cookies, c.Name)
		} else {
			v.cookies[c.Name] = c
		}
	}
	return Answer{res.StatusCode, string(body), res.Header}
}
