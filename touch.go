package datasession

import (
	"context"
	"errors"
	"time"

	"github.com/go-datasession/datasession/perl"
	"github.com/go-datasession/datasession/store"
)

// Some stores keep the time until which a session lives beside its data, and can move it
// without rewriting them (store.Toucher, store.Record.Expires). There the access time
// within the data is that of the last save. When the session was last used follows from
// when it is to expire: that less its lifetime. The later of the two counts, and is what
// everybody gets to see who loads the session.

// ttlSlack is by how many seconds a store keeps a session longer than it lives: the last
// second still counts in Perl, and whether it is over is for the Manager to say.
const ttlSlack = 2

// addTouch sets the access time of a stored session to that of its last touch. It
// reports whether a touch can be told from the record: not if the session has no
// lifetime, or if Expires does not fit it, which somebody has changed then.
func (m *Manager) addTouch(root *perl.Hash, rec store.Record) bool {
	f := &m.opts.Family
	if rec.Expires.IsZero() || f.atime == "" {
		return false
	}
	etime, now := f.seconds(root, f.etime), m.now()
	touched := rec.Expires.Unix() - ttlSlack - etime
	const skew = 60 // seconds that another machine's clock may be ahead
	if etime <= 0 || touched > now+skew {
		return false
	}
	if touched = min(touched, now); touched > f.seconds(root, f.atime) {
		root.Set(f.atime, perl.Int(touched))
	}
	return true
}

// storeTouch has the store put off the session's expiry, if that is all there is to
// store, and it can. Otherwise done is false.
func (s *Session) storeTouch(ctx context.Context) (done bool, err error) {
	ttl := s.ttl()
	if !s.touchable || s.m.toucher == nil || ttl == 0 {
		return false, nil
	}
	err = s.m.toucher.Touch(ctx, s.key, ttl)
	if err == nil {
		s.work.Touches++
		s.m.stats.touches.Add(1)
	}
	return err == nil || errors.Is(err, ErrNotFound), err
}

// ttl is after how long without a write the store may drop the session, zero for never.
func (s *Session) ttl() time.Duration {
	f, now := &s.m.opts.Family, s.m.now()
	ttl := f.seconds(s.root, f.etime)
	if ttl > 0 {
		ttl = max(ttl+min(s.accessed-now, 0), 1)
	}
	if ctime := f.seconds(s.root, f.ctime); s.m.opts.MaxAge != 0 && ctime != 0 {
		left := max(ctime+toSeconds(s.m.opts.MaxAge)-now, 0)
		ttl = shorter(ttl, left+1)
	}
	if ttl == 0 {
		return 0
	}
	return min(toDuration(max(ttl, 0)+ttlSlack), Forever-1)
}
