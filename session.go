package datasession

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/go-datasession/datasession/perl"
	"github.com/go-datasession/datasession/store"
)

// Session is one session in memory: what was stored when it was loaded, and the
// edits since. It is safe for use by several goroutines; the maps, slices and
// things that it hands out are the caller's to guard.
type Session struct {
	m *Manager

	mu        sync.Mutex
	id        string
	key       string     // what it is stored under: the id, unless HashIDs
	rev       store.Rev  // the stored version that root came from; zero: none
	root      *perl.Hash // the whole stored hash with the edits applied
	accessed  int64      // when it was last used, Unix seconds
	isNew     bool
	generated bool // the id came from the generator, and may be drawn again
	expired   bool
	deleted   bool
	readOnly  bool // reached by the id from before a rename

	read      byName[struct{}]   // parameters whose value somebody has seen
	edits     byName[edit]       // parameters that were changed
	live      map[string][]*live // values handed out that may change under us
	aged      map[string]bool    // parameters that were cleared because their time was over
	times     timeEdits
	used      bool // loaded for use: what is stored has the access time in it
	touch     bool // the access time is due to be written
	touchable bool // which the store can do without a save
	work      Work // what it has cost
	forced    bool // SetModified(true)
	ignored   bool // SetModified(false)
}

// ID returns the session's id, a credential. It may change in the first flush of
// a new session, should the store have another session of that id already. With
// [Options].HashIDs, a session that was not reached by its id but by a search or a list
// has in its place the key that it is stored under.
func (s *Session) ID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id
}

// Fingerprint returns what stands for the id in logs and pages; see [Fingerprint].
func (s *Session) Fingerprint() string { return Fingerprint(s.storedUnder()) }

func (s *Session) storedUnder() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.key
}

// Format prints the session's fingerprint, whatever the verb: the id and what the session
// holds are not for logs.
func (s *Session) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "session %s", s.Fingerprint()) }

// IsNew reports whether the session was made and not loaded. Storing it does not
// change that.
func (s *Session) IsNew() bool { return s.isNew }

// Stored reports whether the store had the session when it was loaded or last
// flushed.
func (s *Session) Stored() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.rev.IsZero() && !s.deleted
}

// Saves returns how often this Session was written to the store.
func (s *Session) Saves() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.work.Saves
}

// Deleted reports whether the session was deleted, through this Session, or was
// found deleted when it was flushed. It is never stored again.
func (s *Session) Deleted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deleted
}

// ReadOnly reports whether the session was reached by the id that it had before a
// rename; see [Options].RenameGrace. Its changes are not stored: Flush, Rename and
// Delete report ErrReadOnly. ID returns the new id, which must not be given to whoever
// came with the old one.
func (s *Session) ReadOnly() bool { return s.readOnly }

// Work is what a Session has cost since it was made or loaded.
type Work struct {
	Loaded    int           // bytes that were read from the store; of the last time
	Decode    time.Duration // how long decoding took, in all
	Stored    int           // bytes that were written; of the last time
	Saves     int           // writes to the store
	Touches   int           // uses that the store took note of without a write
	Retries   int           // writes that met a newer session
	Conflicts int           // parameters that were handed to Options.Resolve
}

// Work returns what the session has cost so far, for logs and traces.
func (s *Session) Work() Work {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.work
}

// Expired reports whether the session was past its time when it was loaded by
// Peek, or at the last CheckExpiry.
func (s *Session) Expired() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.expired
}

// Modified reports whether a flush has something to store: an edit, or a change
// inside a value, but not merely an access time.
func (s *Session) Modified() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.modified()
}

// Due reports whether a flush has something to write: what Modified reports, or an
// access time.
func (s *Session) Due() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.deleted && (s.modified() || s.touch && !s.ignored)
}

func (s *Session) modified() bool {
	if s.ignored {
		return false
	}
	changed, err := s.collect()
	return changed || err != nil || s.edited()
}

func (s *Session) edited() bool {
	return s.forced || s.edits.len() > 0 || len(s.aged) > 0 || s.times.any()
}

// SetModified makes the next flush store the session even if nothing was changed,
// or, with false, makes it store nothing until something is changed again.
func (s *Session) SetModified(modified bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forced, s.ignored = modified, !modified
}

// Manager returns the Manager that the session belongs to.
func (s *Session) Manager() *Manager { return s.m }

// Hash returns a copy of the whole stored hash with the edits applied, reserved
// keys included.
func (s *Session) Hash() (*perl.Hash, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.collect(); err != nil {
		return nil, err
	}
	return perl.Clone(perl.NewRef(s.root)).Hash(), nil
}

// Delete removes the session from the store, whatever was stored meanwhile, and
// empties it. It stays usable in memory and is never stored again.
func (s *Session) Delete(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.remove(ctx, store.AnyRev)
}

func (s *Session) remove(ctx context.Context, rev store.Rev) error {
	if s.readOnly {
		return wrap("delete", s.key, ErrReadOnly)
	}
	neverStored := s.generated && s.rev.IsZero()
	if !neverStored && !s.deleted {
		if err := s.m.store.Delete(ctx, s.key, rev); err != nil {
			return wrap("delete", s.key, err)
		}
	}
	s.bury()
	return nil
}

// bury empties a session that is gone.
func (s *Session) bury() {
	for _, name := range append(s.names(), s.m.opts.PrincipalParam) {
		s.root.Delete(name)
	}
	s.deleted = true
	s.settle()
	s.live, s.read = nil, byName[struct{}]{}
}

// settle forgets the edits: they are stored, or never will be.
func (s *Session) settle() {
	s.edits, s.aged, s.times, s.touch, s.forced = byName[edit]{}, nil, timeEdits{}, false, false
}

// AccessTime returns when the session was last used: for one that Load returned,
// that is when it was loaded.
func (s *Session) AccessTime() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return unixTime(s.accessed)
}

// SetAccessTime sets when the session was last used, in whole seconds, to be stored
// by the next flush.
func (s *Session) SetAccessTime(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accessed = t.Unix()
	s.times.atime = true
	s.ignored = false
}

// CreateTime returns when the session was made, or the zero time if its family does
// not say.
func (s *Session) CreateTime() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &s.m.opts.Family
	return unixTime(f.seconds(s.root, f.ctime))
}

// unixTime returns the zero time for zero seconds.
func unixTime(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}
