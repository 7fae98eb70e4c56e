package perlyaml

import (
	"strings"

	"github.com/go-datasession/datasession/perl"
)

// syck writes a scalar as YAML::Syck does: text as its UTF-8, other strings as
// their bytes.
func (e *encoder) syck(v perl.Value, key bool) error {
	s := v.String()
	if err := e.room(len(s)); err != nil {
		return err
	}
	if strings.HasPrefix(s, "=\x00") {
		return e.unsupported("string that begins with = and NUL") // Perl reads str
	}
	quotes := syckQuotes(v, s, key)
	if key && quotes != 0 {
		quotes = '"'
	}
	switch quotes {
	case '"':
		e.buf = appendSyckDouble(e.buf, s, v.Kind() == perl.KindText)
	case '\'':
		e.buf = appendSyckSingle(e.buf, s)
	default:
		e.buf = append(e.buf, s...)
	}
	return e.room(0)
}

// syckQuotes returns the quotes that a scalar needs, 0 for none.
func syckQuotes(v perl.Value, s string, key bool) byte {
	if s == "" || v.Kind() == perl.KindFloat {
		return '\''
	}
	if looksNumeric(s) && !isShortInteger(s) || isSyckWord(s) {
		if needsEscapes(s) {
			return '"'
		}
		return '\''
	}
	if needsEscapes(s) || strings.Contains(strings.TrimRight(s, "\n"), "\n") {
		return '"'
	}
	if s[0] == ' ' || s[0] == '\t' {
		return '"'
	}
	switch last := s[len(s)-1]; {
	case last == '\n', last == ' ', last == '\t', last == ':',
		strings.Contains(s, ": "), strings.Contains(s, " #"),
		strings.IndexByte("[]{}!*&|>'\"#%@`:^", s[0]) >= 0,
		strings.IndexByte("-?,", s[0]) >= 0 && (len(s) == 1 || s[1] == ' ' || s[1] == '\r'):
		return '"'
	case !key && last == '\r', key && strings.HasPrefix(s, "--- "):
		return '"' // Perl reads a line break, or a document
	}
	return 0
}

// needsEscapes reports whether there is what single quotes cannot hold: control
// characters, and line breaks that would be folded with what is around them. YAML::Syck
// writes tabs, carriage returns and other line breaks as they are.
func needsEscapes(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\t' || c == '\r':
		case c == '\n':
			if i > 0 && s[i-1] == '\r' || i+1 < len(s) && (s[i+1] == ' ' || s[i+1] == '\t') {
				return true
			}
		case c < ' ' || c == 0x7F:
			return true
		}
	}
	return false
}

// appendSyckSingle appends a scalar in single quotes, where one line break more stands
// for each row of them, since they are folded when they are read.
func appendSyckSingle(b []byte, s string) []byte {
	b = append(b, '\'')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'':
			b = append(b, c, c)
		case c == '\n' && (i+1 == len(s) || s[i+1] != '\n'):
			b = append(b, c, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '\'')
}

// isSyckWord reports whether YAML::Syck takes a plain s for undef or a boolean. It
// takes a byte beyond ASCII for the end of a word of more than a letter.
func isSyckWord(s string) bool {
	word := s
	for i := range len(s) {
		if i > len("false") {
			return false
		}
		if s[i] >= 0x80 {
			word = s[:i]
			break
		}
	}
	lower := strings.ToLower(word)
	if word == "" || word != lower && word != strings.ToUpper(word) && word != strings.ToUpper(word[:1])+lower[1:] {
		return false
	}
	switch lower {
	case "~", "null", "yes", "true", "on", "no", "false", "off":
		return true
	}
	return s == word && (lower == "y" || lower == "n")
}

// isShortInteger reports whether YAML::Syck takes a number for an integer of up to 9
// characters. It does not look at the first one.
func isShortInteger(s string) bool {
	if len(s) > 9 {
		return false
	}
	if s == "0" {
		return true
	}
	s = strings.TrimPrefix(s, "-")
	return s[0] != '0' && strings.Trim(s[1:], "0123456789") == ""
}

const syckEscapes = "0......abtnvfr.............e"

func appendSyckDouble(b []byte, s string, text bool) []byte {
	const hex = "0123456789ABCDEF"
	b = append(b, '"')
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case int(c) < len(syckEscapes) && syckEscapes[c] != '.':
			b = append(b, '\\', syckEscapes[c])
		case c < ' ' || c > 0x7E && !text:
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
