package datasession

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync/atomic"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
	"github.com/go-datasession/datasession/store"
)

// Manager makes, loads and removes the sessions of one store. It is safe for use
// by several goroutines.
type Manager struct {
	store   store.Store
	codec   codec.Codec
	opts    Options
	lister  store.Lister // nil if the store cannot enumerate
	updates updateLocks
	epochs  epochs
	stats   struct{ loads, saves, touches, retries, conflicts atomic.Int64 }

	// What else the store can do; nil if it cannot.
	scanner store.Scanner
	toucher store.Toucher
	indexer store.Indexer
	indexes []string
}

// New returns a Manager over a store and a codec. A nil opts means the defaults.
func New(st store.Store, c codec.Codec, opts *Options) (*Manager, error) {
	if st == nil || c == nil {
		return nil, errors.New("datasession: New needs a store and a codec")
	}
	m := &Manager{store: st, codec: c, opts: opts.withDefaults(), updates: newUpdateLocks()}
	if m.opts.Lifetime < 0 || m.opts.MaxAge < 0 {
		return nil, errors.New("datasession: Lifetime and MaxAge must not be negative")
	}
	if m.opts.RenameGrace < 0 || m.opts.EpochCheck < 0 {
		return nil, errors.New("datasession: RenameGrace and EpochCheck must not be negative")
	}
	m.lister, _ = st.(store.Lister)
	m.scanner, _ = st.(store.Scanner)
	m.toucher, _ = st.(store.Toucher)
	if m.indexer, _ = st.(store.Indexer); m.indexer != nil {
		m.indexes = m.indexer.Indexes()
	}
	return m, nil
}

// Store returns the store, for what only it can do.
func (m *Manager) Store() store.Store { return m.store }

// Codec returns the codec.
func (m *Manager) Codec() codec.Codec { return m.codec }

// Options returns the options in use, defaults filled in.
func (m *Manager) Options() Options { return m.opts }

// Close closes the store. Sessions that were not flushed are not stored.
func (m *Manager) Close() error { return m.store.Close() }

// Stats counts what a Manager has done since it was made.
type Stats struct {
	Loads     int64 // sessions read from the store
	Saves     int64 // sessions written to it
	Touches   int64 // uses that a store took note of without a write of the session
	Retries   int64 // writes that met a newer session and were tried again
	Conflicts int64 // parameters that were handed to Options.Resolve
}

// Stats returns the counts so far.
func (m *Manager) Stats() Stats {
	return Stats{
		Loads: m.stats.loads.Load(), Saves: m.stats.saves.Load(), Touches: m.stats.touches.Load(),
		Retries: m.stats.retries.Load(), Conflicts: m.stats.conflicts.Load(),
	}
}

// ValidID reports whether id has the shape of the ids that Options.NewID makes. It
// does no I/O; ask it of ids that come with a request.
func (m *Manager) ValidID(id string) bool { return m.opts.NewID.Valid(id) && !m.secret(id) }

// New returns a new session under a fresh id. Nothing is stored before a flush, and
// then only if something was set.
func (m *Manager) New(ctx context.Context) (*Session, error) {
	id, err := m.opts.NewID.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("new session: %w", err)
	}
	s := m.newSession(id)
	s.generated = true
	return s, nil
}

// NewWithID returns a new session under an id that the program has chosen. If
// there is one when it is flushed, the two are merged.
func (m *Manager) NewWithID(_ context.Context, id string) (*Session, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	if m.secret(id) {
		return nil, fmt.Errorf("%w: it is a key of the store", ErrInvalidID)
	}
	return m.newSession(id), nil
}

func (m *Manager) newSession(id string) *Session {
	now := m.now()
	key := m.key(id)
	root := m.opts.Family.newRoot(m.idValue(key), now, toSeconds(m.opts.Lifetime), "")
	return &Session{m: m, id: id, key: key, root: root, accessed: now, isNew: true}
}

// Load returns the stored session, and takes note that it was used now. It reports
// ErrNotFound if there is none, ErrExpired if it is past its time, in which case it
// is removed from the store if that can be done, and ErrCorrupt if what is stored is
// not a session.
//
// Unlike Perl it never makes a new session.
func (m *Manager) Load(ctx context.Context, id string) (*Session, error) {
	s, err := m.load(ctx, id, true)
	if err != nil {
		err = wrap("load", m.key(id), err)
	}
	return s, err
}

// Peek is Load for somebody who only looks: it does not count as a use, and it
// returns an expired session, with its parameters, where Load reports ErrExpired.
// Changes to the session can be flushed, and then leave the access time alone.
func (m *Manager) Peek(ctx context.Context, id string) (*Session, error) {
	s, err := m.follow(ctx, id, false, 0)
	if err != nil {
		err = wrap("load", m.key(id), err)
	}
	return s, err
}

// Open returns the stored session, or a new one under that id if there is none or
// if it has expired: Perl's new(id => ...). It is for ids that the program has
// chosen. An id that a stranger can choose must not come here.
func (m *Manager) Open(ctx context.Context, id string) (*Session, error) {
	s, err := m.Load(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return m.NewWithID(ctx, id)
	}
	return s, err
}

func (m *Manager) load(ctx context.Context, id string, use bool) (*Session, error) {
	if m.secret(id) {
		return nil, ErrNotFound
	}
	return m.follow(ctx, id, use, 0)
}

// follow loads a session, the one that it was renamed to if need be. hops is how often
// that was so already.
func (m *Manager) follow(ctx context.Context, id string, use bool, hops int) (*Session, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	if isEpochID(id) {
		return nil, ErrNotFound
	}
	key := m.key(id)
	for try := 0; ; try++ {
		rec, err := m.store.Load(ctx, key)
		if err != nil {
			return nil, err
		}
		m.stats.loads.Add(1)
		start := m.opts.Now()
		root, err := m.decode(key, rec.Data)
		if err != nil {
			return nil, err
		}
		touchable := m.addTouch(root, rec)
		read := m.opts.Now()
		s := &Session{m: m, id: id, key: key, root: root, rev: rec.Rev, readOnly: hops > 0, touchable: touchable}
		s.work = Work{Loaded: len(rec.Data), Decode: read.Sub(start)}
		s.accessed = m.opts.Family.seconds(root, m.opts.Family.atime)
		now := read.Unix()
		if s.expired, err = m.ended(ctx, root, now); err != nil {
			return nil, err
		}
		const mostHops = 4
		if next := m.movedTo(root, now); next != "" && use && hops < mostHops {
			return m.follow(ctx, next, use, hops+1)
		}
		switch {
		case use && !s.expired:
			s.use(now)
		case use:
			err := m.store.Delete(ctx, key, rec.Rev)
			if errors.Is(err, ErrConflict) && try < m.opts.Tries {
				continue // somebody used it at the last moment
			}
			if err != nil {
				m.opts.Logger.WarnContext(ctx, "expired session left behind", "session", Fingerprint(key), "error", err)
			}
			return nil, ErrExpired
		}
		m.debug(ctx, "session loaded", key, len(rec.Data))
		return s, nil
	}
}

// decode turns stored bytes into the session's hash, or says why they are not one.
func (m *Manager) decode(id string, data []byte) (*perl.Hash, error) {
	if len(data) == 0 {
		return nil, corrupt(errors.New("no data"))
	}
	v, err := codec.Bind(m.codec, id).Decode(data, m.opts.Limits)
	if err != nil {
		return nil, corrupt(err)
	}
	root := v.Hash()
	if root == nil {
		return nil, corrupt(fmt.Errorf("want a hash, found %s", v.Kind()))
	}
	if !m.opts.AnyStoredID && !m.opts.Family.hasID(root, id) {
		return nil, corrupt(errors.New("it carries another id"))
	}
	return root, nil
}

// ended reports whether a stored session is past its time, or began before an epoch.
func (m *Manager) ended(ctx context.Context, root *perl.Hash, now int64) (bool, error) {
	if m.over(root, m.opts.Family.seconds(root, m.opts.Family.atime), now) {
		return true, nil
	}
	if m.opts.EpochCheck == 0 {
		return false, nil
	}
	return m.beforeEpoch(ctx, root)
}

// over reports whether a session that was last used at atime is past its time. An
// access time in the future, from a clock that was wrong, counts as now.
func (m *Manager) over(root *perl.Hash, atime, now int64) bool {
	f := &m.opts.Family
	if f.atime == "" {
		return false
	}
	if f.past(min(atime, now), f.seconds(root, f.etime), now) {
		return true
	}
	ctime := f.seconds(root, f.ctime)
	return m.opts.MaxAge != 0 && ctime != 0 && f.past(min(ctime, now), toSeconds(m.opts.MaxAge), now)
}

// Delete removes a session, whatever its state. A session that is not there is no
// error.
func (m *Manager) Delete(ctx context.Context, id string) error {
	err := checkID(id)
	if err == nil {
		err = m.store.Delete(ctx, m.key(id), store.AnyRev)
	}
	return wrap("delete", m.key(id), err)
}

// CanList reports whether the store can enumerate its sessions.
func (m *Manager) CanList() bool { return m.lister != nil }

// IDs yields the id of every stored session, expired ones included: Perl's
// traverse. No session is loaded and no time is touched. If the store cannot
// enumerate, the one thing yielded is ErrUnsupported. The loop may load, change and
// delete sessions.
func (m *Manager) IDs(ctx context.Context) iter.Seq2[string, error] {
	if m.lister == nil {
		return func(yield func(string, error) bool) {
			yield("", fmt.Errorf("list sessions: %w by this store", ErrUnsupported))
		}
	}
	return m.lister.IDs(ctx)
}

// All yields every stored session as Peek returns it. A session that cannot be read
// is yielded as nil with a [*SessionError], and the iteration goes on; an error of
// the listing itself ends it.
func (m *Manager) All(ctx context.Context) iter.Seq2[*Session, error] {
	return func(yield func(*Session, error) bool) {
		for id, err := range m.IDs(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			s, err := m.Peek(ctx, id)
			if errors.Is(err, ErrNotFound) {
				continue // gone since it was listed
			}
			if !yield(s, err) {
				return
			}
		}
	}
}

// debug logs at debug level, and costs nothing at others.
func (m *Manager) debug(ctx context.Context, text, id string, bytes int) {
	if m.opts.Logger.Enabled(ctx, slog.LevelDebug) {
		m.opts.Logger.DebugContext(ctx, text, "session", Fingerprint(id), "bytes", bytes)
	}
}

func (m *Manager) now() int64 { return m.opts.Now().Unix() }

// checkID refuses what cannot be an id in any store, before any of them sees it.
func checkID(id string) error {
	switch {
	case id == "":
		return fmt.Errorf("%w: it is empty", ErrInvalidID)
	case len(id) > mostID:
		return fmt.Errorf("%w: longer than %d bytes", ErrInvalidID, mostID)
	}
	return nil
}
