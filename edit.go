package datasession

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/go-datasession/datasession/perl"
)

// edit is the change of one parameter since the session was loaded or last
// flushed. What it is now stands in the root.
type edit struct {
	read bool       // somebody had seen the value before it was changed
	was  bool       // there was a value before
	base perl.Value // what that was
}

// editOf returns the edit of a parameter that is base, or nil if there is none.
func editOf(base *perl.Value, read bool) edit {
	if base == nil {
		return edit{read: read}
	}
	return edit{read: read, was: true, base: *base}
}

// before returns what the parameter was, or nil if there was none.
func (e edit) before() *perl.Value {
	if !e.was {
		return nil
	}
	return &e.base
}

// timeEdits are the changes of the reserved fields.
type timeEdits struct {
	atime  bool             // set by SetAccessTime
	etime  *int64           // what it was before Expire
	params map[string]int64 // lifetimes of parameters that were set; 0: taken away
}

func (t timeEdits) any() bool { return t.atime || t.etime != nil || len(t.params) > 0 }

// change records that a parameter is about to be changed in the root.
func (s *Session) change(name string) {
	s.ignored = false
	delete(s.aged, name)
	if !s.edits.has(name) {
		s.edits.set(name, editOf(lookup(s.root, name), s.read.has(name)))
	}
}

// rebase takes a newer stored session and applies this session's edits to it.
func (s *Session) rebase(ctx context.Context, newer *perl.Hash) error {
	f := &s.m.opts.Family
	var baseline byName[edit] // what the edits start from next time
	for name, e := range s.edits.all() {
		theirs, mine := lookup(newer, name), lookup(s.root, name)
		if e.read && !same(theirs, e.before()) && !same(theirs, mine) {
			resolved, err := s.resolve(ctx, Conflict{s.id, name, e.before(), theirs, mine})
			if err != nil {
				return fmt.Errorf("parameter %q: %w", name, err)
			}
			if resolved != mine { // what was handed out is not the parameter any more
				delete(s.live, name)
			}
			mine = resolved
		}
		if mine == nil {
			newer.Delete(name)
		} else {
			newer.Set(name, *mine)
		}
		baseline.set(name, editOf(theirs, e.read))
	}
	if was := s.times.etime; was != nil {
		mine, theirs := f.seconds(s.root, f.etime), f.seconds(newer, f.etime)
		if theirs != *was {
			mine = shorter(mine, theirs)
		}
		newer.Set(f.etime, perl.Int(mine))
		*was = theirs
	}
	for name, t := range s.times.params {
		f.setParamSeconds(newer, name, t)
	}
	s.root, s.edits = newer, baseline
	s.aged = nil // whether a parameter's time is over is for the newer session to say
	s.forgetUnchanged()
	return nil
}

// forgetUnchanged drops the live values of parameters that came anew with a newer
// session: they lead into the old one.
func (s *Session) forgetUnchanged() {
	for name := range s.live {
		if !s.edits.has(name) {
			delete(s.live, name)
		}
	}
}

func (s *Session) resolve(ctx context.Context, c Conflict) (*perl.Value, error) {
	s.work.Conflicts++
	s.m.stats.conflicts.Add(1)
	v, err := s.m.opts.Resolve(c)
	s.m.opts.Logger.WarnContext(ctx, "session conflict", "session", Fingerprint(c.ID), "parameter", c.Name, "rejected", err != nil)
	if s.m.opts.OnConflict != nil {
		s.m.opts.OnConflict(ctx, c)
	}
	return v, err
}

func lookup(h *perl.Hash, name string) *perl.Value {
	v, ok := h.Get(name)
	if !ok {
		return nil
	}
	v = v.Plain()
	return &v
}

func same(a, b *perl.Value) bool {
	if a == nil || b == nil {
		return a == b
	}
	return perl.Equal(*a, *b)
}

// shorter returns the lesser of two lifetimes in seconds, of which zero is for ever.
func shorter(a, b int64) int64 {
	switch {
	case a == 0:
		return b
	case b == 0:
		return a
	}
	return min(a, b)
}

// pause waits a little, and more with each try, before a write that met a newer
// session is tried again. It returns early with ctx's error.
func pause(ctx context.Context, try int) error {
	most := min(time.Millisecond<<min(try, 6), 32*time.Millisecond)
	t := time.NewTimer(rand.N(most))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
