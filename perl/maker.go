package perl

// Maker makes the hashes and arrays of one value with few allocations, for
// decoders. The zero Maker is ready for use. It is not safe for use by several
// goroutines.
//
// What a Maker makes stays in memory together: as long as one of its things is in
// use, so are some kilobytes of its neighbours.
type Maker struct {
	left    int // and one more; zero if unknown
	hashes  slab[Hash]
	arrays  slab[Array]
	entries slab[entry]
	elems   slab[Value]
}

// Left tells m how many bytes of input are still to be read, by which it guesses how
// much more it will make. It is a hint: without it, m begins small.
func (m *Maker) Left(n int) { m.left = n + 1 }

// What an input has on average at most one of, in so many bytes.
const (
	perEntry = 24
	perElem  = 48
	perThing = 96
)

// guess returns how many more there will be of what there is one of in so many bytes,
// or zero if that is unknown.
func (m *Maker) guess(per int) int {
	if m.left == 0 {
		return 0
	}
	return 1 + m.left/per
}

// Hash returns an empty hash with room for n entries.
func (m *Maker) Hash(n int) *Hash {
	h := &m.hashes.cut(1, m.guess(perThing))[0]
	m.room(h, n)
	return h
}

func (m *Maker) room(h *Hash, n int) {
	h.entries = m.entries.cut(n, m.guess(perEntry))[:0]
	if n > smallHash {
		h.reindex(n)
	}
}

// Array returns an empty array with room for n elements.
func (m *Maker) Array(n int) *Array {
	a := &m.arrays.cut(1, m.guess(perThing))[0]
	a.elems = m.elems.cut(n, m.guess(perElem))[:0]
	return a
}

// FillHash gives h, which is empty, these keys and values. Of equal keys the last one
// counts.
func (m *Maker) FillHash(h *Hash, keys []Key, vals []Value) {
	m.room(h, len(keys))
	rising := h.index == nil // so far: no key is there twice
	for i, v := range vals {
		if rising = rising && (i == 0 || keys[i-1].s < keys[i].s); rising {
			h.entries = append(h.entries, entryOf(keys[i], tagOf(keys[i].s), v.Plain()))
		} else {
			h.SetKey(keys[i], v)
		}
	}
}

// FillArray gives a, which is empty, these elements.
func (m *Maker) FillArray(a *Array, elems []Value) {
	a.elems = m.elems.cut(len(elems), m.guess(perElem))
	for i, v := range elems {
		a.elems[i] = v.Plain()
	}
}

// slab is memory for several values of a type, in pieces.
type slab[T any] struct {
	free []T
	size int // of the last piece
}

// The least and the most values in a piece. More than half the most have memory
// of their own.
const (
	leastSlab = 4
	mostSlab  = 128
)

// cut returns n zero values. guess is how many there will be in all from now on, or
// zero.
func (s *slab[T]) cut(n, guess int) []T {
	if n > len(s.free) {
		if n > mostSlab/2 {
			return make([]T, n)
		}
		if guess == 0 {
			guess = 2 * s.size
		}
		s.size = max(leastSlab, min(mostSlab, guess), n)
		s.free = make([]T, s.size)
	}
	made := s.free[:n:n]
	s.free = s.free[n:]
	return made
}
