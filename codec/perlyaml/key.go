package perlyaml

import (
	"unicode/utf8"

	"github.com/go-datasession/datasession/perl"
)

// key reads a key and the colon after it, and returns where its value is.
func (p *parser) key(col int) (perl.Key, place, error) {
	if (p.codec.Dialect == DialectXS || p.codec.Dialect == DialectPM) && p.question() {
		return p.longKey(col)
	}
	end, ok := p.keyEnd()
	if !ok {
		return perl.Key{}, 0, p.errorf("want a key and a colon")
	}
	start := p.i
	var s string
	switch p.s[start] {
	case '"', '\'':
		var err error
		if s, err = p.quoted(-1); err != nil {
			return perl.Key{}, 0, err
		}
	default:
		s = p.s[start:end]
		if err := p.plainStart(s, start); err != nil {
			return perl.Key{}, 0, err
		}
	}
	p.i = end
	p.i = p.skipSpace(p.i) + 1 // the colon
	return p.asKey(s), inHash, nil
}

// longKey reads a key that is on lines of its own: ? KEY, and below it : VALUE.
func (p *parser) longKey(col int) (perl.Key, place, error) {
	p.i++
	start := p.i
	v, err := p.node(col, inHash)
	if err != nil {
		return perl.Key{}, 0, err
	}
	if v.Kind() == perl.KindRef || v.IsUndef() {
		return perl.Key{}, 0, p.errorAt(start, "want a string for a key")
	}
	if p.col != col || !p.indicator(':') {
		return perl.Key{}, 0, p.errorf("want a colon below the key")
	}
	p.i++
	return p.asKey(v.String()), inObject, nil
}

func (p *parser) asKey(s string) perl.Key {
	if isASCII(s) {
		return perl.BytesKey(s)
	}
	switch {
	case p.codec.bytes():
		return perl.BytesKey(s)
	case p.codec.latin1():
		return perl.TextKey(perl.Upgrade(perl.Bytes(s)))
	}
	return perl.TextKey(s)
}

// str returns a string of the document as a value.
func (p *parser) str(s string) perl.Value {
	if isASCII(s) {
		return perl.Bytes(s)
	}
	switch {
	case p.codec.bytes():
		return perl.Bytes(s)
	case p.codec.latin1():
		return perl.Text(perl.Upgrade(perl.Bytes(s)))
	}
	return perl.Text(s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// keyEnd returns where the key that begins here ends, if there is a key and a
// colon on this line.
func (p *parser) keyEnd() (end int, ok bool) {
	i := p.i
	if p.spaceAt(i) > 0 {
		return 0, false
	}
	switch c := p.s[i]; c {
	case '"', '\'':
		if i = p.quoteEnd(i); i < 0 {
			return 0, false
		}
		end = i
		i = p.skipSpace(i)
		return end, i < p.eol && p.s[i] == ':' && p.separates(i+1)
	case '&', '!', '|', '>', '*', '#', '[', '{':
		return 0, false
	}
	for i < p.eol {
		if i = p.colonOrHash(i); i == p.eol {
			return 0, false
		}
		if p.s[i] == '#' && i > p.i && p.spaceBefore(i) > 0 {
			return 0, false
		}
		if p.s[i] == ':' && p.separates(i+1) {
			end = i
			for end > p.i {
				n := p.spaceBefore(end)
				if n == 0 {
					break
				}
				end -= n
			}
			return end, end > p.i
		}
		i++
	}
	return 0, false
}

// colonOrHash returns where the next : or # is, or the end of the line.
func (p *parser) colonOrHash(i int) int {
	line := p.s[:p.eol]
	for i < len(line) && line[i] != ':' && line[i] != '#' {
		i++
	}
	return i
}

// separates reports whether at i there is white space or the end of the line.
func (p *parser) separates(i int) bool { return i >= p.eol || p.spaceAt(i) > 0 }

// spaceBefore returns the length of the white space character that ends at i.
func (p *parser) spaceBefore(i int) int {
	switch c := p.s[i-1]; {
	case c == ' ' || c == '\t' && p.codec.Dialect != DialectSyck:
		return 1
	case !p.unicodeSpaces():
		return 0
	case c < utf8.RuneSelf || p.codec.latin1():
		if isSpace(rune(c)) {
			return 1
		}
		return 0
	}
	if r, n := utf8.DecodeLastRuneInString(p.s[p.line:i]); isSpace(r) {
		return n
	}
	return 0
}
