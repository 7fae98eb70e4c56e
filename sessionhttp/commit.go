package sessionhttp

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-datasession/datasession"
)

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
	if !h.loaded {
		return nil
	}
	if h.session == nil {
		h.vary(header)
		return nil
	}
	written, err := h.flush()
	if err != nil {
		return err
	}
	h.vary(header)
	h.tell(header, written)
	return nil
}

// flush stores the session, also when the client has left, and reports whether it was
// written, be it the access time only.
func (h *Handle) flush() (written bool, err error) {
	if !h.session.Due() {
		return false, nil
	}
	before := h.session.Work()
	ctx, cancel := h.lasting()
	defer cancel()
	ctx, end := h.begin(ctx, "store")
	start := time.Now()
	err = h.session.Flush(ctx)
	end(err)
	if errors.Is(err, datasession.ErrDeleted) {
		h.rec.Found = Deleted
		err = nil
	}
	after := h.session.Work()
	h.rec.Store += time.Since(start)
	return after.Saves+after.Touches > before.Saves+before.Touches, err
}

// vary tells caches which headers the response depends on.
func (h *Handle) vary(header http.Header) {
	for _, t := range h.mw.transports {
		if name := t.Vary(); name != "" && !listed(header["Vary"], name) {
			header.Add("Vary", name)
		}
	}
}

func listed(lines []string, name string) bool {
	for _, line := range lines {
		if slices.ContainsFunc(strings.Split(line, ","), func(s string) bool {
			return strings.EqualFold(strings.TrimSpace(s), name)
		}) {
			return true
		}
	}
	return false
}

// tell has the client keep the id, or forget it.
func (h *Handle) tell(header http.Header, written bool) {
	s := h.session
	switch {
	case s.ReadOnly():
		// Whoever comes with the id of before a sign-in must not get the new one.
		h.rec.Cookie = Withheld
		return
	case !s.Stored():
		h.forget(header)
	case s.ID() != h.askedID:
		h.send(header, h.mw.transports[0])
		h.rec.Cookie = SetNew
		if h.askedID != "" {
			h.rec.Cookie = SetNewID
		}
	case written && h.outlives():
		h.send(header, h.mw.transports[h.from])
		h.rec.Cookie = SetLater
	default:
		h.rec.Cookie = Kept
	}
	h.clearSite(header)
}

// outlives reports whether the client holds the id for a time that now has another end.
func (h *Handle) outlives() bool {
	c, ok := h.mw.transports[h.from].(*Cookie)
	return ok && h.session.Outlives((*datasession.CookieOptions)(c))
}

func (h *Handle) send(header http.Header, t Transport) {
	t.Send(header, h.session)
	header.Set("Cache-Control", "no-store")
}

// forget has the client drop what it came with, which is of no use.
func (h *Handle) forget(header http.Header) {
	if h.asked == 0 {
		h.rec.Cookie = NoCookie
		return
	}
	for i, t := range h.mw.transports {
		if h.asked&(1<<i) != 0 {
			t.Send(header, nil)
			header.Set("Cache-Control", "no-store")
		}
	}
	h.rec.Cookie = Cleared
}

// clearSite asks the browser to forget more, after a sign-out. A cookie that this
// response sets has to stay.
func (h *Handle) clearSite(header http.Header) {
	if !h.rec.SignedOut || len(h.mw.opts.ClearSiteData) == 0 {
		return
	}
	var what []string
	for _, kind := range h.mw.opts.ClearSiteData {
		if kind != "cookies" || !h.session.Stored() {
			what = append(what, `"`+kind+`"`)
		}
	}
	if len(what) > 0 {
		header.Set("Clear-Site-Data", strings.Join(what, ", "))
	}
}

// late stores what was changed after the response had begun.
func (h *Handle) late() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.session == nil {
		return
	}
	held := h.session.ReadOnly() || h.session.ID() == h.askedID || h.rec.Cookie.sent()
	if !held && h.session.Due() { // nobody could ever come back to it
		h.rec.Err = ErrTooLate
		h.report("session first used after the response began: not stored, the client has no cookie for it", ErrTooLate)
		return
	}
	if _, err := h.flush(); err != nil {
		h.rec.Err = err
		h.report("session changed after the response began: not stored", err)
	}
}

// Send has a client keep the id of a session that is stored, by way of a response's
// header: what Commit does for a session that is new. With nil, forget the id it has.
func (mw *Middleware) Send(header http.Header, s *datasession.Session) {
	mw.transports[0].Send(header, s)
	header.Set("Cache-Control", "no-store")
}
