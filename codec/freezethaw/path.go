package freezethaw

import (
	"errors"
	"slices"
	"strconv"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// step leads from a thing to a value in it.
type step struct {
	kind  stepKind
	index int    // of an element
	key   string // of an entry
}

type stepKind uint8

const (
	toElement stepKind = iota // of an array
	toEntry                   // of a hash
	toContent                 // of a scalar
)

// unsupported is an *codec.UnsupportedError that is still being told where it
// was, from the inside to the outside.
type unsupported struct {
	what  string
	steps []step
}

func (e *unsupported) Error() string { return "unsupported: " + e.what }

// within adds to an error that it came from the value at s.
func within(err error, s step) error {
	if e, ok := err.(*unsupported); ok {
		e.steps = append(e.steps, s)
	}
	return err
}

// located returns the error that Append and Decode report for err.
func located(err error) error {
	var e *unsupported
	if !errors.As(err, &e) {
		return err
	}
	slices.Reverse(e.steps)
	return &codec.UnsupportedError{Codec: name, Path: path(e.steps), What: e.what}
}

// path returns the place to which steps lead from the root: $D->{a}[1],
// ${$D->{r}}->{k}.
func path(steps []step) string {
	var b []byte
	for _, s := range steps {
		if s.kind == toContent {
			b = append(b, "${"...)
		}
	}
	b = append(b, "$D"...)
	arrow := true
	for _, s := range steps {
		if s.kind == toContent {
			b, arrow = append(b, '}'), true
			continue
		}
		if arrow {
			b, arrow = append(b, "->"...), false
		}
		if s.kind == toElement {
			b = append(strconv.AppendInt(append(b, '['), int64(s.index), 10), ']')
		} else {
			b = append(appendKey(append(b, '{'), s.key), '}')
		}
	}
	return string(b)
}

// appendKey appends a key as it is if Perl would take it for a word, and quoted
// otherwise.
func appendKey(b []byte, key string) []byte {
	for i := range len(key) {
		c := key[i]
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || !isDigit(c)) {
			return strconv.AppendQuoteToASCII(b, key)
		}
	}
	if key == "" {
		return append(b, `""`...)
	}
	return append(b, key...)
}

// pathTo returns a shortest way from the root to a reference to t, from the inside to
// the outside, and none if there is none.
func pathTo(root perl.Value, t perl.Thing) []step {
	type place struct {
		at     perl.Value
		within int // the place of what it is in
		step   step
	}
	places := []place{{at: root}}
	been := map[perl.Thing]bool{}
	for i := 0; i < len(places); i++ {
		at := places[i].at.Thing()
		if at == t {
			var steps []step
			for ; i > 0; i = places[i].within {
				steps = append(steps, places[i].step)
			}
			return steps
		}
		if been[at] {
			continue
		}
		been[at] = true
		switch at := at.(type) {
		case *perl.Array:
			for j, v := range at.All() {
				places = append(places, place{v, i, step{kind: toElement, index: j}})
			}
		case *perl.Hash:
			for key, v := range at.Sorted() {
				places = append(places, place{v, i, step{kind: toEntry, key: key.String()}})
			}
		case *perl.Scalar:
			places = append(places, place{at.Get(), i, step{kind: toContent}})
		}
	}
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
