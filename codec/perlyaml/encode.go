package perlyaml

import (
	"errors"
	"slices"
	"strconv"
	"sync"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// encoder writes a document, block by block. What the dialects share is here; how
// they write a scalar is in a file each.
type encoder struct {
	codec Codec
	buf   []byte
	from  int // where buf was when we began
	lim   codec.Limits
	nodes int
	path  []step // the things around the value at hand
	todo  []perl.Thing

	uses      map[perl.Thing]int // how often things are referred to; negative: minus the anchor
	anchors   int                // the last one given
	openEnded bool               // the last block scalar kept its line breaks
}

// encoders keeps the stacks of encoders that are done.
var encoders = sync.Pool{New: func() any { return &encoder{uses: map[perl.Thing]int{}} }}

// free gives the stacks of e to another encoder, unless they have become large.
func (e *encoder) free() {
	const large = 1 << 10
	if max(len(e.uses), cap(e.path), cap(e.todo)) > large {
		return
	}
	clear(e.uses)
	clear(e.path[:cap(e.path)])
	clear(e.todo[:cap(e.todo)])
	*e = encoder{uses: e.uses, path: e.path[:0], todo: e.todo[:0]}
	encoders.Put(e)
}

// place is where a node stands, which decides how its first line begins.
type place uint8

const (
	atRoot   place = iota // after ---
	inArray               // after "-"
	inHash                // after "key:"
	inObject              // after ":" on a line of its own, whose key is on lines of its own
)

func (e *encoder) document(v perl.Value) error {
	e.survey(v)
	e.buf = append(e.buf, "---"...)
	if err := e.node(v, atRoot, 0); err != nil {
		return err
	}
	if e.openEnded {
		e.buf = append(e.buf, "...\n"...)
	}
	return e.room(0)
}

// node writes a value, and the line break after it. indent is that of the
// container it is in.
func (e *encoder) node(v perl.Value, at place, indent int) error {
	if e.nodes++; e.nodes > e.lim.Nodes {
		return e.limit("nodes", e.lim.Nodes)
	}
	if v.Kind() == perl.KindRef {
		return e.ref(v.Thing(), at, indent)
	}
	e.buf = append(e.buf, ' ')
	if err := e.scalar(v, indent); err != nil {
		return err
	}
	return e.newline()
}

func (e *encoder) newline() error {
	if !e.lineEnded() {
		e.buf = append(e.buf, '\n')
	}
	return e.room(0)
}

// lineEnded reports whether nothing is on the line so far. A block scalar may have
// ended it with a line break of its own.
func (e *encoder) lineEnded() bool {
	switch n := len(e.buf); e.buf[n-1] {
	case '\n':
		return true
	case '\r', "\u0085"[1], "\u2028"[2], "\u2029"[2]:
		return e.codec.Dialect == DialectXS && lastBreak(string(e.buf[n-3:])) > 0
	}
	return false
}

func (e *encoder) ref(t perl.Thing, at place, indent int) error {
	props, done, err := e.properties(t, indent)
	if done || err != nil {
		return err
	}
	if len(e.path) >= e.lim.Depth {
		return e.limit("depth", e.lim.Depth)
	}
	e.path = append(e.path, step{thing: t})
	switch t := t.(type) {
	case *perl.Hash:
		err = e.hash(t, at, indent, props)
	case *perl.Array:
		err = e.array(t, at, indent, props)
	case *perl.Scalar:
		err = e.reference(t, at, indent)
	}
	if err != nil {
		return err
	}
	e.path = e.path[:len(e.path)-1]
	return nil
}

// properties writes the anchor and the tag of a thing. If the thing has been
// written before, or is no container, all of it is done.
func (e *encoder) properties(t perl.Thing, indent int) (props, done bool, err error) {
	if e.codec.Dialect == DialectTiny {
		if t.Class() != "" {
			return false, false, e.unsupported("object")
		}
		if _, ok := t.(*perl.Scalar); ok {
			return false, false, e.unsupported("reference to a scalar")
		}
		if e.uses[t] > 1 && !isEmpty(t) {
			return false, false, e.unsupported("second reference to one thing")
		}
		return false, false, nil
	}
	if r, ok := t.(*perl.Regexp); ok {
		return true, true, e.regexp(r, indent)
	}
	if n := e.uses[t]; n < 0 && !e.anchorsContent(t) {
		if e.codec.Dialect == DialectPM && e.isOpenScalar(t) {
			return false, false, e.unsupported("reference within what it refers to") // Perl reads something else
		}
		e.buf = strconv.AppendInt(append(e.buf, " *"...), int64(-n), 10)
		return true, true, e.newline()
	} else if n > 1 && !e.anchorsContent(t) {
		e.anchors++
		e.uses[t] = -e.anchors
		e.buf = strconv.AppendInt(append(e.buf, " &"...), int64(e.anchors), 10)
		props = true
	}
	class := t.Class()
	if class == "" {
		if _, ok := t.(*perl.Scalar); ok {
			e.buf = append(e.buf, " !!perl/ref"...)
		}
		return props, false, nil
	}
	kind := " !!perl/hash:"
	switch t := t.(type) {
	case *perl.Array:
		kind = " !!perl/array:"
	case *perl.Scalar:
		kind = " !!perl/scalar:"
		switch d := e.codec.Dialect; {
		case d != DialectSyck && t.Get().IsUndef():
			return false, false, e.unsupported("object that is undef")
		case d == DialectXS && t.Get().Kind() == perl.KindRef:
			return false, false, e.unsupported("object that is a reference")
		case t.Get().Kind() == perl.KindRef:
			kind = " !!perl/ref:"
		}
	}
	e.buf = append(e.buf, kind...)
	return true, false, e.class(class)
}

// isOpenScalar reports whether t is a scalar that the value at hand is in.
func (e *encoder) isOpenScalar(t perl.Thing) bool {
	_, ok := t.(*perl.Scalar)
	return ok && slices.ContainsFunc(e.path, func(s step) bool { return s.thing == t })
}

func isEmpty(t perl.Thing) bool {
	switch t := t.(type) {
	case *perl.Hash:
		return t.Len() == 0
	case *perl.Array:
		return t.Len() == 0
	}
	return false
}

// class writes the class of an object. Perl writes others too and cannot read them.
func (e *encoder) class(class string) error {
	for i := range len(class) {
		c := class[i]
		word := c == ':' || isWord(c)
		if c <= ' ' || c >= 0x7F || c == '%' || !word && e.codec.Dialect == DialectPM {
			return e.unsupported("class with a name that is no tag")
		}
	}
	e.buf = append(e.buf, class...)
	return e.room(0)
}

// reference writes a scalar that is referred to.
func (e *encoder) reference(s *perl.Scalar, at place, indent int) error {
	v := s.Get()
	if s.Class() != "" && v.Kind() != perl.KindRef {
		return e.node(v, at, indent)
	}
	inside := e.inside(at, indent, false)
	e.begin(inside, false)
	e.buf = append(e.buf, "=:"...)
	if e.anchorsContent(s) {
		if done, err := e.contentAnchor(s); done || err != nil {
			return err
		}
	}
	return e.node(v, inHash, inside)
}

// anchorsContent reports whether it is the content of t that has an anchor: for
// YAML::Syck, what a reference refers to.
func (e *encoder) anchorsContent(t perl.Thing) bool {
	s, ok := t.(*perl.Scalar)
	return ok && e.codec.Dialect == DialectSyck && (s.Class() == "" || s.Get().Kind() == perl.KindRef)
}

// contentAnchor writes the anchor of what a reference refers to. If that has been
// written before, all of it is done.
func (e *encoder) contentAnchor(s *perl.Scalar) (done bool, err error) {
	n := e.uses[s]
	if n < 0 {
		e.buf = strconv.AppendInt(append(e.buf, " *"...), int64(-n), 10)
		return true, e.newline()
	}
	if n == 1 {
		return false, nil
	}
	switch t := s.Get().Thing().(type) {
	case *perl.Hash, *perl.Array:
		if e.uses[t] > 1 || e.uses[t] < 0 {
			return false, e.unsupported("second reference to a reference to what is referred to elsewhere")
		}
	}
	e.anchors++
	e.uses[s] = -e.anchors
	e.buf = strconv.AppendInt(append(e.buf, " &"...), int64(e.anchors), 10)
	return false, nil
}

func (e *encoder) hash(h *perl.Hash, at place, indent int, props bool) error {
	if h.Len() == 0 {
		return e.empty(" {}\n")
	}
	inline := e.inline(at, props) || e.codec.Dialect == DialectPM && at == inArray && !props
	indent = e.inside(at, indent, false)
	here := len(e.path) - 1
	for k, v := range h.Sorted() {
		e.path[here].key = k
		e.begin(indent, inline)
		inline = false
		at := inHash
		simple, err := e.key(k, indent)
		if err != nil {
			return err
		}
		if !simple {
			e.begin(indent, false)
			at = inObject
		}
		e.buf = append(e.buf, ':')
		if err := e.node(v, at, indent); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) array(a *perl.Array, at place, indent int, props bool) error {
	if a.Len() == 0 {
		return e.empty(" []\n")
	}
	inline := e.inline(at, props)
	flush := at == inHash || at == inObject && props
	indent = e.inside(at, indent, flush && e.codec.Dialect == DialectXS)
	here := len(e.path) - 1
	for i, v := range a.All() {
		e.path[here].index = i
		e.begin(indent, inline)
		inline = false
		e.buf = append(e.buf, '-')
		if err := e.node(v, inArray, indent); err != nil {
			return err
		}
	}
	return nil
}

// empty writes a container that has nothing in it, which YAML::Syck puts a blank
// line after.
func (e *encoder) empty(brackets string) error {
	e.buf = append(e.buf, brackets...)
	if e.codec.Dialect == DialectSyck {
		e.buf = append(e.buf, '\n')
	}
	return e.room(0)
}

// inline reports whether a container begins on the line that it is in.
func (e *encoder) inline(at place, props bool) bool {
	return e.codec.Dialect == DialectXS && !props && (at == inArray || at == inObject)
}

// inside returns the indentation of the elements of a container.
func (e *encoder) inside(at place, indent int, flush bool) int {
	if at == atRoot || flush {
		return indent
	}
	return indent + 2
}

// begin begins the line of an element.
func (e *encoder) begin(indent int, inline bool) {
	if inline {
		e.buf = append(e.buf, ' ')
		return
	}
	if !e.lineEnded() {
		if e.codec.Dialect == DialectSyck {
			e.buf = append(e.buf, ' ')
		}
		e.buf = append(e.buf, '\n')
	}
	e.indentTo(indent)
}

// key writes a key, and reports whether it is on the line of its value.
func (e *encoder) key(k perl.Key, indent int) (simple bool, err error) {
	switch e.codec.Dialect {
	case DialectXS:
		return e.keyXS(k, indent)
	case DialectSyck:
		return true, e.syck(k.Value(), true)
	case DialectPM:
		return true, e.pm(k.Value(), true, indent)
	}
	return true, e.tiny(k.Value(), true)
}

func (e *encoder) scalar(v perl.Value, indent int) error {
	if v.IsUndef() {
		e.buf = append(e.buf, '~')
		return nil
	}
	if v.Kind() == perl.KindInt && e.codec.Dialect != DialectSyck {
		e.buf = strconv.AppendInt(e.buf, v.Int(), 10)
		return e.room(0)
	}
	switch e.codec.Dialect {
	case DialectXS:
		return e.scalarXS(v, indent)
	case DialectSyck:
		return e.syck(v, false)
	case DialectPM:
		return e.pm(v, false, indent)
	}
	return e.tiny(v, false)
}

// survey counts how often things are referred to. It goes into each once, and no
// further than there may be nodes: node will report that there are too many.
func (e *encoder) survey(v perl.Value) {
	todo := e.todo[:0]
	note := func(v perl.Value) {
		t := v.Thing()
		if t == nil {
			return
		}
		if e.uses[t]++; e.uses[t] == 1 {
			todo = append(todo, t)
		}
	}
	note(v)
	for nodes := 0; len(todo) > 0 && nodes <= e.lim.Nodes; {
		t := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch t := t.(type) {
		case *perl.Hash:
			nodes += t.Len()
			for _, v := range t.All() {
				note(v)
			}
		case *perl.Array:
			nodes += t.Len()
			for _, v := range t.All() {
				note(v)
			}
		case *perl.Scalar:
			nodes++
			note(t.Get())
		}
	}
	e.todo = todo
}

// room reports whether n more bytes are too many.
func (e *encoder) room(n int) error {
	if len(e.buf)-e.from+n > e.lim.Bytes {
		return e.limit("bytes", e.lim.Bytes)
	}
	return nil
}

func (e *encoder) limit(what string, most int) error {
	return &codec.LimitError{Codec: e.codec.Name(), What: what, Max: most}
}

func (e *encoder) unsupported(what string) error {
	return &codec.UnsupportedError{Codec: e.codec.Name(), What: what}
}

// placed tells an *UnsupportedError where it happened.
func (e *encoder) placed(err error) error {
	var u *codec.UnsupportedError
	if errors.As(err, &u) {
		u.Path = where(e.path)
	}
	return err
}
