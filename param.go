package datasession

import (
	"fmt"
	"maps"
	"slices"

	"github.com/go-datasession/datasession/perl"
)

// Names returns the names of the parameters, sorted, without reserved ones.
func (s *Session) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.names()
}

func (s *Session) names() []string {
	names := make([]string, 0, s.root.Len())
	for k := range s.root.All() {
		if name := k.String(); !s.m.opts.Family.Reserved(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Has reports whether there is a parameter of that name, be it undef.
func (s *Session) Has(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.value(name)
	return ok
}

// Get returns a parameter as a plain Go value, as [perl.ToGo] makes it, or nil if
// there is none. Reserved names can be read too.
//
// A map or slice that is returned stays the session's: changing what is in it
// changes the session, and so does changing what it contains at any depth.
// Appending to a slice needs Set, as anywhere in Go.
func (s *Session) Get(name string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.held(name) {
		if l.plain {
			return l.goValue
		}
	}
	v, ok := s.value(name)
	if !ok {
		return nil
	}
	x := perl.ToGo(v)
	if v.Kind() == perl.KindRef {
		s.handOut(name, x, true)
	}
	return x
}

// Value returns a parameter as the Perl value that it is, or undef if there is
// none. What a reference points at stays the session's: to change it is to change
// the session.
func (s *Session) Value(name string) perl.Value {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, _ := s.value(name)
	if v.Kind() == perl.KindRef {
		s.keepLive(name, v, v, false)
	}
	return v.Plain()
}

// value reads a parameter and remembers that it was read.
func (s *Session) value(name string) (perl.Value, bool) {
	s.read.set(name, struct{}{})
	return s.root.Get(name)
}

// Set gives a parameter a value: nil, booleans, numbers, strings, byte slices,
// times, structs, maps, slices, pointers to these, a [perl.Value] or a
// [perl.Thing]; see [perl.FromGo]. A parameter that is set to an equal value is not
// changed. It reports ErrReserved for a reserved name.
//
// A map, slice or pointer given to Set stays connected: what is changed in it
// before the flush is stored as well.
//
// Unlike Data::Session's param, Set stores false values also where there was
// nothing.
func (s *Session) Set(name string, value any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.set(name, value)
}

// SetAll sets several parameters, or none if one of them cannot be set.
func (s *Session) SetAll(params map[string]any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, x := range params {
		if err := s.settable(name); err != nil {
			return err
		}
		if _, err := perl.FromGo(x); err != nil {
			return fmt.Errorf("set %q: %w", name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if err := s.set(name, params[name]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) set(name string, x any) error {
	if err := s.settable(name); err != nil {
		return err
	}
	v, err := perl.FromGo(x)
	if err != nil {
		return fmt.Errorf("set %q: %w", name, err)
	}
	if _, err := s.collect(); err != nil {
		return err
	}
	delete(s.live, name)
	if old, ok := s.root.Get(name); !ok || !perl.Equal(old, v) {
		s.change(name)
		s.root.Set(name, v)
	}
	if v.Kind() == perl.KindRef {
		s.keepLive(name, x, v, false)
	}
	return nil
}

func (s *Session) settable(name string) error {
	if s.m.opts.Family.Reserved(name) {
		return fmt.Errorf("%w %q", ErrReserved, name)
	}
	return nil
}

// Clear removes parameters and what was set for their expiry; with no name, all of
// them. A name that is not there is no error. It reports ErrReserved, and removes
// nothing, if one of the names is reserved.
func (s *Session) Clear(names ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		if err := s.settable(name); err != nil {
			return err
		}
	}
	if _, err := s.collect(); err != nil {
		return err
	}
	if len(names) == 0 {
		names = s.names()
	}
	for _, name := range names {
		s.clear(name)
	}
	return nil
}

func (s *Session) clear(name string) {
	delete(s.live, name)
	if _, ok := s.root.Get(name); ok {
		s.change(name)
		s.root.Delete(name)
	}
	s.setParamExpiry(name, 0)
}

// Pop returns a parameter as Get does and removes it: a flash message, say.
func (s *Session) Pop(name string) (any, error) {
	x := s.Get(name)
	return x, s.Clear(name)
}

// Decode stores the parameters in a struct, or in a map, that dst points at; see
// [perl.Decode]. Parameters that the struct has no field for are left out.
func (s *Session) Decode(dst any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.collect(); err != nil {
		return err
	}
	params := perl.NewHash(s.root.Len())
	for _, name := range s.names() {
		v, _ := s.value(name)
		params.Set(name, v)
	}
	return perl.Decode(perl.NewRef(params), dst)
}
