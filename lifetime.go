package datasession

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-datasession/datasession/perl"
)

// Lifetime returns how long the session lives after it was last used, or Forever:
// Perl's expire() and etime().
func (s *Session) Lifetime() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &s.m.opts.Family
	if t := f.seconds(s.root, f.etime); t != 0 {
		return toDuration(t)
	}
	return Forever
}

// Expire sets how long the session lives after it was last used, in whole seconds,
// rounded up. Zero and Forever mean that it does not expire; a negative time
// that it is over. It reports ErrUnsupported if the family keeps no such time. Perl's
// text, as +1h, is read by [ParseLifetime].
func (s *Session) Expire(d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &s.m.opts.Family
	if f.etime == "" {
		return fmt.Errorf("expire: %w by %s", ErrUnsupported, f)
	}
	was, t := f.seconds(s.root, f.etime), toSeconds(d)
	if was == t {
		return nil
	}
	if s.times.etime == nil {
		s.times.etime = &was
	}
	s.ignored = false
	s.root.Set(f.etime, perl.Int(t))
	return nil
}

// ParamLifetimes returns how long parameters live after the session was last used,
// by name, for those that have a time of their own: Perl's ptime().
func (s *Session) ParamLifetimes() map[string]time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	lifetimes := make(map[string]time.Duration)
	for name, t := range s.m.opts.Family.paramSeconds(s.root) {
		lifetimes[name] = toDuration(t)
	}
	return lifetimes
}

// ExpireParam sets how long one parameter lives after the session was last used, in
// whole seconds, rounded up. Zero and Forever take its time away, which
// Data::Session cannot. There need not be such a parameter yet. It reports
// ErrReserved for a reserved name, ErrUnsupported if the family has no such times.
func (s *Session) ExpireParam(name string, d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.settable(name); err != nil {
		return err
	}
	if f := s.m.opts.Family; f.ptime == "" {
		return fmt.Errorf("expire %q: %w by %s", name, ErrUnsupported, f)
	}
	s.setParamExpiry(name, toSeconds(d))
	return nil
}

func (s *Session) setParamExpiry(name string, t int64) {
	f := &s.m.opts.Family
	if f.ptime == "" || f.paramSeconds(s.root)[name] == t {
		return
	}
	if s.times.params == nil {
		s.times.params = make(map[string]int64)
	}
	s.ignored = false
	delete(s.aged, name)
	s.times.params[name] = t
	f.setParamSeconds(s.root, name, t)
}

// Expires returns when the session will have expired if it is not used again, and
// whether it will.
func (s *Session) Expires() (t time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &s.m.opts.Family
	var end int64
	if etime := f.seconds(s.root, f.etime); etime != 0 {
		end, ok = s.accessed+etime, true
	}
	if ctime := f.seconds(s.root, f.ctime); s.m.opts.MaxAge != 0 && ctime != 0 {
		if last := ctime + toSeconds(s.m.opts.MaxAge); !ok || last < end {
			end, ok = last, true
		}
	}
	return unixTime(end), ok
}

// CheckExpiry looks whether the session is past its time by now, and if it is,
// deletes it, unless another has used it in the meantime. Load has done that for
// the moment of loading.
func (s *Session) CheckExpiry(ctx context.Context) (expired bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deleted {
		return s.expired, nil
	}
	if !s.m.over(s.root, s.accessed, s.m.now()) {
		return false, nil
	}
	if err := s.remove(ctx, s.rev); errors.Is(err, ErrConflict) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	s.expired = true
	return true, nil
}

// use takes note that the session is used now: parameters whose time is over go,
// and the access time is written if that is due.
func (s *Session) use(now int64) {
	f := &s.m.opts.Family
	if f.atime == "" {
		return
	}
	stored := s.accessed
	if stored > now { // a clock was wrong
		stored = now
		s.touch = true
	}
	if now-stored >= s.touchEvery() {
		s.touch = true
	}
	s.expireParams(stored, now)
	s.accessed, s.used = now, true
}

// expireParams clears the parameters whose time is over, counted from when the
// session was last used.
func (s *Session) expireParams(atime, now int64) {
	f := &s.m.opts.Family
	for name, t := range f.paramSeconds(s.root) {
		_, set := s.times.params[name]
		if set || s.edits.has(name) || !f.past(min(atime, now), t, now) {
			continue
		}
		s.root.Delete(name)
		f.setParamSeconds(s.root, name, 0)
		if s.aged == nil {
			s.aged = make(map[string]bool)
		}
		s.aged[name] = true
	}
}

// touchEvery returns after how many seconds a use is written.
func (s *Session) touchEvery() int64 {
	switch every := s.m.opts.TouchEvery; {
	case every < 0:
		return 0
	case every > 0:
		return toSeconds(every)
	}
	f := &s.m.opts.Family
	every := int64(60)
	if t := f.seconds(s.root, f.etime); t > 0 {
		every = min(every, t/10)
	}
	for _, t := range f.paramSeconds(s.root) {
		if t > 0 {
			every = min(every, t/10)
		}
	}
	return every
}
