package freezethaw

import (
	"slices"
	"strconv"
	"sync"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/internal/perlpath"
	"github.com/go-datasession/datasession/perl"
)

// encoder writes a record in one pass if nothing in it is shared. If something is,
// that pass has found what, and a second one writes the form with numbers.
type encoder struct {
	utf8  bool
	dst   []byte
	start int // of the record in dst
	lim   codec.Limits
	nodes int
	depth int

	*memory
	shared  []perl.Thing // by number: in the order in which a second reference is met
	second  bool         // it is the second pass
	classes map[string]int
}

// memory is what the encoder has met, and the values of hashes whose keys are
// being written. It is used again for other values.
type memory struct {
	met   []meeting
	metAt map[perl.Thing]int32 // empty while there are few
	vals  []perl.Value
}

// meeting is a thing that a reference was met to, and its number, which is -1 as long
// as there is no second one.
type meeting struct {
	thing  perl.Thing
	number int32
}

// Up to this many things are searched one by one.
const fewThings = 16

var memories = sync.Pool{New: func() any { return &memory{metAt: map[perl.Thing]int32{}} }}

// release forgets the things, so that they can be collected, and keeps no more
// memory than a large session takes.
func (m *memory) release() {
	if cap(m.met) > 4096 || cap(m.vals) > 4096 {
		return
	}
	clear(m.met)
	clear(m.metAt)
	clear(m.vals[:cap(m.vals)])
	m.met, m.vals = m.met[:0], m.vals[:0]
	memories.Put(m)
}

// meet returns what is known of a thing, and whether it has been met before.
func (m *memory) meet(t perl.Thing) (*meeting, bool) {
	if len(m.met) > fewThings {
		if i, ok := m.metAt[t]; ok {
			return &m.met[i], true
		}
	} else if i := slices.IndexFunc(m.met, func(s meeting) bool { return s.thing == t }); i >= 0 {
		return &m.met[i], true
	}
	i := len(m.met)
	m.met = append(m.met, meeting{t, -1})
	switch {
	case i == fewThings:
		for i, s := range m.met {
			m.metAt[s.thing] = int32(i)
		}
	case i > fewThings:
		m.metAt[t] = int32(i)
	}
	return &m.met[i], false
}

func (e *encoder) record(v perl.Value) error {
	e.dst = append(e.dst, "FrT;"...)
	if err := e.list(v); err != nil || len(e.shared) == 0 {
		return err
	}
	e.dst = append(e.dst[:e.start], "FrT;"...)
	e.second, e.nodes, e.classes = true, 0, nil
	e.count('!', len(e.shared)-1)
	for _, t := range e.shared {
		if err := e.empty(t); err != nil {
			return err
		}
	}
	for _, t := range e.shared {
		if err := e.full(t); err != nil {
			return err
		}
	}
	return e.list(v)
}

// list writes the list of frozen values, which is one value long.
func (e *encoder) list(v perl.Value) error {
	e.count('@', 1)
	return e.value(v)
}

// empty announces a shared thing.
func (e *encoder) empty(t perl.Thing) error {
	if t.Class() != "" {
		if err := e.class('{', t.Class()); err != nil {
			return err
		}
	}
	switch t.(type) {
	case *perl.Array:
		e.count('@', 0)
	case *perl.Hash:
		e.count('%', 0)
	default:
		e.dst = append(e.dst, '\\', '_')
	}
	return e.room(0)
}

// full writes the content of a shared thing.
func (e *encoder) full(t perl.Thing) error {
	if t.Class() != "" {
		if err := e.class('}', t.Class()); err != nil {
			return err
		}
	}
	return e.content(t)
}

// room reports an error if n more bytes are too many.
func (e *encoder) room(n int) error {
	if len(e.dst)-e.start+n > e.lim.Bytes {
		return limit("bytes", e.lim.Bytes)
	}
	return nil
}

func (e *encoder) value(v perl.Value) error {
	if e.nodes++; e.nodes > e.lim.Nodes {
		return limit("nodes", e.lim.Nodes)
	}
	switch v.Kind() {
	case perl.KindUndef:
		e.dst = append(e.dst, '_')
		return e.room(0)
	case perl.KindRef:
		return e.ref(v.Thing())
	case perl.KindInt:
		var digits [20]byte
		return e.bytes('$', strconv.AppendInt(digits[:0], v.Int(), 10))
	}
	return e.str('$', v)
}

// ref writes a reference: to a thing that is met again, its number, else all of it.
func (e *encoder) ref(t perl.Thing) error {
	class := t.Class()
	if _, ok := t.(*perl.Regexp); ok {
		if class == "Regexp" {
			class = ""
		}
	} else if n, again := e.number(t); again {
		e.count('<', n)
		return e.room(0)
	}
	if class != "" {
		if err := e.class('>', class); err != nil {
			return err
		}
	}
	return e.content(t)
}

// number returns the number of a thing that is to be written as one.
func (e *encoder) number(t perl.Thing) (n int, ok bool) {
	m, again := e.meet(t)
	if again && m.number < 0 && !e.second {
		m.number = int32(len(e.shared))
		e.shared = append(e.shared, t)
	}
	return int(m.number), m.number >= 0
}

// content writes a thing without its class.
func (e *encoder) content(t perl.Thing) (err error) {
	if re, ok := t.(*perl.Regexp); ok {
		return e.pattern(re)
	}
	if e.depth++; e.depth > e.lim.Depth {
		return limit("depth", e.lim.Depth)
	}
	switch t := t.(type) {
	case *perl.Array:
		err = e.array(t)
	case *perl.Hash:
		err = e.hash(t)
	case *perl.Scalar:
		e.dst = append(e.dst, '\\')
		err = perlpath.Within(e.value(t.Get()), perlpath.Content())
	}
	e.depth--
	return err
}

func (e *encoder) array(a *perl.Array) error {
	e.count('@', a.Len())
	for i, v := range a.All() {
		if err := e.value(v); err != nil {
			return perlpath.Within(err, perlpath.Element(i))
		}
	}
	return e.room(0)
}

// hash writes all keys, and then the values in the same order.
func (e *encoder) hash(h *perl.Hash) error {
	e.count('%', 2*h.Len())
	base := len(e.vals)
	for key, v := range h.Sorted() {
		if err := e.str('$', key.Value()); err != nil {
			return perlpath.Within(err, perlpath.Entry(key))
		}
		e.vals = append(e.vals, v)
	}
	for i := range h.Len() {
		if err := e.value(e.vals[base+i]); err != nil {
			return perlpath.Within(err, perlpath.Entry(perl.TextKey(nth(h, i))))
		}
	}
	e.vals = e.vals[:base]
	return e.room(0)
}

func nth(h *perl.Hash, i int) string {
	for key := range h.Sorted() {
		if i--; i < 0 {
			return key.String()
		}
	}
	return ""
}

func (e *encoder) pattern(re *perl.Regexp) error {
	text, fault := patternText(re)
	if fault != "" {
		return perlpath.Refuse(fault)
	}
	return e.str('/', text)
}

// class writes a name, or its number if it was written before.
func (e *encoder) class(tag byte, class string) error {
	e.dst = append(e.dst, tag)
	if n, ok := e.classes[class]; ok {
		e.count(')', n)
		return e.room(0)
	}
	if e.classes == nil {
		e.classes = map[string]int{}
	}
	e.count('>', len(e.classes))
	e.classes[class] = len(e.classes)
	if e.utf8 {
		return e.str('$', perl.String(class))
	}
	return e.str('$', perl.Bytes(class))
}

func (e *encoder) count(tag byte, n int) {
	e.dst = append(strconv.AppendInt(append(e.dst, tag), int64(n), 10), '|')
}

func (e *encoder) bytes(tag byte, b []byte) error {
	e.count(tag, len(b))
	e.dst = append(e.dst, b...)
	return e.room(0)
}

// str writes the characters of a scalar.
func (e *encoder) str(tag byte, v perl.Value) error {
	least := len(v.Str())
	if v.Kind() == perl.KindText && !e.utf8 {
		least /= 2
	}
	if err := e.room(least); err != nil {
		return err
	}
	var s string
	var n int
	ok, fault := true, "character above U+00FF"
	if e.utf8 {
		s, fault = perl.Upgrade(v), "text that is not UTF-8"
		n, ok = characters(s)
	} else {
		s, ok = perl.Downgrade(v)
		n = len(s)
	}
	if !ok {
		return perlpath.Refuse(fault)
	}
	e.count(tag, n)
	e.dst = append(e.dst, s...)
	return e.room(0)
}

// characters returns the number of characters in UTF-8, and whether it is that.
func characters(s string) (n int, ok bool) {
	for i := 0; i < len(s); n++ {
		if s[i] < 0x80 {
			i++
			continue
		}
		_, width, ok := perl.DecodeRune(s[i:])
		if !ok {
			return n, false
		}
		i += width
	}
	return n, true
}
