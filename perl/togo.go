package perl

import "unicode/utf8"

// ToGo returns v as plain Go data: undef as nil, a string as string, an integer as
// int or (above [math.MaxInt64]) uint64, a float as float64, a boolean, also an
// object of class JSON::PP::Boolean, as bool, a hash as map[string]any with the
// characters of the keys in UTF-8, an array as []any.
//
// A hash or array that is shared or cyclic becomes one Go map or slice, shared or
// cyclic in the same way. What Go data cannot say stays a [Value]: references to
// blessed things, to scalars and to regexps, weak references, text that is not
// Unicode, hashes with such keys, containers with an element that something
// refers to, and whatever is inside of any of these, even if it is seen from
// elsewhere too. So [FromGo] of the result is v again, but that bytes which are
// the UTF-8 of something beyond ASCII come back as text, keys beyond ASCII come
// back as text, and JSON booleans as Perl's own.
//
// ToGo does not recurse.
func ToGo(v Value) any {
	var g toGo
	return g.convert(v)
}

// toGo remembers what has been looked at and converted.
type toGo struct {
	seen   table[Thing, bool] // what survey has met
	shared table[Thing, bool] // scalars that survey has met more than once
	opaque table[Thing, bool] // what stays a Value
	made   table[Thing, any]  // the map[string]any or []any of each other container
}

func (g *toGo) convert(v Value) any {
	v = v.Plain()
	if v.Thing() == nil {
		return goScalar(v)
	}
	g.survey(v)
	next := len(g.made.rows)
	x := g.value(v)
	for ; next < len(g.made.rows); next++ {
		switch row := g.made.rows[next]; t := row.key.(type) {
		case *Hash:
			m := row.val.(map[string]any)
			for i := range t.entries {
				m[t.entries[i].str()] = g.value(t.entries[i].val)
			}
		case *Array:
			s := row.val.([]any)
			for i := range t.elems {
				s[i] = g.value(t.elems[i])
			}
		}
	}
	return x
}

// value returns v with containers that convert has yet to fill.
func (g *toGo) value(v Value) any {
	v = v.Plain()
	t := v.Thing()
	if t == nil {
		return goScalar(v)
	}
	if truth, ok := jsonBool(t); ok && !v.IsWeak() {
		return truth
	}
	if _, ok := g.opaque.get(t); ok {
		return v
	}
	if x, ok := g.made.get(t); ok {
		return x
	}
	var x any
	switch t := t.(type) {
	case *Hash:
		x = make(map[string]any, t.Len())
	case *Array:
		x = make([]any, t.Len(), max(t.Len(), 1)) // without room it would have no identity
	}
	g.made.put(t, x)
	return x
}

func goScalar(v Value) any {
	switch v.Kind() {
	case KindUndef:
		return nil
	case KindInt:
		if i := int(v.Int()); int64(i) == v.Int() {
			return i
		}
		return v.Int()
	case KindUint:
		return v.Uint()
	case KindFloat:
		return v.Float()
	case KindBool:
		return v.Truth()
	}
	if s, ok := goString(v); ok {
		return s
	}
	return v
}

// goString returns what a Go program is given for v, which is not a reference, and
// false for text that is not Unicode.
func goString(v Value) (string, bool) {
	s, text := characters(v)
	if v.IsLatin1() {
		return upgrade(s), true
	}
	return s, !text || utf8.ValidString(s)
}

// survey finds what must stay a Value in all that v refers to.
func (g *toGo) survey(v Value) {
	var keep []Thing    // these, and what is inside of them
	var slotted []Thing // these too, if their slots turn out to be shared
	met := func(t Thing) {
		if _, ok := g.seen.get(t); !ok {
			g.seen.put(t, true)
		} else if _, ok := g.shared.get(t); !ok {
			g.shared.put(t, true)
		}
	}
	next := len(g.seen.rows)
	var hasSlots bool
	note := func(v Value) {
		if s := v.Slot(); s != nil {
			hasSlots = true
			met(s)
			return
		}
		t := v.Thing()
		if t == nil {
			return
		}
		if _, ok := jsonBool(t); ok && !v.IsWeak() {
			return
		}
		met(t)
		if v.IsWeak() || !isPlain(t) {
			keep = append(keep, t)
		}
	}
	note(v)
	for ; next < len(g.seen.rows); next++ {
		t := g.seen.rows[next].key
		hasSlots = false
		elements(t, note)
		if hasSlots {
			slotted = append(slotted, t)
		}
	}
	for _, t := range slotted {
		elements(t, func(v Value) {
			if s := slotThing(v); s != nil {
				if _, ok := g.shared.get(s); ok {
					keep = append(keep, t)
				}
			}
		})
	}
	g.keep(keep)
}

// isPlain reports whether Go has an equal to t itself.
func isPlain(t Thing) bool {
	switch t := t.(type) {
	case *Hash:
		for i := range t.entries {
			if !utf8.ValidString(t.entries[i].str()) {
				return false
			}
		}
		return t.class == ""
	case *Array:
		return t.class == ""
	}
	return false
}

// keep marks things, and all that is inside of them, as what stays a Value.
func (g *toGo) keep(things []Thing) {
	note := func(t Thing) {
		if t != nil {
			if _, ok := g.opaque.get(t); !ok {
				g.opaque.put(t, true)
			}
		}
	}
	next := len(g.opaque.rows)
	for _, t := range things {
		note(t)
	}
	for ; next < len(g.opaque.rows); next++ {
		elements(g.opaque.rows[next].key, func(v Value) { note(v.Thing()) })
	}
}
