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
	text, err := valuejson.Codec{}.Append(nil, v, unlimited)
	if err != nil {
		return "(" + printable(err.Error()) + ")"
	}
	return cut(printable(string(text)), longest)
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
