package sessionhttp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-datasession/datasession"
)

// Status returns the HTTP status for an error of a session: 403 for ErrCrossOrigin,
// 409 Conflict for ErrConflict and ErrTooManySessions, 500 where the program is at fault,
// as with ErrTooLarge, ErrNoMiddleware and a value that cannot be stored; and 503 for the
// rest, which may be gone at the next try.
func Status(err error) int {
	is := func(targets ...error) bool {
		for _, target := range targets {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
	switch {
	case is(ErrCrossOrigin):
		return http.StatusForbidden
	case is(ErrTooManySessions, datasession.ErrConflict):
		return http.StatusConflict
	case is(ErrNoMiddleware, ErrTooLate, datasession.ErrTooLarge, datasession.ErrValue, datasession.ErrReserved, datasession.ErrUnsupported):
		return http.StatusInternalServerError
	}
	return http.StatusServiceUnavailable
}

// Error answers a request whose session could not be loaded, and logs why.
func (mw *Middleware) Error(w http.ResponseWriter, r *http.Request, err error) {
	level := slog.LevelError
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil || errors.Is(err, ErrCrossOrigin) {
		level = slog.LevelInfo // the client left, or is to blame
	}
	mw.opts.Logger.Log(r.Context(), level, "session error", "error", printable(err))
	if mw.opts.Error != nil {
		mw.opts.Error(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	status := Status(err)
	switch status {
	case http.StatusForbidden:
		http.Error(w, "This request came from another site.", status)
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "The session cannot be reached at the moment. Please try again.", status)
	default:
		http.Error(w, "The session could not be stored.", status)
	}
}

// report tells of an error that the client cannot be told of.
func (h *Handle) report(text string, err error) {
	ctx := h.request.Context()
	attrs := []any{"error", printable(err)}
	if h.session != nil {
		attrs = append(attrs, "session", h.session.Fingerprint())
	}
	h.mw.opts.Logger.ErrorContext(ctx, text, attrs...)
	if h.mw.opts.OnError != nil {
		h.mw.opts.OnError(h.request, err)
	}
}

// printable returns an error's text without what would upset a terminal, or a reader of
// the log: of the handlers of slog, JSON's lets some of it pass.
func printable(err error) string {
	text := err.Error()
	if !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return text
	}
	q := strconv.Quote(text)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}
