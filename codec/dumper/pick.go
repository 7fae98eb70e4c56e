package dumper

import (
	"slices"
	"strings"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

var _ codec.Picker = Codec{}

// Pick implements [codec.Picker].
func (c Codec) Pick(data []byte, lim codec.Limits, keys []string) (h *perl.Hash, ok bool) {
	p := parser{codec: c.Name(), lim: lim.WithDefaults()}
	if len(data) > p.lim.Bytes {
		return nil, false
	}
	p.s = string(data)
	if p.semicolons(); p.expect("$D", "=", "{") != nil {
		return nil, false
	}
	h = perl.NewHash(len(keys))
	for p.next() != '}' {
		key, err := p.key()
		if err != nil || !p.take("=>") {
			return nil, false
		}
		if slices.Contains(keys, key.String()) {
			v, ok := p.plain()
			if !ok {
				return nil, false
			}
			h.SetKey(key, v)
		} else if !p.over() {
			return nil, false
		}
		if !p.take(",") && p.next() != '}' {
			return nil, false
		}
	}
	p.i++
	if p.semicolons() {
		p.take("$D")
		p.semicolons()
	}
	return h, p.i == len(p.s)
}

// plain reads a string, a number or undef.
func (p *parser) plain() (v perl.Value, ok bool) {
	if c := p.next(); c != '\'' && c != '"' && c != '-' && !isDigit(c) {
		return v, p.take("undef")
	}
	v, err := p.value()
	return v, err == nil
}

// over passes over a value, to the comma or brace behind it. It gives up at what may
// not be what it looks like: a variable, a pattern, code.
func (p *parser) over() bool {
	for nest := 0; p.i < len(p.s); {
		switch c := p.s[p.i]; {
		case nest == 0 && (c == ',' || c == '}'):
			return true
		case c == '\'' || c == '"':
			if !p.overQuoted(c) {
				return false
			}
			continue
		case c == '{' || c == '[' || c == '(':
			if nest++; nest > p.lim.Depth {
				return false
			}
		case c == '}' || c == ']' || c == ')':
			nest--
		case isDigit(c), isSpace(c), strings.IndexByte(`,=>-.\`, c) >= 0:
		case isWord(c):
			if word := p.bareword(); word != "undef" && word != "bless" && p.next() != '=' {
				return false
			}
			continue
		default:
			return false
		}
		p.i++
	}
	return false
}

// overQuoted passes over a string.
func (p *parser) overQuoted(quote byte) bool {
	for p.i++; p.i < len(p.s); p.i++ {
		switch p.s[p.i] {
		case '\\':
			p.i++
		case quote:
			p.i++
			return true
		case '$', '@':
			if quote == '"' {
				return false
			}
		}
	}
	return false
}
