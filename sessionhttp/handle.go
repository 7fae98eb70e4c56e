package sessionhttp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

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
	asked     uint8                // the transports that had something, a bit each
	askedID   string               // the id among that which was found in the store
	from      int                  // the transport that had it
	ended     *datasession.Session // the one that was signed out here
	destroyed bool                 // session is that one, and the next one is to be made
	committed bool
	rec       Record
}

// Format prints the fingerprint of the session, if it was loaded, whatever the verb.
func (h *Handle) Format(f fmt.State, _ rune) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.session == nil {
		fmt.Fprint(f, "session not loaded")
		return
	}
	fmt.Fprintf(f, "%v", h.session)
}

// Session returns the session, loading it at the first call: the one that the request
// names, or a new one, of which nothing is stored before something is set in it. An
// error is that of a store that cannot be reached; it is never answered by a new
// session. A stored session that is corrupt is logged and kept, and the visitor gets
// a new one. After a sign-out, Session returns a new one too.
func (h *Handle) Session() (*datasession.Session, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.get()
}

func (h *Handle) get() (*datasession.Session, error) {
	switch {
	case h.mw == nil:
		return nil, ErrNoMiddleware
	case !h.loaded:
		h.loaded = true
		ctx, end := h.begin(h.request.Context(), "load")
		start := time.Now()
		h.session, h.err = h.load(ctx)
		h.rec.Load = time.Since(start)
		end(h.err)
	case h.destroyed && h.err == nil:
		h.destroyed = false
		h.session, h.err = h.create(h.request.Context(), "")
	}
	return h.session, h.err
}

// Peek returns the session that the request names, as it is stored now, without using it:
// its access time stays, and so does the session that Session returns. It reports
// ErrNotFound if there is none.
func (h *Handle) Peek() (*datasession.Session, error) {
	if h.mw == nil {
		return nil, ErrNoMiddleware
	}
	tried := 0
	for _, t := range h.mw.transports {
		for _, id := range t.Find(h.request) {
			if !h.mw.manager.ValidID(id) || tried == mostIDs {
				continue
			}
			tried++
			s, err := h.mw.manager.Peek(h.request.Context(), id)
			switch {
			case err == nil && !s.Expired():
				return s, nil
			case err != nil && !errors.Is(err, datasession.ErrNotFound) && !errors.Is(err, datasession.ErrInvalidID):
				return nil, err
			}
		}
	}
	return nil, datasession.ErrNotFound
}

func (h *Handle) load(ctx context.Context) (*datasession.Session, error) {
	h.rec.Found = NoID
	unknown := ""
	for i, t := range h.mw.transports {
		tried := 0
		for _, id := range t.Find(h.request) {
			h.asked |= 1 << i
			if !h.mw.manager.ValidID(id) || tried == mostIDs {
				h.rec.Found = max(h.rec.Found, Malformed)
				continue
			}
			tried++
			s, err := h.try(ctx, id)
			if s != nil || err != nil {
				h.askedID, h.from = id, i
				return s, err
			}
			if unknown == "" {
				unknown = id
			}
		}
	}
	if h.mw.opts.PerlRules && h.rec.Found < Corrupt {
		return h.create(ctx, unknown)
	}
	return h.create(ctx, "")
}

// try loads a session, or says in the record why there is none.
func (h *Handle) try(ctx context.Context, id string) (*datasession.Session, error) {
	s, err := h.mw.manager.Load(ctx, id)
	switch {
	case err == nil && h.mw.opts.MatchAddr && !h.atHome(s):
		h.rec.Found = OtherAddress
		return nil, nil
	case err == nil:
		h.rec.Found = Found
		if s.ReadOnly() {
			h.rec.Found = Renamed
		}
		return s, nil
	case errors.Is(err, datasession.ErrCorrupt):
		h.rec.Found = Corrupt
		h.report("corrupt session; the visitor gets a new one", err)
	case errors.Is(err, datasession.ErrExpired):
		h.rec.Found = max(h.rec.Found, Expired)
	case errors.Is(err, datasession.ErrNotFound), errors.Is(err, datasession.ErrInvalidID):
		h.rec.Found = max(h.rec.Found, Unknown)
	default:
		h.rec.Found = Failed
		return nil, err
	}
	return nil, nil
}

func (h *Handle) atHome(s *datasession.Session) bool {
	return s.RemoteAddr() != "" && s.RemoteAddr() == h.mw.opts.ClientAddr(h.request)
}

// create makes a new session, under an id that the visitor has chosen if it is not
// empty.
func (h *Handle) create(ctx context.Context, id string) (s *datasession.Session, err error) {
	if id == "" {
		s, err = h.mw.manager.New(ctx)
	} else {
		s, err = h.mw.manager.NewWithID(ctx, id)
	}
	if err == nil && h.mw.stampAddr {
		s.SetRemoteAddr(h.mw.opts.ClientAddr(h.request))
	}
	return s, err
}

// lasting returns a context that the client cannot end by leaving.
func (h *Handle) lasting() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(h.request.Context()), h.mw.opts.Timeout)
}
