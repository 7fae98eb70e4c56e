package valuejson

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-datasession/datasession/perl"
)

// named reports whether a hash can be written as an object, with its keys as the
// names of members.
func (w *writer) named(h *perl.Hash) bool {
	for k := range h.All() {
		s := k.String()
		if strings.HasPrefix(s, "$") || !k.IsText() && w.form != loose && !isASCII(s) || !utf8.ValidString(s) {
			return false
		}
	}
	return true
}

// str writes a string of either kind.
func (w *writer) str(v perl.Value) error {
	if _, content, ok := v.Literal(); ok {
		v = content
	}
	s := v.Str()
	switch {
	case v.Kind() == perl.KindText && !utf8.ValidString(s):
		return w.chars(s)
	case v.Kind() == perl.KindText || isASCII(s):
		return w.quote(s)
	case w.form == loose:
		return w.quote(perl.Upgrade(v))
	}
	if err := w.room(base64.StdEncoding.EncodedLen(len(s))); err != nil {
		return err
	}
	w.tag("$bytes")
	w.buf = append(w.buf, '"')
	w.buf = base64.StdEncoding.AppendEncode(w.buf, []byte(s))
	w.buf = append(w.buf, '"')
	return w.tagged(nil)
}

func (w *writer) chars(s string) error {
	if err := w.room(len(s)); err != nil {
		return err
	}
	w.tag("$chars")
	w.buf = append(w.buf, '[')
	for i := 0; i < len(s); {
		if i > 0 {
			w.buf = append(w.buf, w.comma...)
		}
		r, n, _ := perl.DecodeRune(s[i:])
		w.buf = strconv.AppendUint(w.buf, uint64(r), 10)
		i += n
	}
	w.buf = append(w.buf, ']')
	return w.tagged(nil)
}

// quote writes a string of JSON; s is valid UTF-8.
func (w *writer) quote(s string) error {
	if err := w.room(len(s) + 2); err != nil {
		return err
	}
	b, from := append(w.buf, '"'), 0
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(append(b, s[from:i]...), '\\', byte(r))
		case r < ' ' || r == 0x7F || w.form == indented && !unicode.IsPrint(r):
			b = appendEscape(append(b, s[from:i]...), r)
		default:
			continue
		}
		from = i + utf8.RuneLen(r)
	}
	w.buf = append(append(b, s[from:]...), '"')
	return w.room(0)
}

func appendEscape(b []byte, r rune) []byte {
	if r >= 0x10000 {
		b = appendEscape(b, 0xD800+(r-0x10000)>>10)
		r = 0xDC00 + (r-0x10000)&0x3FF
	}
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', hex[r>>12], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
