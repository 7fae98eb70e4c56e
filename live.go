package datasession

import (
	"fmt"
	"slices"

	"github.com/go-datasession/datasession/perl"
)

// live is a value that was handed out, or given to Set, and that may be changed
// behind the session's back: a Go map, a struct with a slice, a Perl reference.
type live struct {
	goValue any
	plain   bool       // it is what Get returned
	stale   bool       // the parameter was changed through another
	then    perl.Value // what it was when last looked at
}

// handOut remembers what was made of a stored value, if it leads to something that can
// be changed.
func (s *Session) handOut(name string, x any, plain bool) {
	then, err := perl.FromGo(x)
	if err == nil && then.Kind() == perl.KindRef {
		s.keepLive(name, x, then, plain)
	}
}

// keepLive remembers x, which is handed out or was given to Set, and what it is as a Perl
// value: a reference.
func (s *Session) keepLive(name string, x any, then perl.Value, plain bool) {
	for _, l := range s.live[name] {
		if held, ok := l.goValue.(perl.Value); ok && held.Thing() == then.Thing() {
			return
		}
	}
	if s.live == nil {
		s.live = make(map[string][]*live)
	}
	s.live[name] = append(s.live[name], &live{goValue: x, plain: plain, then: perl.Clone(then)})
}

// held returns the live values of a parameter that are up to date.
func (s *Session) held(name string) []*live {
	if len(s.live) == 0 {
		return nil
	}
	_, _ = s.collect() // what cannot be stored is reported by the flush
	return slices.DeleteFunc(slices.Clone(s.live[name]), func(l *live) bool { return l.stale })
}

// collect brings the changes inside live values into the root, and reports whether
// there were any. Its error is that of a Go value that now holds something that
// cannot be stored.
func (s *Session) collect() (changed bool, err error) {
	for name, values := range s.live {
		for _, l := range values {
			now, err := perl.FromGo(l.goValue)
			if err != nil {
				return changed, fmt.Errorf("parameter %q: %w", name, err)
			}
			if perl.Equal(l.then, now) {
				continue
			}
			changed = true
			s.take(name, l, now)
		}
	}
	return changed, nil
}

// take records that a live value is now another.
func (s *Session) take(name string, l *live, now perl.Value) {
	stored, _ := s.root.Get(name)
	inPlace := stored.Thing() != nil && stored.Thing() == now.Thing()
	if !s.edits.has(name) {
		s.ignored = false
		base := l.then // what the root was before the change that was made in it
		if !inPlace {
			base = perl.Clone(stored)
		}
		s.edits.set(name, edit{read: true, was: true, base: base})
	}
	if !inPlace {
		s.root.Set(name, perl.Patch(stored, l.then, now))
	}
	l.then = perl.Clone(now)
	for _, other := range s.live[name] {
		other.stale = other != l
	}
}
