package perlyaml

import (
	"strings"
	"unicode/utf8"

	"github.com/go-datasession/datasession/perl"
)

// tiny writes a scalar as YAML::Tiny does, but where that could not read it.
func (e *encoder) tiny(v perl.Value, key bool) error {
	s, err := e.characters(v)
	if err != nil {
		return err
	}
	if err := e.room(len(s)); err != nil {
		return err
	}
	switch e.tinyQuotes(v, s, key) {
	case '"':
		e.buf = e.appendTinyDouble(e.buf, s)
	case '\'':
		e.buf = append(append(append(e.buf, '\''), s...), '\'')
	default:
		e.buf = append(e.buf, s...)
	}
	return e.room(0)
}

// characters returns a string in the encoding of the document.
func (e *encoder) characters(v perl.Value) (string, error) {
	if e.codec.UTF8 {
		if err := e.room(len(v.Str())); err != nil {
			return "", err
		}
		s := perl.Upgrade(v)
		if !utf8.ValidString(s) {
			return "", e.unsupported(notUnicode(s))
		}
		return s, nil
	}
	if v.Kind() == perl.KindText {
		if err := e.room(utf8.RuneCountInString(v.Str())); err != nil {
			return "", err
		}
	}
	s, ok := perl.Downgrade(v)
	if !ok {
		return "", e.unsupported("character above U+00FF, without UTF8")
	}
	return s, nil
}

// notUnicode says what is wrong with a text.
func notUnicode(s string) string {
	for len(s) > 0 {
		r, n, ok := perl.DecodeRune(s)
		switch {
		case !ok:
			return "text that is not UTF-8"
		case r > utf8.MaxRune:
			return "character above U+10FFFF"
		case r >= 0xD800 && r < 0xE000:
			return "half of a surrogate pair"
		}
		s = s[n:]
	}
	return "text that is not UTF-8"
}

// tinyQuotes returns the quotes that a scalar needs, 0 for none.
func (e *encoder) tinyQuotes(v perl.Value, s string, key bool) byte {
	if s == "" {
		return '\''
	}
	var control, quote, spaces bool
	for i := 0; i < len(s); {
		if ordinary[s[i]] {
			i++
			continue
		}
		r, n := e.codec.rune(s[i:])
		i += n
		switch {
		case r < ' ' || r >= 0x7F && r < 0xA0:
			control = true
		case r == '\'':
			quote = true
		case isSpace(r):
			spaces = true // U+00A0 too, which Perl writes plain and then trims
		}
	}
	switch {
	case looksNumeric(s):
		switch {
		case strings.ContainsAny(s, "\r\n"):
			return '"' // Perl takes single quotes, and cannot read that
		case key || v.IsString() || v.Kind() == perl.KindBool || v.Kind() == perl.KindVString:
			return '\''
		}
		return 0
	case control || quote:
		return '"'
	case strings.IndexByte("~!@#%&*|>?:,'\"`{}[]", s[0]) >= 0 || strings.Trim(s, "-") == "":
		return '\''
	case spaces || s[len(s)-1] == ':':
		return '\''
	case s == "null" || s == "true" || s == "false":
		return '\''
	case key && (s[0] == '-' || strings.HasPrefix(s, "...")):
		return '\'' // Perl reads an element, or the end
	}
	return 0
}

// rune returns the first character of s, which is in the encoding of c's documents.
func (c Codec) rune(s string) (rune, int) {
	if s[0] < utf8.RuneSelf || c.latin1() {
		return rune(s[0]), 1
	}
	return utf8.DecodeRuneInString(s)
}

// bytes reports whether strings are read as byte strings.
func (c Codec) bytes() bool {
	return c.Dialect == DialectSyck || c.Dialect == DialectPM && !c.UTF8
}

// latin1 reports whether each byte of a document is a character.
func (c Codec) latin1() bool {
	return c.Dialect == DialectSyck || c.Dialect != DialectXS && !c.UTF8
}

const tinyEscapes = "0......abtnvfr.............e"

func (e *encoder) appendTinyDouble(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	b = append(b, '"')
	for i := 0; i < len(s); {
		r, n := e.codec.rune(s[i:])
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == 0x85:
			b = append(b, `\N`...)
		case r < ' ' && int(r) < len(tinyEscapes) && tinyEscapes[r] != '.':
			b = append(b, '\\', tinyEscapes[r])
		case r < ' ' || r >= 0x7F && r < 0xA0:
			b = append(b, '\\', 'x', hex[r>>4], hex[r&15])
		default:
			b = append(b, s[i:i+n]...)
		}
		i += n
	}
	return append(b, '"')
}
