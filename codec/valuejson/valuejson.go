// Package valuejson writes any Perl value as JSON and reads it back: the exact
// picture of a Perl data structure that people, tests and other languages can
// read, and what the command prints.
//
// Plain data looks like plain JSON: undef is null, strings, integers, lists and
// hashes are what they are. All else is an object with one member whose name
// begins with $:
//
//	{"$bytes":"6Q=="}               a string without the UTF-8 flag, not ASCII
//	{"$chars":[55296]}              a string with characters that JSON has not
//	{"$f":"1.5"}                    a floating point number; Inf, -Inf, NaN, -0
//	{"$pairs":[["$k",1]]}           a hash with keys that are no plain names
//	{"$ref":1}                      \1
//	{"$blessed":"Class","v":{}}     an object
//	{"$bool":true}                  JSON::PP::true
//	{"$regexp":["a.b","i"]}         qr/a.b/i
//	{"$weak":{"$same":1}}           a weak reference
//	{"$id":1,"v":[]} {"$same":1}    a list or hash that is referred to twice
//	{"$slot":2,"v":1} {"$slot":2}   a scalar that is seen twice
//
// Two values are the same exactly if their canonical texts are, with few
// exceptions: Perl's own booleans and version strings are written as strings, and
// which patterns and which JSON booleans are shared is not written.
//
// A plain JSON document is read as it stands: strings are text, integers of up to
// 64 bits integers, other numbers floats, true and false objects of the class
// JSON::PP::Boolean. A member may not occur twice, and numbers that no float can
// hold are refused.
package valuejson

import (
	"crypto/sha256"
	"encoding/hex"
	"math"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

const (
	name    = "value-json"
	boolean = "JSON::PP::Boolean" // the class of true and false

	// maxDepth bounds the recursion, whatever the limits are.
	maxDepth = 100_000
)

// Codec reads and writes value-json. It is a codec.Codec, safe for use by several
// goroutines. Nothing that a [perl.Value] can hold is unsupported.
type Codec struct{}

// Name returns "value-json".
func (Codec) Name() string { return name }

// Append appends the canonical text of v: no blanks, members sorted by name, and
// only what must be escaped is escaped. A value beyond lim is a
// *codec.LimitError, and dst is then returned as it was.
func (Codec) Append(dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
	return write(dst, v, lim, canonical)
}

// AppendLoose appends the loose form of v: every defined plain scalar is written
// as the string that Perl makes of it, with bytes read as Latin-1. Two values have
// the same loose form if Perl's eq finds no difference. Errors are those of
// [Codec.Append].
func AppendLoose(dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
	return write(dst, v, lim, loose)
}

// AppendIndent appends v in a form for people: with line breaks and blanks, and
// with everything escaped that a terminal would not show as a character. It reads
// back as the same value. Errors are those of [Codec.Append].
func AppendIndent(dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
	return write(dst, v, lim, indented)
}

// Digest returns the SHA-256 of the canonical text of v, in hexadecimal. There
// are no limits but one: a value of more than 100,000 containers within
// containers has no digest, "".
func Digest(v perl.Value) string { return digest(v, canonical) }

// DigestLoose is [Digest] of the loose form.
func DigestLoose(v perl.Value) string { return digest(v, loose) }

func digest(v perl.Value, f form) string {
	b, err := write(nil, v, codec.Limits{Depth: math.MaxInt, Nodes: math.MaxInt, Bytes: math.MaxInt}, f)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func limits(lim codec.Limits) codec.Limits {
	lim = lim.WithDefaults()
	lim.Depth = min(lim.Depth, maxDepth)
	return lim
}

func limit(what string, most int) error {
	return &codec.LimitError{Codec: name, What: what, Max: most}
}

// isBoolean reports whether t is one of JSON's booleans, which have no identity.
func isBoolean(t perl.Thing) bool {
	_, ok := t.(*perl.Scalar)
	return ok && t.Class() == boolean
}
