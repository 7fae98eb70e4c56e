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

// writer commits the session before the first byte goes out.
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
		clear(w.Header())
		w.handle.mw.Error(w.ResponseWriter, w.handle.request, err)
	}
	return !w.replaced
}

// finish commits if the handler wrote nothing, and stores what was changed after the
// first byte.
func (w *writer) finish() {
	h := w.handle
	if !w.began {
		w.begin()
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if w.replaced || h.session == nil || !h.session.Modified() {
		return
	}
	ctx := h.request.Context()
	if _, err := h.flush(); err != nil {
		h.mw.opts.Logger.ErrorContext(ctx, "session changed after the response began: not stored", "error", err)
		return
	}
	if h.session.Stored() && h.session.ID() != h.askedID && w.Header().Get("Set-Cookie") == "" {
		h.mw.opts.Logger.ErrorContext(ctx, "session first used after the response began: the client has no cookie for it",
			"session", h.session.Fingerprint())
	}
}

// WriteHeader sends the header after the commit; informational ones at once.
func (w *writer) WriteHeader(code int) {
	informational := code >= 100 && code < 200 && code != http.StatusSwitchingProtocols
	if informational || w.begin() {
		w.ResponseWriter.WriteHeader(code)
	}
}

func (w *writer) Write(p []byte) (int, error) {
	if !w.begin() {
		return 0, errReplaced
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom lets io.Copy use what the connection offers.
func (w *writer) ReadFrom(r io.Reader) (int64, error) {
	if !w.begin() {
		return 0, errReplaced
	}
	return io.Copy(w.ResponseWriter, r)
}

// FlushError sends what was written so far, the header at least.
func (w *writer) FlushError() error {
	if !w.begin() {
		return errReplaced
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush is FlushError for those who ask for an http.Flusher.
func (w *writer) Flush() { _ = w.FlushError() }

// Hijack hands over the connection after the commit.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if !w.begin() {
		return nil, nil, errReplaced
	}
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap gives http.ResponseController the rest of what the writer below can do.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
