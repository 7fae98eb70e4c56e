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
	ptr unsafe.Pointer // to the bytes of a string, the thing, scalar or vstring; for numbers into numbers
	num uint64         // the number; or else the form, and below it the length of the string or weak
}

// form is how a value is held.
type form uint8

const (
	formUndef form = iota
	formInt
	formUint
	formFloat
	formBool
	formBytes
	formLatin1
	formText
	formVString
	formHash
	formArray
	formScalar
	formRegexp
	formSlot
)

// numbers is what the values point into that need all of num: at their form.
var numbers [formBool + 1]byte

const (
	formShift = 56 // the form is above this in num
	weak      = 1  // in num, for references
)

var kindOf = [...]Kind{
	KindUndef, KindInt, KindUint, KindFloat, KindBool, KindBytes, KindBytes, KindText, KindVString,
	KindRef, KindRef, KindRef, KindRef, KindRef,
}

type vstring struct {
	str     Value
	literal string
}

func (v Value) form() form {
	if f := uintptr(v.ptr) - uintptr(unsafe.Pointer(&numbers)); f < uintptr(len(numbers)) {
		return form(f)
	}
	return form(v.num >> formShift)
}

func numberOf(f form, num uint64) Value { return Value{ptr: unsafe.Pointer(&numbers[f]), num: num} }

func stringOf(f form, s string) Value {
	return Value{ptr: unsafe.Pointer(unsafe.StringData(s)), num: uint64(f)<<formShift | uint64(len(s))}
}

func slotValue(s *Scalar) Value {
	return Value{ptr: unsafe.Pointer(s), num: uint64(formSlot) << formShift}
}

// refTo returns a reference to t, or the zero Value if t is nil.
func refTo(t Thing) Value {
	switch t := t.(type) {
	case *Hash:
		return pointTo(formHash, unsafe.Pointer(t))
	case *Array:
		return pointTo(formArray, unsafe.Pointer(t))
	case *Scalar:
		return pointTo(formScalar, unsafe.Pointer(t))
	case *Regexp:
		return pointTo(formRegexp, unsafe.Pointer(t))
	}
	return Value{}
}

func pointTo(f form, at unsafe.Pointer) Value {
	if at == nil {
		return Value{}
	}
	return Value{ptr: at, num: uint64(f) << formShift}
}

// Bytes returns a string without the UTF-8 flag. Each byte is one character.
func Bytes(s string) Value { return stringOf(formBytes, s) }

// Latin1 returns a string without the UTF-8 flag, as Bytes does, of which it is known
// that its bytes stand for characters: because it was written as "\x{e9}", say. To
// Perl, and to [Equal], it is the same as Bytes. A Go program gets the characters, in
// UTF-8, where it gets the bytes of Bytes as they are.
func Latin1(s string) Value { return stringOf(formLatin1, s) }

// Text returns a string with the UTF-8 flag. s is UTF-8.
func Text(s string) Value { return stringOf(formText, s) }

// String returns a Go string as the Perl string that it most likely means:
// text if it holds something beyond ASCII and is valid UTF-8, bytes otherwise.
func String(s string) Value {
	if isASCII(s) || !validUTF8(s) {
		return Bytes(s)
	}
	return Text(s)
}

// Int returns an integer.
func Int(i int64) Value { return numberOf(formInt, uint64(i)) }

// Uint returns an integer that may be above [math.MaxInt64]; up to there it is
// the same as Int.
func Uint(u uint64) Value {
	if u <= math.MaxInt64 {
		return Int(int64(u))
	}
	return numberOf(formUint, u)
}

// Float returns a floating point number. It stays one even if it is integral.
func Float(f float64) Value { return numberOf(formFloat, math.Float64bits(f)) }

// Bool returns one of Perl's own booleans, which read as the strings "1" and "".
func Bool(b bool) Value {
	if b {
		return numberOf(formBool, 1)
	}
	return numberOf(formBool, 0)
}

// VString returns a version string: str is what it contains, literal is how it
// was written, such as v1.2.3.
func VString(str Value, literal string) Value {
	return pointTo(formVString, unsafe.Pointer(&vstring{str.Plain(), literal}))
}

// NewRef returns a reference to t. A nil t is a programmer's mistake and panics.
func NewRef(t Thing) Value {
	v := refTo(t)
	if v.ptr == nil {
		panic("perl: NewRef of nil")
	}
	return v
}

// NewWeakRef returns a weak reference to t: in Perl, one that does not keep t
// alive. Here it differs from NewRef only in that codecs carry the flag along.
func NewWeakRef(t Thing) Value {
	v := refTo(t)
	if v.ptr == nil {
		panic("perl: NewWeakRef of nil")
	}
	v.num |= weak
	return v
}

// Kind returns what v holds.
func (v Value) Kind() Kind {
	f := v.form()
	if f == formSlot {
		return v.content().Kind()
	}
	return kindOf[f]
}

// content returns what the scalar holds that v, of formSlot, is.
func (v Value) content() Value { return (*Scalar)(v.ptr).v }

// IsUndef reports whether v is undef.
func (v Value) IsUndef() bool { return v.Kind() == KindUndef }

// IsString reports whether v is a string: bytes or text.
func (v Value) IsString() bool {
	switch v.form() {
	case formBytes, formLatin1, formText:
		return true
	case formSlot:
		return v.content().IsString()
	}
	return false
}

// Str returns the content of a string: its bytes if the kind is KindBytes, its
// UTF-8 if it is KindText, what a version string contains. It is empty for
// every other kind; see [Value.String] for what Perl would print.
func (v Value) Str() string {
	switch v.form() {
	case formBytes, formLatin1, formText:
		return unsafe.String((*byte)(v.ptr), v.num&(1<<formShift-1))
	case formSlot:
		return v.content().Str()
	case formVString:
		return (*vstring)(v.ptr).str.Str()
	}
	return ""
}

// Literal returns how a version string was written, and the content of the
// version string as a plain string. ok is false for every other kind.
func (v Value) Literal() (literal string, str Value, ok bool) {
	if v = v.Plain(); v.form() == formVString {
		x := (*vstring)(v.ptr)
		return x.literal, x.str, true
	}
	return "", Value{}, false
}

// Int returns the integer of a value of KindInt, and zero for other kinds; see
// [Value.AsInt] for Perl's conversion.
func (v Value) Int() int64 {
	if v = v.Plain(); v.form() == formInt {
		return int64(v.num)
	}
	return 0
}

// Uint returns the integer of a value of KindUint or of a KindInt that is not
// negative, and zero for other kinds.
func (v Value) Uint() uint64 {
	v = v.Plain()
	if f := v.form(); f == formUint || f == formInt && int64(v.num) >= 0 {
		return v.num
	}
	return 0
}

// Float returns the number of a value of KindFloat, and zero for other kinds;
// see [Value.AsFloat] for Perl's conversion.
func (v Value) Float() float64 {
	if v = v.Plain(); v.form() == formFloat {
		return math.Float64frombits(v.num)
	}
	return 0
}

// Thing returns what a reference points at, or nil if v is not a reference.
func (v Value) Thing() Thing {
	switch v.form() {
	case formHash:
		return (*Hash)(v.ptr)
	case formArray:
		return (*Array)(v.ptr)
	case formScalar:
		return (*Scalar)(v.ptr)
	case formRegexp:
		return (*Regexp)(v.ptr)
	case formSlot:
		return v.content().Thing()
	}
	return nil
}

// Hash returns the hash that v refers to, or nil if v is anything else.
func (v Value) Hash() *Hash { h, _ := v.Thing().(*Hash); return h }

// Array returns the array that v refers to, or nil if v is anything else.
func (v Value) Array() *Array { a, _ := v.Thing().(*Array); return a }

// IsLatin1 reports whether v was made by [Latin1].
func (v Value) IsLatin1() bool { return v.Plain().form() == formLatin1 }

// IsWeak reports whether v is a weak reference.
func (v Value) IsWeak() bool {
	v = v.Plain()
	return kindOf[v.form()] == KindRef && v.num&weak != 0
}

// Slot returns the scalar that an element of a hash or array is, if something
// refers to that element ([Hash.Slot], [Array.Slot]), and nil otherwise. All
// other methods of such a Value speak of the scalar's content.
func (v Value) Slot() *Scalar {
	if v.form() == formSlot {
		return (*Scalar)(v.ptr)
	}
	return nil
}

// Plain returns the content of v without the identity of the element it was
// read from.
func (v Value) Plain() Value {
	if v.form() == formSlot {
		return v.content()
	}
	return v
}
