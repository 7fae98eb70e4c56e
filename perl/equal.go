package perl

import (
	"math"
	"strings"
)

// Equal reports whether a and b are the same Perl data: of the same types, with
// the same classes and weak flags, and shared and cyclic in the same places.
//
// An integer, a floating point number and a string are three types; floating
// point numbers are compared by their bits, but all NaN are equal. Bytes and
// text are equal only in ASCII, and so are the keys of hashes. One of Perl's own
// booleans equals the string it reads as, a version string the string it contains.
// Two objects of class JSON::PP::Boolean are equal if both are true or both
// false. The identity of a regexp does not count, nor does an element's if
// nothing else in the value refers to it ([Value.Slot]).
//
// Equal takes time and memory in proportion to the number of elements, however
// they are shared, and does not recurse.
func Equal(a, b Value) bool { return compare(a, b, false) }

// EqualLoose is like [Equal], but compares what is not a reference as Perl's eq
// does: by the characters that Perl would print. So 1 and "1" are equal, and the
// byte E9 and the text "é"; undef equals only undef. Patterns of regexps are
// compared as by Equal.
func EqualLoose(a, b Value) bool { return compare(a, b, true) }

func compare(a, b Value, loose bool) bool {
	a, b = a.Plain(), b.Plain()
	if t := a.Thing(); t != nil && t == b.Thing() {
		return a.IsWeak() == b.IsWeak()
	}
	c := comparison{loose: loose}
	if !c.content(a, b) {
		return false
	}
	for i := 0; i < len(c.left.rows); i++ {
		if pair := c.left.rows[i]; pair.val != nil && !c.inside(pair.key, pair.val) {
			return false
		}
	}
	return true
}

// comparison pairs the things of two values. A thing met twice must be met
// together with the same other one. An element that is a slot on one side only
// is paired with nil: nothing else may refer to it.
type comparison struct {
	loose       bool
	left, right table[Thing, Thing]
}

// pair reports whether a and b may be, or are already, each other's counterpart.
func (c *comparison) pair(a, b Thing) bool {
	if a != nil {
		if other, ok := c.left.get(a); ok {
			return other == b && b != nil
		}
	}
	if b != nil {
		if _, ok := c.right.get(b); ok {
			return false
		}
		c.right.put(b, a)
	}
	if a != nil {
		c.left.put(a, b)
	}
	return true
}

// inside compares what two paired things hold.
func (c *comparison) inside(a, b Thing) bool {
	switch a := a.(type) {
	case *Hash:
		b := b.(*Hash)
		if len(a.entries) != len(b.entries) {
			return false
		}
		for i := range a.entries {
			x, j := &a.entries[i], i
			if !b.entries[j].is(x.str(), x.tag) {
				if j = b.find(x.str()); j < 0 {
					return false
				}
			}
			y := &b.entries[j]
			if !c.loose && x.isText() != y.isText() && !isASCII(x.str()) {
				return false
			}
			if !c.element(x.val, y.val) {
				return false
			}
		}
	case *Array:
		b := b.(*Array)
		if len(a.elems) != len(b.elems) {
			return false
		}
		for i := range a.elems {
			if !c.element(a.elems[i], b.elems[i]) {
				return false
			}
		}
	case *Scalar:
		return c.content(a.v, b.(*Scalar).v)
	}
	return true
}

func (c *comparison) element(a, b Value) bool {
	var s, t Thing
	if x := a.Slot(); x != nil {
		s = x
	}
	if x := b.Slot(); x != nil {
		t = x
	}
	if s != nil || t != nil {
		if !c.pair(s, t) {
			return false
		}
		if s != nil && t != nil {
			return true // the pair is on the list
		}
	}
	return c.content(a.Plain(), b.Plain())
}

func (c *comparison) content(a, b Value) bool {
	s, t := a.Thing(), b.Thing()
	if s == nil || t == nil {
		return s == nil && t == nil && (equalScalars(a, b) || c.loose && sameCharacters(a, b))
	}
	if a.IsWeak() != b.IsWeak() {
		return false
	}
	switch x := s.(type) {
	case *Regexp:
		y, ok := t.(*Regexp)
		return ok && equalRegexps(x, y)
	case *Scalar:
		if _, ok := t.(*Scalar); !ok || x.Class() != t.Class() {
			return false
		}
		if truth, ok := jsonBool(s); ok {
			other, _ := jsonBool(t)
			return truth == other
		}
	case *Hash:
		if _, ok := t.(*Hash); !ok || x.Class() != t.Class() {
			return false
		}
	case *Array:
		if _, ok := t.(*Array); !ok || x.Class() != t.Class() {
			return false
		}
	}
	return c.pair(s, t)
}

// equalScalars compares two values that are not references.
func equalScalars(a, b Value) bool {
	a, b = readAs(a), readAs(b)
	ka, kb := a.Kind(), b.Kind()
	if a.IsString() && b.IsString() {
		return a.Str() == b.Str() && (ka == kb || isASCII(a.Str()))
	}
	if ka != kb {
		return false
	}
	if ka == KindFloat && math.IsNaN(a.Float()) {
		return math.IsNaN(b.Float())
	}
	return a.num == b.num
}

// readAs returns the plain string that Perl's booleans and version strings read as.
func readAs(v Value) Value {
	switch v = v.Plain(); v.form() {
	case formVString:
		return readAs((*vstring)(v.ptr).str)
	case formBool:
		return Bytes(v.String())
	}
	return v
}

// sameCharacters compares two values that are not references as Perl's eq does.
func sameCharacters(a, b Value) bool {
	if a.IsUndef() || b.IsUndef() {
		return a.IsUndef() && b.IsUndef()
	}
	s, sText := characters(a)
	t, tText := characters(b)
	switch {
	case sText == tText:
		return s == t
	case sText:
		return equalLatin1(t, s)
	}
	return equalLatin1(s, t)
}

// equalLatin1 reports whether text is the UTF-8 of latin1.
func equalLatin1(latin1, text string) bool {
	for i := range len(latin1) {
		r, n, ok := DecodeRune(text)
		if !ok || r != uint32(latin1[i]) {
			return false
		}
		text = text[n:]
	}
	return text == ""
}

func equalRegexps(a, b *Regexp) bool {
	return a.Flags == b.Flags && regexpClass(a.class) == regexpClass(b.class) &&
		equalScalars(a.Pattern, b.Pattern)
}

// regexpClass returns the class of a regexp as it was before Perl's Safe, which
// evaluates in a package of its own, made it Safe::Root0::Regexp.
func regexpClass(class string) string {
	if n, ok := strings.CutPrefix(class, "Safe::Root"); ok {
		if n, ok = strings.CutSuffix(n, "::Regexp"); ok && strings.Trim(n, "0123456789") == "" {
			return "Regexp"
		}
	}
	return class
}

// jsonBool returns which of the two objects that Perl's JSON modules use for
// true and false t is.
func jsonBool(t Thing) (truth, ok bool) {
	if s, is := t.(*Scalar); is && s.class == "JSON::PP::Boolean" {
		return s.v.Truth(), true
	}
	return false, false
}
