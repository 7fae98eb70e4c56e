package perl

// table is a map that is cheap while it is small, as most values hold only a few
// containers. Its rows stay in the order they were put in and may grow while
// they are walked by index, so that a table is a list of work too.
type table[K comparable, V any] struct {
	rows  []row[K, V]
	index map[K]int // nil while the table is small
}

type row[K comparable, V any] struct {
	key K
	val V
}

// Up to this many rows are searched one by one.
const smallTable = 12

func (t *table[K, V]) get(key K) (val V, ok bool) {
	if t.index != nil {
		if i, ok := t.index[key]; ok {
			return t.rows[i].val, true
		}
		return val, false
	}
	for i := range t.rows {
		if t.rows[i].key == key {
			return t.rows[i].val, true
		}
	}
	return val, false
}

// put adds a row for a key that the table does not have.
func (t *table[K, V]) put(key K, val V) {
	t.rows = append(t.rows, row[K, V]{key, val})
	switch n := len(t.rows); {
	case t.index != nil:
		t.index[key] = n - 1
	case n > smallTable:
		t.index = make(map[K]int, 4*n)
		for i := range t.rows {
			t.index[t.rows[i].key] = i
		}
	}
}

// elements calls visit for everything that t holds, with the identity of
// elements that are referred to.
func elements(t Thing, visit func(Value)) {
	switch t := t.(type) {
	case *Hash:
		for i := range t.entries {
			visit(t.entries[i].val)
		}
	case *Array:
		for _, v := range t.elems {
			visit(v)
		}
	case *Scalar:
		visit(t.v)
	}
}
