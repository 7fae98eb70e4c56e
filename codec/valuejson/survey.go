package valuejson

import (
	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// survey walks through a value before it is written. It goes into each thing
// once, so a cycle ends and what is shared a thousand times costs one visit.
type survey struct {
	lim          codec.Limits
	depth, nodes int
	seen         map[perl.Thing]int // how many times it is seen
}

func (s *survey) element(v perl.Value) error {
	slot := v.Slot()
	if slot == nil {
		return s.value(v)
	}
	if s.seen[slot]++; s.seen[slot] > 1 {
		return s.count()
	}
	return s.value(slot.Get())
}

func (s *survey) value(v perl.Value) error {
	if err := s.count(); err != nil {
		return err
	}
	t := v.Thing()
	if _, ok := t.(*perl.Regexp); ok || t == nil || isBoolean(t) {
		return nil // without identity, or without content
	}
	if s.seen[t]++; s.seen[t] > 1 {
		if _, ok := t.(*perl.Scalar); ok {
			return s.count() // it is written as a slot, which is a value
		}
		return nil
	}
	if s.depth++; s.depth > s.lim.Depth {
		return limit("depth", s.lim.Depth)
	}
	switch t := t.(type) {
	case *perl.Hash:
		for _, v := range t.Sorted() {
			if err := s.element(v); err != nil {
				return err
			}
		}
	case *perl.Array:
		for _, v := range t.All() {
			if err := s.element(v); err != nil {
				return err
			}
		}
	case *perl.Scalar:
		if err := s.value(t.Get()); err != nil {
			return err
		}
	}
	s.depth--
	return nil
}

func (s *survey) count() error {
	if s.nodes++; s.nodes > s.lim.Nodes {
		return limit("nodes", s.lim.Nodes)
	}
	return nil
}
