package perl

// Maker makes the hashes and arrays of one value with few allocations, for
// decoders. The zero Maker is ready for use. It is not safe for use by several
// goroutines.
//
// What a Maker makes stays in memory together: as long as one of its things is in
// use, so are some kilobytes of its neighbours.
type Maker struct {
	hashes  slab[Hash]
	arrays  slab[Array]
	entries slab[entry]
	elems   slab[Value]
}

// Hash returns an empty hash with room for n entries.
func (m *Maker) Hash(n int) *Hash {
	h := &m.hashes.cut(1)[0]
	h.entries = m.entries.cut(n)[:0]
	if n > smallHash {
		h.reindex(n)
	}
	return h
}

// Array returns an empty array with room for n elements.
func (m *Maker) Array(n int) *Array {
	a := &m.arrays.cut(1)[0]
	a.elems = m.elems.cut(n)[:0]
	return a
}

// slab is memory for several values of a type, in pieces of growing size.
type slab[T any] struct {
	free []T
	size int // of the last piece
}

// The least and the most values in a piece. More than half the most have memory
// of their own.
const (
	leastSlab = 4
	mostSlab  = 64
)

// cut returns n zero values.
func (s *slab[T]) cut(n int) []T {
	if n > len(s.free) {
		if n > mostSlab/2 {
			return make([]T, n)
		}
		s.size = min(mostSlab, max(leastSlab, 2*s.size, n))
		s.free = make([]T, s.size)
	}
	made := s.free[:n:n]
	s.free = s.free[n:]
	return made
}
