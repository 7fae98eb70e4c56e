package perljson

import (
	"unicode/utf8"

	"github.com/go-datasession/datasession/internal/jsonscan"
	"github.com/go-datasession/datasession/perl"
)

// escapes has, for each ASCII character, what follows the backslash: 0 for a
// character that is written as it is, u for a code in hexadecimal.
var escapes = func() (t [256]byte) {
	for c := range ' ' {
		t[c] = 'u'
	}
	for c, e := range map[byte]byte{
		'"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't',
	} {
		t[c] = e
	}
	for c := utf8.RuneSelf; c < len(t); c++ {
		t[c] = 'u'
	}
	return t
}()

// bytes writes a string of which each byte is a character.
func (e *encoder) bytes(s string) error {
	if err := e.room(len(s) + 2); err != nil {
		return err
	}
	i := jsonscan.Special(s, 0)
	b, from := append(e.buf, '"'), 0
	if i == len(s) {
		e.buf = append(append(b, s...), '"')
		return nil
	}
	for ; i < len(s); i = jsonscan.Special(s, i+1) {
		c := s[i]
		b = append(b, s[from:i]...)
		if c >= utf8.RuneSelf && e.codec.Raw {
			b = e.appendRaw(b, rune(c))
		} else {
			b = appendEscape(b, c)
		}
		from = i + 1
	}
	e.buf = append(append(b, s[from:]...), '"')
	return e.room(0)
}

// text writes a string in UTF-8.
func (e *encoder) text(s string) error {
	if err := e.room(len(s) + 2); err != nil {
		return err
	}
	i := jsonscan.Special(s, 0)
	b, from := append(e.buf, '"'), 0
	if i == len(s) {
		e.buf = append(append(b, s...), '"')
		return nil
	}
	for ; i < len(s); i = jsonscan.Special(s, i) {
		c := s[i]
		if c < utf8.RuneSelf {
			b = appendEscape(append(b, s[from:i]...), c)
			i++
			from = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return unsupported(notUnicode(s[i:]))
		}
		b = append(b, s[from:i]...)
		switch {
		case e.codec.Raw && !e.codec.UTF8 && r > 0xFF:
			return unsupported("character above U+00FF")
		case e.codec.Raw:
			b = e.appendRaw(b, r)
		case r < 0x10000:
			b = appendHex(b, r)
		default:
			b = appendHex(b, 0xD800+(r-0x10000)>>10)
			b = appendHex(b, 0xDC00+(r-0x10000)&0x3FF)
		}
		i += n
		from = i
	}
	e.buf = append(append(b, s[from:]...), '"')
	return e.room(0)
}

// appendRaw appends a character beyond ASCII as it is.
func (e *encoder) appendRaw(b []byte, r rune) []byte {
	if e.codec.UTF8 {
		return utf8.AppendRune(b, r)
	}
	return append(b, byte(r))
}

func appendEscape(b []byte, c byte) []byte {
	if e := escapes[c]; e != 'u' {
		return append(b, '\\', e)
	}
	return appendHex(b, rune(c))
}

func appendHex(b []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', hex[r>>12], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// notUnicode says what is wrong with the character that s begins with.
func notUnicode(s string) string {
	switch r, _, ok := perl.DecodeRune(s); {
	case !ok:
		return "text that is not UTF-8"
	case r > utf8.MaxRune:
		return "character above U+10FFFF"
	}
	return "half of a surrogate pair"
}
