package dumper

import (
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/perl"
)

// A list that only a reference to its own element leads to is written with that
// reference, and so are two that only references into each other lead to.
func TestReferenceIntoWhatItReaches(t *testing.T) {
	list := func(first string) *perl.Array {
		a := new(perl.Array)
		a.Push(perl.Bytes(first))
		a.Push(perl.Int(0))
		return a
	}
	root := func(refs ...*perl.Scalar) perl.Value {
		h := perl.NewHash(len(refs))
		for i, r := range refs {
			h.Set(string(rune('a'+i)), perl.NewRef(r))
		}
		return perl.NewRef(h)
	}
	own := list("own")
	own.Slot(1).Set(perl.NewRef(own))
	x, y := list("x"), list("y")
	x.Slot(1).Set(perl.NewRef(y))
	y.Slot(1).Set(perl.NewRef(x))
	for name, v := range map[string]perl.Value{
		"into itself":       root(own.Slot(1)),
		"twice":             root(own.Slot(1), own.Slot(1)),
		"to a plain one":    root(own.Slot(1), own.Slot(0)),
		"into each other":   root(x.Slot(1), y.Slot(1)),
		"into both, thrice": root(x.Slot(0), y.Slot(1), x.Slot(1)),
	} {
		b, err := Codec{}.Append(nil, v, codec.Limits{})
		if err != nil {
			t.Errorf("%s: Append: %v", name, err)
			continue
		}
		back, err := Codec{}.Decode(b, codec.Limits{})
		if err != nil || !perl.Equal(back, v) {
			t.Errorf("%s: %s\ngives %s, %v\nwant  %s", name, b, codectest.Format(back), err, codectest.Format(v))
		}
	}
}
