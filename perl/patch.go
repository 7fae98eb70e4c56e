package perl

import "slices"

// Patch applies a change that was made to a Go copy of a stored value: from is
// [FromGo] of the copy as it was handed out, to is FromGo of the copy now. It
// returns the stored value with the difference applied. What did not change
// stays as Perl wrote it, with its class, its kind of string, and the parts that
// the Go copy does not show.
//
// Hashes are changed key by key and arrays element by element, to any depth; an
// array is then cut or appended to at its end. Everything else that changed is
// replaced. The things of stored are changed in place and keep identity and
// class; from and to stay as they are, and stored and to share afterwards only
// what they shared before. What came to be shared in the Go copy is shared in
// the result.
//
// Patch terminates on cyclic values and does not recurse.
func Patch(stored, from, to Value) Value {
	stored, from, to = stored.Plain(), from.Plain(), to.Plain()
	if to.Thing() == nil {
		if from.Thing() == nil && equalScalars(from, to) {
			return stored
		}
		return to
	}
	var p patch
	p.keep(stored)
	result := stored
	p.element(stored, from, to, func(v Value) { result = v })
	for len(p.todo) > 0 {
		next := p.todo[0]
		p.todo = p.todo[1:]
		p.inside(next)
	}
	p.copies.next = len(p.copies.copies.rows)
	for _, change := range p.changes {
		change()
	}
	p.copies.finish()
	return result
}

// patch finds all changes before it makes the first, because what a changed
// element refers to may have its counterpart in a part that is found later.
type patch struct {
	pairs   table[Thing, Thing] // a thing of from, and its counterpart in to
	copies  cloner              // takes things of to to those of stored, and copies the others
	seen    table[triple, bool] // what has been on todo with another thing of stored before
	todo    []triple
	changes []func()
}

type triple struct{ stored, from, to Thing }

// keep notes that the things of stored are never copied.
func (p *patch) keep(stored Value) {
	made := &p.copies.copies
	note := func(v Value) {
		for _, t := range [...]Thing{slotThing(v), v.Thing()} {
			if t == nil {
				continue
			}
			if _, ok := made.get(t); !ok {
				made.put(t, t)
			}
		}
	}
	note(stored)
	for i := 0; i < len(made.rows); i++ {
		elements(made.rows[i].key, note)
	}
}

func slotThing(v Value) Thing {
	if s := v.Slot(); s != nil {
		return s
	}
	return nil
}

// element compares one element and has set called with the new one, if it
// changed. set gets an element with its slot.
func (p *patch) element(stored, from, to Value, set func(Value)) {
	if !p.unchanged(stored, from, to) {
		p.changes = append(p.changes, func() { set(p.copies.value(to)) })
	}
}

// unchanged reports whether an element can stay, as far as it is not changed
// inside.
func (p *patch) unchanged(stored, from, to Value) bool {
	if f, t := slotThing(from), slotThing(to); t != nil {
		s := slotThing(stored)
		return s != nil && f != nil && p.match(s, f, t)
	} else if f != nil {
		return false
	}
	s, f, t := stored.Thing(), from.Thing(), to.Thing()
	if f == nil || t == nil {
		return f == nil && t == nil && equalScalars(from, to)
	}
	if from.IsWeak() != to.IsWeak() || f.Class() != t.Class() || !sameType(f, t) {
		return false
	}
	if _, ok := jsonBool(t); ok {
		return Equal(from, to)
	}
	if _, ok := t.(*Regexp); ok || s == nil || !sameType(s, t) {
		return Equal(from, to)
	}
	return p.match(s, f, t)
}

func sameType(a, b Thing) bool {
	switch a.(type) {
	case *Hash:
		_, ok := b.(*Hash)
		return ok
	case *Array:
		_, ok := b.(*Array)
		return ok
	case *Scalar:
		_, ok := b.(*Scalar)
		return ok
	}
	_, ok := b.(*Regexp)
	return ok
}

// match makes s the thing that f stands for and t shall become, and reports
// false if that would join what to has apart or part what it has joined.
func (p *patch) match(s, f, t Thing) bool {
	become, known := p.copies.copies.get(t)
	if known && become == t {
		return s == t // t is itself one of stored
	}
	other, ok := p.pairs.get(f)
	if ok != known || ok && other != t {
		return false
	}
	next := triple{s, f, t}
	switch {
	case !known:
		p.pairs.put(f, t)
		p.copies.copies.put(t, s)
	case become == s:
		return true
	default: // stored has apart what the copy had joined
		if _, ok := p.seen.get(next); ok {
			return true
		}
		p.seen.put(next, true)
	}
	p.todo = append(p.todo, next)
	return true
}

func (p *patch) inside(next triple) {
	switch s := next.stored.(type) {
	case *Hash:
		p.hash(s, next.from.(*Hash), next.to.(*Hash))
	case *Array:
		p.array(s, next.from.(*Array), next.to.(*Array))
	case *Scalar:
		p.element(s.v, next.from.(*Scalar).v, next.to.(*Scalar).v, s.Set)
	}
}

func (p *patch) hash(stored, from, to *Hash) {
	for key, v := range to.All() {
		was, had := from.Get(key.s)
		have, ok := stored.Get(key.s)
		set := func(v Value) { replace(stored.at(key), was, v) }
		switch {
		case had && ok:
			p.element(have, was, v, set)
		case !had || !Equal(was, v):
			p.changes = append(p.changes, func() { set(p.copies.value(v)) })
		}
	}
	for key := range from.All() {
		if _, ok := to.Get(key.s); !ok {
			p.changes = append(p.changes, func() { stored.Delete(key.s) })
		}
	}
}

func (p *patch) array(stored, from, to *Array) {
	// A Go array may be longer than what was decoded into it.
	end := to.Len()
	for end > stored.Len() && end <= from.Len() && Equal(from.elems[end-1], to.elems[end-1]) {
		end--
	}
	for i, v := range to.elems[:end] {
		if i < from.Len() && i < stored.Len() {
			was := from.elems[i]
			p.element(stored.elems[i], was, v, func(v Value) {
				if i < stored.Len() {
					replace(&stored.elems[i], was, v)
				}
			})
			continue
		}
		p.changes = append(p.changes, func() { stored.elems = append(stored.elems, p.copies.value(v)) })
	}
	if n, m := to.Len(), from.Len(); n < m {
		p.changes = append(p.changes, func() {
			if end := min(m, stored.Len()); n < end {
				stored.elems = slices.Delete(stored.elems, n, end)
			}
		})
	}
}

// replace puts v in the place of an element that was different. References to
// the element see v, unless the change was that there are none any more.
func replace(at *Value, was, v Value) {
	if s := at.Slot(); s != nil && was.Slot() == nil && v.Slot() == nil {
		s.Set(v)
		return
	}
	*at = v
}
