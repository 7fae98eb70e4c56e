package freezethaw

import (
	"github.com/go-datasession/datasession/internal/perlpath"
	"github.com/go-datasession/datasession/perl"
)

// pathTo returns a shortest way from the root to a reference to t, from the inside to
// the outside, and none if there is none.
func pathTo(root perl.Value, t perl.Thing) []perlpath.Step {
	type spot struct {
		at     perl.Value
		within int // the spot of what it is in
		step   perlpath.Step
	}
	spots := []spot{{at: root}}
	been := map[perl.Thing]bool{}
	for i := 0; i < len(spots); i++ {
		at := spots[i].at.Thing()
		if at == t {
			var steps []perlpath.Step
			for ; i > 0; i = spots[i].within {
				steps = append(steps, spots[i].step)
			}
			return steps
		}
		if been[at] {
			continue
		}
		been[at] = true
		switch at := at.(type) {
		case *perl.Array:
			for j, v := range at.All() {
				spots = append(spots, spot{v, i, perlpath.Element(j)})
			}
		case *perl.Hash:
			for key, v := range at.Sorted() {
				spots = append(spots, spot{v, i, perlpath.Entry(key)})
			}
		case *perl.Scalar:
			spots = append(spots, spot{at.Get(), i, perlpath.Content()})
		}
	}
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
