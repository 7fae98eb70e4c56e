package perlyaml

import (
	"github.com/go-datasession/datasession/internal/perlpath"
	"github.com/go-datasession/datasession/perl"
)

// step leads from a thing to a value in it.
type step struct {
	thing perl.Thing
	key   perl.Key
	index int
}

// where returns the path to which steps lead, as Perl would write it.
func where(path []step) string {
	steps := make([]perlpath.Step, len(path))
	for i, s := range path {
		switch s.thing.(type) {
		case *perl.Hash:
			steps[i] = perlpath.Entry(s.key)
		case *perl.Array:
			steps[i] = perlpath.Element(s.index)
		}
	}
	return perlpath.Path(steps)
}
