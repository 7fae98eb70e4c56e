package dumper

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// parser reads a text. Its methods start at the first byte of what they read,
// after white space, and leave off right behind it.
type parser struct {
	codec   string
	lim     codec.Limits
	s       string
	i       int
	depth   int
	nodes   int
	root    perl.Value
	aliases []alias

	make perl.Maker
	*stacks
}

// stacks is what the lists and hashes hold that have been begun, so that each can be
// made in the right size. It is used again for other texts.
type stacks struct {
	vals []perl.Value
	keys []perl.Key
}

var stackPool = sync.Pool{New: func() any { return new(stacks) }}

// release forgets the values, and keeps no more memory than a large session takes.
func (s *stacks) release() {
	if cap(s.vals) > 1024 || cap(s.keys) > 1024 {
		return
	}
	s.cut(0, 0)
	stackPool.Put(s)
}

// cut takes off the stacks what has come on them since they were so high.
func (s *stacks) cut(vals, keys int) {
	clear(s.vals[vals:])
	clear(s.keys[keys:])
	s.vals, s.keys = s.vals[:vals], s.keys[:keys]
}

func (p *parser) errorf(format string, args ...any) error {
	return p.errorAt(p.i, format, args...)
}

func (p *parser) errorAt(i int, format string, args ...any) error {
	return &codec.SyntaxError{Codec: p.codec, Offset: int64(i), Err: fmt.Errorf(format, args...)}
}

// want is the error of having found something else than what.
func (p *parser) want(what string) error {
	return p.errorf("want %s, found %s", what, p.found())
}

// found tells what kind of thing is next, and not the data.
func (p *parser) found() string {
	if p.i >= len(p.s) {
		return "the end"
	}
	switch c := p.s[p.i]; {
	case isDigit(c):
		return "a digit"
	case isWord(c):
		return "a word"
	case c > ' ' && c < 0x7F:
		return strconv.QuoteRune(rune(c))
	default:
		return fmt.Sprintf("byte 0x%02x", c)
	}
}

func (p *parser) unsupported(what string) error {
	return &unsupported{what: what}
}

// unsupported is an *codec.UnsupportedError that is still being told where it
// was, from the inside to the outside.
type unsupported struct {
	what  string
	steps []step
}

func (e *unsupported) Error() string { return "unsupported: " + e.what }

// within adds to an error of no syntax that it came from the value at s.
func within(err error, s step) error {
	if e, ok := err.(*unsupported); ok {
		e.steps = append(e.steps, s)
	}
	return err
}

// located returns the error that Decode reports for err.
func (p *parser) located(err error) error {
	var e *unsupported
	if !errors.As(err, &e) {
		return err
	}
	slices.Reverse(e.steps)
	return &codec.UnsupportedError{Codec: p.codec, Path: string(appendPath(nil, e.steps)), What: e.what}
}

func (p *parser) enter() error {
	if p.depth++; p.depth > p.lim.Depth {
		return &codec.LimitError{Codec: p.codec, What: "depth", Max: p.lim.Depth}
	}
	return nil
}

func (p *parser) node() error {
	if p.nodes++; p.nodes > p.lim.Nodes {
		return &codec.LimitError{Codec: p.codec, What: "nodes", Max: p.lim.Nodes}
	}
	return nil
}

// space skips white space.
func (p *parser) space() {
	for p.i < len(p.s) && isSpace(p.s[p.i]) {
		p.i++
	}
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// next skips white space and returns the byte after it, or 0 at the end.
func (p *parser) next() byte {
	p.space()
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

// take skips white space and then token, if it is next.
func (p *parser) take(token string) bool {
	p.space()
	if !strings.HasPrefix(p.s[p.i:], token) {
		return false
	}
	end := p.i + len(token)
	if isWord(token[len(token)-1]) && end < len(p.s) && isWord(p.s[end]) {
		return false
	}
	p.i = end
	return true
}

// expect skips tokens, with white space before each.
func (p *parser) expect(tokens ...string) error {
	for _, token := range tokens {
		if !p.take(token) {
			return p.want(token)
		}
	}
	return nil
}

func (p *parser) value() (perl.Value, error) {
	if err := p.node(); err != nil {
		return perl.Value{}, err
	}
	switch c := p.next(); {
	case c == '\'':
		s, err := p.single()
		return perl.Bytes(s), err
	case isDigit(c), c == '-':
		return p.number()
	case c == '{':
		return p.hash()
	case c == '[':
		return p.list()
	case c == '"':
		return p.double()
	case c == '\\':
		return p.reference()
	case isWord(c):
		return p.word()
	case c == '*':
		return perl.Value{}, p.unsupported("GLOB")
	}
	return perl.Value{}, p.want("a value")
}

func (p *parser) list() (perl.Value, error) {
	if err := p.enter(); err != nil {
		return perl.Value{}, err
	}
	p.i++
	p.make.Left(len(p.s) - p.i)
	a := p.make.Array(0)
	base := len(p.vals)
	for p.next() != ']' {
		n := len(p.vals) - base
		if n > 0 {
			if p.next() != ',' {
				return perl.Value{}, p.want(`"," or "]"`)
			}
			if p.i++; p.next() == ']' {
				break
			}
		}
		v, err := p.member(place{array: a, index: n})
		if err != nil {
			return v, within(err, step{kind: toElement, index: int32(n)})
		}
		p.vals = append(p.vals, v)
	}
	p.i++
	p.depth--
	p.make.FillArray(a, p.vals[base:])
	p.cut(base, len(p.keys))
	return perl.NewRef(a), nil
}

func (p *parser) hash() (perl.Value, error) {
	if err := p.enter(); err != nil {
		return perl.Value{}, err
	}
	p.i++
	p.make.Left(len(p.s) - p.i)
	h := p.make.Hash(0)
	base, baseKey := len(p.vals), len(p.keys)
	for p.next() != '}' {
		if len(p.vals) > base {
			if p.next() != ',' {
				return perl.Value{}, p.want(`"," or "}"`)
			}
			if p.i++; p.next() == '}' {
				break
			}
		}
		key, err := p.key()
		if err != nil {
			return perl.Value{}, err
		}
		if strings.HasPrefix(p.s[p.i:], " => ") {
			p.i += len(" => ")
		} else if !p.take("=>") {
			return perl.Value{}, p.want(`"=>"`)
		}
		v, err := p.member(place{hash: h, key: key})
		if err != nil {
			return v, within(err, step{kind: toEntry, key: key})
		}
		p.keys, p.vals = append(p.keys, key), append(p.vals, v)
	}
	p.i++
	p.depth--
	p.make.FillHash(h, p.keys[baseKey:], p.vals[base:])
	p.cut(base, baseKey)
	return perl.NewRef(h), nil
}

// member reads what is at a place in a list or hash.
func (p *parser) member(at place) (perl.Value, error) {
	if p.next() == '$' {
		return perl.Value{}, p.alias(at)
	}
	return p.value()
}

func (p *parser) key() (perl.Key, error) {
	switch c := p.next(); {
	case c == '\'':
		s, err := p.single()
		return perl.BytesKey(s), err
	case c == '"':
		v, err := p.double()
		if v.Kind() == perl.KindText {
			return perl.TextKey(v.Str()), err
		}
		if v.IsLatin1() {
			return perl.Latin1Key(v.Str()), err
		}
		return perl.BytesKey(v.Str()), err
	case isDigit(c), c == '-':
		start := p.i
		v, err := p.number()
		if err != nil {
			return perl.Key{}, err
		}
		if text := p.s[start:p.i]; v.Kind() == perl.KindInt && v.String() == text {
			return perl.BytesKey(text), nil
		}
		return perl.Key{}, p.errorAt(start, "want an integer for a key")
	case isWord(c):
		return perl.BytesKey(p.bareword()), nil
	}
	return perl.Key{}, p.want("a key")
}

// bareword reads an identifier, with packages.
func (p *parser) bareword() string {
	start := p.i
	for p.i < len(p.s) {
		switch rest := p.s[p.i:]; {
		case isWord(rest[0]):
			p.i++
		case len(rest) > 2 && rest[:2] == "::" && isWord(rest[2]):
			p.i += 2
		default:
			return p.s[start:p.i]
		}
	}
	return p.s[start:]
}

// word reads a value that begins with a letter.
func (p *parser) word() (perl.Value, error) {
	start := p.i
	switch word := p.bareword(); word {
	case "undef":
		return perl.Value{}, nil
	case "bless":
		return p.bless()
	case "do":
		return p.do()
	case "qr":
		return p.regexp()
	case "sub":
		return perl.Value{}, p.unsupported("CODE")
	default:
		if word[0] == 'v' && len(word) > 1 {
			p.i = start
			return p.version()
		}
	}
	p.i = start
	return perl.Value{}, p.want("a value")
}

// reference reads \VALUE.
func (p *parser) reference() (perl.Value, error) {
	if err := p.enter(); err != nil {
		return perl.Value{}, err
	}
	p.i++
	if c := p.next(); c == '&' {
		return perl.Value{}, p.unsupported("CODE")
	}
	v, err := p.value()
	if err != nil {
		return v, within(err, step{kind: toContent})
	}
	p.depth--
	return perl.NewRef(perl.NewScalar(v)), nil
}

// do reads the rest of do{my $o} and do{\(my $o = VALUE)}.
func (p *parser) do() (perl.Value, error) {
	if err := p.expect("{"); err != nil {
		return perl.Value{}, err
	}
	if p.take("my") {
		return perl.Value{}, p.expect("$o", "}")
	}
	if err := p.expect(`\`, "(", "my", "$o", "="); err != nil {
		return perl.Value{}, err
	}
	if err := p.enter(); err != nil {
		return perl.Value{}, err
	}
	v, err := p.value()
	if err != nil {
		return v, within(err, step{kind: toContent})
	}
	p.depth--
	return perl.NewRef(perl.NewScalar(v)), p.expect(")", "}")
}

// bless reads the rest of bless( VALUE, 'Class' ).
func (p *parser) bless() (perl.Value, error) {
	if err := p.expect("("); err != nil {
		return perl.Value{}, err
	}
	p.space()
	start := p.i
	if p.take("bless") {
		return perl.Value{}, p.errorAt(start, "bless within bless")
	}
	v, err := p.value()
	if err != nil {
		return v, err
	}
	if v.Kind() != perl.KindRef {
		return v, p.errorAt(start, "want a reference to bless")
	}
	class, err := p.class()
	if err != nil {
		return v, err
	}
	perl.Bless(v.Thing(), class)
	return v, nil
}

// class reads the end of a bless: , 'Class' ).
func (p *parser) class() (string, error) {
	if err := p.expect(","); err != nil {
		return "", err
	}
	var class string
	var err error
	switch p.next() {
	case '\'':
		class, err = p.single()
	case '"':
		var v perl.Value
		v, err = p.double()
		class = v.Str()
	default:
		err = p.want("a class name")
	}
	if err == nil && class == "" {
		err = p.errorf("want a class name, found an empty one")
	}
	if err != nil {
		return "", err
	}
	return class, p.expect(")")
}
