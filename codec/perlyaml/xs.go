package perlyaml

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/go-datasession/datasession/perl"
)

// What YAML::XS writes is what libyaml makes of its wishes: a column to fold at,
// a length up to which a key is on the line of its value.
const (
	foldAfter = 80
	simpleKey = 128
)

// traits is what libyaml finds in a scalar.
type traits struct {
	breaks     bool // more than one line
	plain      bool // may be written without quotes,
	single     bool // in single quotes,
	block      bool // as a block
	printables bool // has no character that must be escaped
}

// analyze is libyaml's function of that name, for a document with blocks only.
func analyze(s string) traits {
	if s == "" {
		return traits{plain: true, single: true, printables: true}
	}
	indicator := strings.HasPrefix(s, "---") || strings.HasPrefix(s, "...")
	var special, breaks, leading, trailingSpace, trailingBreak, breakSpace, spaceBreak bool
	afterSpace, afterBreak, afterBlank := false, false, true
	for i := 0; i < len(s); {
		if ordinary[s[i]] && (i > 0 || isWord(s[0])) {
			for i++; i < len(s) && ordinary[s[i]]; i++ {
			}
			afterSpace, afterBreak, afterBlank = false, false, false
			continue
		}
		n := width(s[i])
		last := i+n >= len(s)
		switch c := s[i]; {
		case c == ' ':
		case i == 0 && strings.IndexByte("#,[]{}&*!|>'\"%@`", c) >= 0,
			(c == ':' || i == 0 && (c == '?' || c == '-')) && (last || isBlankOrBreak(s[i+n:])),
			c == '#' && afterBlank:
			indicator = true
		}
		special = special || !isPrintable(s[i:])
		isBreak := breakLen(s[i:]) > 0
		switch {
		case s[i] == ' ':
			leading = leading || i == 0
			trailingSpace = last
			breakSpace = breakSpace || afterBreak
			afterSpace, afterBreak = true, false
		case isBreak:
			breaks = true
			leading = leading || i == 0
			trailingBreak = last
			spaceBreak = spaceBreak || afterSpace
			afterSpace, afterBreak = false, true
		default:
			afterSpace, afterBreak = false, false
		}
		afterBlank = s[i] == ' ' || s[i] == '\t' || isBreak
		i += n
	}
	never := special || spaceBreak
	return traits{
		breaks:     breaks,
		plain:      !(never || indicator || breaks || leading || trailingSpace || trailingBreak),
		single:     !(never || breakSpace),
		block:      !(never || trailingSpace),
		printables: !special,
	}
}

// ordinary are the printable characters of ASCII that mean nothing to libyaml but at
// the beginning of a scalar, and that need no escape.
var ordinary = func() (set [256]bool) {
	for c := '!'; c <= '~'; c++ {
		set[c] = c != ':' && c != '#' && c != '"' && c != '\\' && c != '\''
	}
	return set
}()

// isWord reports whether a character is a letter, a digit or a low line.
func isWord(c byte) bool {
	return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
}

// width returns the length of the character that begins with c.
func width(c byte) int {
	switch {
	case c < 0xC0:
		return 1
	case c < 0xE0:
		return 2
	case c < 0xF0:
		return 3
	}
	return 4
}

// breakLen returns the length of the line break that s begins with, 0 for none.
func breakLen(s string) int {
	if s == "" {
		return 0
	}
	switch s[0] {
	case '\n':
		return 1
	case '\r':
		if strings.HasPrefix(s, "\r\n") {
			return 2
		}
		return 1
	case "\u0085"[0]:
		if strings.HasPrefix(s, "\u0085") {
			return 2
		}
	case "\u2028"[0]:
		if strings.HasPrefix(s, "\u2028") || strings.HasPrefix(s, "\u2029") {
			return 3
		}
	}
	return 0
}

func isBlankOrBreak(s string) bool { return s[0] == ' ' || s[0] == '\t' || breakLen(s) > 0 }

// isPrintable reports whether libyaml writes the character that s begins with as
// it is: not what needs four bytes.
func isPrintable(s string) bool {
	if s[0] < utf8.RuneSelf {
		return s[0] == '\n' || s[0] >= ' ' && s[0] < 0x7F
	}
	r, _ := utf8.DecodeRuneInString(s)
	return r >= 0xA0 && r < 0x10000 && r != 0xFEFF && r < 0xFFFE
}

func (e *encoder) scalarXS(v perl.Value, indent int) error {
	s, err := e.unicode(v)
	if err != nil {
		return err
	}
	quoted := wantsQuotes(v, s)
	t := analyze(s)
	if head, _, _ := strings.Cut(s, "\x00"); !quoted && strings.Contains(head, "\n") {
		if len(s) > 30 && t.block {
			e.literal(s, indent+2)
		} else {
			e.double(s, indent+2)
		}
		return e.room(0)
	}
	e.flow(s, t, quoted, indent+2)
	return e.room(0)
}

// keyXS writes a key: one that is long or has lines has its value on other lines.
func (e *encoder) keyXS(k perl.Key, indent int) (simple bool, err error) {
	v := k.Value()
	s, err := e.unicode(v)
	if err != nil {
		return false, err
	}
	t := analyze(s)
	if t.breaks || len(s) > simpleKey {
		e.buf = append(e.buf, "? "...)
		if err := e.scalarXS(v, indent); err != nil {
			return false, err
		}
		return false, nil
	}
	e.flow(s, t, wantsQuotes(v, s) || s == "", -1)
	return true, e.room(0)
}

func (e *encoder) unicode(v perl.Value) (string, error) {
	if err := e.room(len(v.Str())); err != nil {
		return "", err
	}
	s := perl.Upgrade(v)
	if kind := v.Kind(); (kind == perl.KindText || kind == perl.KindVString) && !utf8.ValidString(s) {
		return "", e.unsupported(notUnicode(s))
	}
	return s, nil
}

// wantsQuotes reports whether YAML::XS asks for quotes: for what would be read as
// something else than a string.
func wantsQuotes(v perl.Value, s string) bool {
	switch s {
	case "", "~", "true", "false", "null":
		return true
	}
	return (v.IsString() || v.Kind() == perl.KindVString) && looksNumeric(s)
}

// flow writes a scalar plain or in quotes, as it can be. Where a line is long, it is
// folded to an indentation; there is none, -1, in a key.
func (e *encoder) flow(s string, t traits, quoted bool, indent int) {
	switch {
	case t.plain && !quoted:
		e.plain(s, indent)
	case t.single && !(t.breaks && indent < 0):
		e.single(s, indent)
	default:
		e.double(s, indent)
	}
}

// column returns how many characters are on the line so far. It need not look
// at more bytes than could be too many.
func (e *encoder) column() int {
	line := e.buf[max(e.from, bytes.LastIndexByte(e.buf, '\n')+1):]
	return utf8.RuneCount(line)
}

// fits reports whether a scalar need not be folded: it has no more bytes than are left
// on the line, or is in a key.
func (e *encoder) fits(s string, indent int) bool {
	if indent < 0 || strings.IndexByte(s, ' ') < 0 {
		return true
	}
	line := len(e.buf) - 1 - max(e.from-1, bytes.LastIndexByte(e.buf, '\n'))
	return line+len(s) <= foldAfter
}

// fold begins another line.
func (e *encoder) fold(indent int) {
	e.buf = append(e.buf, '\n')
	for range indent {
		e.buf = append(e.buf, ' ')
	}
}

func (e *encoder) plain(s string, indent int) {
	if e.fits(s, indent) {
		e.buf = append(e.buf, s...)
		return
	}
	column := e.column()
	spaces := false
	for i := range len(s) {
		c := s[i]
		if c == ' ' && !spaces && column > foldAfter && s[i+1] != ' ' {
			e.fold(indent)
			column, spaces = indent, true
			continue
		}
		e.buf = append(e.buf, c)
		spaces = c == ' '
		if utf8.RuneStart(c) {
			column++
		}
	}
}

func (e *encoder) single(s string, indent int) {
	e.buf = append(e.buf, '\'')
	column := e.column()
	spaces, breaks := false, false
	for i := 0; i < len(s); {
		if ordinary[s[i]] && !breaks {
			from := i
			for i++; i < len(s) && ordinary[s[i]]; i++ {
			}
			e.buf = append(e.buf, s[from:i]...)
			column += i - from
			spaces = false
			continue
		}
		n := breakLen(s[i:])
		switch {
		case s[i] == ' ':
			if indent >= 0 && !spaces && column > foldAfter && i > 0 && i < len(s)-1 && s[i+1] != ' ' {
				e.fold(indent)
				column = indent
			} else {
				e.buf = append(e.buf, ' ')
				column++
			}
			spaces = true
			i++
			continue
		case n > 0:
			if !breaks && s[i] == '\n' {
				e.buf = append(e.buf, '\n')
			}
			e.buf = append(e.buf, s[i:i+n]...)
			column, breaks = 0, true
			i += n
			continue
		}
		if breaks {
			e.indentTo(indent)
			column = indent
		}
		if s[i] == '\'' {
			e.buf = append(e.buf, '\'')
			column++
		}
		n = width(s[i])
		e.buf = append(e.buf, s[i:i+n]...)
		column++
		spaces, breaks = false, false
		i += n
	}
	if breaks {
		e.indentTo(indent)
	}
	e.buf = append(e.buf, '\'')
}

// indentTo indents a line that has nothing on it.
func (e *encoder) indentTo(indent int) {
	for range indent {
		e.buf = append(e.buf, ' ')
	}
}

const xsEscapes = "0......abtnvfr.............e"

func (e *encoder) double(s string, indent int) {
	e.buf = append(e.buf, '"')
	column := e.column()
	spaces := false
	for i := 0; i < len(s); {
		if ordinary[s[i]] {
			from := i
			for i++; i < len(s) && ordinary[s[i]]; i++ {
			}
			e.buf = append(e.buf, s[from:i]...)
			column += i - from
			spaces = false
			continue
		}
		n := width(s[i])
		c := s[i]
		switch {
		case c == '"' || c == '\\' || breakLen(s[i:]) > 0 || !isPrintable(s[i:]):
			from := len(e.buf)
			r, _ := utf8.DecodeRuneInString(s[i:])
			e.buf = appendEscape(e.buf, r)
			column += len(e.buf) - from
			spaces = false
		case c == ' ':
			if indent >= 0 && !spaces && column > foldAfter && i > 0 && i < len(s)-1 {
				e.fold(indent)
				column = indent
				if s[i+1] == ' ' {
					e.buf = append(e.buf, '\\')
					column++
				}
			} else {
				e.buf = append(e.buf, ' ')
				column++
			}
			spaces = true
		default:
			e.buf = append(e.buf, s[i:i+n]...)
			column++
			spaces = false
		}
		i += n
	}
	e.buf = append(e.buf, '"')
}

func appendEscape(b []byte, r rune) []byte {
	const hex = "0123456789ABCDEF"
	b = append(b, '\\')
	digits := 8
	switch {
	case int(r) < len(xsEscapes) && xsEscapes[r] != '.':
		return append(b, xsEscapes[r])
	case r == '"' || r == '\\':
		return append(b, byte(r))
	case r == 0x85:
		return append(b, 'N')
	case r == 0xA0:
		return append(b, '_')
	case r == 0x2028:
		return append(b, 'L')
	case r == 0x2029:
		return append(b, 'P')
	case r <= 0xFF:
		b, digits = append(b, 'x'), 2
	case r <= 0xFFFF:
		b, digits = append(b, 'u'), 4
	default:
		b = append(b, 'U')
	}
	for digits--; digits >= 0; digits-- {
		b = append(b, hex[r>>(4*digits)&15])
	}
	return b
}

// literal writes a scalar as a block.
func (e *encoder) literal(s string, indent int) {
	e.buf = append(e.buf, '|')
	if s[0] == ' ' || breakLen(s) > 0 {
		e.buf = append(e.buf, '2')
	}
	e.openEnded = false
	switch n := lastBreak(s); {
	case n == 0:
		e.buf = append(e.buf, '-')
	case n == len(s) || lastBreak(s[:len(s)-n]) > 0:
		e.buf = append(e.buf, '+')
		e.openEnded = true
	}
	e.buf = append(e.buf, '\n')
	breaks := true
	for i := 0; i < len(s); {
		if n := breakLen(s[i:]); n > 0 {
			e.buf = append(e.buf, s[i:i+n]...)
			i, breaks = i+n, true
			continue
		}
		if breaks {
			e.indentTo(indent)
			breaks = false
		}
		n := width(s[i])
		for i+n < len(s) && ordinary[s[i+n]] {
			n++
		}
		e.buf = append(e.buf, s[i:i+n]...)
		i += n
	}
}

// lastBreak returns the length of the line break that s ends with, 0 for none.
func lastBreak(s string) int {
	_, n := utf8.DecodeLastRuneInString(s)
	if n > 0 && breakLen(s[len(s)-n:]) > 0 {
		return n
	}
	return 0
}

// regexp writes a pattern, as the text that it is in Perl.
func (e *encoder) regexp(r *perl.Regexp, indent int) error {
	e.buf = append(e.buf, " !!perl/regexp"...)
	if class := r.Class(); class != "" && class != "Regexp" {
		e.buf = append(e.buf, ':')
		if err := e.class(class); err != nil {
			return err
		}
	}
	e.buf = append(e.buf, ' ')
	text := perl.Bytes("(?^" + r.Flags + ":" + r.Pattern.Str() + ")")
	if e.codec.Dialect == DialectSyck && r.Flags == "" {
		text = perl.Bytes(r.Pattern.Str()) // and not one pattern more around it each time
	}
	if r.Pattern.Kind() == perl.KindText {
		text = perl.Text(text.Str())
	}
	if err := e.scalar(text, indent); err != nil {
		return err
	}
	return e.newline()
}
