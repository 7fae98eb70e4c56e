package sessionhttp

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Observer is told what requests do with their sessions, for traces and metrics. It is
// safe for use by several goroutines, and does not ask for the request's session. None
// of what it gets holds an id.
type Observer interface {
	// Begin is called before a session is loaded, stored or changed in the store: op
	// is "load", "store", "login", "renew", "logout" or "revoke". It returns the
	// context for that, and what is called with the outcome when it is over. The
	// outcome of a load that found nothing is nil.
	Begin(ctx context.Context, op string) (context.Context, func(error))

	// Done is called at the end of each request that used its session.
	Done(r *http.Request, rec Record)
}

// Record explains what one request did with its session: the answer to "why was I
// signed out?".
type Record struct {
	Found     Outcome       // what became of the id in the request
	Session   string        // the session's fingerprint; see datasession.Fingerprint
	Bytes     int           // that were read
	Load      time.Duration // looking for the session, the store included
	Decode    time.Duration // decoding, a part of that
	Store     time.Duration // storing
	Stored    int           // bytes that were written; 0: nothing was, but for an access time
	Retries   int           // writes that met a newer session
	Conflicts int           // parameters that two had changed
	Cookie    Reason        // what the client was told
	SignedOut bool
	Err       error // of loading, storing, or of what came too late
}

// Outcome is what became of the id in a request. Of several, the greatest counts.
type Outcome uint8

// The outcomes.
const (
	NoID         Outcome = iota // the request has none
	Malformed                   // what it has is not the Manager's kind of id
	Unknown                     // the store has no such session
	Expired                     // it was past its time, or from before an epoch
	Found                       // here it is
	Renamed                     // here it is, read-only, by the id it had before
	Deleted                     // here it was, and then somebody deleted it
	OtherAddress                // it belongs to another address
	Corrupt                     // it cannot be decoded
	Failed                      // the store could not say
)

// String returns a few words.
func (o Outcome) String() string {
	return [...]string{"no id", "malformed id", "unknown id", "expired", "found", "renamed", "deleted meanwhile",
		"other address", "corrupt", "failed"}[o]
}

// Reason is what the client was told about the id, and why.
type Reason uint8

// The reasons.
const (
	NoCookie Reason = iota // nothing: it has none, and needs none
	Kept                   // nothing: it has the right one
	SetNew                 // the id of a new session
	SetNewID               // the new id of its session
	SetLater               // that its cookie lives longer
	Cleared                // to forget an id that is of no use
	Withheld               // nothing: it came with the id of before a rename
)

func (r Reason) sent() bool { return r == SetNew || r == SetNewID || r == SetLater }

// String returns a few words.
func (r Reason) String() string {
	return [...]string{"none", "kept", "set: new session", "set: new id", "set: later end", "cleared", "withheld: old id"}[r]
}

// begin tells the observer that something begins.
func (h *Handle) begin(ctx context.Context, op string) (context.Context, func(error)) {
	if h.mw.opts.Observer == nil {
		return ctx, func(error) {}
	}
	return h.mw.opts.Observer.Begin(ctx, op)
}

// explain logs and hands over the record, if the session was used.
func (h *Handle) explain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	ctx := h.request.Context()
	debug := h.loaded && h.mw.opts.Logger.Enabled(ctx, slog.LevelDebug)
	if !h.loaded || !debug && h.mw.opts.Observer == nil {
		return
	}
	rec := h.rec
	session := h.session
	if h.ended != nil {
		session = h.ended
	}
	if session != nil {
		w := session.Work()
		rec.Session, rec.Bytes, rec.Decode = session.Fingerprint(), w.Loaded, w.Decode
		rec.Stored, rec.Retries, rec.Conflicts = w.Stored, w.Retries, w.Conflicts
	}
	if rec.Err == nil {
		rec.Err = h.err
	}
	if h.mw.opts.Observer != nil {
		h.mw.opts.Observer.Done(h.request, rec)
	}
	if debug {
		h.mw.opts.Logger.LogAttrs(ctx, slog.LevelDebug, "session", rec.attrs()...)
	}
}

func (rec *Record) attrs() []slog.Attr {
	attrs := []slog.Attr{
		slog.String("found", rec.Found.String()), slog.String("session", rec.Session),
		slog.Int("bytes", rec.Bytes), slog.Duration("load", rec.Load), slog.Duration("decode", rec.Decode),
		slog.Duration("store", rec.Store), slog.Int("stored", rec.Stored),
		slog.Int("retries", rec.Retries), slog.Int("conflicts", rec.Conflicts),
		slog.String("cookie", rec.Cookie.String()), slog.Bool("signed_out", rec.SignedOut),
	}
	if rec.Err != nil {
		attrs = append(attrs, slog.String("error", printable(rec.Err)))
	}
	return attrs
}
