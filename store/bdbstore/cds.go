package bdbstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/go-datasession/datasession/store"
)

// Store keeps sessions in a Concurrent Data Store. It implements [store.Store],
// [store.Lister], [store.Pinger] and [store.Migrator], and is safe for use by several
// goroutines. Programs that use the same database at the same time, Perl's among them, have
// to be in the same environment.
type Store struct {
	home, file string
	opts       Options

	turn   chan struct{} // held while opening and closing
	env    atomic.Pointer[environment]
	closed atomic.Bool
	create atomic.Bool
}

var _ interface {
	store.Store
	store.Lister
	store.Pinger
	store.Migrator
} = (*Store)(nil)

// New returns a store on a database in the environment in the directory home, which has
// to be there. The file's name is relative to home. (Perl: BerkeleyDB::Env's Home, and
// BerkeleyDB::Hash's Filename.) New does no I/O; the environment is joined by the
// first call, and left by Close.
func New(home, file string, opts *Options) (*Store, error) {
	if home == "" || file == "" {
		return nil, errors.New("bdbstore: want the directory of an environment and a file in it")
	}
	o, err := opts.withDefaults()
	s := &Store{home: home, file: file, opts: o, turn: make(chan struct{}, 1)}
	s.create.Store(o.Create)
	return s, err
}

// environment is one that was joined. A call of libdb may not return, so each has a
// goroutine, and one is made at a time: all want the write lock, those that read too.
// Data::Session does the same, and it has to be so: a program that has the write lock, and
// then wants to write, waits for readers, and libdb then lets it wait for ever if
// another one waits for the write lock.
type environment struct {
	*handle
	lock  *os.File      // shared lock on home/.lock
	turn  chan struct{} // held by a call
	since atomic.Int64  // when that began to wait for the lock, zero if it has it
	left  chan struct{} // closed by Close
}

// suspicious is how long a call may wait for the lock, in an environment that nobody else
// uses, until it seems that whoever has it has died.
const suspicious = time.Second

const remedy = "stop every program that uses the environment, remove the files __db.* in its directory, and start them again"

var (
	errClosed = errors.New("store is closed")
	errOver   = errors.New("given up")
)

// call runs f, which may not return, with the environment. It does return, at the
// latest when ctx ends. f has to ask over as soon as it has the lock.
func (s *Store) call(ctx context.Context, f func(e *environment, over func() bool) error) error {
	ctx, cancel := s.opts.bounded(ctx)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return err
	}
	e, err := s.join(ctx)
	if err != nil {
		return err
	}
	select {
	case e.turn <- struct{}{}:
		e.since.Store(time.Now().UnixNano())
	case <-e.left:
		return errClosed
	case <-ctx.Done():
		return s.gaveUp(ctx, e)
	}
	done := make(chan error, 1)
	var over atomic.Bool
	go func() {
		defer func() { <-e.turn }()
		done <- f(e, func() bool {
			e.since.Store(0)
			return over.Load()
		})
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		over.Store(true)
		return s.gaveUp(ctx, e)
	}
}

// gaveUp is about a call that did not get the lock in time. If nobody else has the
// environment open any more, who has it is dead, and a later call is to make a new one. To
// look for that takes time.
func (s *Store) gaveUp(ctx context.Context, e *environment) error {
	since := e.since.Load()
	if since != 0 && time.Since(time.Unix(0, since)) > suspicious {
		go func() {
			others, sure := usedByOthers(s.home)
			if sure && !others && e.since.Load() == since && s.env.CompareAndSwap(e, nil) {
				e.lock.Close() // and nothing else: to close a handle would wait, too
			}
		}()
	}
	return waited(ctx, "another program holds the lock of the environment and does not let it go; if it has died, "+remedy)
}

// join returns the environment, joining it if that is still to be done.
func (s *Store) join(ctx context.Context) (*environment, error) {
	if e := s.env.Load(); e != nil {
		return e, nil
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.closed.Load() {
		return nil, errClosed
	}
	if e := s.env.Load(); e != nil {
		return e, nil
	}
	e, err := s.open(ctx)
	if err == nil {
		s.env.Store(e)
	}
	return e, err
}

// open joins or makes the environment. Whoever is the only one of us looks whether a
// lock is free that a program may have died with.
func (s *Store) open(ctx context.Context) (*environment, error) {
	if !Linked {
		return nil, ErrNotLinked
	}
	if info, err := os.Stat(s.home); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%w: no directory %s: %w", store.ErrUnavailable, s.home, err)
	}
	lock, err := openLock(filepath.Join(s.home, ".lock"))
	if err != nil {
		return nil, err
	}
	alone, err := lockEnvironment(ctx, lock)
	var h *handle
	if err == nil {
		h, err = s.openHandle(ctx, alone)
	}
	if err == nil && alone {
		_, err = tryLock(lock, sharedLock)
	}
	if err != nil {
		lock.Close()
		return nil, err
	}
	return &environment{
		handle: h, lock: lock, turn: make(chan struct{}, 1), left: make(chan struct{}),
	}, nil
}

// lockEnvironment waits for a lock on an environment, and reports whether it is the only one.
func lockEnvironment(ctx context.Context, lock *os.File) (alone bool, err error) {
	for {
		if alone, err = tryLock(lock, exclusiveLock); alone || err != nil {
			return alone, err
		}
		if shared, err := tryLock(lock, sharedLock); shared || err != nil {
			return false, err
		}
		select {
		case <-ctx.Done():
			return false, waited(ctx, "another program is just opening the environment")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// openHandle opens the database. If alone it makes sure that writing is possible, if
// need be in a new environment.
func (s *Store) openHandle(ctx context.Context, alone bool) (*handle, error) {
	if !alone {
		return s.tryHandle(ctx, false, nil)
	}
	// Half of the time is for the second try, and a second is enough for a lock.
	limit := time.Second
	if end, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(end)/2)
	}
	first, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var stuck atomic.Pointer[handle]
	h, err := s.tryHandle(first, true, &stuck)
	if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		return h, err
	}
	if others, sure := usedByOthers(s.home); others || !sure {
		return nil, fmt.Errorf("%w: %w: another program holds a lock in the environment and does not let it go; if it has died, %s",
			store.ErrUnavailable, context.DeadlineExceeded, remedy)
	}
	if err := s.removeRegions(ctx, stuck.Load()); err != nil {
		return nil, err
	}
	return s.tryHandle(ctx, true, nil)
}

// tryHandle opens the database and, if probe is set, takes the write lock. What hangs is
// left behind, with the handle, if there is one by then, in stuck.
func (s *Store) tryHandle(ctx context.Context, probe bool, stuck *atomic.Pointer[handle]) (*handle, error) {
	type result struct {
		h   *handle
		err error
	}
	done, over := make(chan result), make(chan struct{})
	defer close(over)
	go func() {
		h, err := openHandle(s.home, s.file, s.create.Load(), &s.opts)
		if err == nil && probe {
			if stuck != nil {
				stuck.Store(h)
			}
			if err = h.probe(); err != nil {
				err = errors.Join(err, h.close())
			}
		}
		select {
		case done <- result{h, err}:
		case <-over: // it was late, and nobody has it
			if err == nil {
				_ = h.close()
			}
		}
	}()
	select {
	case r := <-done:
		return r.h, r.err
	case <-ctx.Done():
		return nil, waited(ctx, "the environment cannot be joined; if a program that used it has died, "+remedy)
	}
}

// removeRegions removes the shared memory of an environment that nobody else uses. What
// is written in it, and not yet to the file, is written first, if that is possible.
func (s *Store) removeRegions(ctx context.Context, h *handle) error {
	if h != nil {
		flushed := make(chan error, 1)
		go func() { flushed <- h.flush() }()
		select {
		case <-flushed:
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
	names, err := filepath.Glob(filepath.Join(s.home, "__db.[0-9][0-9][0-9]"))
	for _, name := range names {
		err = errors.Join(err, os.Remove(name))
	}
	if err != nil {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return nil
}

// Load returns the data stored under id.
func (s *Store) Load(ctx context.Context, id string) (store.Record, error) {
	found, err := make(chan []byte, 1), checkID(id)
	if err == nil {
		err = s.call(ctx, func(e *environment, over func() bool) error {
			data, err := e.get([]byte(id), s.opts.MaxBytes, over)
			found <- data
			return err
		})
	}
	if err != nil {
		return store.Record{}, wrap("load from", err)
	}
	switch data := <-found; {
	case data == nil:
		return store.Record{}, wrap("load from", store.ErrNotFound)
	case len(data) > s.opts.MaxBytes:
		return store.Record{}, wrap("load from", store.ErrTooLarge)
	default:
		return store.Record{Data: data, Rev: revOf(data)}, nil
	}
}

// Save stores data.
func (s *Store) Save(ctx context.Context, id string, data []byte, old store.Rev, _ store.SaveOptions) (store.Rev, error) {
	if len(data) > s.opts.MaxBytes {
		return store.Rev{}, wrap("save to", store.ErrTooLarge)
	}
	rev := revOf(data)
	// The caller may change data after a call that was given up.
	if err := s.update(ctx, id, saving(append([]byte{}, data...), old)); err != nil {
		return store.Rev{}, wrap("save to", err)
	}
	return rev, nil
}

// Delete removes the session.
func (s *Store) Delete(ctx context.Context, id string, old store.Rev) error {
	return wrap("delete from", s.update(ctx, id, deleting(old)))
}

func (s *Store) update(ctx context.Context, id string, decide decision) error {
	if err := checkID(id); err != nil {
		return err
	}
	return s.call(ctx, func(e *environment, over func() bool) error {
		return e.update([]byte(id), s.opts.MaxBytes, decide, over)
	})
}

// IDs yields every id. They are held in memory: while they are read nobody else can use
// the database.
func (s *Store) IDs(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		found := make(chan []string, 1)
		err := s.call(ctx, func(e *environment, over func() bool) error {
			ids, err := e.keys(over)
			found <- ids
			return err
		})
		var ids []string
		if err == nil {
			ids = <-found
		}
		yieldAll(ctx, ids, err, yield)
	}
}

// Ping reports whether the database can be read.
func (s *Store) Ping(ctx context.Context) error {
	return wrap("ping", s.call(ctx, func(e *environment, over func() bool) error {
		_, err := e.get([]byte("ping"), 0, over)
		return err
	}))
}

// Migrate makes the directory and the database if they are not there.
func (s *Store) Migrate(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := os.MkdirAll(s.home, 0o700); err != nil {
		return wrap("make", err)
	}
	s.create.Store(true)
	return wrap("make", s.call(ctx, func(*environment, func() bool) error { return nil }))
}

// Close leaves the environment. It does not wait for a call that hangs.
func (s *Store) Close() error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	s.closed.Store(true)
	e := s.env.Swap(nil)
	if e == nil {
		return nil
	}
	defer e.lock.Close()
	close(e.left)
	select {
	case e.turn <- struct{}{}:
		return e.close()
	case <-time.After(time.Second):
		return nil
	}
}
