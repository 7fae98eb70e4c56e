// Package memstore keeps sessions in memory: for tests, and for a single process
// that may lose its sessions when it ends.
//
//	m, err := datasession.New(memstore.New(nil), perljson.Codec{}, nil)
//
// A session's version is a number that only grows, so one that was deleted and
// made again is never taken for the one that was read. A session saved with a
// TTL is gone when that time is over; [Store.Purge] frees its memory, and so does
// looking for it. With a cap on the number of sessions, the least recently used
// one makes room for a new one.
//
// Perl's modules have nothing that corresponds to it.
package memstore

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/go-datasession/datasession/store"
)

// Options says how a Store differs from the default.
type Options struct {
	// MaxBytes is the largest data of one session. Zero means [store.MaxBytes],
	// below zero is no limit.
	MaxBytes int

	// MaxSessions is how many sessions are kept at most. One more, and the least
	// recently loaded or saved one is dropped. Zero means no cap. Loads and saves
	// of a store with a cap wait for each other; without, those of different
	// sessions mostly do not.
	MaxSessions int

	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

// Store is a [store.Store] in memory, with [store.Lister], [store.Toucher] and
// [store.Purger]. It is safe for use by several goroutines.
type Store struct {
	maxBytes int
	clock    func() time.Duration // since the Store was made
	shards   []shard
}

// shards is how many mutexes guard the sessions of a store without a cap.
const shards = 64

var (
	_ store.Store   = (*Store)(nil)
	_ store.Lister  = (*Store)(nil)
	_ store.Toucher = (*Store)(nil)
	_ store.Purger  = (*Store)(nil)
	_ store.Pinger  = (*Store)(nil)
)

// New returns an empty Store. A nil opts is the zero Options.
func New(opts *Options) *Store {
	if opts == nil {
		opts = &Options{}
	}
	s := &Store{maxBytes: opts.MaxBytes}
	if s.maxBytes == 0 {
		s.maxBytes = store.MaxBytes
	}
	if now := opts.Now; now != nil {
		made := now()
		s.clock = func() time.Duration { return now().Sub(made) }
	} else {
		made := time.Now()
		s.clock = func() time.Duration { return time.Since(made) }
	}
	n := shards
	if opts.MaxSessions > 0 {
		n = 1 // the oldest of all is the oldest of the one shard
	}
	s.shards = make([]shard, n)
	for i := range s.shards {
		s.shards[i].init(opts.MaxSessions)
	}
	return s
}

// Load returns the data stored under id, or ErrNotFound.
func (s *Store) Load(ctx context.Context, id string) (store.Record, error) {
	if err := ctx.Err(); err != nil {
		return store.Record{}, err
	}
	sh := s.shard(id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e := sh.get(id, s.clock)
	if e == nil {
		return store.Record{}, store.ErrNotFound
	}
	return store.Record{Data: e.data, Rev: store.NumRev(e.rev)}, nil
}

// Save stores a copy of data, as [store.Store] says.
func (s *Store) Save(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
	if err := ctx.Err(); err != nil {
		return store.Rev{}, err
	}
	if s.maxBytes > 0 && len(data) > s.maxBytes {
		return store.Rev{}, fmt.Errorf("%w: %d bytes, want at most %d", store.ErrTooLarge, len(data), s.maxBytes)
	}
	kept := append([]byte{}, data...)
	now := s.clock()
	sh := s.shard(id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e := sh.get(id, func() time.Duration { return now })
	switch {
	case old.IsAny():
	case e != nil && !e.is(old):
		return store.Rev{}, store.ErrConflict
	case e == nil && !old.IsZero():
		return store.Rev{}, store.ErrNotFound
	}
	if e == nil {
		e = sh.add(id)
	}
	sh.count++
	e.data, e.rev, e.expires = kept, sh.count, end(now, opts.TTL)
	return store.NumRev(e.rev), nil
}

// Delete removes the session, as [store.Store] says.
func (s *Store) Delete(ctx context.Context, id string, old store.Rev) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	sh := s.shard(id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e := sh.get(id, s.clock)
	if e == nil {
		return nil
	}
	if !old.IsAny() && !e.is(old) {
		return store.ErrConflict
	}
	sh.drop(e)
	return nil
}

// Touch lets the session live for ttl from now, for ever if ttl is zero, or
// reports ErrNotFound.
func (s *Store) Touch(ctx context.Context, id string, ttl time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	sh := s.shard(id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e := sh.get(id, s.clock)
	if e == nil {
		return store.ErrNotFound
	}
	e.expires = end(s.clock(), ttl)
	return nil
}

// batch is how many sessions are looked at before others get a turn at a shard.
const batch = 512

// Purge removes the sessions that are past their TTL and returns how many. It
// holds no lock for longer than a moment.
func (s *Store) Purge(ctx context.Context) (int, error) {
	now, removed := s.clock(), 0
	for i := range s.shards {
		err := s.shards[i].each(ctx, func(e *entry) {
			if e.expired(now) {
				s.shards[i].drop(e)
				removed++
			}
		}, func() bool { return true })
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// IDs yields the id of every session that has not expired.
func (s *Store) IDs(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		ids := make([]string, 0, batch)
		for i := range s.shards {
			goOn := true
			err := s.shards[i].each(ctx, func(e *entry) {
				if e.expires == never || !e.expired(s.clock()) {
					ids = append(ids, e.id)
				}
			}, func() bool {
				for _, id := range ids {
					if goOn = yield(id, nil); !goOn {
						break
					}
				}
				ids = ids[:0]
				return goOn
			})
			if err != nil {
				yield("", err)
				return
			}
			if !goOn {
				return
			}
		}
	}
}

// Ping reports nothing but the end of ctx: memory answers.
func (s *Store) Ping(ctx context.Context) error { return ctx.Err() }

// Close does nothing. The sessions go with the Store.
func (s *Store) Close() error { return nil }

// shard returns where id is kept. The last bytes tell: whatever makes the ids,
// those are what differs.
func (s *Store) shard(id string) *shard {
	if len(s.shards) == 1 {
		return &s.shards[0]
	}
	var h uint32
	for i := max(0, len(id)-6); i < len(id); i++ {
		h = h*31 + uint32(id[i])
	}
	return &s.shards[h%shards]
}
