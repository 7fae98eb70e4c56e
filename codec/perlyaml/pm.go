package perlyaml

import (
	"strings"
	"unicode/utf8"

	"github.com/go-datasession/datasession/perl"
)

// pm writes a scalar as YAML.pm does, but where that could not read it.
func (e *encoder) pm(v perl.Value, key bool, indent int) error {
	s, err := e.characters(v)
	if err != nil {
		return err
	}
	if err := e.room(len(s)); err != nil {
		return err
	}
	number := v.Kind() == perl.KindInt || v.Kind() == perl.KindUint || v.Kind() == perl.KindFloat
	switch {
	case number || areWords(s):
		e.buf = append(e.buf, s...)
	case strings.ContainsFunc(s, isControl):
		e.buf = appendPMDouble(e.buf, s, key)
	case strings.Contains(s, "\n"):
		if key || !e.blockPM(s) {
			e.buf = appendPMDouble(e.buf, s, key)
			break
		}
		e.linesPM(s, indent+2)
	case e.isPlainPM(v, s) && !(key && e.indicatesPM(s)):
		e.buf = append(e.buf, s...)
	case strings.Contains(s, "'"):
		e.buf = appendPMDouble(e.buf, s, key)
	default:
		e.buf = append(append(append(e.buf, '\''), s...), '\'')
	}
	return e.room(0)
}

// areWords reports whether s begins with a letter, a digit or a low line and has no other
// characters but those, dots and slashes, so that it is written as it is.
func areWords(s string) bool {
	for i := range len(s) {
		if !isWord(s[i]) && (i == 0 || s[i] != '.' && s[i] != '/') {
			return false
		}
	}
	return s != ""
}

// indicatesPM reports whether YAML.pm, which writes a key without quotes, takes it for
// something else when it reads it: for no key with a colon first, in an array, and for
// the key of a reference with an equals sign and a colon.
func (e *encoder) indicatesPM(key string) bool {
	rest, equals := strings.CutPrefix(key, "=")
	if equals {
		rest = strings.TrimLeftFunc(rest, e.isSpacePM)
	}
	return strings.HasPrefix(rest, ":")
}

func isControl(r rune) bool { return r < ' ' && r != '\t' && r != '\n' }

// blockPM reports whether a scalar with line breaks is written as a block: if it has
// more than 30 characters, and something after a line break.
func (e *encoder) blockPM(s string) bool {
	n := len(s)
	if !e.codec.latin1() {
		n = utf8.RuneCountInString(s)
	}
	_, more, _ := strings.Cut(s, "\n")
	return n > 30 && strings.TrimFunc(more, e.isSpacePM) != ""
}

// isSpacePM reports whether Perl's \s matches a character in a document: of
// characters, or of bytes.
func (e *encoder) isSpacePM(r rune) bool {
	return isSpace(r) && (r < utf8.RuneSelf || e.codec.UTF8)
}

// isPlainPM reports whether a scalar needs no quotes.
func (e *encoder) isPlainPM(v perl.Value, s string) bool {
	if s == "" || s == "-" || s == "=" || strings.IndexByte("{[~`'\"!@#>|%&?*^", s[0]) >= 0 ||
		strings.ContainsAny(s, "{[]},") || strings.IndexByte(":|>", s[len(s)-1]) >= 0 || e.endsInIndicator(s) {
		return false
	}
	last := byte(' ') // before the first character, as if it were after white space
	for i := 0; i < len(s); {
		r, n := e.codec.rune(s[i:])
		space := isSpace(r) && (r < utf8.RuneSelf || e.codec.UTF8 || v.Kind() == perl.KindText)
		if space && (i == 0 || i+n == len(s) || strings.IndexByte(":-?", last) >= 0) {
			return false
		}
		if r == '#' && last == ' ' {
			return false
		}
		if last = s[i+n-1]; space {
			last = ' '
		}
		i += n
	}
	return true
}

// endsInIndicator reports whether s ends in white space and what would begin a block
// with no indentation, such as >0. YAML.pm writes that without quotes, and dies of it.
func (e *encoder) endsInIndicator(s string) bool {
	i := strings.LastIndexAny(s, "|>")
	if i < 1 {
		return false
	}
	header := s[i+1:]
	digits := strings.Trim(header, "+-")
	if digits == "" || strings.Trim(digits, "0") != "" || len(header)-len(digits) > 1 {
		return false
	}
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	if e.codec.latin1() {
		r = rune(s[i-1])
	}
	return e.isSpacePM(r)
}

// appendPMDouble appends a scalar in double quotes. Where there may be a hash, YAML.pm
// takes the first quote inside for the end of a key if a colon is after it, and no key
// for one with a quote inside; so such quotes are written as codes.
func appendPMDouble(b []byte, s string, key bool) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	first := true
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '"' && key, c == '"' && first && strings.HasPrefix(strings.TrimLeft(s[i+1:], " \t"), ": "):
			b = append(b, `\x22`...)
		case c == '"':
			first = false
			b = append(b, '\\', c)
		case c == '\\':
			b = append(b, '\\', c)
		case int(c) < len(pmEscapes) && pmEscapes[c] != '.':
			b = append(b, '\\', pmEscapes[c])
		case c < ' ':
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

const pmEscapes = "0......a.tnvfr.............e"

// linesPM writes a scalar as a block.
func (e *encoder) linesPM(s string, indent int) {
	e.buf = append(e.buf, '|')
	text := strings.TrimRight(s, "\n")
	switch len(s) - len(text) {
	case 0:
		e.buf = append(e.buf, '-')
	case 1:
	default:
		e.buf = append(e.buf, '+')
	}
	if r, _ := e.codec.rune(s); isSpace(r) {
		e.buf = append(e.buf, '2')
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") {
		e.buf = append(e.buf, '\n')
		e.indentTo(indent)
		e.buf = append(e.buf, line...)
	}
	if len(s)-len(text) > 1 {
		e.buf = e.buf[:len(e.buf)-indent] // the last line has no indentation
	}
	e.buf = append(e.buf, '\n')
}
