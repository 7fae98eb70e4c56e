package perl

import (
	"math"
	"strconv"
	"strings"
)

// String returns what Perl would print: the text of numbers, the content of
// strings (bytes as they are, text in UTF-8), "" for undef. For a reference it is
// the kind of thing, as "HASH" or "Foo=HASH", without Perl's address.
func (v Value) String() string {
	switch v.Kind() {
	case KindBytes, KindText, KindVString:
		return v.Str()
	case KindInt:
		return strconv.FormatInt(v.Int(), 10)
	case KindUint:
		return strconv.FormatUint(v.Uint(), 10)
	case KindFloat:
		return FormatFloat(v.Float())
	case KindBool:
		if v.Plain().num == 1 {
			return "1"
		}
		return ""
	case KindRef:
		t := v.Thing()
		if class := t.Class(); class != "" {
			return class + "=" + Reftype(t)
		}
		return Reftype(t)
	}
	return ""
}

// Reftype returns what kind of thing t is, whatever its class: HASH, ARRAY,
// SCALAR, REF (a scalar that holds a reference) or REGEXP.
func Reftype(t Thing) string {
	switch t := t.(type) {
	case *Hash:
		return "HASH"
	case *Array:
		return "ARRAY"
	case *Scalar:
		if t.v.Kind() == KindRef {
			return "REF"
		}
		return "SCALAR"
	}
	return "REGEXP"
}

// FormatFloat returns Perl's text for a floating point number: C's %.15g, but
// 0 for negative zero, and Inf, -Inf, NaN.
func FormatFloat(f float64) string {
	if f == 0 {
		return "0"
	}
	return formatFloat(f, 15)
}

func formatFloat(f float64, digits int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Inf"
	case math.IsInf(f, -1):
		return "-Inf"
	case f == 0:
		if math.Signbit(f) {
			return "-0"
		}
		return "0"
	}
	// %.15g of C: Go's 'g' keeps trailing zeros off and has a two-digit exponent
	// too, but turns to the exponent form at 21 digits instead of the precision.
	e := strconv.FormatFloat(f, 'e', digits-1, 64)
	mant, exp, _ := strings.Cut(e, "e")
	x, _ := strconv.Atoi(exp)
	if x < -4 || x >= digits {
		if strings.Contains(mant, ".") {
			mant = strings.TrimRight(strings.TrimRight(mant, "0"), ".")
		}
		return mant + "e" + exp
	}
	s := strconv.FormatFloat(f, 'f', digits-1-x, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// FormatFloatExact returns the first of %.15g, %.16g and %.17g that reads back
// to the same number, so -0 for negative zero.
func FormatFloatExact(f float64) string {
	for digits := 15; digits < 17; digits++ {
		s := formatFloat(f, digits)
		if g, err := strconv.ParseFloat(s, 64); err == nil && g == f {
			return s
		}
	}
	return formatFloat(f, 17)
}

// Truth reports whether Perl takes v for true: everything but undef, the empty
// string, the string "0" and the number 0.
func (v Value) Truth() bool {
	switch v.Kind() {
	case KindUndef:
		return false
	case KindInt, KindUint, KindBool:
		return v.Plain().num != 0
	case KindFloat:
		return v.Float() != 0
	case KindRef:
		return true
	}
	s := v.Str()
	return s != "" && s != "0"
}

// AsFloat returns v as Perl makes a number of it: the longest numeric prefix of
// a string after white space, zero if there is none, zero for undef and for
// references.
func (v Value) AsFloat() float64 {
	switch v.Kind() {
	case KindInt:
		return float64(v.Int())
	case KindUint:
		return float64(v.Uint())
	case KindFloat:
		return v.Float()
	case KindBool:
		return float64(v.Plain().num)
	case KindBytes, KindText, KindVString:
		f, _ := parseFloat(numericPrefix(v.Str()))
		return f
	}
	return 0
}

// AsInt returns v as Perl's int() makes an integer of it, clamped to the range of
// int64.
func (v Value) AsInt() int64 {
	switch v.Kind() {
	case KindInt:
		return v.Int()
	case KindBytes, KindText, KindVString:
		if i, err := strconv.ParseInt(numericPrefix(v.Str()), 10, 64); err == nil {
			return i
		}
	}
	switch f := v.AsFloat(); {
	case math.IsNaN(f):
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	default:
		return int64(f)
	}
}

// parseFloat reads what numericPrefix returns. ok is false if the number is too
// great for a float64; f is infinite then.
func parseFloat(s string) (f float64, ok bool) {
	if strings.HasSuffix(strings.ToLower(s), "nan") { // strconv wants no sign
		return math.NaN(), true
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

const space = " \t\n\r\f\v"

// numericPrefix returns the longest prefix of s, after white space, that Perl
// reads as a decimal number, in a form that parseFloat reads as well.
func numericPrefix(s string) string {
	s = strings.TrimLeft(s, space)
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	if rest := strings.ToLower(s[i:min(len(s), i+8)]); strings.HasPrefix(rest, "inf") || strings.HasPrefix(rest, "nan") {
		return s[:i+3]
	}
	digits := func() (n int) {
		for i < len(s) && '0' <= s[i] && s[i] <= '9' {
			i, n = i+1, n+1
		}
		return n
	}
	n := digits()
	if i < len(s) && s[i] == '.' {
		i++
		n += digits()
	}
	if n == 0 {
		return ""
	}
	if mark := i; i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if digits() == 0 {
			i = mark
		}
	}
	return s[:i]
}
