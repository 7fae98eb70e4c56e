// Package layered keeps sessions in one store, the database, and copies of them in
// another that is faster to read, the cache, as Django's cached_db does:
//
//	cache, err := redisstore.Open(...)          // or memcachestore, or memstore
//	db, err := sqlstore.Open(...)
//	st, err := layered.New(cache, db, nil)
//
// What counts is what the database says. Every save and delete goes to it with the
// version that was read, which the cache hands on, and it decides. The cache holds
// nothing that is nowhere else: it may be emptied, or be down, at any time, and then
// sessions are read from the database.
//
// # What is in the cache is not old
//
// A copy is put into the cache only by somebody who has put a mark of his own there
// before he read, or wrote, the database, and only in place of that very mark. Whoever
// saves or deletes puts a mark first, over whatever is there. So a reader that was slow
// finds its mark gone when it comes with what it has read, and the same for two that
// save at once; a deleted session does not come back that way. If a process dies between
// its mark and the end, the mark stands for [Options].Grace, and nothing is cached.
//
// A save that meets a conflict removes the copy, from which the reader may have got its
// outdated version, so that the next try reads the database.
//
// What cannot be told to a cache that does not answer is remembered in the process:
// copies from before that moment are not believed any more. Another process that can
// reach the cache may meanwhile read an old copy for Options.TTL at most; its saves are
// refused by the database. The same holds for what a program that does not know of the
// cache, such as Perl, writes to the database.
package layered

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-datasession/datasession/store"
)

// Options says how a layered store differs from the default; nil means the defaults.
type Options struct {
	// TTL is for how long a copy is kept, at most: and so the longest for which
	// somebody may read an old one if the cache did not get to know of a change. Zero
	// means five minutes.
	TTL time.Duration

	// Timeout is for how long a call waits for the cache. Zero means 100 ms.
	Timeout time.Duration

	// Pause is for how long the cache is left alone after it has failed. Zero means a
	// second.
	Pause time.Duration

	// Grace is for how long the mark of somebody who saves, and who may have died,
	// keeps others from caching the session. It should be longer than a save takes.
	// Zero means 30 seconds.
	Grace time.Duration

	// Skew is by how much the clocks of the processes may differ. Zero means 10 seconds.
	Skew time.Duration
}

// Store is the part that all layered stores have in common. It is safe for use by
// several goroutines.
type Store struct {
	cache, db store.Store
	opts      Options

	down  atomic.Int64 // Unix nanoseconds until which the cache is left alone
	trust atomic.Int64 // Unix nanoseconds: copies from before are not believed

	hits, misses, failures atomic.Int64
}

// Stats counts what became of reads.
type Stats struct {
	Hits     int64 // answered by the cache
	Misses   int64 // answered by the database
	Failures int64 // calls of the cache that failed
}

// New returns a store that keeps sessions in db, and copies in cache. The cache is for
// this alone: give it a namespace of its own. It has to be a store whose conditional
// saves hold, and that drops what is past its TTL.
//
// The result has the capabilities of db, [store.Locker] excepted: it is a
// [store.Toucher], [store.Purger] or [store.Sweeper] if db is one. It always is a
// [store.Lister], [store.Scanner], [store.BatchDeleter], [store.Indexer] (with no names
// if db is none), [store.Pinger] and [store.Migrator]. New reports a db that cannot list.
//
// Close closes both.
func New(cache, db store.Store, opts *Options) (store.Store, error) {
	if cache == nil || db == nil {
		return nil, errors.New("layered: want a cache and a database")
	}
	if _, ok := db.(store.Lister); !ok {
		return nil, fmt.Errorf("layered: the database, a %T, cannot list its sessions; it is rather a cache", db)
	}
	s := &Store{cache: cache, db: db}
	if opts != nil {
		s.opts = *opts
	}
	o := &s.opts
	o.TTL = cmp.Or(o.TTL, 5*time.Minute)
	o.Timeout = cmp.Or(o.Timeout, 100*time.Millisecond)
	o.Pause = cmp.Or(o.Pause, time.Second)
	o.Grace = cmp.Or(o.Grace, 30*time.Second)
	o.Skew = cmp.Or(o.Skew, 10*time.Second)
	if min(o.TTL, o.Timeout, o.Pause, o.Grace, o.Skew) < 0 {
		return nil, errors.New("layered: an option is below zero")
	}
	return s.withCapabilities(), nil
}

// Load returns the copy, or else what the database has.
func (s *Store) Load(ctx context.Context, id string) (store.Record, error) {
	if err := ctx.Err(); err != nil {
		return store.Record{}, err
	}
	rec, m, err := s.lookUp(ctx, id)
	if err == nil {
		s.hits.Add(1)
		return rec, nil
	}
	s.misses.Add(1)
	rec, err = s.db.Load(ctx, id)
	switch {
	case err == nil:
		s.fill(ctx, id, m, rec)
	case m.placed():
		s.drop(ctx, id, m.rev)
	}
	return rec, err
}

// Save saves in the database, and then in the cache.
func (s *Store) Save(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
	if err := ctx.Err(); err != nil {
		return store.Rev{}, err
	}
	told := context.WithoutCancel(ctx) // what was begun in the database is told to the cache
	m := s.mark(told, id)
	rev, err := s.db.Save(ctx, id, data, old, opts)
	if err != nil {
		s.invalidate(told, id)
		return rev, err
	}
	rec := store.Record{Data: data, Rev: rev}
	if _, touches := s.db.(store.Toucher); touches {
		// When it expires is for the database to say.
		s.invalidate(told, id)
	} else if !s.put(told, id, m, rec, opts.TTL) {
		s.invalidate(told, id)
	}
	return rev, nil
}

// Delete deletes in the database, and in the cache.
func (s *Store) Delete(ctx context.Context, id string, old store.Rev) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.change(ctx, id, func() error { return s.db.Delete(ctx, id, old) })
}

// change makes a change in the database after which there is no copy.
func (s *Store) change(ctx context.Context, id string, make func() error) error {
	told := context.WithoutCancel(ctx)
	s.mark(told, id)
	err := make()
	s.invalidate(told, id)
	return err
}

// Ping asks the database, as without the cache things go on.
func (s *Store) Ping(ctx context.Context) error {
	if p, ok := s.db.(store.Pinger); ok {
		return p.Ping(ctx)
	}
	return ctx.Err()
}

// Close closes the database and the cache.
func (s *Store) Close() error { return errors.Join(s.db.Close(), s.cache.Close()) }

// Stats returns the counts since the store was made.
func (s *Store) Stats() Stats {
	return Stats{s.hits.Load(), s.misses.Load(), s.failures.Load()}
}
