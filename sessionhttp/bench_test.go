package sessionhttp_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/store/memstore"
)

// BenchmarkRequest is one request each, over a session of 30 parameters in memory.
func BenchmarkRequest(b *testing.B) {
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	n := 0
	for _, test := range []struct {
		name    string
		cookie  bool
		handler func(http.ResponseWriter, *http.Request)
	}{
		{"bare", true, nil},
		{"no cookie", false, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }},
		{"untouched", true, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }},
		{"read 1 of 30", true, func(_ http.ResponseWriter, r *http.Request) {
			s, err := sessionhttp.Session(r)
			must(err)
			if s.Get("name7") != "value 7" {
				b.Fatal("wrong value")
			}
		}},
		{"write 1 of 30", true, func(_ http.ResponseWriter, r *http.Request) {
			s, err := sessionhttp.Session(r)
			must(err)
			n++
			must(s.Set("name7", n))
		}},
		{"create", false, func(_ http.ResponseWriter, r *http.Request) {
			s, err := sessionhttp.Session(r)
			must(err)
			must(s.Set("user", "ann"))
		}},
	} {
		b.Run(test.name, func(b *testing.B) {
			m, err := datasession.New(memstore.New(&memstore.Options{MaxSessions: 10_000}), perljson.Codec{}, nil)
			must(err)
			mw, err := sessionhttp.New(m, &sessionhttp.Options{Logger: slog.New(slog.DiscardHandler)})
			must(err)
			s, err := m.New(b.Context())
			must(err)
			for i := range 30 {
				err = errors.Join(err, s.Set(fmt.Sprint("name", i), fmt.Sprint("value ", i)))
			}
			must(errors.Join(err, s.Flush(b.Context())))
			var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
			if test.handler != nil {
				h = mw.Handler(http.HandlerFunc(test.handler))
			}
			id := ""
			if test.cookie {
				id = s.ID()
			}
			w, r := &null{http.Header{}}, request(id)
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				h.ServeHTTP(w, r)
			}
		})
	}
}
