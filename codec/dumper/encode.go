package dumper

import (
	"slices"
	"strconv"
	"sync"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// encoder writes a value, and remembers where each thing was first written, so
// that a statement can refer to it when it is met again.
type encoder struct {
	codec string
	dst   []byte
	start int // of the text in dst
	lim   codec.Limits
	nodes int

	*memory
	follow []statement
	last   []statement // after those, as they cut what paths lead over

	root    perl.Value
	slots   map[*perl.Scalar]bool               // elements that are scalars by themselves, see isSlot; made on demand
	waiting map[*perl.Scalar][]waitingStatement // statements about those that are not written yet
}

// memory is where each thing is. It is used again for other values.
type memory struct {
	spots  []spot
	spotOf map[perl.Thing]int32 // empty while the spots are few
}

var memories = sync.Pool{New: func() any { return &memory{spotOf: map[perl.Thing]int32{}} }}

// release forgets the things, so that they can be collected, and keeps no more
// memory than a large session takes.
func (m *memory) release() {
	if cap(m.spots) > 4096 {
		return
	}
	clear(m.spots)
	clear(m.spotOf)
	m.spots = m.spots[:0]
	memories.Put(m)
}

// spot is where a thing was written first.
type spot struct {
	step
	thing  perl.Thing // nil where it stands for a place only
	parent int32      // the spot of what it is in; -1 for the root
	slot   bool       // the thing is the element itself, not what it refers to
}

// statement says that the value at one spot is a reference to the thing at another.
type statement struct {
	target, source int32
}

// nowhere is the source of a statement that still waits for it.
const nowhere = -1

// waitingStatement is where such a statement is.
type waitingStatement struct {
	list  *[]statement
	index int
}

// Up to this many spots are searched one by one.
const fewSpots = 16

// placeholder is written where a statement will set the value.
const placeholder = "do{my $o}"

func (e *encoder) text(v perl.Value, tail bool) error {
	e.dst = append(e.dst, "$D = "...)
	e.root = v
	if err := e.value(v.Plain(), spot{parent: -1}, 0); err != nil {
		return err
	}
	e.dst = append(e.dst, ';')
	for _, s := range slices.Concat(e.follow, e.last) {
		if s.source == nowhere {
			return e.unsupported("reference to an element of nothing", e.spots[s.target])
		}
		e.dst = append(e.path(e.dst, s.target), " = "...)
		e.dst = append(e.source(e.dst, s.source), ';')
		if err := e.room(0); err != nil {
			return err
		}
	}
	if tail || len(e.follow) > 0 {
		e.dst = append(e.dst, ";$D"...)
	}
	return e.room(0)
}

// room reports an error if n more bytes are too many.
func (e *encoder) room(n int) error {
	if len(e.dst)-e.start+n > e.lim.Bytes {
		return &codec.LimitError{Codec: e.codec, What: "bytes", Max: e.lim.Bytes}
	}
	return nil
}

func (e *encoder) unsupported(what string, at spot) error {
	return &codec.UnsupportedError{Codec: e.codec, Path: string(e.path(nil, e.add(at))), What: what}
}

// value writes v, which is the value at a spot and no element by itself.
func (e *encoder) value(v perl.Value, at spot, depth int) error {
	if e.nodes++; e.nodes > e.lim.Nodes {
		return &codec.LimitError{Codec: e.codec, What: "nodes", Max: e.lim.Nodes}
	}
	kind := v.Kind()
	if kind == perl.KindRef {
		return e.ref(v.Thing(), at, depth)
	}
	if kind == perl.KindBytes || kind == perl.KindText {
		s := v.Str()
		if err := e.room(len(s)); err != nil {
			return err
		}
		switch {
		case kind == perl.KindText:
			e.dst = appendText(e.dst, s)
		case v.IsLatin1():
			e.dst = appendText(e.dst, perl.Upgrade(v))
		default:
			e.dst = appendSingle(e.dst, s)
		}
		return e.room(0)
	}
	e.dst = appendScalar(e.dst, v)
	return e.room(0)
}

// appendScalar appends what is neither a string nor a reference.
func appendScalar(dst []byte, v perl.Value) []byte {
	switch v.Kind() {
	case perl.KindInt:
		if i := v.Int(); -1e9 < i && i < 1e10 { // 10 characters, with the sign
			return strconv.AppendInt(dst, i, 10)
		}
	case perl.KindBool:
		if v.Truth() {
			return append(dst, '1')
		}
	case perl.KindVString:
		literal, str, _ := v.Literal()
		if meant, ok := versionString(literal); ok && meant.Str() == str.Str() {
			return append(dst, literal...)
		}
		if str.Kind() == perl.KindText {
			return appendText(dst, str.Str())
		}
		return appendSingle(dst, str.Str())
	case perl.KindUndef:
		return append(dst, "undef"...)
	}
	return appendSingle(dst, v.String())
}

// ref writes a reference to t.
func (e *encoder) ref(t perl.Thing, at spot, depth int) error {
	if i, ok := e.find(t); ok {
		e.dst = append(e.dst, standIn(t)...)
		e.follow = append(e.follow, statement{e.add(at), i})
		return e.room(0)
	}
	if depth++; depth > e.lim.Depth {
		return &codec.LimitError{Codec: e.codec, What: "depth", Max: e.lim.Depth}
	}
	if s, ok := t.(*perl.Scalar); ok {
		if slot, reached := e.isSlot(s); slot {
			return e.refToSlot(s, reached, e.add(at), depth)
		}
	}
	at.thing = t
	here := e.add(at)
	class := t.Class()
	if _, ok := t.(*perl.Regexp); ok && class == "Regexp" {
		class = ""
	}
	if class == "" {
		return e.thing(t, here, depth, false)
	}
	e.dst = append(e.dst, "bless( "...)
	if err := e.thing(t, here, depth, true); err != nil {
		return err
	}
	e.dst = append(e.dst, ", "...)
	e.dst = append(appendSingle(e.dst, class), " )"...)
	return e.room(0)
}

// standIn returns what is written for a thing that a statement will put there.
func standIn(t perl.Thing) string {
	switch t.(type) {
	case *perl.Hash:
		return "{}"
	case *perl.Array:
		return "[]"
	}
	return placeholder
}

// thing writes a reference to what t holds, t being at the spot here.
func (e *encoder) thing(t perl.Thing, here int32, depth int, blessed bool) (err error) {
	switch t := t.(type) {
	case *perl.Hash:
		return e.hash(t, here, depth)
	case *perl.Array:
		return e.array(t, here, depth)
	case *perl.Scalar:
		open, end := `\`, ""
		if blessed {
			open, end = `do{\(my $o = `, ")}"
		}
		e.dst = append(e.dst, open...)
		err = e.value(t.Get(), spot{step: step{kind: toContent}, parent: here}, depth)
		e.dst = append(e.dst, end...)
	case *perl.Regexp:
		if err := e.room(len(t.Pattern.Str())); err != nil {
			return err
		}
		var fault string
		if e.dst, fault = appendRegexp(e.dst, t); fault != "" {
			return e.unsupported(fault, e.spots[here])
		}
	}
	return err
}

func (e *encoder) hash(h *perl.Hash, here int32, depth int) error {
	e.dst = append(e.dst, '{')
	first := true
	for key, v := range h.Sorted() {
		if !first {
			e.dst = append(e.dst, ',')
		}
		first = false
		if err := e.room(len(key.String())); err != nil {
			return err
		}
		e.dst = append(appendKey(e.dst, key), " => "...)
		if err := e.element(v, spot{step: step{kind: toEntry, key: key}, parent: here}, depth); err != nil {
			return err
		}
	}
	e.dst = append(e.dst, '}')
	return e.room(0)
}

func (e *encoder) array(a *perl.Array, here int32, depth int) error {
	e.dst = append(e.dst, '[')
	for i, v := range a.All() {
		if i > 0 {
			e.dst = append(e.dst, ',')
		}
		if err := e.element(v, spot{step: step{kind: toElement, index: int32(i)}, parent: here}, depth); err != nil {
			return err
		}
	}
	e.dst = append(e.dst, ']')
	return e.room(0)
}

// element writes an element, which may be a thing by itself.
func (e *encoder) element(v perl.Value, at spot, depth int) error {
	if s := v.Slot(); s != nil {
		if _, again := e.find(s); again {
			return e.unsupported("one element in two places", at)
		}
		slot := at
		slot.thing, slot.slot = s, true
		here := e.add(slot)
		for _, w := range e.waiting[s] {
			(*w.list)[w.index].source = here
		}
	}
	return e.value(v.Plain(), at, depth)
}

// add adds a spot and returns its number.
func (m *memory) add(at spot) int32 {
	i := len(m.spots)
	m.spots = append(m.spots, at)
	switch {
	case i == fewSpots:
		for i, s := range m.spots {
			if s.thing != nil {
				m.spotOf[s.thing] = int32(i)
			}
		}
	case i > fewSpots && at.thing != nil:
		m.spotOf[at.thing] = int32(i)
	}
	return int32(i)
}

// find returns the spot of a thing that has been written.
func (m *memory) find(t perl.Thing) (int32, bool) {
	if len(m.spots) > fewSpots {
		i, ok := m.spotOf[t]
		return i, ok
	}
	i := slices.IndexFunc(m.spots, func(s spot) bool { return s.thing == t })
	return int32(i), i >= 0
}

// path appends the path to a spot.
func (e *encoder) path(dst []byte, i int32) []byte {
	var steps []step
	for s := e.spots[i]; s.parent >= 0; s = e.spots[s.parent] {
		steps = append(steps, s.step)
	}
	slices.Reverse(steps)
	return appendPath(dst, steps)
}

// source appends an expression for a reference to the thing at a spot.
func (e *encoder) source(dst []byte, i int32) []byte {
	s := e.spots[i]
	switch {
	case !s.slot:
		return e.path(dst, i)
	case s.thing.Class() == "":
		return e.path(append(dst, '\\'), i)
	}
	dst = e.path(append(dst, `bless( \`...), i)
	return append(appendSingle(append(dst, ", "...), s.thing.Class()), " )"...)
}

// refToSlot writes a reference to an element, which a statement will set when the
// element has been written. What only references to elements lead to is written here, as
// the element's value, and the statement comes last.
func (e *encoder) refToSlot(s *perl.Scalar, reached bool, here int32, depth int) error {
	if reached {
		e.dst = append(e.dst, placeholder...)
		e.waiting[s] = append(e.waiting[s], waitingStatement{&e.follow, len(e.follow)})
		e.follow = append(e.follow, statement{here, nowhere})
		return e.room(0)
	}
	e.slots[s] = true
	e.waiting[s] = append(e.waiting[s], waitingStatement{&e.last, len(e.last)})
	e.last = append(e.last, statement{here, nowhere})
	return e.thing(s, here, depth, false)
}

// isSlot reports whether s is an element of something in the root, and whether that is
// reached otherwise than by references to elements, or has been written.
func (e *encoder) isSlot(s *perl.Scalar) (slot, reached bool) {
	if e.slots == nil {
		e.slots, e.waiting = map[*perl.Scalar]bool{}, map[*perl.Scalar][]waitingStatement{}
		e.collect(false)
		if len(e.slots) > 0 {
			e.collect(true)
		}
	}
	reached, slot = e.slots[s]
	return slot, reached
}

// collect finds all slots, or those that are reached. It goes into each thing once, and
// no further than there may be nodes: value will report that there are too many.
func (e *encoder) collect(reached bool) {
	todo := []perl.Value{e.root}
	seen := map[perl.Thing]bool{}
	for nodes := 0; len(todo) > 0 && nodes <= e.lim.Nodes; nodes++ {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if s := v.Slot(); s != nil {
			e.slots[s] = reached
		}
		t := v.Thing()
		if t == nil || seen[t] {
			continue
		}
		seen[t] = true
		switch t := t.(type) {
		case *perl.Hash:
			for _, v := range t.All() {
				todo = append(todo, v)
			}
		case *perl.Array:
			for _, v := range t.All() {
				todo = append(todo, v)
			}
		case *perl.Scalar:
			if _, slot := e.slots[t]; !reached || !slot {
				todo = append(todo, t.Get())
			}
		}
	}
}
