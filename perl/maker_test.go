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
