package sessionhttp

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/go-datasession/datasession"
)

// Handle is a request's hold on its session. It is safe for use by several
// goroutines.
type Handle struct {
	mw      *Middleware
	request *http.Request

	mu        sync.Mutex
	loaded    bool
	session   *datasession.Session
	err       error
	asked     bool   // the request came with a cookie of our name
	askedID   string // the id in it, if that was found in the store
	committed bool
}

// Session returns the session, loading it at the first call: the one that the cookie
// names, or a new one, of which nothing is stored before something is set in it. An
// error is that of a store that cannot be reached; it is never answered by a new
// session. A stored session that is corrupt is logged and kept, and the visitor gets
// a new one.
func (h *Handle) Session() (*datasession.Session, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.mw == nil {
		return nil, ErrNoMiddleware
	}
	if !h.loaded {
		h.session, h.err = h.load(h.request.Context())
		h.loaded = true
	}
	return h.session, h.err
}

func (h *Handle) load(ctx context.Context) (*datasession.Session, error) {
	m := h.mw.manager
	for _, c := range h.request.CookiesNamed(h.cookieName()) {
		h.asked = true
		id := datasession.UnescapeCookie(c.Value)
		if !m.ValidID(id) {
			continue
		}
		s, err := m.Load(ctx, id)
		if err == nil {
			h.askedID = id
			return s, nil
		}
		if errors.Is(err, datasession.ErrCorrupt) {
			h.mw.opts.Logger.ErrorContext(ctx, "corrupt session; the visitor gets a new one", "error", err)
		} else if !errors.Is(err, datasession.ErrNotFound) && !errors.Is(err, datasession.ErrInvalidID) {
			return nil, err
		}
	}
	return m.New(ctx)
}

func (h *Handle) cookieName() string {
	if name := h.mw.opts.Cookie.Name; name != "" {
		return name
	}
	return datasession.CookieName
}

// Renew gives the session a new id, under which alone its changes are stored. Call it
// when the visitor signs in or gains rights: whoever knew the old id is left with
// nothing. The cookie follows with the response.
func (h *Handle) Renew() error {
	s, err := h.Session()
	if err != nil {
		return err
	}
	return s.Rename(h.request.Context(), "")
}

// Destroy deletes the session, when the visitor signs out, and the response makes the
// browser drop the cookie.
func (h *Handle) Destroy() error {
	s, err := h.Session()
	if err != nil {
		return err
	}
	return s.Delete(h.request.Context())
}

// Commit stores the session if it was asked for and changed, and sets the headers of
// the response: the cookie where it is new or has a new end, Vary, Cache-Control. The
// middleware calls it before the first byte of the response. It sets no header, and
// reports the error, if the session could not be stored. A second call does nothing.
func (h *Handle) Commit(header http.Header) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.committed || h.mw == nil {
		return nil
	}
	h.committed = true
	if !h.loaded || h.session == nil {
		return nil
	}
	saved, err := h.flush()
	if err != nil {
		return err
	}
	header.Add("Vary", "Cookie")
	if !h.wantsCookie(saved) {
		return nil
	}
	cookie := h.mw.opts.Cookie.Drop()
	if h.session.Stored() {
		cookie = h.session.Cookie(&h.mw.opts.Cookie)
	}
	header.Add("Set-Cookie", cookie.String())
	header.Set("Cache-Control", "no-store")
	return nil
}

// flush stores the session, also when the client has left, and reports whether there
// is a stored session now that was written.
func (h *Handle) flush() (saved bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.request.Context()), h.mw.opts.Timeout)
	defer cancel()
	before := h.session.Saves()
	err = h.session.Flush(ctx)
	if errors.Is(err, datasession.ErrDeleted) {
		h.mw.opts.Logger.InfoContext(ctx, "session was deleted during the request", "session", h.session.Fingerprint())
		err = nil
	}
	return h.session.Saves() > before, err
}

// wantsCookie decides whether the response is to carry a cookie, be it one that makes
// the browser drop what it holds.
func (h *Handle) wantsCookie(saved bool) bool {
	if !h.session.Stored() {
		return h.asked // the browser holds one that is of no use
	}
	return saved || h.session.ID() != h.askedID
}
