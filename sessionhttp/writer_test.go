package sessionhttp_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/sessionhttp"
)

// The capabilities of a response writer, to be put together.
type (
	canFlush  struct{ order *[]string }
	canHijack struct{ order *[]string }
	canPush   struct{ order *[]string }
	canRead   struct{ order *[]string }
)

func (c canFlush) Flush() { *c.order = append(*c.order, "flush") }
func (c canHijack) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	*c.order = append(*c.order, "hijack")
	return nil, nil, nil
}
func (c canPush) Push(string, *http.PushOptions) error {
	*c.order = append(*c.order, "push")
	return nil
}
func (c canRead) ReadFrom(r io.Reader) (int64, error) {
	*c.order = append(*c.order, "read")
	return io.Copy(io.Discard, r)
}

// writers returns a writer with each set of capabilities.
func writers(base http.ResponseWriter, order *[]string) map[string]http.ResponseWriter {
	f, h, p, r := canFlush{order}, canHijack{order}, canPush{order}, canRead{order}
	type w = http.ResponseWriter
	return map[string]w{
		"": struct{ w }{base},
		"F": struct {
			w
			canFlush
		}{base, f},
		"H": struct {
			w
			canHijack
		}{base, h},
		"P": struct {
			w
			canPush
		}{base, p},
		"R": struct {
			w
			canRead
		}{base, r},
		"FH": struct {
			w
			canFlush
			canHijack
		}{base, f, h},
		"FP": struct {
			w
			canFlush
			canPush
		}{base, f, p},
		"FR": struct {
			w
			canFlush
			canRead
		}{base, f, r},
		"HP": struct {
			w
			canHijack
			canPush
		}{base, h, p},
		"HR": struct {
			w
			canHijack
			canRead
		}{base, h, r},
		"PR": struct {
			w
			canPush
			canRead
		}{base, p, r},
		"FHP": struct {
			w
			canFlush
			canHijack
			canPush
		}{base, f, h, p},
		"FHR": struct {
			w
			canFlush
			canHijack
			canRead
		}{base, f, h, r},
		"FPR": struct {
			w
			canFlush
			canPush
			canRead
		}{base, f, p, r},
		"HPR": struct {
			w
			canHijack
			canPush
			canRead
		}{base, h, p, r},
		"FHPR": struct {
			w
			canFlush
			canHijack
			canPush
			canRead
		}{base, f, h, p, r},
	}
}

func capabilities(w http.ResponseWriter) (has string) {
	if _, ok := w.(http.Flusher); ok {
		has += "F"
	}
	if _, ok := w.(http.Hijacker); ok {
		has += "H"
	}
	if _, ok := w.(http.Pusher); ok {
		has += "P"
	}
	if _, ok := w.(io.ReaderFrom); ok {
		has += "R"
	}
	return has
}

func TestWriterKeepsItsCapabilities(t *testing.T) {
	var order []string
	for want, below := range writers(&null{http.Header{}}, &order) {
		var f *fixture
		f = serve(t, func(w http.ResponseWriter, r *http.Request) {
			if got := capabilities(w); got != want {
				t.Errorf("over a writer with %q one has %q", want, got)
			}
			setUser(t)(w, r)
			use := func(name string, do func()) { // each goes through, after the commit
				order = nil
				do()
				if len(order) != 1 || order[0] != name || f.store.saves != 1 {
					t.Errorf("%s of %q: %q went through, %d saves", name, want, order, f.store.saves)
				}
			}
			if fl, ok := w.(http.Flusher); ok {
				use("flush", fl.Flush)
				use("flush", func() { _ = http.NewResponseController(w).Flush() })
			}
			if h, ok := w.(http.Hijacker); ok {
				use("hijack", func() { _, _, _ = h.Hijack() })
			}
			if p, ok := w.(http.Pusher); ok {
				use("push", func() { _ = p.Push("/", nil) })
			}
			if rf, ok := w.(io.ReaderFrom); ok {
				use("read", func() { _, _ = rf.ReadFrom(strings.NewReader("x")) })
			}
		})
		f.handler.ServeHTTP(below, request(""))
	}
}

// wrapped hides what the writer below can do behind Unwrap.
type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestNoWayPastTheCommit(t *testing.T) {
	for what, do := range map[string]func(*http.ResponseController) error{
		"flush":  (*http.ResponseController).Flush,
		"hijack": func(c *http.ResponseController) error { _, _, err := c.Hijack(); return err },
	} {
		var order []string
		var f *fixture
		f = serve(t, func(w http.ResponseWriter, r *http.Request) {
			setUser(t)(w, r)
			if err := do(http.NewResponseController(w)); err != nil || len(order) != 1 || f.store.saves != 1 || len(w.Header()["Set-Cookie"]) != 1 {
				t.Errorf("%s behind an Unwrap: %v, %q, %d saves", what, err, order, f.store.saves)
			}
		})
		f.handler.ServeHTTP(wrapped{writers(&null{http.Header{}}, &order)["FH"]}, request(""))
	}
	f := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).Flush(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("Flush of what cannot = %v; want ErrNotSupported", err)
		}
	})
	f.handler.ServeHTTP(&null{http.Header{}}, request(""))
}

func TestResponseController(t *testing.T) {
	f := serve(t, func(w http.ResponseWriter, r *http.Request) {
		setUser(t)(w, r)
		c := http.NewResponseController(w)
		if err := errors.Join(c.SetWriteDeadline(time.Now().Add(time.Minute)), c.SetReadDeadline(time.Now().Add(time.Minute)), c.EnableFullDuplex()); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(f.handler)
	defer server.Close()
	r, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
}

func TestFailedCommitReplacesTheResponse(t *testing.T) {
	for what, write := range map[string]func(http.ResponseWriter) error{
		"Write":       func(w http.ResponseWriter) error { _, err := w.Write([]byte("SECRET")); return err },
		"WriteString": func(w http.ResponseWriter) error { _, err := io.WriteString(w, "SECRET"); return err },
		"ReadFrom": func(w http.ResponseWriter) error {
			_, err := w.(io.ReaderFrom).ReadFrom(strings.NewReader("SECRET"))
			return err
		},
		"Flush":  func(w http.ResponseWriter) error { return http.NewResponseController(w).Flush() },
		"Hijack": func(w http.ResponseWriter) error { _, _, err := http.NewResponseController(w).Hijack(); return err },
		"Push":   func(w http.ResponseWriter) error { return w.(http.Pusher).Push("/", nil) },
	} {
		var out bytes.Buffer
		var order []string
		rec := httptest.NewRecorder()
		rec.Body = &out
		f := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Secret", "1")
			setUser(t)(w, r)
			for range 2 {
				if write(w) == nil {
					t.Errorf("%s after a failed commit reports no error", what)
				}
			}
			w.WriteHeader(http.StatusOK)
		})
		f.store.down = errors.New("connection refused")
		f.handler.ServeHTTP(writers(rec, &order)["FHPR"], request(""))
		if rec.Code != http.StatusServiceUnavailable || strings.Contains(out.String(), "SECRET") || rec.Header().Get("X-Secret") != "" ||
			rec.Header().Get("Set-Cookie") != "" || len(order) != 0 {
			t.Errorf("%s: %d %q %v %q", what, rec.Code, out.String(), rec.Header(), order)
		}
	}
}

func TestErrorOption(t *testing.T) {
	f := serveWith(t, nil, sessionhttp.Options{Error: func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, "ours: "+fmt.Sprint(errors.Is(err, datasession.ErrUnavailable)), http.StatusTeapot)
	}}, setUser(t))
	f.store.down = fmt.Errorf("%w: no route", datasession.ErrUnavailable)
	if r := f.get(""); r.StatusCode != http.StatusTeapot || body(t, r) != "ours: true\n" {
		t.Errorf("the program's own error page: %d", r.StatusCode)
	}
}

func TestEarlyHintsCommitNothing(t *testing.T) {
	f := serve(t, func(w http.ResponseWriter, r *http.Request) {
		setUser(t)(w, r)
		w.WriteHeader(http.StatusEarlyHints)
		if s := session(t, r); s.Stored() || len(w.Header()["Set-Cookie"]) != 0 {
			t.Error("stored, or a cookie set, with the early hints")
		}
		w.WriteHeader(http.StatusSwitchingProtocols)
		if s := session(t, r); !s.Stored() || len(w.Header()["Set-Cookie"]) != 1 {
			t.Error("not stored, or no cookie set, with the switch of protocols")
		}
	})
	f.handler.ServeHTTP(&null{http.Header{}}, request(""))
}

func TestSaveOnPanic(t *testing.T) {
	for _, save := range []bool{false, true} {
		f := serveWith(t, nil, sessionhttp.Options{SaveOnPanic: save}, func(w http.ResponseWriter, r *http.Request) {
			setUser(t)(w, r)
			panic(http.ErrAbortHandler)
		})
		w := httptest.NewRecorder()
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic did not get through")
				}
			}()
			f.handler.ServeHTTP(w, request(""))
		}()
		if (f.store.saves == 1) != save || (len(w.Header()["Set-Cookie"]) == 1) != save {
			t.Errorf("SaveOnPanic %v: %d saves, cookies %q", save, f.store.saves, w.Header()["Set-Cookie"])
		}
	}
}

func TestLateLoginIsRefused(t *testing.T) {
	f := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "x")
		h := sessionhttp.From(r.Context())
		for what, err := range map[string]error{"Login": h.Login("ann"), "Renew": h.Renew()} {
			if !errors.Is(err, sessionhttp.ErrTooLate) {
				t.Errorf("%s after the first byte = %v; want ErrTooLate", what, err)
			}
		}
		if err := h.Logout(); err != nil {
			t.Errorf("Logout after the first byte: %v", err)
		}
	})
	id := f.put("user", "ann")
	f.get(id)
	if !gone(t, f.manager, id) {
		t.Error("signed out after the first byte, and alive")
	}
}

func TestDetached(t *testing.T) {
	var held *sessionhttp.Detached
	f := serve(t, func(w http.ResponseWriter, r *http.Request) {
		setUser(t)(w, r)
		http.NewResponseController(w).Flush()
		var err error
		if held, err = sessionhttp.From(r.Context()).Detach(); err != nil {
			t.Error(err)
		}
	})
	id := f.put("cart", "full")
	f.get(id)
	s, err := held.Reload(t.Context())
	if err != nil || s.Get("user") != "ann" {
		t.Fatalf("Reload: %v", err)
	}
	err = held.Update(t.Context(), func(s *datasession.Session) error { return s.Set("user", "bob") })
	if s, _ := held.Reload(t.Context()); err != nil || s.Get("user") != "bob" {
		t.Errorf("Update: %v", err)
	}
	if err := f.manager.Delete(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	_, err = held.Reload(t.Context())
	again := held.Update(t.Context(), func(s *datasession.Session) error { return s.Set("user", "eve") })
	if !errors.Is(err, datasession.ErrNotFound) || !errors.Is(again, datasession.ErrNotFound) || !gone(t, f.manager, id) {
		t.Errorf("after the sign-out: Reload = %v, Update = %v; want ErrNotFound", err, again)
	}
}
