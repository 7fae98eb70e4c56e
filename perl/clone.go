package perl

import "slices"

// Clone returns a copy of v that shares nothing with it that can change. Classes
// and weak flags are kept, and what is shared or cyclic in v, elements that
// are referred to included, is so in the copy.
//
// Clone takes time and memory in proportion to the number of elements, however
// they are shared, and does not recurse.
func Clone(v Value) Value {
	var c cloner
	v = c.value(v.Plain())
	c.finish()
	return v
}

// cloner copies values. The copy of a thing is empty of copies, holding the
// things of the original, until finish is called.
type cloner struct {
	copies table[Thing, Thing]
	next   int // the first row of copies that finish has not seen
}

func (c *cloner) value(v Value) Value {
	if s := v.Slot(); s != nil {
		return slotValue(c.thing(s).(*Scalar))
	}
	t := v.Thing()
	if t == nil {
		return v
	}
	twin := refTo(c.thing(t))
	twin.num = v.num // weak or not
	return twin
}

func (c *cloner) thing(t Thing) Thing {
	if twin, ok := c.copies.get(t); ok {
		return twin
	}
	var twin Thing
	switch t := t.(type) {
	case *Hash:
		twin = &Hash{t.object, slices.Clone(t.entries), t.index.clone()}
	case *Array:
		twin = &Array{t.object, slices.Clone(t.elems)}
	case *Scalar:
		twin = &Scalar{t.object, t.v}
	case *Regexp:
		twin = &Regexp{t.object, t.Pattern, t.Flags}
	}
	c.copies.put(t, twin)
	return twin
}

func (c *cloner) finish() {
	for ; c.next < len(c.copies.rows); c.next++ {
		switch t := c.copies.rows[c.next].val.(type) {
		case *Hash:
			for i := range t.entries {
				t.entries[i].val = c.value(t.entries[i].val)
			}
		case *Array:
			for i := range t.elems {
				t.elems[i] = c.value(t.elems[i])
			}
		case *Scalar:
			t.v = c.value(t.v)
		}
	}
}
