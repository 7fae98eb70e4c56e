package sessionhttp

import (
	"context"
	"fmt"

	"github.com/go-datasession/datasession"
)

// Detached is a hold on a session that goes on when the response is no longer the
// middleware's: in a stream of events, after a hijack, in a goroutine that outlives the
// request. It is safe for use by several goroutines.
type Detached struct {
	manager     *datasession.Manager
	id          string
	fingerprint string
	readOnly    bool
}

// Detach returns a hold on the request's session for what comes after the first byte.
// Take it after everything is set, for the id of a new session may yet change when it
// is stored; a session that is not stored has nothing to hold on to, and Reload reports
// ErrNotFound.
func (h *Handle) Detach() (*Detached, error) {
	s, err := h.Session()
	if err != nil {
		return nil, err
	}
	return &Detached{h.mw.manager, s.ID(), s.Fingerprint(), s.ReadOnly()}, nil
}

// Format prints the session's fingerprint, whatever the verb.
func (d *Detached) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "session %s", d.fingerprint)
}

// Reload returns the session as it is stored now. That does not count as a use, so that
// a page that is left open does not keep its visitor signed in. When the session was
// signed out, has expired or got another id, it reports ErrNotFound: end the stream.
// Flush stores what is changed in it.
func (d *Detached) Reload(ctx context.Context) (*datasession.Session, error) {
	s, err := d.manager.Peek(ctx, d.id)
	if err == nil && s.Expired() {
		return nil, datasession.ErrExpired
	}
	return s, err
}

// Update changes the session as it is stored now; see [datasession.Manager.Update].
// Other than Reload it counts as a use.
func (d *Detached) Update(ctx context.Context, fn func(*datasession.Session) error) error {
	if d.readOnly {
		return datasession.ErrReadOnly
	}
	return d.manager.Update(ctx, d.id, fn)
}
