package perlyaml

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// parsers keeps the stacks and buffers of parsers that are done.
var parsers = sync.Pool{New: func() any { return new(parser) }}

// free gives the stacks and buffers of p to another parser, unless they have become
// large.
func (p *parser) free() {
	const large = 1 << 10
	if max(cap(p.values), cap(p.keys), cap(p.path)) > large || max(cap(p.scratch), cap(p.lineBreaks)) > 32*large {
		return
	}
	clear(p.values[:cap(p.values)])
	clear(p.keys[:cap(p.keys)])
	clear(p.path[:cap(p.path)])
	*p = parser{values: p.values[:0], keys: p.keys[:0], path: p.path[:0], scratch: p.scratch[:0], lineBreaks: p.lineBreaks[:0]}
	parsers.Put(p)
}

// parser reads a document, line by line. What the dialects share is here.
type parser struct {
	codec Codec
	s     string
	lim   codec.Limits
	nodes int
	path  []step // the containers around the value at hand

	i    int // where we are
	line int // where the line begins,
	eol  int // where it ends,
	next int // and where the next one begins
	col  int // how far the line is indented, after content
	end  bool

	simple bool // lines end in \n only

	scratch    []byte // for scalars that are not in the document as they are,
	lineBreaks []byte // and the line breaks in them

	anchors map[string]perl.Value
	scalars map[string]*perl.Scalar // what references refer to, by its anchor; for YAML::Syck
	values  []perl.Value            // of the containers that are open
	keys    []perl.Key
}

func (p *parser) document() (perl.Value, error) {
	if !p.codec.latin1() && !utf8.ValidString(p.s) {
		for i, r := range p.s {
			if r == utf8.RuneError && !strings.HasPrefix(p.s[i:], "\uFFFD") {
				return perl.Value{}, p.errorAt(i, "byte that is not UTF-8")
			}
		}
	}
	if p.codec.Dialect == DialectXS {
		if err := p.readable(); err != nil {
			return perl.Value{}, err
		}
	}
	p.simple = !p.otherBreaks()
	p.content()
	if !p.end && p.s[p.line] == '%' && strings.HasPrefix(p.rest(), "%YAML") {
		if strings.Trim(p.rest()[len("%YAML"):], " :.0123456789") != "" {
			return perl.Value{}, p.errorf("unknown directive")
		}
		p.content()
	}
	if p.end {
		return perl.Value{}, p.errorf("want a document, found none")
	}
	v, err := p.root()
	if err != nil {
		return v, err
	}
	if !p.end {
		return v, p.errorf("want the end, found more")
	}
	return v, p.trailer()
}

// root reads the value of the document.
func (p *parser) root() (perl.Value, error) {
	if p.marker("---") {
		p.i += 3
		return p.node(-1, atRoot)
	}
	if p.marker("...") {
		return perl.Value{}, p.errorf("want a document, found its end")
	}
	if err := p.node1(); err != nil {
		return perl.Value{}, err
	}
	return p.block(nil)
}

// trailer reads what may come after a document: its end, and comments.
func (p *parser) trailer() error {
	if p.line == len(p.s) {
		return nil
	}
	if !p.marker("...") {
		return p.errorf("second document")
	}
	p.i += 3
	if err := p.endLine(); err != nil {
		return err
	}
	for p.nextLine() {
		if !p.blank() {
			return p.errorf("want nothing after the end of the document")
		}
	}
	return nil
}

// nextLine goes to the next line, and reports whether there is one.
func (p *parser) nextLine() bool {
	p.line, p.i = p.next, p.next
	if p.line == len(p.s) {
		p.eol = p.line
		return false
	}
	p.eol, p.next = p.lineEnd(p.line)
	return true
}

// lineEnd returns where the line with the byte at from ends, and where the next
// one begins.
func (p *parser) lineEnd(from int) (eol, next int) {
	if p.simple {
		if n := strings.IndexByte(p.s[from:], '\n'); n >= 0 {
			return from + n, from + n + 1
		}
		return len(p.s), len(p.s)
	}
	eol = from
	for eol < len(p.s) && !p.breaks(eol) {
		eol++
	}
	if p.codec.Dialect == DialectTiny && strings.HasPrefix(p.s[eol:], "\r\r\n") {
		return eol, eol + 3
	}
	return eol, eol + breakLen(p.s[eol:])
}

// otherBreaks reports whether a line may end in something else than \n.
func (p *parser) otherBreaks() bool {
	if strings.IndexByte(p.s, '\r') >= 0 {
		return true
	}
	return p.codec.Dialect == DialectXS &&
		(strings.Contains(p.s, "\u0085") || strings.Contains(p.s, "\u2028") || strings.Contains(p.s, "\u2029"))
}

// breaks reports whether a line ends at i.
func (p *parser) breaks(i int) bool {
	switch p.s[i] {
	case '\n':
		return true
	case '\r': // to YAML::Syck, alone it is a character
		return p.codec.Dialect != DialectSyck || strings.HasPrefix(p.s[i:], "\r\n")
	case "\u0085"[0], "\u2028"[0]:
		return p.codec.Dialect == DialectXS && breakLen(p.s[i:]) > 0
	}
	return false
}

// blank reports whether the line has nothing but white space or a comment.
func (p *parser) blank() bool {
	i := p.skipSpace(p.line)
	return i >= p.eol || p.s[i] == '#'
}

// skipSpace returns where the white space that begins at i ends.
func (p *parser) skipSpace(i int) int {
	for i < p.eol {
		n := p.spaceAt(i)
		if n == 0 {
			break
		}
		i += n
	}
	return i
}

// spaceAt returns the length of the white space character at i, 0 if there is none.
// To YAML::Tiny, it is what Unicode has; to YAML::Syck, no tab.
func (p *parser) spaceAt(i int) int {
	switch c := p.s[i]; {
	case c == ' ' || c == '\t' && p.codec.Dialect != DialectSyck:
		return 1
	case !p.unicodeSpaces():
		return 0
	case c < utf8.RuneSelf:
		if isSpace(rune(c)) {
			return 1
		}
		return 0
	}
	if r, n := p.codec.rune(p.s[i:p.eol]); isSpace(r) {
		return n
	}
	return 0
}

// unicodeSpaces reports whether white space is what Unicode has: where Perl has
// characters, and always for YAML::Tiny.
func (p *parser) unicodeSpaces() bool {
	return p.codec.Dialect == DialectTiny || p.codec.Dialect == DialectPM && p.codec.UTF8
}

// content goes to the next line that has content, and to the content. At the end
// of the document, p.end is true.
func (p *parser) content() {
	for p.nextLine() {
		if p.blank() {
			continue
		}
		if p.marker("...") || p.line > 0 && p.marker("---") && p.begun() {
			break
		}
		for p.s[p.i] == ' ' {
			p.i++
		}
		p.col = p.i - p.line
		return
	}
	p.end, p.col = true, -1
}

// begun reports whether the document has begun.
func (p *parser) begun() bool { return p.nodes > 0 }

// marker reports whether the line begins or ends a document.
func (p *parser) marker(mark string) bool {
	if !strings.HasPrefix(p.s[p.line:p.eol], mark) {
		return false
	}
	after := p.line + len(mark)
	return after == p.eol || p.s[after] == ' ' || p.s[after] == '\t'
}

// rest returns what is left of the line.
func (p *parser) rest() string { return p.s[p.i:p.eol] }

// endLine wants nothing more on the line but a comment.
func (p *parser) endLine() error {
	i := p.skipSpace(p.i)
	if i < p.eol && (p.s[i] != '#' || i == p.i) {
		p.i = i
		return p.errorf("want the end of the line")
	}
	return nil
}

// node1 counts a value.
func (p *parser) node1() error {
	if p.nodes++; p.nodes > p.lim.Nodes {
		return p.limit("nodes", p.lim.Nodes)
	}
	return nil
}

// properties are what is said of a node before it.
type properties struct {
	anchor string
	tag    string
}

// node reads a value that begins on this line or on the next, after an indicator,
// and goes to the content after it. indent is that of the container it is in.
func (p *parser) node(indent int, at place) (perl.Value, error) {
	if err := p.node1(); err != nil {
		return perl.Value{}, err
	}
	start := p.i
	p.i = p.skipSpace(p.i)
	var props *properties
	if p.codec.Dialect != DialectTiny && p.i < p.eol && (p.s[p.i] == '&' || p.s[p.i] == '!') {
		props = new(properties)
		if err := p.properties(props); err != nil {
			return perl.Value{}, err
		}
	}
	if p.i == p.eol || p.s[p.i] == '#' && p.i > start {
		p.content()
		flush := (at == inHash || at == inObject) && !p.end && p.col == indent && p.dash()
		if p.end || p.col <= indent && !flush {
			return p.nothing(props)
		}
		if p.codec.Dialect == DialectTiny && at == inArray && p.col == indent {
			return perl.Value{}, nil
		}
		return p.block(props)
	}
	if props == nil && p.compact(at) {
		p.col = p.i - p.line
		return p.block(nil)
	}
	return p.inline(indent, props)
}

// compact reports whether a container begins on the line of the one that it is in.
func (p *parser) compact(at place) bool {
	if at != inArray && at != inObject {
		return false
	}
	if p.codec.Dialect == DialectXS && (p.dash() || p.question()) {
		return true
	}
	_, ok := p.keyEnd()
	return ok
}

// dash reports whether an element of an array begins here.
func (p *parser) dash() bool { return p.indicator('-') }

// question reports whether a key begins here that has its value on another line.
func (p *parser) question() bool { return p.indicator('?') }

func (p *parser) indicator(c byte) bool {
	return p.i < p.eol && p.s[p.i] == c && (p.i+1 == p.eol || p.s[p.i+1] == ' ')
}

// block reads a container whose first element is here.
func (p *parser) block(props *properties) (perl.Value, error) {
	if len(p.path) >= p.lim.Depth {
		return perl.Value{}, p.limit("depth", p.lim.Depth)
	}
	if p.s[p.i] == '\t' {
		return perl.Value{}, p.errorf("tab before content")
	}
	var (
		v   perl.Value
		err error
	)
	if p.dash() {
		v, err = p.array(props)
	} else {
		v, err = p.hash(props)
	}
	if err != nil {
		return v, err
	}
	p.path = p.path[:len(p.path)-1]
	return v, nil
}

func (p *parser) array(props *properties) (perl.Value, error) {
	a := &perl.Array{}
	ref := perl.NewRef(a)
	if err := p.begin(a, props); err != nil {
		return ref, err
	}
	col, base, here := p.col, len(p.values), len(p.path)-1
	for {
		p.path[here].index = len(p.values) - base
		p.i++
		v, err := p.node(col, inArray)
		if err != nil {
			return v, err
		}
		p.values = append(p.values, v)
		if p.col < col {
			break
		}
		if p.col > col {
			return v, p.errorf("indented by %d, want %d", p.col, col)
		}
		if !p.dash() {
			break
		}
	}
	a.Grow(len(p.values) - base)
	for _, v := range p.values[base:] {
		a.Push(v)
	}
	p.values = p.values[:base]
	return ref, nil
}

func (p *parser) hash(props *properties) (perl.Value, error) {
	h := &perl.Hash{}
	var s *perl.Scalar
	ref := perl.NewRef(h)
	if props != nil && strings.HasPrefix(props.tag, tagRef) {
		s = &perl.Scalar{}
		ref = perl.NewRef(s)
	}
	if err := p.begin(ref.Thing(), props); err != nil {
		return ref, err
	}
	col, base, baseKey, here := p.col, len(p.values), len(p.keys), len(p.path)-1
	for {
		at := p.i
		key, place, err := p.key(col)
		if err != nil {
			return ref, err
		}
		if s != nil && (key.String() != "=" || len(p.values) > base) {
			return ref, p.errorAt(at, "want the key = alone in a reference")
		}
		p.path[here].key = key
		if s != nil && p.codec.Dialect == DialectSyck {
			if other := p.sameScalar(s); other != nil {
				ref = perl.NewRef(other)
				s = other
				if err := p.aliasEnd(); err != nil {
					return ref, err
				}
				break
			}
		}
		v, err := p.node(col, place)
		if err != nil {
			return v, err
		}
		p.keys, p.values = append(p.keys, key), append(p.values, v)
		if p.col < col {
			break
		}
		if p.col > col {
			return v, p.errorf("indented by %d, want %d", p.col, col)
		}
	}
	switch {
	case len(p.values) == base: // s is in another place, too
	case s != nil:
		s.Set(p.values[base])
	default:
		class := h.Class()
		*h = *perl.NewHash(len(p.values) - base)
		perl.Bless(h, class)
		for i, v := range p.values[base:] {
			if p.codec.Dialect == DialectPM {
				if _, ok := h.Get(p.keys[baseKey+i].String()); ok {
					continue // the first one counts
				}
			}
			h.SetKey(p.keys[baseKey+i], v)
		}
	}
	p.values, p.keys = p.values[:base], p.keys[:baseKey]
	return ref, nil
}

// begin begins a container, of which something inside may be an alias.
func (p *parser) begin(t perl.Thing, props *properties) error {
	p.path = append(p.path, step{thing: t})
	if props == nil {
		return nil
	}
	p.anchor(props, perl.NewRef(t))
	return p.blessContainer(t, props.tag)
}

func (p *parser) anchor(props *properties, v perl.Value) {
	if props == nil || props.anchor == "" {
		return
	}
	if p.anchors == nil {
		p.anchors = map[string]perl.Value{}
	}
	p.anchors[props.anchor] = v
}

func (p *parser) errorf(format string, args ...any) error {
	return p.errorAt(p.i, fmt.Sprintf(format, args...))
}

func (p *parser) errorAt(i int, text string) error {
	return &codec.SyntaxError{Codec: p.codec.Name(), Offset: int64(i), Err: errors.New(text)}
}

func (p *parser) limit(what string, most int) error {
	return &codec.LimitError{Codec: p.codec.Name(), What: what, Max: most}
}

func (p *parser) unsupported(what string) error {
	return &codec.UnsupportedError{Codec: p.codec.Name(), Path: where(p.path), What: what}
}
