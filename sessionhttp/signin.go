package sessionhttp

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/go-datasession/datasession"
)

// change runs fn on the session, for which the client cannot stop it by leaving. before
// says that the client has to be told of what it does.
func (h *Handle) change(op string, before bool, fn func(context.Context, *datasession.Session) error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, err := h.get()
	switch {
	case err != nil:
		return err
	case before && h.committed:
		return fmt.Errorf("%s: %w", op, ErrTooLate)
	}
	ctx, cancel := h.lasting()
	defer cancel()
	ctx, end := h.begin(ctx, op)
	err = fn(ctx, s)
	end(err)
	return err
}

// Renew gives the session a new id, under which alone its changes are stored. Call it
// when the visitor gains rights: whoever knew the old id is left with nothing. The
// cookie follows with the response.
func (h *Handle) Renew() error {
	return h.change("renew", true, func(ctx context.Context, s *datasession.Session) error {
		return s.Rename(ctx, "")
	})
}

// Login binds the session to a principal, an account's name or number, notes the
// client's address and User-Agent, gives the session a new id, and stores it at once.
// The old id is dead when Login returns, unless datasession.Options.RenameGrace says
// otherwise. Parameters stay, as a cart does, unless the session belonged to another
// principal. Check the password before.
//
// Login reports ErrTooLate after the first byte of the response, and
// ErrTooManySessions if Options.RefuseMore says so.
func (h *Handle) Login(principal string) error {
	return h.change("login", true, func(ctx context.Context, s *datasession.Session) error {
		o, m := &h.mw.opts, h.mw.manager
		if o.PerPrincipal > 0 && o.RefuseMore {
			if err := h.roomFor(ctx, principal, s); err != nil {
				return err
			}
		}
		from := datasession.Client{Addr: o.ClientAddr(h.request), Agent: h.request.UserAgent()}
		if err := s.Login(ctx, principal, from); err != nil {
			return err
		}
		if o.PerPrincipal == 0 {
			return nil
		}
		_, err := m.Limit(ctx, principal, o.PerPrincipal)
		return err
	})
}

// roomFor reports ErrTooManySessions if a principal has as many sessions as it may
// have, this one aside.
func (h *Handle) roomFor(ctx context.Context, principal string, s *datasession.Session) error {
	n := 0
	for in, err := range h.mw.manager.SignIns(ctx, principal) {
		if err != nil {
			return err
		}
		if in.Handle != s.Handle() {
			n++
		}
	}
	if n >= h.mw.opts.PerPrincipal {
		return ErrTooManySessions
	}
	return nil
}

// Remember says that the browser is to keep the cookie when it closes, and that the
// session is to live for Options.Remember after each use; with false, that the cookie
// goes with the browser, and that the session lives for the Manager's Lifetime.
func (h *Handle) Remember(yes bool) error {
	s, err := h.Session()
	if err != nil {
		return err
	}
	s.Persist(yes)
	lifetime := h.mw.manager.Options().Lifetime
	if yes {
		lifetime = h.mw.opts.Remember
	}
	if err := s.Expire(lifetime); !errors.Is(err, datasession.ErrUnsupported) {
		return err
	}
	return nil // a family whose sessions do not expire
}

// Logout deletes the session, and the response makes the browser drop the cookie, and
// what Options.ClearSiteData names. When Logout returns, nobody gets at the session any
// more. What is set from then on is set in a new session: a farewell, say.
func (h *Handle) Logout() error {
	return h.change("logout", false, func(ctx context.Context, s *datasession.Session) error {
		if err := s.Delete(ctx); err != nil {
			return err
		}
		h.rec.SignedOut = true
		h.ended, h.destroyed = s, !h.committed
		return nil
	})
}

// Destroy is another name for Logout.
func (h *Handle) Destroy() error { return h.Logout() }

// Principal returns whom the session is bound to, loading it if need be, or "".
func (h *Handle) Principal() (string, error) {
	s, err := h.Session()
	if err != nil {
		return "", err
	}
	return s.Principal(), nil
}

// SignIns yields the sessions of the account that this session is bound to; nothing, if
// it is not bound. Its own is the one that has the Handle of the session. See
// [datasession.Manager.SignIns].
func (h *Handle) SignIns() iter.Seq2[datasession.SignIn, error] {
	return func(yield func(datasession.SignIn, error) bool) {
		principal, err := h.Principal()
		switch {
		case err != nil:
			yield(datasession.SignIn{}, err)
		case principal != "":
			h.mw.manager.SignIns(h.request.Context(), principal)(yield)
		}
	}
}

// Revoke ends a session of this account by its handle, which SignIns has told. It reports
// ErrNotFound if the account has no such session.
func (h *Handle) Revoke(handle string) error {
	return h.change("revoke", false, func(ctx context.Context, s *datasession.Session) error {
		if s.ReadOnly() {
			return datasession.ErrReadOnly
		}
		if s.Principal() == "" {
			return datasession.ErrNotFound
		}
		return h.mw.manager.Revoke(ctx, s.Principal(), handle)
	})
}

// RevokeOthers ends the other sessions of this account, and returns how many.
func (h *Handle) RevokeOthers() (ended int, err error) {
	err = h.change("revoke", false, func(ctx context.Context, s *datasession.Session) error {
		if s.ReadOnly() {
			return datasession.ErrReadOnly
		}
		if s.Principal() == "" {
			return nil
		}
		ended, err = h.mw.manager.RevokeOthers(ctx, s.Principal(), s.ID())
		return err
	})
	return ended, err
}

// RevokeAll ends every session of this account, this one too, as Logout does.
func (h *Handle) RevokeAll() (ended int, err error) {
	principal, err := h.Principal()
	if err != nil {
		return 0, err
	}
	if err := h.Logout(); err != nil || principal == "" {
		return 0, err
	}
	ctx, cancel := h.lasting()
	defer cancel()
	ended, err = h.mw.manager.RevokeAll(ctx, principal)
	return ended + 1, err
}
