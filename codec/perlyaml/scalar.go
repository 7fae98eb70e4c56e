package perlyaml

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-datasession/datasession/perl"
)

// isSpace reports whether Perl's \s matches a character.
func isSpace(r rune) bool { return unicode.IsSpace(r) }

// inline reads a value that begins here.
func (p *parser) inline(indent int, props *properties) (perl.Value, error) {
	switch c := p.s[p.i]; c {
	case '*':
		return p.alias(props)
	case '[', '{':
		return p.empty(props)
	case '|', '>':
		s, err := p.blockScalar(indent)
		if err != nil {
			return perl.Value{}, err
		}
		return p.scalar(s, props, false)
	case '"', '\'':
		s, err := p.quoted(indent)
		if err != nil {
			return perl.Value{}, err
		}
		if err := p.endLine(); err != nil {
			return perl.Value{}, err
		}
		v, err := p.scalar(s, props, false)
		p.content()
		return v, err
	}
	s, err := p.plain(indent)
	if err != nil {
		return perl.Value{}, err
	}
	return p.scalar(s, props, true)
}

// empty reads a container that has nothing in it.
func (p *parser) empty(props *properties) (perl.Value, error) {
	var t perl.Thing = &perl.Array{}
	if strings.HasPrefix(p.rest(), "{}") {
		t = &perl.Hash{}
	} else if !strings.HasPrefix(p.rest(), "[]") {
		return perl.Value{}, p.errorf("want a container in lines, found one in brackets")
	}
	p.i += 2
	if err := p.endLine(); err != nil {
		return perl.Value{}, err
	}
	if len(p.path) >= p.lim.Depth {
		return perl.Value{}, p.limit("depth", p.lim.Depth)
	}
	if err := p.begin(t, props); err != nil {
		return perl.Value{}, err
	}
	p.path = p.path[:len(p.path)-1]
	p.content()
	return perl.NewRef(t), nil
}

// plainStart refuses what a plain scalar cannot begin with.
func (p *parser) plainStart(s string, at int) error {
	c := s[0]
	forbidden := "@%`\"'!&*|>[]{}#,"
	if p.codec.Dialect != DialectXS {
		forbidden = "@%`\"'!&*|>[{"
	}
	if strings.IndexByte(forbidden, c) >= 0 {
		return p.errorAt(at, "plain scalar that begins with "+strconv.QuoteRune(rune(c)))
	}
	if (c == '-' || c == '?' || c == ':') && (len(s) == 1 || s[1] == ' ' || s[1] == '\t' && p.codec.Dialect != DialectSyck) {
		return p.errorAt(at, "plain scalar that begins with "+strconv.QuoteRune(rune(c))+" and a blank")
	}
	return nil
}

// plain reads a scalar without quotes, and goes to the content after it.
func (p *parser) plain(indent int) (string, error) {
	start := p.i
	s, comment, err := p.plainLine()
	if err != nil {
		return "", err
	}
	if err := p.plainStart(s, start); err != nil {
		return "", err
	}
	p.content()
	if p.codec.Dialect != DialectXS || comment || p.end || p.col <= indent {
		return s, nil
	}
	b := []byte(s)
	for !comment && !p.end && p.col > indent {
		if s, comment, err = p.plainLine(); err != nil {
			return "", err
		}
		b = append(append(b, ' '), s...)
		line := p.next
		if p.content(); !p.end && p.line != line {
			return "", p.errorAt(line, "blank line in a plain scalar")
		}
	}
	return string(b), nil
}

// plainLine returns what is left of a line, without a comment.
func (p *parser) plainLine() (s string, comment bool, err error) {
	i, end := p.i, p.eol
	for i = p.colonOrHash(i); i < p.eol; i = p.colonOrHash(i + 1) {
		if p.s[i] == ':' && p.separates(i+1) {
			p.i = i
			return "", false, p.errorf("colon in a plain scalar")
		}
		if p.s[i] == '#' && i > p.line && p.spaceBefore(i) > 0 {
			end, comment = i, true
			break
		}
	}
	for end > p.i {
		n := p.spaceBefore(end)
		if n == 0 {
			break
		}
		end -= n
	}
	return p.s[p.i:end], comment, nil
}

// folds reports whether there are quotes of several lines.
func (c Codec) folds() bool { return c.Dialect == DialectXS || c.Dialect == DialectSyck }

// quoteEnd returns where the quoted string at i ends, if it does so on this line,
// and -1 otherwise.
func (p *parser) quoteEnd(i int) int {
	quote := p.s[i]
	for i++; i < p.eol; i++ {
		switch c := p.s[i]; {
		case c == '\\' && quote == '"':
			i++
		case c != quote:
		case quote == '\'' && i+1 < p.eol && p.s[i+1] == '\'':
			i++
		default:
			return i + 1
		}
	}
	return -1
}

// quoted reads a string in quotes, which may have several lines, if it is not a
// key, whose indentation is -1.
func (p *parser) quoted(indent int) (string, error) {
	start := p.i
	quote := p.s[p.i]
	p.i++
	b := p.scratch[:0]
	from := p.i
	asIs := true // so far
	for {
		if p.i >= p.eol {
			asIs = false
			if !p.codec.folds() {
				return "", p.errorAt(start, "quote that does not end on its line")
			}
			part := p.s[from:p.i]
			if p.codec.Dialect == DialectXS {
				part = strings.TrimRight(part, " \t")
			}
			b = append(b, part...)
			var err error
			if b, err = p.foldQuoted(b, start, false); err != nil {
				return "", err
			}
			from = p.i
			continue
		}
		switch c := p.s[p.i]; {
		case c == quote && quote == '\'' && p.i+1 < p.eol && p.s[p.i+1] == '\'':
			asIs = false
			b = append(b, p.s[from:p.i+1]...)
			p.i += 2
			from = p.i
		case c == quote:
			s := p.s[from:p.i]
			if !asIs {
				b = append(b, s...)
				s, p.scratch = string(b), b
			}
			p.i++
			return s, nil
		case c == '\\' && quote == '"':
			asIs = false
			b = append(b, p.s[from:p.i]...)
			var err error
			if b, err = p.escape(b, start); err != nil {
				return "", err
			}
			from = p.i
		default:
			p.i++
		}
	}
}

// foldQuoted reads the end of a line within quotes and the white space around it.
// If the line break is escaped, it counts for nothing.
func (p *parser) foldQuoted(b []byte, start int, escaped bool) ([]byte, error) {
	first := ""
	if !escaped {
		first = lineBreak(p.s[p.eol:p.next])
	}
	var more []byte
	for {
		if !p.nextLine() || p.marker("---") || p.marker("...") {
			return nil, p.errorAt(start, "quote that does not end")
		}
		for p.i < p.eol && (p.s[p.i] == ' ' || p.s[p.i] == '\t') {
			p.i++
		}
		if p.i < p.eol {
			break
		}
		more = append(more, lineBreak(p.s[p.eol:p.next])...)
	}
	switch {
	case first != "\n":
		b = append(b, first...)
	case len(more) == 0:
		b = append(b, ' ')
	}
	return append(b, more...), nil
}

// lineBreak returns what a line break is in a string.
func lineBreak(s string) string {
	switch s {
	case "\r", "\r\n", "\u0085":
		return "\n"
	}
	return s
}

// escape reads an escape in double quotes. What YAML::Tiny does not know it leaves
// as it is; the others refuse it.
func (p *parser) escape(b []byte, start int) ([]byte, error) {
	if p.i+1 >= p.eol {
		if !p.codec.folds() {
			return nil, p.errorAt(start, "quote that does not end on its line")
		}
		return p.foldQuoted(b, start, true)
	}
	c := p.s[p.i+1]
	if c == 'x' || p.codec.Dialect == DialectXS && (c == 'u' || c == 'U') {
		return p.escapeCode(b, map[byte]int{'x': 2, 'u': 4, 'U': 8}[c])
	}
	from, to := "\\\"0abtnvfrezN", "\\\"\x00\a\b\t\n\v\f\r\x1b\x00\u0085"
	if p.codec.Dialect == DialectXS {
		from, to = "\\\"0abtnvfre /\tN_LP", "\\\"\x00\a\b\t\n\v\f\r\x1b /\t\u0085\u00a0\u2028\u2029"
	}
	n := strings.IndexByte(from, c)
	if n < 0 {
		return nil, p.errorf("unknown escape")
	}
	p.i += 2
	return p.appendRune(b, []rune(to)[n]), nil
}

func (p *parser) escapeCode(b []byte, digits int) ([]byte, error) {
	from := p.i + 2
	if from+digits > p.eol {
		return nil, p.errorf("escape with too few digits")
	}
	code, err := strconv.ParseUint(p.s[from:from+digits], 16, 32)
	if err != nil || p.s[from] == '+' {
		return nil, p.errorf("escape with no hexadecimal code")
	}
	r := rune(code)
	if code > utf8.MaxRune || !utf8.ValidRune(r) {
		return nil, p.errorf("escape with a code that is not in Unicode")
	}
	p.i = from + digits
	return p.appendRune(b, r), nil
}

// appendRune appends a character in the encoding of the document.
func (p *parser) appendRune(b []byte, r rune) []byte {
	if p.codec.latin1() {
		return append(b, byte(r))
	}
	return utf8.AppendRune(b, r)
}

// blockScalar reads a scalar whose lines are below this one, and goes to the
// content after it.
func (p *parser) blockScalar(parent int) (string, error) {
	style := p.s[p.i]
	p.i++
	if style == '>' && p.codec.Dialect != DialectTiny {
		return "", p.errorf("folded block")
	}
	chomp, indent := byte(0), -1
	for ; p.i < p.eol; p.i++ {
		switch c := p.s[p.i]; {
		case (c == '-' || c == '+' && p.codec.Dialect != DialectTiny) && chomp == 0:
			chomp = c
			continue
		case c >= '1' && c <= '9' && indent < 0 && p.codec.Dialect != DialectTiny:
			indent = max(parent, 0) + int(c-'0')
			continue
		}
		break
	}
	if err := p.endLine(); err != nil {
		return "", err
	}
	return p.blockLines(parent, indent, style, chomp)
}

func (p *parser) blockLines(parent, indent int, style, chomp byte) (string, error) {
	b, breaks := p.scratch[:0], p.lineBreaks[:0] // since the last line with content
	for p.nextLine() {
		n := p.line
		for n < p.eol && p.s[n] == ' ' && (indent < 0 || n-p.line < indent) {
			n++
		}
		if n == p.eol && (indent < 0 || n-p.line < indent || p.codec.Dialect == DialectTiny) {
			if p.codec.Dialect != DialectTiny { // which drops blank lines
				breaks = append(breaks, lineBreak(p.s[p.eol:p.next])...)
			}
			continue
		}
		if indent < 0 {
			indent = n - p.line
			if p.s[n] == '\t' || indent <= parent {
				indent = max(indent, parent+1)
			}
		}
		if n-p.line < indent {
			break
		}
		if indent == 0 && (p.marker("---") || p.marker("...")) {
			break
		}
		if style == '>' && len(breaks) > 0 {
			breaks = append(breaks[:0], ' ')
		}
		b = append(append(b, breaks...), p.s[n:p.eol]...)
		breaks = append(breaks[:0], lineBreak(p.s[p.eol:p.next])...)
	}
	switch {
	case chomp == '-':
	case chomp == '+':
		b = append(b, breaks...)
	case len(b) > 0 && len(breaks) > 0:
		_, n := utf8.DecodeRune(breaks)
		b = append(b, breaks[:n]...)
	}
	p.next = p.line
	p.content()
	p.scratch, p.lineBreaks = b, breaks
	return string(b), nil
}
