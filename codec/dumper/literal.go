package dumper

import (
	"strconv"
	"strings"

	"github.com/go-datasession/datasession/perl"
)

// single reads a string in single quotes. In it, \' and \\ are escapes and any
// other backslash is one.
func (p *parser) single() (string, error) {
	start := p.i
	s := p.s[start+1:]
	end := escaped(s)
	if end >= 0 && s[end] == '\'' {
		p.i += end + 2
		return s[:end], nil
	}
	var b strings.Builder
	for end >= 0 {
		if s[end] == '\'' {
			b.WriteString(s[:end])
			p.i = len(p.s) - len(s) + end + 1
			return b.String(), nil
		}
		if end+1 < len(s) && (s[end+1] == '\'' || s[end+1] == '\\') {
			b.WriteString(s[:end])
			b.WriteByte(s[end+1])
			s = s[end+2:]
		} else {
			b.WriteString(s[:end+1])
			s = s[end+1:]
		}
		end = escaped(s)
	}
	return "", p.errorAt(start, "string without an end")
}

// double reads a string in double quotes.
func (p *parser) double() (perl.Value, error) {
	start := p.i
	d := unquoter{p: p}
	for p.i++; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; {
		case c == '"':
			p.i++
			return d.value(), nil
		case c == '$' || c == '@':
			return perl.Value{}, p.errorf("interpolation of a variable")
		case c != '\\':
			d.char(uint32(c))
		default:
			if err := d.escape(); err != nil {
				return perl.Value{}, err
			}
		}
	}
	return perl.Value{}, p.errorAt(start, "string without an end")
}

// unquoter gathers the characters of a string in double quotes: as bytes, and
// in UTF-8 from the first one that is written as a code point beyond ASCII.
type unquoter struct {
	p    *parser
	buf  []byte
	text bool
	high bool // there is a character above U+00FF, which gives a string Perl's flag
}

func (d *unquoter) char(r uint32) {
	if d.text {
		d.buf = perl.AppendRune(d.buf, r)
	} else {
		d.buf = append(d.buf, byte(r))
	}
}

// wide adds a character that is written as a code point beyond ASCII.
func (d *unquoter) wide(r uint32) {
	d.high = d.high || r > 0xFF
	if !d.text {
		d.buf, d.text = []byte(perl.Upgrade(perl.Bytes(string(d.buf)))), true
	}
	d.char(r)
}

func (d *unquoter) value() perl.Value {
	s := string(d.buf)
	if !d.text {
		return perl.Bytes(s)
	}
	if d.high {
		return perl.Text(s)
	}
	s, _ = perl.Downgrade(perl.Text(s))
	return perl.Latin1(s)
}

var escapes = [256]byte{'n': '\n', 't': '\t', 'r': '\r', 'f': '\f', 'b': '\b', 'a': '\a', 'e': 0x1B}

// escape reads from a backslash to the last byte of its escape.
func (d *unquoter) escape() error {
	p := d.p
	at := p.i
	if p.i++; p.i >= len(p.s) {
		return p.errorAt(at, "escape without an end")
	}
	switch c := p.s[p.i]; {
	case c == 'x':
		return d.hex(at)
	case '0' <= c && c <= '7':
		end := p.i + 1
		for end < len(p.s) && end < p.i+3 && '0' <= p.s[end] && p.s[end] <= '7' {
			end++
		}
		r, _ := strconv.ParseUint(p.s[p.i:end], 8, 32)
		p.i = end - 1
		if r > 0xFF {
			d.wide(uint32(r))
		} else {
			d.char(uint32(r))
		}
	case escapes[c] != 0:
		d.char(uint32(escapes[c]))
	case 'a' <= c|0x20 && c|0x20 <= 'z':
		return p.errorAt(at, "unknown escape")
	default:
		d.char(uint32(c))
	}
	return nil
}

// hex reads \xHH and \x{H...}; the former is a byte, the latter makes the
// string text if it is beyond ASCII.
func (d *unquoter) hex(at int) error {
	p := d.p
	rest := p.s[p.i+1:]
	if !strings.HasPrefix(rest, "{") {
		n := 0
		for n < 2 && n < len(rest) && isHex(rest[n]) {
			n++
		}
		if n == 0 {
			return p.errorAt(at, "escape without digits")
		}
		r, _ := strconv.ParseUint(rest[:n], 16, 32)
		p.i += n
		d.char(uint32(r))
		return nil
	}
	end := strings.IndexByte(rest[:min(len(rest), 16)], '}')
	if end < 0 {
		return p.errorAt(at, "escape without an end")
	}
	r, err := strconv.ParseUint(rest[1:end], 16, 31)
	if err != nil {
		return p.errorAt(at, "escape is no code point")
	}
	p.i += 1 + end
	if r > 0x7F {
		d.wide(uint32(r))
	} else {
		d.char(uint32(r))
	}
	return nil
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// number reads a number, or a version string without its v.
func (p *parser) number() (perl.Value, error) {
	start := p.i
	s := p.s
	i := start
	n := int64(0)
	for i < len(s) && isDigit(s[i]) && i-start < 18 {
		n = n*10 + int64(s[i]-'0')
		i++
	}
	if i > start && i < len(s) && !isWord(s[i]) && s[i] != '.' && (s[start] > '0' || i == start+1) {
		p.i = i
		return perl.Int(n), nil // what most are
	}
	i = start
	if s[i] == '-' {
		i++
	}
	digits := func() bool {
		from := i
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		return i > from
	}
	first := i
	if !digits() {
		return perl.Value{}, p.want("a number")
	}
	if s[first] == '0' && i > first+1 {
		return perl.Value{}, p.errorf("number with a leading zero")
	}
	integer := true
	if i+1 < len(s) && s[i] == '.' && isDigit(s[i+1]) {
		integer = false
		i++
		digits()
		if i+1 < len(s) && s[i] == '.' && isDigit(s[i+1]) {
			return p.version()
		}
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		integer = false
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if !digits() {
			return perl.Value{}, p.errorf("exponent without digits")
		}
	}
	if i < len(s) && (isWord(s[i]) || s[i] == '.') {
		p.i = i
		return perl.Value{}, p.want("the end of a number")
	}
	p.i = i
	if integer {
		if n, err := strconv.ParseInt(s[start:i], 10, 64); err == nil {
			return perl.Int(n), nil
		}
		if n, err := strconv.ParseUint(s[start:i], 10, 64); err == nil {
			return perl.Uint(n), nil
		}
	}
	f, _ := strconv.ParseFloat(s[start:i], 64) // out of range is infinite, as in Perl
	return perl.Float(f), nil
}

// version reads a version string: v1.2.3, 1.22.333.
func (p *parser) version() (perl.Value, error) {
	start := p.i
	end := start
	for end < len(p.s) && (isWord(p.s[end]) || p.s[end] == '.') {
		end++
	}
	literal := p.s[start:end]
	str, ok := versionString(literal)
	if !ok {
		return perl.Value{}, p.want("a value")
	}
	p.i = end
	return perl.VString(str, literal), nil
}

// regexp reads the rest of qr/pattern/flags.
func (p *parser) regexp() (perl.Value, error) {
	start := p.i
	if !strings.HasPrefix(p.s[p.i:], "/") {
		return perl.Value{}, p.want(`"/"`)
	}
	var b []byte
	for p.i++; p.i < len(p.s); {
		rest := p.s[p.i:]
		if literal, n := cutLiteral(rest); n > 0 {
			b = append(b, literal...)
			p.i += n
			continue
		}
		switch {
		case rest[0] == '/':
			p.i++
			return p.flags(string(b))
		case rest[0] == '\\' && len(rest) > 1:
			if rest[1] != '/' {
				b = append(b, '\\')
			}
			b = append(b, rest[1])
			p.i += 2
			continue
		case rest[0] == '$' && len(rest) > 1 && strings.IndexByte("|)/", rest[1]) < 0:
			return perl.Value{}, p.errorf("interpolation of a variable")
		}
		b = append(b, rest[0])
		p.i++
	}
	return perl.Value{}, p.errorAt(start, "pattern without an end")
}

func (p *parser) flags(pattern string) (perl.Value, error) {
	start := p.i
	for p.i < len(p.s) && isWord(p.s[p.i]) {
		p.i++
	}
	flags := p.s[start:p.i]
	if !areFlags(flags) {
		return perl.Value{}, p.errorAt(start, "unknown flags of a pattern")
	}
	if hasCode(pattern) {
		return perl.Value{}, p.unsupported("CODE in a pattern")
	}
	return perl.NewRef(perl.NewRegexp(perl.Bytes(pattern), flags)), nil
}
