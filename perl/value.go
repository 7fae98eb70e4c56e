// Package perl holds the values that a Perl program can put in a session.
//
// A [Value] is what a Perl scalar contains: nothing (undef), a string, a number
// or a reference. A reference points at a [Thing], which is a [Hash], an
// [Array], a [Scalar] or a [Regexp]. It is the thing that has a class and an
// identity: two references to one *Hash are two references to one Perl hash, and
// a thing can contain itself. Code that walks a value expects cycles.
//
// Strings come in Perl's two kinds. Bytes is a string without the UTF-8 flag:
// each byte is one character from 0 to 255. Text has the flag: its characters
// are code points, held here in UTF-8 (surrogates and code points above
// U+10FFFF, which Perl allows and Unicode does not, in the same scheme extended).
//
// Plain Go values are turned into Perl values by [FromGo], and back by [ToGo]
// and [Decode].
//
// The semantics are those of perl 5.36 on a 64-bit machine.
package perl

import (
	"math"
	"unsafe"
)

// Kind tells what a Value holds.
type Kind uint8

// The kinds of values.
const (
	KindUndef   Kind = iota
	KindBytes        // a string without the UTF-8 flag
	KindText         // a string with the UTF-8 flag
	KindInt          // an integer that fits in an int64
	KindUint         // an integer above math.MaxInt64
	KindFloat        // a floating point number
	KindBool         // one of Perl's own booleans: "1" or ""
	KindVString      // a version string such as v1.2.3
	KindRef          // a reference to a Thing
)

var kindNames = [...]string{
	"undef", "bytes", "text", "integer", "unsigned integer", "float", "boolean", "version string", "reference",
}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown kind"
}

// Value is what a Perl scalar contains. The zero Value is undef.
//
// A Value is small and is copied; copies of a reference point at the same
// [Thing]. Values are not comparable with ==; use [Equal].
type Value struct {
	_   [0]func()
	num uint64 // the number, or the length of the string
	any any    // Kind for numbers; bytesPtr, latin1Ptr, textPtr; a Thing; weakRef; slot; *vstring
}

type (
	bytesPtr  *byte
	latin1Ptr *byte
	textPtr   *byte
	weakRef   struct{ t Thing }
	slot      struct{ s *Scalar }
	vstring   struct {
		str     Value
		literal string
	}
)

// Bytes returns a string without the UTF-8 flag. Each byte is one character.
func Bytes(s string) Value {
	return Value{num: uint64(len(s)), any: bytesPtr(unsafe.StringData(s))}
}

// Latin1 returns a string without the UTF-8 flag, as Bytes does, of which it is known
// that its bytes stand for characters: because it was written as "\x{e9}", say. To
// Perl, and to [Equal], it is the same as Bytes. A Go program gets the characters, in
// UTF-8, where it gets the bytes of Bytes as they are.
func Latin1(s string) Value {
	return Value{num: uint64(len(s)), any: latin1Ptr(unsafe.StringData(s))}
}

// Text returns a string with the UTF-8 flag. s is UTF-8.
func Text(s string) Value {
	return Value{num: uint64(len(s)), any: textPtr(unsafe.StringData(s))}
}

// String returns a Go string as the Perl string that it most likely means:
// text if it holds something beyond ASCII and is valid UTF-8, bytes otherwise.
func String(s string) Value {
	if isASCII(s) || !validUTF8(s) {
		return Bytes(s)
	}
	return Text(s)
}

// Int returns an integer.
func Int(i int64) Value { return Value{num: uint64(i), any: KindInt} }

// Uint returns an integer that may be above [math.MaxInt64]; up to there it is
// the same as Int.
func Uint(u uint64) Value {
	if u <= math.MaxInt64 {
		return Int(int64(u))
	}
	return Value{num: u, any: KindUint}
}

// Float returns a floating point number. It stays one even if it is integral.
func Float(f float64) Value { return Value{num: math.Float64bits(f), any: KindFloat} }

// Bool returns one of Perl's own booleans, which read as the strings "1" and "".
func Bool(b bool) Value {
	v := Value{any: KindBool}
	if b {
		v.num = 1
	}
	return v
}

// VString returns a version string: str is what it contains, literal is how it
// was written, such as v1.2.3.
func VString(str Value, literal string) Value {
	return Value{any: &vstring{str.Plain(), literal}}
}

// NewRef returns a reference to t. A nil t is a programmer's mistake and panics.
func NewRef(t Thing) Value {
	if isNil(t) {
		panic("perl: NewRef of nil")
	}
	return Value{any: t}
}

// NewWeakRef returns a weak reference to t: in Perl, one that does not keep t
// alive. Here it differs from NewRef only in that codecs carry the flag along.
func NewWeakRef(t Thing) Value {
	if isNil(t) {
		panic("perl: NewWeakRef of nil")
	}
	return Value{any: weakRef{t}}
}

// isNil reports whether t is nil or a nil pointer, such as the Hash of a Value
// that is not a hash.
func isNil(t Thing) bool {
	switch t := t.(type) {
	case *Hash:
		return t == nil
	case *Array:
		return t == nil
	case *Scalar:
		return t == nil
	case *Regexp:
		return t == nil
	}
	return true
}

// Kind returns what v holds.
func (v Value) Kind() Kind {
	switch x := v.any.(type) {
	case nil:
		return KindUndef
	case bytesPtr, latin1Ptr:
		return KindBytes
	case textPtr:
		return KindText
	case Kind:
		return x
	case slot:
		return x.s.v.Kind()
	case *vstring:
		return KindVString
	default:
		return KindRef
	}
}

// IsUndef reports whether v is undef.
func (v Value) IsUndef() bool { return v.Kind() == KindUndef }

// IsString reports whether v is a string: bytes or text.
func (v Value) IsString() bool {
	switch x := v.any.(type) {
	case bytesPtr, latin1Ptr, textPtr:
		return true
	case slot:
		return x.s.v.IsString()
	}
	return false
}

// Str returns the content of a string: its bytes if the kind is KindBytes, its
// UTF-8 if it is KindText, what a version string contains. It is empty for
// every other kind; see [Value.String] for what Perl would print.
func (v Value) Str() string {
	switch x := v.any.(type) {
	case bytesPtr:
		return unsafe.String((*byte)(x), v.num)
	case latin1Ptr:
		return unsafe.String((*byte)(x), v.num)
	case textPtr:
		return unsafe.String((*byte)(x), v.num)
	case slot:
		return x.s.v.Str()
	case *vstring:
		return x.str.Str()
	}
	return ""
}

// Literal returns how a version string was written, and the content of the
// version string as a plain string. ok is false for every other kind.
func (v Value) Literal() (literal string, str Value, ok bool) {
	if x, ok := v.Plain().any.(*vstring); ok {
		return x.literal, x.str, true
	}
	return "", Value{}, false
}

// Int returns the integer of a value of KindInt, and zero for other kinds; see
// [Value.AsInt] for Perl's conversion.
func (v Value) Int() int64 {
	if v = v.Plain(); v.any == KindInt {
		return int64(v.num)
	}
	return 0
}

// Uint returns the integer of a value of KindUint or of a KindInt that is not
// negative, and zero for other kinds.
func (v Value) Uint() uint64 {
	if v = v.Plain(); v.any == KindUint || v.any == KindInt && int64(v.num) >= 0 {
		return v.num
	}
	return 0
}

// Float returns the number of a value of KindFloat, and zero for other kinds;
// see [Value.AsFloat] for Perl's conversion.
func (v Value) Float() float64 {
	if v = v.Plain(); v.any == KindFloat {
		return math.Float64frombits(v.num)
	}
	return 0
}

// Thing returns what a reference points at, or nil if v is not a reference.
func (v Value) Thing() Thing {
	switch x := v.any.(type) {
	case *Hash:
		return x
	case *Array:
		return x
	case *Scalar:
		return x
	case *Regexp:
		return x
	case weakRef:
		return x.t
	case slot:
		return x.s.v.Thing()
	}
	return nil
}

// Hash returns the hash that v refers to, or nil if v is anything else.
func (v Value) Hash() *Hash { h, _ := v.Thing().(*Hash); return h }

// Array returns the array that v refers to, or nil if v is anything else.
func (v Value) Array() *Array { a, _ := v.Thing().(*Array); return a }

// IsLatin1 reports whether v was made by [Latin1].
func (v Value) IsLatin1() bool { _, ok := v.Plain().any.(latin1Ptr); return ok }

// IsWeak reports whether v is a weak reference.
func (v Value) IsWeak() bool { _, ok := v.Plain().any.(weakRef); return ok }

// Slot returns the scalar that an element of a hash or array is, if something
// refers to that element ([Hash.Slot], [Array.Slot]), and nil otherwise. All
// other methods of such a Value speak of the scalar's content.
func (v Value) Slot() *Scalar {
	if x, ok := v.any.(slot); ok {
		return x.s
	}
	return nil
}

// Plain returns the content of v without the identity of the element it was
// read from.
func (v Value) Plain() Value {
	if x, ok := v.any.(slot); ok {
		return x.s.v
	}
	return v
}
