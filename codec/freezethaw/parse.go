package freezethaw

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/internal/perlpath"
	"github.com/go-datasession/datasession/perl"
)

// parser reads a record. Its methods start at the first byte of what they read
// and leave off right behind it.
type parser struct {
	utf8  bool // lengths count the characters of UTF-8
	lim   codec.Limits
	s     string
	i     int
	depth int
	nodes int

	classes  []string
	shared   []perl.Thing
	patterns []sharedPattern
	keys     []perl.Key // of the hashes that have been begun

	refused perl.Thing // stands for the first value that is refused
	what    string     // and this is what it is
}

func decode(s string, utf8 bool, lim codec.Limits) (perl.Value, error) {
	p := parser{utf8: utf8, lim: lim, s: s}
	v, err := p.record()
	if err == nil && p.refused != nil {
		err = perlpath.Located(p.refusal(v), name)
	}
	if err != nil {
		return perl.Value{}, err
	}
	return v, nil
}

func (p *parser) record() (v perl.Value, err error) {
	if !strings.HasPrefix(p.s, "FrT;") {
		return v, p.want(`"FrT;"`)
	}
	p.i = len("FrT;")
	if p.take('?') {
		return v, &codec.UnsupportedError{Codec: name, What: "stamp of another process"}
	}
	if p.take('!') {
		if err := p.sharedThings(); err != nil {
			return v, err
		}
	}
	start := p.i
	n, err := p.count('@')
	if err != nil {
		return v, err
	}
	if n != 1 {
		return v, p.errorAt(start, "want a list of 1 value, found one of %d", n)
	}
	if err := p.claim(1); err != nil {
		return v, err
	}
	if v, err = p.value(); err != nil {
		return v, err
	}
	if p.i < len(p.s) {
		return v, p.want("the end")
	}
	p.fillPatterns()
	return v, nil
}

// refusal returns the error of the first value that is refused.
func (p *parser) refusal(root perl.Value) error {
	err := perlpath.Refuse(p.what)
	for _, s := range pathTo(root, p.refused) {
		err = perlpath.Within(err, s)
	}
	return err
}

func (p *parser) errorAt(i int, format string, args ...any) error {
	return &codec.SyntaxError{Codec: name, Offset: int64(i), Err: fmt.Errorf(format, args...)}
}

// want is the error of having found something else than what.
func (p *parser) want(what string) error {
	return p.errorAt(p.i, "want %s, found %s", what, p.found())
}

// found tells what kind of thing is next, and not the data.
func (p *parser) found() string {
	switch c := p.next(); {
	case p.i >= len(p.s):
		return "the end"
	case isDigit(c):
		return "a digit"
	case 'a' <= c|0x20 && c|0x20 <= 'z':
		return "a letter"
	case c > ' ' && c < 0x7F:
		return strconv.QuoteRune(rune(c))
	default:
		return fmt.Sprintf("byte 0x%02x", c)
	}
}

// next returns the next byte, or 0 at the end.
func (p *parser) next() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

// take skips c, if it is next.
func (p *parser) take(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

// count reads a tag and a number.
func (p *parser) count(tag byte) (int, error) {
	if !p.take(tag) {
		return 0, p.want(strconv.QuoteRune(rune(tag)))
	}
	return p.number()
}

// number reads a number and the bar behind it.
func (p *parser) number() (n int, err error) {
	start := p.i
	for ; p.i < len(p.s) && isDigit(p.s[p.i]); p.i++ {
		if n > (math.MaxInt-9)/10 {
			return 0, p.errorAt(start, "number out of range")
		}
		n = 10*n + int(p.s[p.i]-'0')
	}
	switch {
	case p.i == start:
		return 0, p.want("a number")
	case p.s[start] == '0' && p.i > start+1:
		return 0, p.errorAt(start, "number with a leading zero")
	case !p.take('|'):
		return 0, p.want("'|'")
	}
	return n, nil
}

// claim takes n values that are to come off what there may be. Each has a byte at
// least, so that room is never made for more than there is.
func (p *parser) claim(n int) error {
	if n > len(p.s)-p.i {
		return p.errorAt(p.i, "want %d values, found the end", n)
	}
	if n > p.lim.Nodes-p.nodes {
		return limit("nodes", p.lim.Nodes)
	}
	p.nodes += n
	return nil
}

// value reads a value that has been claimed.
func (p *parser) value() (v perl.Value, err error) {
	switch p.next() {
	case '$':
		return p.str('$')
	case '_':
		p.i++
		return v, nil
	case '<':
		return p.again()
	case '>':
		return p.object()
	}
	return p.unblessed("a value")
}

// object reads a class and what is of it.
func (p *parser) object() (perl.Value, error) {
	p.i++
	class, err := p.class()
	if err != nil {
		return perl.Value{}, err
	}
	v, err := p.unblessed("what the object is")
	if t := v.Thing(); err == nil && t != nil {
		perl.Bless(t, class)
	}
	return v, err
}

// unblessed reads a reference to a thing and all of it.
func (p *parser) unblessed(what string) (perl.Value, error) {
	switch p.next() {
	case '@':
		a := perl.NewArray()
		return perl.NewRef(a), p.array(a)
	case '%':
		h := &perl.Hash{}
		return perl.NewRef(h), p.hash(h)
	case '\\':
		s := &perl.Scalar{}
		return perl.NewRef(s), p.scalar(s)
	case '/':
		re := perl.NewRegexp(perl.Value{}, "")
		return perl.NewRef(re), p.pattern(re)
	case '&', '*':
		return p.code()
	case '?':
		return p.refuse(&perl.Scalar{}, "stamp of another process"), p.stamp()
	}
	return perl.Value{}, p.want(what)
}

func (p *parser) enter() error {
	if p.depth++; p.depth > p.lim.Depth {
		return limit("depth", p.lim.Depth)
	}
	return nil
}

// array reads a list into a.
func (p *parser) array(a *perl.Array) error {
	if err := p.enter(); err != nil {
		return err
	}
	n, err := p.count('@')
	if err != nil {
		return err
	}
	if err := p.claim(n); err != nil {
		return err
	}
	a.Grow(n)
	for range n {
		v, err := p.value()
		if err != nil {
			return err
		}
		a.Push(v)
	}
	p.depth--
	return nil
}

// hash reads a hash into h.
func (p *parser) hash(h *perl.Hash) error {
	if err := p.enter(); err != nil {
		return err
	}
	start := p.i
	n, err := p.count('%')
	if err != nil {
		return err
	}
	if n%2 > 0 {
		return p.errorAt(start, "want as many values as keys, found an odd number")
	}
	n /= 2
	if err := p.claim(n); err != nil {
		return err
	}
	base := len(p.keys)
	for range n {
		key, err := p.key()
		if err != nil {
			return err
		}
		p.keys = append(p.keys, key)
	}
	class := h.Class()
	*h = *perl.NewHash(n)
	perl.Bless(h, class)
	for i := range n {
		v, err := p.value()
		if err != nil {
			return err
		}
		h.SetKey(p.keys[base+i], v)
	}
	p.keys = p.keys[:base]
	p.depth--
	return nil
}

// scalar reads what a reference to a scalar refers to into s.
func (p *parser) scalar(s *perl.Scalar) error {
	if err := p.enter(); err != nil {
		return err
	}
	p.i++
	if err := p.claim(1); err != nil {
		return err
	}
	v, err := p.value()
	s.Set(v)
	p.depth--
	return err
}

// pattern reads a pattern into re.
func (p *parser) pattern(re *perl.Regexp) error {
	text, err := p.str('/')
	if err != nil {
		return err
	}
	var fault string
	if re.Pattern, fault = readPattern(text); fault != "" {
		p.refuse(re, fault)
	}
	return nil
}

// code reads what Perl writes of code and globs, which is no more than an address.
func (p *parser) code() (perl.Value, error) {
	what := "CODE"
	if p.next() == '*' {
		what = "GLOB"
	}
	p.i++
	_, err := p.str('$')
	return p.refuse(&perl.Scalar{}, what), err
}

// stamp reads what safeFreeze writes of code.
func (p *parser) stamp() error {
	p.i++
	_, err := p.str('$')
	return err
}

// refuse notes that t stands for what cannot be a value, while the rest is read,
// which will tell where it is.
func (p *parser) refuse(t perl.Thing, what string) perl.Value {
	if p.refused == nil {
		p.refused, p.what = t, what
	}
	return perl.NewRef(t)
}

// class reads a class, which is a name and its number the first time, and then the
// number.
func (p *parser) class() (string, error) {
	start := p.i
	tag := p.next()
	if tag != '>' && tag != ')' {
		return "", p.want("a class")
	}
	n, err := p.count(tag)
	if err != nil {
		return "", err
	}
	if tag == ')' {
		if n >= len(p.classes) {
			return "", p.errorAt(start, "want the number of a class, found %d of %d", n, len(p.classes))
		}
		return p.classes[n], nil
	}
	if n != len(p.classes) {
		return "", p.errorAt(start, "want class number %d, found %d", len(p.classes), n)
	}
	class, err := p.str('$')
	if err != nil {
		return "", err
	}
	if class.Str() == "" {
		return "", p.errorAt(start, "want the name of a class, found an empty one")
	}
	p.classes = append(p.classes, class.Str())
	return class.Str(), nil
}

func (p *parser) key() (perl.Key, error) {
	if p.next() != '$' {
		return perl.Key{}, p.want("a key")
	}
	v, err := p.str('$')
	if v.Kind() == perl.KindText {
		return perl.TextKey(v.Str()), err
	}
	return perl.BytesKey(v.Str()), err
}

// str reads a tag, a length and so many characters.
func (p *parser) str(tag byte) (perl.Value, error) {
	start := p.i
	n, err := p.count(tag)
	if err != nil {
		return perl.Value{}, err
	}
	rest := p.s[p.i:]
	if n > len(rest) {
		return perl.Value{}, p.errorAt(start, "want %d characters, found the end", n)
	}
	if !p.utf8 || isASCII(rest[:n]) {
		p.i += n
		return perl.Bytes(rest[:n]), nil
	}
	width := 0
	for range n {
		_, w, ok := perl.DecodeRune(rest[width:])
		if !ok {
			return perl.Value{}, p.errorAt(p.i+width, "want %d characters of UTF-8, found fewer", n)
		}
		width += w
	}
	p.i += width
	return perl.Text(rest[:width]), nil
}
