package storable_test

import (
	"math"
	"testing"

	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/storable"
	"github.com/go-datasession/datasession/perl"
)

// TestFreeze compares with Storable's freeze, as Data::Session and CGI::Session
// call it, and with nfreeze, as Apache::Session does.
func TestFreeze(t *testing.T) {
	for _, c := range []storable.Codec{{}, {Network: true}} {
		t.Run(c.Name(), func(t *testing.T) {
			freeze := "freeze"
			if c.Network {
				freeze = "nfreeze"
			}
			codectest.Differential(t, c, codectest.Peer{
				Package:  "perl",
				Features: codectest.All,
				Same:     assignable,
				Equal: func(a, b perl.Value) bool {
					return perl.EqualLoose(integral(a), integral(b))
				},
				Source: `
					use Storable ();
					$Storable::canonical = 1;
					sub freeze { Storable::` + freeze + `($_[0]) }
					sub thaw { Storable::thaw($_[0]) // die 'thaw gives undef' }`,
			})
		})
	}
}

// integral returns v with an integer for each float that is one: Storable writes
// 1e15 as an integer, which Perl prints otherwise.
func integral(v perl.Value) perl.Value {
	v = perl.Clone(v)
	seen := map[perl.Thing]bool{}
	for todo := []perl.Value{v}; len(todo) > 0; {
		t := todo[0].Thing()
		todo = todo[1:]
		if t == nil || seen[t] {
			continue
		}
		seen[t] = true
		visit := func(at perl.Value, set func(perl.Value)) {
			if f := at.Float(); at.Kind() == perl.KindFloat && math.Abs(f) < 1<<53 && f == math.Trunc(f) {
				set(perl.Int(int64(f)))
			}
			todo = append(todo, at)
		}
		switch t := t.(type) {
		case *perl.Hash:
			for key, at := range t.All() {
				visit(at, func(v perl.Value) { t.SetKey(key, v) })
			}
		case *perl.Array:
			for i, at := range t.All() {
				visit(at, func(v perl.Value) { t.Set(i, v) })
			}
		case *perl.Scalar:
			visit(t.Get(), t.Set)
		}
	}
	return v
}
