package datasession

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/go-datasession/datasession/perl"
)

// PrincipalParam is the default of [Options].PrincipalParam: the reserved parameter
// that holds whom a session is bound to. Perl's modules keep it and do not show it.
const PrincipalParam = "_SESSION_PRINCIPAL"

// The reserved parameters that this package keeps beside those of the family.
const (
	signedInKey   = "_SESSION_AUTH_TIME"   // when somebody signed in, Unix milliseconds
	userAgentKey  = "_SESSION_USER_AGENT"  // with what
	remoteAddrKey = "_SESSION_REMOTE_ADDR" // from where; CGI::Session's own
	persistKey    = "_SESSION_PERSIST"     // 1: the cookie outlives the browser; 0: it does not
	movedKey      = "_SESSION_MOVED"       // the new id, in the record that a rename left
	movedUntilKey = "_SESSION_MOVED_UNTIL"
)

// ours reports whether a name is one of those, in a family that reserves no prefix.
func ours(name string) bool {
	switch name {
	case PrincipalParam, signedInKey, userAgentKey, remoteAddrKey, persistKey, movedKey, movedUntilKey:
		return true
	}
	return false
}

// Client is where somebody signs in from, as far as a program knows.
type Client struct {
	Addr  string // an address, or whatever tells places apart
	Agent string // the User-Agent header; its first 256 bytes are kept
}

// Login binds the session to a principal (an account's name or number), gives it a new
// id, and stores it at once. When Login returns, the old id is dead, but see
// [Options].RenameGrace. Parameters are kept, unless the session was bound to another
// principal: then they are cleared. After an error the session is bound as it was
// before, and under its old id.
func (s *Session) Login(ctx context.Context, principal string, from Client) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return wrap("login", s.key, s.login(ctx, principal, from))
}

func (s *Session) login(ctx context.Context, principal string, from Client) error {
	switch {
	case principal == "":
		return errors.New("the principal is empty")
	case s.deleted:
		return ErrDeleted
	case s.readOnly:
		return ErrReadOnly
	}
	since, err := s.m.startAfterEpochs(ctx, principal)
	if err != nil {
		return err
	}
	if was := s.principal(); was != "" && was != principal {
		for _, name := range s.names() {
			s.clear(name)
		}
	}
	const mostAgent = 256
	s.keep(s.m.opts.PrincipalParam, perl.String(principal))
	s.keep(signedInKey, perl.Int(since))
	s.keep(remoteAddrKey, perl.String(from.Addr))
	s.keep(userAgentKey, perl.String(from.Agent[:min(len(from.Agent), mostAgent)]))
	if err = s.rename(ctx, ""); err == nil {
		err = s.flush(ctx, s.m.opts.Tries)
	}
	if err != nil {
		for _, name := range []string{s.m.opts.PrincipalParam, signedInKey, remoteAddrKey, userAgentKey} {
			s.revert(name)
		}
	}
	return err
}

// keep sets a reserved parameter.
func (s *Session) keep(name string, v perl.Value) {
	if old, ok := s.root.Get(name); !ok || !perl.Equal(old, v) {
		s.change(name)
		s.root.Set(name, v)
	}
}

// revert takes back a change that was not stored.
func (s *Session) revert(name string) {
	e, ok := s.edits.get(name)
	switch {
	case !ok:
		return
	case e.was:
		s.root.Set(name, e.base)
	default:
		s.root.Delete(name)
	}
	s.edits.delete(name)
}

// Principal returns whom the session is bound to, or "".
func (s *Session) Principal() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.principal()
}

func (s *Session) principal() string { return s.m.principalIn(s.root) }

func (m *Manager) principalIn(root *perl.Hash) string {
	v, ok := root.Get(m.opts.PrincipalParam)
	if t, isText := indexText(v); ok && isText {
		return t
	}
	return ""
}

// SignedIn returns when [Session.Login] bound the session, to tell how fresh the
// sign-in is before something that matters, or the zero time.
func (s *Session) SignedIn() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	ms := s.m.opts.Family.seconds(s.root, signedInKey)
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// RemoteAddr returns the address that the session was made at or signed in from, if
// somebody has said so: what CGI::Session compares with -ip_match.
func (s *Session) RemoteAddr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, _ := s.root.Get(remoteAddrKey)
	return text(v)
}

// SetRemoteAddr sets what RemoteAddr returns. It does not make a new session one that
// is stored.
func (s *Session) SetRemoteAddr(addr string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rev.IsZero() {
		s.root.Set(remoteAddrKey, perl.String(addr))
		return
	}
	s.keep(remoteAddrKey, perl.String(addr))
}

// Persist says whether the session's cookie is to outlive the browser, whatever
// CookieOptions.Browser says for other sessions: "remember me" on a form.
func (s *Session) Persist(yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := perl.Int(0)
	if yes {
		v = perl.Int(1)
	}
	s.keep(persistKey, v)
}

// Persistent reports what Persist has said, and whether it has.
func (s *Session) Persistent() (yes, said bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, said := s.root.Get(persistKey)
	return v.AsInt() != 0, said
}

// SignIn is what an account's owner may see of one of the account's sessions.
type SignIn struct {
	Handle    string // names the session for Revoke; its id cannot be found from it
	Principal string
	Created   time.Time // zero if the family does not say
	Accessed  time.Time // at least as late as TouchEvery ago
	SignedIn  time.Time // zero if it was not bound by Login
	Expires   time.Time // zero if it does not expire
	Addr      string    // where it was signed in from
	Agent     string
}

// Handle returns 32 hexadecimal digits that name a session to its owner, who may end
// it by them; the id cannot be found from them.
func Handle(id string) string {
	sum := sha256.Sum256([]byte("datasession handle\x00" + id))
	return hex.EncodeToString(sum[:16])
}

// SignIn returns what the session's owner may see of it.
func (s *Session) SignIn() SignIn {
	expires, _ := s.Expires()
	in := SignIn{
		Handle: s.Handle(), Principal: s.Principal(), Addr: s.RemoteAddr(),
		Created: s.CreateTime(), Accessed: s.AccessTime(), SignedIn: s.SignedIn(), Expires: expires,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, _ := s.root.Get(userAgentKey)
	in.Agent = text(v)
	return in
}

// Handle returns what names the session in a [SignIn].
func (s *Session) Handle() string { return Handle(s.storedUnder()) }

// SignIns yields the live sessions that are bound to a principal, in no particular
// order. They are found with [Manager.FindBy]: by the store, if it has an index of
// [Options].PrincipalParam, and otherwise by a look at every session there is; if the
// store cannot enumerate either, the one thing yielded is ErrUnsupported.
func (m *Manager) SignIns(ctx context.Context, principal string) iter.Seq2[SignIn, error] {
	return func(yield func(SignIn, error) bool) {
		for s, err := range m.bound(ctx, principal) {
			switch {
			case err != nil:
				yield(SignIn{}, err)
				return
			case s.Expired():
			case !yield(s.SignIn(), nil):
				return
			}
		}
	}
}

// bound yields the sessions of a principal, the expired ones too. Those that cannot be
// read, and so cannot be used either, are passed over.
func (m *Manager) bound(ctx context.Context, principal string) iter.Seq2[*Session, error] {
	return func(yield func(*Session, error) bool) {
		if principal == "" {
			yield(nil, errors.New("the principal is empty"))
			return
		}
		for id, err := range m.FindBy(ctx, m.opts.PrincipalParam, principal) {
			var s *Session
			if err == nil {
				s, err = m.Peek(ctx, id)
			}
			switch {
			case unreadable(err), errors.Is(err, ErrNotFound):
			case err != nil:
				yield(nil, err)
				return
			case s.Principal() != principal: // the index may be older than the session
			case !yield(s, nil):
				return
			}
		}
	}
}

// Revoke ends the session of a principal that has this handle. It reports ErrNotFound
// if the principal has no such session.
func (m *Manager) Revoke(ctx context.Context, principal, handle string) error {
	for s, err := range m.bound(ctx, principal) {
		if err != nil {
			return fmt.Errorf("revoke: %w", err)
		}
		if s.Handle() == handle {
			return s.Delete(ctx)
		}
	}
	return fmt.Errorf("revoke: %w", ErrNotFound)
}

// RevokeOthers ends the sessions of a principal but one, and returns how many.
func (m *Manager) RevokeOthers(ctx context.Context, principal, keepID string) (ended int, err error) {
	keep := Handle(m.key(keepID))
	return m.end(ctx, principal, func(s *Session) bool { return s.Handle() != keep })
}

// RevokeAll ends the sessions of a principal, and returns how many it has deleted.
// With [Options].EpochCheck it also raises the principal's epoch, as [Manager.NotBefore]
// does: then sessions that are being moved to another id just now end as well, and on
// a store that cannot be searched that alone ends them all.
func (m *Manager) RevokeAll(ctx context.Context, principal string) (ended int, err error) {
	raised := false
	if m.opts.EpochCheck > 0 {
		if err := m.NotBefore(ctx, principal, m.opts.Now()); err != nil {
			return 0, err
		}
		raised = true
	}
	ended, err = m.end(ctx, principal, func(*Session) bool { return true })
	if raised && errors.Is(err, ErrUnsupported) {
		err = nil
	}
	return ended, err
}

func (m *Manager) end(ctx context.Context, principal string, which func(*Session) bool) (ended int, err error) {
	for s, err := range m.bound(ctx, principal) {
		if err == nil && which(s) {
			err = s.Delete(ctx)
			ended++
		}
		if err != nil {
			return ended, fmt.Errorf("revoke: %w", err)
		}
	}
	return ended, nil
}

// Limit ends the sessions of a principal that are more than most, those first that
// signed in first, and returns how many. Two that signed in within a millisecond go in
// the order of their handles, so that two processes that do this at once end the same.
func (m *Manager) Limit(ctx context.Context, principal string, most int) (ended int, err error) {
	var all []SignIn
	sessions := map[string]*Session{}
	for s, err := range m.bound(ctx, principal) {
		if err != nil {
			return 0, fmt.Errorf("limit: %w", err)
		}
		if !s.Expired() {
			in := s.SignIn()
			all = append(all, in)
			sessions[in.Handle] = s
		}
	}
	slices.SortFunc(all, laterFirst)
	for _, in := range all[min(most, len(all)):] {
		if err := sessions[in.Handle].Delete(ctx); err != nil {
			return ended, fmt.Errorf("limit: %w", err)
		}
		ended++
	}
	return ended, nil
}

func laterFirst(a, b SignIn) int {
	if c := b.SignedIn.Compare(a.SignedIn); c != 0 {
		return c
	}
	if a.Handle < b.Handle {
		return -1
	}
	return 1
}
