package datasession

import "iter"

// byName is a map by the name of a parameter that needs no memory of its own while it
// has a single entry, as in most visits. The zero byName is empty.
type byName[V any] struct {
	one  bool // there is a first entry
	name string
	val  V
	rest map[string]V // all others
}

func (m *byName[V]) get(name string) (V, bool) {
	if m.one && m.name == name {
		return m.val, true
	}
	v, ok := m.rest[name]
	return v, ok
}

func (m *byName[V]) has(name string) bool {
	_, ok := m.get(name)
	return ok
}

func (m *byName[V]) set(name string, v V) {
	switch {
	case m.one && m.name == name, m.len() == 0:
		m.one, m.name, m.val = true, name, v
	case m.rest == nil:
		m.rest = map[string]V{name: v}
	default:
		m.rest[name] = v
	}
}

func (m *byName[V]) delete(name string) {
	if m.one && m.name == name {
		*m = byName[V]{rest: m.rest}
		return
	}
	delete(m.rest, name)
}

func (m *byName[V]) len() int {
	if m.one {
		return 1 + len(m.rest)
	}
	return len(m.rest)
}

// all yields the entries in no particular order.
func (m *byName[V]) all() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		if m.one && !yield(m.name, m.val) {
			return
		}
		for name, v := range m.rest {
			if !yield(name, v) {
				return
			}
		}
	}
}
