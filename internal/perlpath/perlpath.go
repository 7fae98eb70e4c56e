// Package perlpath says where in a Perl value something is, as Perl would write it: the
// path in the errors of the codecs.
package perlpath

import (
	"errors"
	"slices"
	"strconv"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// Step leads from a thing to a value in it. The zero Step leads to what a scalar holds.
type Step struct {
	kind  kind
	index int
	key   string
}

type kind uint8

const (
	toContent kind = iota
	toElement
	toEntry
)

// Content leads to what a scalar holds.
func Content() Step { return Step{} }

// Element leads to an element of an array.
func Element(i int) Step { return Step{kind: toElement, index: i} }

// Entry leads to an entry of a hash.
func Entry(key perl.Key) Step { return Step{kind: toEntry, key: key.String()} }

// Path returns the place to which steps lead from the root: $D->{a}[1],
// ${$D->{r}}->{"a key"}.
func Path(steps []Step) string {
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
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return strconv.AppendQuoteToASCII(b, key)
		}
	}
	if key == "" {
		return append(b, `""`...)
	}
	return append(b, key...)
}

// refusal is a *codec.UnsupportedError that is still being told where it was.
type refusal struct {
	what  string
	steps []Step // the innermost first
}

func (r *refusal) Error() string { return "unsupported: " + r.what }

// Refuse returns an error for something that a codec does not write or read. [Within]
// and [Located] make a *codec.UnsupportedError of it.
func Refuse(what string) error { return &refusal{what: what} }

// Within adds to an error of Refuse that it came from the value at a step, from the
// inside to the outside. Other errors stay as they are.
func Within(err error, s Step) error {
	if r, ok := err.(*refusal); ok {
		r.steps = append(r.steps, s)
	}
	return err
}

// Located returns the error that a codec reports for one that may have come from Refuse.
func Located(err error, name string) error {
	var r *refusal
	if !errors.As(err, &r) {
		return err
	}
	slices.Reverse(r.steps)
	return &codec.UnsupportedError{Codec: name, Path: Path(r.steps), What: r.what}
}
