package dumper

import (
	"strconv"

	"github.com/go-datasession/datasession/perl"
)

// step leads from a thing to a value in it.
type step struct {
	kind  stepKind
	index int32    // of an element
	key   perl.Key // of an entry
}

type stepKind uint8

const (
	toElement stepKind = iota // of an array
	toEntry                   // of a hash
	toContent                 // of a scalar
)

// appendPath appends the place to which steps lead from the root, as
// Data::Dumper spells it: $D->{'a'}[1], ${$D->{'r'}}->{'k'}->[0].
func appendPath(dst []byte, steps []step) []byte {
	for _, s := range steps {
		if s.kind == toContent {
			dst = append(dst, "${"...)
		}
	}
	dst = append(dst, "$D"...)
	inScalar := false
	for i, s := range steps {
		if s.kind == toContent {
			dst = append(dst, '}')
			inScalar = true
			continue
		}
		if i == 0 || inScalar {
			dst = append(dst, "->"...)
		}
		if s.kind == toElement {
			dst = append(dst, '[')
			dst = append(strconv.AppendInt(dst, int64(s.index), 10), ']')
		} else {
			dst = append(dst, '{')
			dst = append(appendKey(dst, s.key), '}')
		}
	}
	return dst
}
