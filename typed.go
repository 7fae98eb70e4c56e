package datasession

import (
	"context"
	"fmt"
	"time"

	"github.com/go-datasession/datasession/perl"
)

// Get returns a parameter as a T, converted as [perl.Decode] does: the string "5"
// is the int 5, text of RFC 3339 or Unix seconds are a time.Time. It returns
// ErrNoParam, and the zero T, if there is no such parameter, and an error if it
// does not convert.
//
// What a T that is a map, slice or pointer leads to stays the session's, as with
// [Session.Get].
func Get[T any](s *Session, name string) (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var x T
	for _, l := range s.held(name) {
		if held, ok := l.goValue.(T); ok {
			return held, nil
		}
	}
	v, ok := s.value(name)
	if !ok {
		return x, fmt.Errorf("%w %q", ErrNoParam, name)
	}
	if err := perl.Decode(v, &x); err != nil {
		var zero T
		return zero, fmt.Errorf("parameter %q: %w", name, err)
	}
	if !isScalar(x) {
		s.handOut(name, x, false)
	}
	return x, nil
}

// isScalar reports whether x is of one of the common types that lead to nothing that can
// be changed.
func isScalar(x any) bool {
	switch x.(type) {
	case bool, int, int64, float64, string, time.Time:
		return true
	}
	return false
}

// Key is the name of a parameter that holds a T.
//
//	const Visits datasession.Key[int] = "visits"
//	n, err := Visits.Get(s)
type Key[T any] string

// Get returns the parameter; see [Get].
func (k Key[T]) Get(s *Session) (T, error) { return Get[T](s, string(k)) }

// Set sets the parameter; see [Session.Set].
func (k Key[T]) Set(s *Session, x T) error { return s.Set(string(k), x) }

// Update stores what fn makes of the parameter that is stored, and runs fn again
// on the newer one if another was faster; see [Manager.Update]. fn gets the zero T
// if there is no such parameter.
func (k Key[T]) Update(ctx context.Context, m *Manager, id string, fn func(T) (T, error)) error {
	return m.Update(ctx, id, func(s *Session) error {
		x, err := k.Get(s)
		if err != nil && s.Has(string(k)) {
			return err
		}
		if x, err = fn(x); err != nil {
			return err
		}
		return k.Set(s, x)
	})
}
