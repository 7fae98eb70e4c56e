package sessionhttp

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
)

// errReplaced is what a handler gets that goes on writing after its response was
// replaced by an error.
var errReplaced = errors.New("sessionhttp: the session could not be stored; the response was replaced")

// writer commits the session before the first byte goes out. What it has beside
// these methods is added by capable.
type writer struct {
	http.ResponseWriter
	handle   *Handle
	began    bool // the header went out
	replaced bool // an error response went out in place of the handler's
}

// begin commits once. It reports false if the handler's response was replaced.
func (w *writer) begin() bool {
	if w.began {
		return !w.replaced
	}
	w.began = true
	if err := w.handle.Commit(w.Header()); err != nil {
		w.replaced = true
		w.handle.rec.Err = err
		clear(w.Header())
		w.handle.mw.Error(w.ResponseWriter, w.handle.request, err)
	}
	return !w.replaced
}

// finish commits if the handler wrote nothing, and stores what was changed after the
// first byte. A handler that did not return has panicked.
func (w *writer) finish(returned bool) {
	switch {
	case !returned && !w.handle.mw.opts.SaveOnPanic, w.replaced:
	case w.began:
		w.handle.late()
	case returned:
		w.begin()
	default: // whoever recovers may still answer
		if err := w.handle.Commit(w.Header()); err != nil {
			w.handle.report("session of a handler that panicked: not stored", err)
		}
	}
}

// WriteHeader sends the header after the commit; informational ones at once.
func (w *writer) WriteHeader(code int) {
	informational := code >= 100 && code < 200 && code != http.StatusSwitchingProtocols
	if informational || w.begin() {
		w.ResponseWriter.WriteHeader(code)
	}
}

// Write writes after the commit.
func (w *writer) Write(p []byte) (int, error) {
	if !w.begin() {
		return 0, errReplaced
	}
	return w.ResponseWriter.Write(p)
}

// WriteString is Write, without a copy where the writer below can do without.
func (w *writer) WriteString(s string) (int, error) {
	if !w.begin() {
		return 0, errReplaced
	}
	return io.WriteString(w.ResponseWriter, s)
}

// FlushError sends what was written so far, the header at least. It is there for
// http.ResponseController even if the writer below hides its Flush behind Unwrap, so
// that no flush gets past the commit.
func (w *writer) FlushError() error {
	if !w.begin() {
		return errReplaced
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap gives http.ResponseController the rest of what the writer below can do.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// The capabilities that not every writer has.
type (
	flusher  writer
	hijacker writer
	pusher   writer
	reader   writer
)

// Flush is FlushError for those who ask for an http.Flusher.
func (f *flusher) Flush() { _ = (*writer)(f).FlushError() }

// Hijack hands over the connection after the commit.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w := (*writer)(h)
	if !w.begin() {
		return nil, nil, errReplaced
	}
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Push commits before the pushed request, which may want the session.
func (p *pusher) Push(target string, opts *http.PushOptions) error {
	w := (*writer)(p)
	if !w.begin() {
		return errReplaced
	}
	return w.ResponseWriter.(http.Pusher).Push(target, opts)
}

// ReadFrom lets io.Copy use what the connection offers.
func (r *reader) ReadFrom(from io.Reader) (int64, error) {
	w := (*writer)(r)
	if !w.begin() {
		return 0, errReplaced
	}
	return w.ResponseWriter.(io.ReaderFrom).ReadFrom(from)
}

// capable returns w with the capabilities that the writer below has, and no others. A
// Hijack behind an Unwrap counts as had: http.ResponseController would find it there,
// past the commit.
func (w *writer) capable() http.ResponseWriter {
	var (
		f http.Flusher  = (*flusher)(w)
		h http.Hijacker = (*hijacker)(w)
		p http.Pusher   = (*pusher)(w)
		r io.ReaderFrom = (*reader)(w)
	)
	const flush, hijack, push, read = 1, 2, 4, 8
	have := 0
	if _, ok := w.ResponseWriter.(http.Flusher); ok {
		have |= flush
	}
	if canHijack(w.ResponseWriter) {
		have |= hijack
	}
	if _, ok := w.ResponseWriter.(http.Pusher); ok {
		have |= push
	}
	if _, ok := w.ResponseWriter.(io.ReaderFrom); ok {
		have |= read
	}
	type (
		fl = http.Flusher
		hi = http.Hijacker
		pu = http.Pusher
		re = io.ReaderFrom
	)
	switch have {
	case flush:
		return struct {
			*writer
			fl
		}{w, f}
	case hijack:
		return struct {
			*writer
			hi
		}{w, h}
	case flush | hijack:
		return struct {
			*writer
			fl
			hi
		}{w, f, h}
	case push:
		return struct {
			*writer
			pu
		}{w, p}
	case flush | push:
		return struct {
			*writer
			fl
			pu
		}{w, f, p}
	case hijack | push:
		return struct {
			*writer
			hi
			pu
		}{w, h, p}
	case flush | hijack | push:
		return struct {
			*writer
			fl
			hi
			pu
		}{w, f, h, p}
	case read:
		return struct {
			*writer
			re
		}{w, r}
	case flush | read:
		return struct {
			*writer
			fl
			re
		}{w, f, r}
	case hijack | read:
		return struct {
			*writer
			hi
			re
		}{w, h, r}
	case flush | hijack | read:
		return struct {
			*writer
			fl
			hi
			re
		}{w, f, h, r}
	case push | read:
		return struct {
			*writer
			pu
			re
		}{w, p, r}
	case flush | push | read:
		return struct {
			*writer
			fl
			pu
			re
		}{w, f, p, r}
	case hijack | push | read:
		return struct {
			*writer
			hi
			pu
			re
		}{w, h, p, r}
	case flush | hijack | push | read:
		return struct {
			*writer
			fl
			hi
			pu
			re
		}{w, f, h, p, r}
	}
	return w
}

func canHijack(w http.ResponseWriter) bool {
	for {
		if _, ok := w.(http.Hijacker); ok {
			return true
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return false
		}
		w = u.Unwrap()
	}
}
