package perl

import (
	"strings"
	"unicode/utf8"
)

func isASCII(s string) bool {
	for len(s) >= 8 {
		if (word4(s)|word4(s[4:]))&0x80808080 != 0 {
			return false
		}
		s = s[8:]
	}
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func validUTF8(s string) bool { return utf8.ValidString(s) }

// upgrade returns the UTF-8 of a string of characters 0 to 255, one a byte.
func upgrade(latin1 string) string {
	if isASCII(latin1) {
		return latin1
	}
	var b strings.Builder
	b.Grow(len(latin1) + 8)
	for i := range len(latin1) {
		b.WriteRune(rune(latin1[i]))
	}
	return b.String()
}

// downgrade returns the characters of a UTF-8 string one a byte, and whether all
// of them are below 256.
func downgrade(text string) (string, bool) {
	if isASCII(text) {
		return text, true
	}
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c < utf8.RuneSelf:
			b = append(b, c)
			i++
		case (c == 0xC2 || c == 0xC3) && i+1 < len(text) && text[i+1]&0xC0 == 0x80:
			b = append(b, c<<6|text[i+1]&0x3F)
			i += 2
		default:
			return "", false
		}
	}
	return string(b), true
}

// Upgrade returns the characters of a string in UTF-8, whichever kind it is. Of
// anything else it returns what Perl would print.
func Upgrade(v Value) string {
	s, text := characters(v)
	if text {
		return s
	}
	return upgrade(s)
}

// Downgrade returns the characters of a string one a byte, and whether all of
// them are below 256. Strings without the UTF-8 flag are always that.
func Downgrade(v Value) (string, bool) {
	s, text := characters(v)
	if text {
		return downgrade(s)
	}
	return s, true
}

// characters returns what Perl would print, and whether that is in UTF-8 or has
// one character a byte.
func characters(v Value) (s string, text bool) {
	switch v = v.Plain(); v.form() {
	case formText:
		return v.Str(), true
	case formVString:
		return characters((*vstring)(v.ptr).str)
	}
	return v.String(), v.Kind() == KindRef
}

// AppendRune appends a code point in UTF-8, extended as Perl does to surrogates
// and to code points above U+10FFFF (here up to 32 bits, in Perl 63).
func AppendRune(dst []byte, r uint32) []byte {
	switch {
	case r < 0x80:
		return append(dst, byte(r))
	case r < 0x800:
		return append(dst, 0xC0|byte(r>>6), cont(r))
	case r < 0x10000:
		return append(dst, 0xE0|byte(r>>12), cont(r>>6), cont(r))
	case r < 0x200000:
		return append(dst, 0xF0|byte(r>>18), cont(r>>12), cont(r>>6), cont(r))
	case r < 0x4000000:
		return append(dst, 0xF8|byte(r>>24), cont(r>>18), cont(r>>12), cont(r>>6), cont(r))
	case r < 0x80000000:
		return append(dst, 0xFC|byte(r>>30), cont(r>>24), cont(r>>18), cont(r>>12), cont(r>>6), cont(r))
	default:
		return append(dst, 0xFE, cont(r>>30), cont(r>>24), cont(r>>18), cont(r>>12), cont(r>>6), cont(r))
	}
}

func cont(r uint32) byte { return 0x80 | byte(r)&0x3F }

// DecodeRune returns the first code point of s and its length in bytes, in the
// encoding of [AppendRune]. ok is false if s does not begin with a whole,
// shortest encoding; the byte is then returned as it is, with length 1 (or 0 if s
// is empty).
func DecodeRune(s string) (r uint32, n int, ok bool) {
	if s == "" {
		return 0, 0, false
	}
	c := s[0]
	if c < 0x80 {
		return uint32(c), 1, true
	}
	var least uint32
	switch {
	case c < 0xC0:
		return uint32(c), 1, false
	case c < 0xE0:
		r, n, least = uint32(c&0x1F), 2, 0x80
	case c < 0xF0:
		r, n, least = uint32(c&0x0F), 3, 0x800
	case c < 0xF8:
		r, n, least = uint32(c&0x07), 4, 0x10000
	case c < 0xFC:
		r, n, least = uint32(c&0x03), 5, 0x200000
	case c < 0xFE:
		r, n, least = uint32(c&0x01), 6, 0x4000000
	case c == 0xFE:
		r, n, least = 0, 7, 0x80000000
	default:
		return uint32(c), 1, false
	}
	if len(s) < n || n == 7 && s[1] > 0x83 {
		return uint32(c), 1, false
	}
	for i := 1; i < n; i++ {
		if s[i]&0xC0 != 0x80 {
			return uint32(c), 1, false
		}
		r = r<<6 | uint32(s[i]&0x3F)
	}
	if r < least {
		return uint32(c), 1, false
	}
	return r, n, true
}
