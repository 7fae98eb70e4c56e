package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/valuejson"
	"github.com/go-datasession/datasession/perl"
)

// printable returns text in which everything is escaped that a terminal would obey
// and not show: control characters, C1 among them, marks that turn the direction
// of writing, and bytes that are not UTF-8.
func printable(text string) string {
	if !strings.ContainsFunc(text, unsafeRune) && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case unsafeRune(r):
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		default:
			b.WriteRune(r)
		}
		text = text[n:]
	}
	return b.String()
}

func unsafeRune(r rune) bool { return r != ' ' && !unicode.IsGraphic(r) || unicode.Is(unicode.Cf, r) }

// unlimited is for values that were decoded within limits.
var unlimited = codec.Limits{Depth: math.MaxInt, Nodes: math.MaxInt, Bytes: math.MaxInt}

// longest is how much of one value is shown to a person.
const longest = 2000

// brief returns a value on one line, as value-json, cut where it gets long.
func brief(v perl.Value) string {
	text, err := valuejson.Codec{}.Append(nil, readable(v), unlimited)
	if err != nil {
		return "(" + printable(err.Error()) + ")"
	}
	return cut(printable(string(text)), longest)
}

// readable returns a copy of v in which strings that are known to be characters are
// text, though Perl has them as bytes.
func readable(v perl.Value) perl.Value {
	seen := map[perl.Thing]bool{}
	var inside func(perl.Value) perl.Value
	inside = func(v perl.Value) perl.Value {
		if v.IsLatin1() {
			return perl.Text(perl.Upgrade(v))
		}
		t := v.Thing()
		if t == nil || seen[t] {
			return v
		}
		seen[t] = true
		switch t := t.(type) {
		case *perl.Hash:
			for k, e := range t.All() {
				t.SetKey(k, inside(e))
			}
		case *perl.Array:
			for i, e := range t.All() {
				t.Set(i, inside(e))
			}
		case *perl.Scalar:
			t.Set(inside(t.Get()))
		}
		return v
	}
	return inside(perl.Clone(v))
}

func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	end := most
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "… (" + strconv.Itoa(len(text)) + " bytes; --json prints all)"
}
