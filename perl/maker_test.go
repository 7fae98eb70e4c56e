package perl_test

import (
	"strconv"
	"testing"

	"github.com/go-datasession/datasession/perl"
)

// What a Maker makes is as what NewHash and NewArray make, and does not grow into
// its neighbours.
func TestMaker(t *testing.T) {
	var m perl.Maker
	var hashes []*perl.Hash
	var arrays []*perl.Array
	for n := range 100 {
		hashes, arrays = append(hashes, m.Hash(n)), append(arrays, m.Array(n))
	}
	for n := range 100 {
		for i := range n + 3 {
			hashes[n].Set(strconv.Itoa(i), perl.Int(int64(n*i)))
			arrays[n].Push(perl.Int(int64(n * i)))
		}
	}
	for n := range 100 {
		if hashes[n].Len() != n+3 || arrays[n].Len() != n+3 || hashes[n].Class() != "" {
			t.Errorf("%d: %d entries, %d elements; want %d", n, hashes[n].Len(), arrays[n].Len(), n+3)
		}
		for i := range n + 3 {
			if v, _ := hashes[n].Get(strconv.Itoa(i)); v.Int() != int64(n*i) || arrays[n].At(i).Int() != int64(n*i) {
				t.Errorf("%d: entry %d is %v, element %v; want %d", n, i, v, arrays[n].At(i), n*i)
			}
		}
	}
}

func TestMakerAllocations(t *testing.T) {
	got := testing.AllocsPerRun(10, func() {
		var m perl.Maker
		for range 100 {
			m.Hash(4)
			m.Array(4)
		}
	})
	if got > 40 {
		t.Errorf("100 hashes and 100 arrays took %v allocations, want at most 40", got)
	}
}

// Filling is as assigning one by one, and what is filled keeps its identity.
func TestMakerFills(t *testing.T) {
	var m perl.Maker
	m.Left(1000)
	for n := range 100 {
		h, a := m.Hash(0), m.Array(0)
		var keys []perl.Key
		var vals []perl.Value
		for i := range n {
			keys, vals = append(keys, perl.StringKey(strconv.Itoa(i))), append(vals, perl.Int(int64(i)))
		}
		if n > 0 { // the last of equal keys counts
			keys, vals = append(keys, keys[0]), append(vals, perl.Int(-1))
		}
		m.FillHash(h, keys, vals)
		m.FillArray(a, vals)
		m.Left(0)
		if h.Len() != n || a.Len() != len(vals) {
			t.Errorf("%d: %d entries, %d elements", n, h.Len(), a.Len())
		}
		for i := range n {
			want := int64(i)
			if i == 0 {
				want = -1
			}
			if v, _ := h.Get(strconv.Itoa(i)); v.Int() != want || a.At(i).Int() != int64(i) {
				t.Errorf("%d: entry %d is %v, element %v", n, i, v, a.At(i))
			}
		}
	}
}
