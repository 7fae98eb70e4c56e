package layered

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/go-datasession/datasession/store"
)

// errMiss is why a copy is not used.
var errMiss = errors.New("not in the cache")

// A mark is what somebody has put into the cache in place of a copy, before he read or
// wrote the database.
type mark struct {
	rev  store.Rev // that the cache gave it; zero if it is not there
	time time.Time // when it was put there, which is how old the copy is
}

func (m mark) placed() bool { return !m.rev.IsZero() }

// lease is for how long the mark of a reader, who may have died, stands.
const lease = 10 * time.Second

// lookUp returns the copy of a session, or else the mark that it has put in its place.
func (s *Store) lookUp(ctx context.Context, id string) (rec store.Record, m mark, err error) {
	if !s.up() {
		return rec, m, errMiss
	}
	now := time.Now()
	var was store.Rev // what the mark takes the place of: nothing, or a copy not believed
	err = s.ask(ctx, func(ctx context.Context) error {
		got, err := s.cache.Load(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			return errMiss
		}
		if err != nil {
			return err
		}
		c, ok := parse(got.Data)
		switch {
		case !ok || c.made.UnixNano() <= s.trust.Load():
			was = got.Rev
		case c.mark:
			return errMarked
		default:
			rec = c.Record
			return nil
		}
		return errMiss
	})
	if errors.Is(err, errMiss) {
		m = s.place(ctx, id, was, lease, now)
	}
	return rec, m, err
}

var errMarked = errors.New("marked by another")

// mark puts the mark of somebody who is going to save over whatever is in the cache.
func (s *Store) mark(ctx context.Context, id string) mark {
	if !s.up() {
		return mark{}
	}
	return s.place(ctx, id, store.AnyRev, s.opts.Grace, time.Now())
}

func (s *Store) place(ctx context.Context, id string, over store.Rev, ttl time.Duration, now time.Time) (m mark) {
	m.time = now
	_ = s.ask(ctx, func(ctx context.Context) (err error) {
		m.rev, err = s.cache.Save(ctx, id, newMark(now), over, store.SaveOptions{TTL: ttl})
		return err
	})
	return m
}

// newMark returns bytes that no other mark has.
func newMark(now time.Time) []byte {
	var nonce [16]byte
	_, _ = rand.Read(nonce[:]) // it does not fail
	return append(appendHead(nil, kindMark, now), nonce[:]...)
}

// fill puts what was read into the place of the mark.
func (s *Store) fill(ctx context.Context, id string, m mark, rec store.Record) {
	ttl := time.Duration(0)
	if !rec.Expires.IsZero() {
		if ttl = time.Until(rec.Expires); ttl <= 0 {
			return // the database has yet to remove it
		}
	}
	s.put(ctx, id, m, rec, ttl)
}

// put puts a copy into the place of a mark, if that is still there, and reports whether
// it did.
func (s *Store) put(ctx context.Context, id string, m mark, rec store.Record, ttl time.Duration) bool {
	if !m.placed() || !s.up() {
		return false
	}
	if ttl <= 0 {
		ttl = s.opts.TTL
	}
	return s.ask(ctx, func(ctx context.Context) error {
		_, err := s.cache.Save(ctx, id, appendCopy(nil, rec, m.time), m.rev, store.SaveOptions{TTL: min(ttl, s.opts.TTL)})
		return err
	}) == nil
}

// drop takes a reader's mark back.
func (s *Store) drop(ctx context.Context, id string, rev store.Rev) {
	_ = s.ask(ctx, func(ctx context.Context) error { return s.cache.Delete(ctx, id, rev) })
}

// invalidate removes whatever is in the cache. If that cannot be done, this process does
// not believe what was put there until now, by clocks that may be ahead.
func (s *Store) invalidate(ctx context.Context, id string) {
	err := errMiss
	if s.up() {
		err = s.ask(ctx, func(ctx context.Context) error { return s.cache.Delete(ctx, id, store.AnyRev) })
	}
	if err == nil || errors.Is(err, store.ErrInvalidID) {
		return
	}
	until := time.Now().Add(s.opts.Skew).UnixNano()
	for {
		is := s.trust.Load()
		if is >= until || s.trust.CompareAndSwap(is, until) {
			return
		}
	}
}

// up reports whether the cache is to be asked.
func (s *Store) up() bool {
	down := s.down.Load()
	return down == 0 || time.Now().UnixNano() > down
}

// ask calls the cache, not for long. After a failure it is left alone for a while, by all.
func (s *Store) ask(ctx context.Context, call func(ctx context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	err := call(limited)
	if err == nil || ctx.Err() != nil {
		return err
	}
	for _, fine := range []error{errMiss, errMarked, store.ErrNotFound, store.ErrConflict, store.ErrTooLarge, store.ErrInvalidID} {
		if errors.Is(err, fine) {
			return err
		}
	}
	s.failures.Add(1)
	s.down.Store(time.Now().Add(s.opts.Pause).UnixNano())
	return err
}
