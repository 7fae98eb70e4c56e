package web

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

var figures = flag.Bool("figures", false, "print the tables of docs/benchmarks.md")

// peers are the libraries whose cost is compared, this one first.
var peers = []Library{Ours, OursStorable, SCS, Gorilla, Fiber, Gin, Iris}

// row is one kind of request.
type row struct {
	name    string
	params  int  // that the session has
	visited bool // the visitor has a session
	follow  bool // the visitor takes each new cookie
	handler Handler
}

func hello(v Visit) error {
	_, err := io.WriteString(v, "hello")
	return err
}

func readOne(v Visit) error {
	if v.Get("name2") != "value 2" {
		return errors.New("wrong value")
	}
	return hello(v)
}

func writeOne(v Visit) error {
	return errors.Join(v.Set("name2", "value 2 "+time.Now().Format(time.StampNano)), v.Save(), hello(v))
}

var rows = []row{
	{"no cookie", 30, false, false, hello},
	{"session not touched", 30, true, false, hello},
	{"read 1 of 3", 3, true, false, readOne},
	{"read 1 of 30", 30, true, false, readOne},
	{"read 1 of 300", 300, true, false, readOne},
	{"write 1 of 30", 30, true, false, writeOne},
	{"create", 0, false, false, writeOne},
	{"renew", 30, true, true, func(v Visit) error { return errors.Join(v.Renew(), hello(v)) }},
	{"create, destroy", 0, false, true, nil}, // see turn
}

// bench is one library in one row.
type bench struct {
	row    row
	lib    Library
	site   *Site
	w      recorder
	r      *http.Request
	ctx    fasthttp.RequestCtx
	cookie string
	least  time.Duration // processor time of a request
	allocs float64
}

func prepare(tb testing.TB, r row, lib Library) *bench {
	tb.Helper()
	b := &bench{row: r, lib: lib}
	b.site = lib.Open(tb, Setup{Plain: true, Routes: map[string]Handler{
		"/": r.handler, "/create": writeOne, "/destroy": func(v Visit) error { v.Get("name2"); return v.Destroy() },
		"/fill": func(v Visit) error {
			var err error
			for i := range r.params {
				err = errors.Join(err, v.Set(fmt.Sprint("name", i), fmt.Sprint("value ", i)))
			}
			return errors.Join(err, v.Save(), hello(v))
		},
	}})
	b.r, _ = http.NewRequest(http.MethodGet, "http://example.com/", nil)
	b.w.header = http.Header{}
	if r.visited {
		b.cookie = b.ask("/fill", true)
		if b.cookie == "" {
			tb.Fatal("no cookie")
		}
	}
	return b
}

// run makes one request of the row.
func (b *bench) run() {
	if b.row.handler == nil {
		b.cookie = ""
		b.cookie = b.ask("/create", true)
		b.ask("/destroy", false)
		return
	}
	if cookie := b.ask("/", b.row.follow); cookie != "" {
		b.cookie = cookie
	}
}

// ask makes a request and returns the cookie that it set, if that is wanted.
func (b *bench) ask(path string, wanted bool) string {
	if b.site.Fast != nil {
		return b.askFast(path, wanted)
	}
	clear(b.w.header)
	b.w.status = http.StatusOK
	r := *b.r // gorilla keeps the session in it
	url := *b.r.URL
	url.Path, r.URL = path, &url
	r.Header = http.Header{}
	if b.cookie != "" {
		r.Header["Cookie"] = []string{b.cookie}
	}
	b.site.Handler.ServeHTTP(&b.w, &r)
	if b.w.status != http.StatusOK {
		panic(fmt.Sprintf("%s: status %d", b.lib.Name, b.w.status))
	}
	if set := b.w.header["Set-Cookie"]; wanted && len(set) > 0 {
		cookie, _, _ := strings.Cut(set[len(set)-1], ";")
		return cookie
	}
	return ""
}

func (b *bench) askFast(path string, wanted bool) string {
	b.ctx.Request.Reset()
	b.ctx.Response.Reset()
	b.ctx.Request.SetRequestURI(path)
	b.ctx.Request.SetHost("example.com")
	if b.cookie != "" {
		b.ctx.Request.Header.Set("Cookie", b.cookie)
	}
	b.site.Fast(&b.ctx)
	if status := b.ctx.Response.StatusCode(); status != http.StatusOK {
		panic(fmt.Sprintf("%s: status %d", b.lib.Name, status))
	}
	if wanted {
		cookie, _, _ := strings.Cut(string(b.ctx.Response.Header.PeekCookie("session_id")), ";")
		return cookie
	}
	return ""
}

// recorder is a response writer that keeps nothing but the header.
type recorder struct {
	header http.Header
	status int
}

func (r *recorder) Header() http.Header               { return r.header }
func (r *recorder) Write(p []byte) (int, error)       { return len(p), nil }
func (r *recorder) WriteString(s string) (int, error) { return len(s), nil }
func (r *recorder) WriteHeader(code int)              { r.status = code }

// canRun reports whether a library has what a row asks for.
func canRun(r row, lib Library) bool {
	return r.name != "renew" || !slices.Contains([]string{Gorilla.Name, Gin.Name, Iris.Name}, lib.Name)
}

// bare is a handler without sessions.
var bare = Library{Name: "no sessions", Open: func(_ testing.TB, set Setup) *Site {
	return &Site{Handler: set.mux(func(w http.ResponseWriter, r *http.Request, h Handler) {
		if err := h(Visit{nil, w, r.Context()}); err != nil {
			fail(w)
		}
	})}
}}

func allOf() (all []func(testing.TB) *bench) {
	for _, r := range rows {
		for _, lib := range peers {
			if canRun(r, lib) {
				all = append(all, func(tb testing.TB) *bench { return prepare(tb, r, lib) })
			}
		}
	}
	return append(all, func(tb testing.TB) *bench { return prepare(tb, rows[0], bare) })
}

// BenchmarkRequest is one request each, in process, with the library's store in memory.
func BenchmarkRequest(b *testing.B) {
	for _, make := range allOf() {
		c := make(b)
		b.Run(strings.ReplaceAll(c.row.name, ",", "")+"/"+c.lib.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.run()
			}
		})
	}
}

// Every row does what it says with every library.
func TestRows(t *testing.T) {
	for _, make := range allOf() {
		c := make(t)
		for range 3 {
			c.run()
		}
	}
}

// cpu returns the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// turn runs a bench for some processor time, and keeps the least that a request took.
func (b *bench) turn(long time.Duration) {
	begin, n := cpu(), 0
	for cpu()-begin < long {
		for range 50 {
			b.run()
		}
		n += 50
	}
	took := (cpu() - begin) / time.Duration(n)
	if b.least == 0 || took < b.least {
		b.least = took
	}
}

// The figures of a request: the least processor time of several turns.
func TestFiguresRequest(t *testing.T) {
	if !*figures {
		t.Skip("-figures prints the table")
	}
	var all []*bench
	for _, make := range allOf() {
		all = append(all, make(t))
	}
	for range 30 {
		for _, b := range all {
			b.turn(15 * time.Millisecond)
		}
	}
	cells := map[string]*bench{}
	for _, b := range all {
		b.allocs = testing.AllocsPerRun(200, b.run)
		cells[b.row.name+"/"+b.lib.Name] = b
	}
	fmt.Printf("A handler without sessions: %.2f µs, %.0f allocations.\n\n", us(all[len(all)-1].least), all[len(all)-1].allocs)
	fmt.Print("| |")
	for _, lib := range peers {
		fmt.Printf(" %s |", lib.Name)
	}
	fmt.Println("\n|---|" + strings.Repeat("---|", len(peers)))
	for _, r := range rows {
		fmt.Printf("| %s |", r.name)
		own := cells[r.name+"/"+Ours.Name]
		for i, lib := range peers {
			b := cells[r.name+"/"+lib.Name]
			switch {
			case b == nil:
				fmt.Print(" – |")
			case i == 0:
				fmt.Printf(" **%.2f µs**, %.0f |", us(b.least), b.allocs)
			default:
				fmt.Printf(" %.1f×, %.0f |", float64(b.least)/float64(own.least), b.allocs)
			}
		}
		fmt.Println()
	}
}

func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
