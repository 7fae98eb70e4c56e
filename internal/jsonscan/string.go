package jsonscan

import (
	"errors"
	"math/bits"
	"unicode/utf8"
)

// plain has the ASCII characters that stand for themselves in a string.
var plain = func() (t [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

var (
	errControl   = errors.New("a control character in a string, want an escape")
	errEscape    = errors.New("unknown escape in a string")
	errHex       = errors.New(`want four hexadecimal digits after \u`)
	errSurrogate = errors.New("half of a surrogate pair in a string")
	errUTF8      = errors.New("a string that is not UTF-8")
)

// Special returns where from i on the first byte is that does not stand for itself in a
// string, or is beyond ASCII, or the length of t.
func Special(t string, i int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for len(t)-i >= 8 {
		w := uint64(t[i]) | uint64(t[i+1])<<8 | uint64(t[i+2])<<16 | uint64(t[i+3])<<24 |
			uint64(t[i+4])<<32 | uint64(t[i+5])<<40 | uint64(t[i+6])<<48 | uint64(t[i+7])<<56
		quote, backslash := w^'"'*ones, w^'\\'*ones
		// A borrow makes a byte wrong only above the first that is right.
		if found := ((quote-ones)&^quote | (backslash-ones)&^backslash | (w-' '*ones)&^w | w) & high; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
		i += 8
	}
	for i < len(t) && plain[t[i]] {
		i++
	}
	return i
}

// quoted reads the string whose quote is at s.pos.
func (s *Scanner) quoted() error {
	s.start = s.pos
	i := Special(s.text, s.pos+1)
	if i < len(s.text) && s.text[i] == '"' {
		s.str, s.ascii, s.pos = s.text[s.pos+1:i], true, i+1
		return nil
	}
	return s.unquote(i)
}

// unquote goes on with a string at its first character that is not plain. What
// is not as in the text is collected in buf, with the text before it.
func (s *Scanner) unquote(i int) error {
	buf, from := s.buf[:0], s.pos+1
	ascii := true
	for ; i < len(s.text); i = Special(s.text, i) {
		switch c := s.text[i]; {
		case c == '"':
			s.str, s.ascii, s.pos = s.text[from:i], ascii, i+1
			if len(buf) > 0 {
				s.buf = append(buf, s.text[from:i]...)
				s.str = s.keep(s.buf)
			}
			return nil
		case c == '\\':
			buf = append(buf, s.text[from:i]...)
			r, n, err := escape(s.text[i:])
			if err != nil {
				return s.syntax(min(i+n, len(s.text)), err)
			}
			buf = utf8.AppendRune(buf, r)
			ascii = ascii && r < utf8.RuneSelf
			i += n
			from = i
		case c < ' ':
			return s.syntax(i, errControl)
		case s.charset == Latin1:
			buf = append(append(buf, s.text[from:i]...), 0xC0|c>>6, 0x80|c&0x3F)
			ascii = false
			i++
			from = i
		default:
			r, n := utf8.DecodeRuneInString(s.text[i:])
			if r == utf8.RuneError && n == 1 {
				return s.syntax(i, errUTF8)
			}
			ascii = false
			i += n
		}
	}
	s.pos = len(s.text)
	return s.unexpected("the end of a string")
}

// keep returns a string of b, in a piece of memory that it shares with others.
func (s *Scanner) keep(b []byte) string {
	const least, most = 256, 4096
	if s.pieces.Cap()-s.pieces.Len() < len(b) {
		room := min(max(least, 2*s.pieces.Cap()), most, len(b)+2*s.Left())
		s.pieces.Reset()
		s.pieces.Grow(max(room, len(b)))
	}
	from := s.pieces.Len()
	s.pieces.Write(b)
	return s.pieces.String()[from:]
}

// escape reads the escape that t begins with, and returns its character and its
// length. With an error, n is where the fault is.
func escape(t string) (r rune, n int, err error) {
	if len(t) < 2 {
		return 0, len(t), errEnd
	}
	switch c := t[1]; c {
	case '"', '\\', '/':
		return rune(c), 2, nil
	case 'b':
		return '\b', 2, nil
	case 'f':
		return '\f', 2, nil
	case 'n':
		return '\n', 2, nil
	case 'r':
		return '\r', 2, nil
	case 't':
		return '\t', 2, nil
	case 'u':
	default:
		return 0, 1, errEscape
	}
	if r, err = hex4(t[2:]); err != nil {
		return 0, 2, err
	}
	switch {
	case r < 0xD800 || r > 0xDFFF:
		return r, 6, nil
	case r > 0xDBFF || len(t) < 8 || t[6] != '\\' || t[7] != 'u':
		return 0, 0, errSurrogate
	}
	low, err := hex4(t[8:])
	if err != nil {
		return 0, 8, err
	}
	if low < 0xDC00 || low > 0xDFFF {
		return 0, 0, errSurrogate
	}
	return (r-0xD800)<<10 | (low - 0xDC00) + 0x10000, 12, nil
}

func hex4(t string) (r rune, err error) {
	if len(t) < 4 {
		return 0, errHex
	}
	for i := range 4 {
		c := t[i]
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, errHex
		}
		r = r<<4 | rune(c)
	}
	return r, nil
}
