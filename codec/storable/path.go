package storable

import (
	"errors"
	"slices"
	"strconv"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// unsupported is a *codec.UnsupportedError that is still being told where it was,
// from the inside to the outside.
type unsupported struct {
	what  string
	steps []step
}

func (e *unsupported) Error() string { return "unsupported: " + e.what }

// step leads from a thing to a value in it.
type step struct {
	kind  stepKind
	index int      // of an element
	key   perl.Key // of an entry
}

type stepKind uint8

const (
	toElement stepKind = iota // of an array
	toEntry                   // of a hash
	toContent                 // of a scalar
)

// within adds to an *unsupported that it came from the value at s.
func within(err error, s step) error {
	if e, ok := err.(*unsupported); ok {
		e.steps = append(e.steps, s)
	}
	return err
}

// located returns the error that a codec reports for err.
func located(err error, name string) error {
	var e *unsupported
	if !errors.As(err, &e) {
		return err
	}
	slices.Reverse(e.steps)
	return &codec.UnsupportedError{Codec: name, Path: path(e.steps), What: e.what}
}

// path returns the place to which steps lead from the root, as Perl would write
// it: $D->{a}[1], ${$D->{r}}->{"a key"}.
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
			b = append(b, '}')
			arrow = true
			continue
		}
		if arrow {
			b = append(b, "->"...)
			arrow = false
		}
		if s.kind == toElement {
			b = append(strconv.AppendInt(append(b, '['), int64(s.index), 10), ']')
		} else {
			b = append(appendKey(append(b, '{'), s.key.String()), '}')
		}
	}
	return string(b)
}

// appendKey appends a key as it is if Perl would take it for a word, and quoted
// otherwise.
func appendKey(b []byte, key string) []byte {
	for i := range len(key) {
		c := key[i]
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return strconv.AppendQuoteToASCII(b, key)
		}
	}
	if key == "" {
		return append(b, `""`...)
	}
	return append(b, key...)
}
