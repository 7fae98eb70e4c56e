package perlyaml

import (
	"strconv"

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
	b := []byte("$D")
	for i, s := range path {
		if _, ok := s.thing.(*perl.Scalar); ok {
			b = append(append([]byte("${"), b...), '}')
			continue
		}
		if i == 0 || b[len(b)-1] == '}' && b[0] == '$' && b[1] == '{' {
			b = append(b, "->"...)
		}
		if _, ok := s.thing.(*perl.Hash); ok {
			b = append(appendKey(append(b, '{'), s.key.String()), '}')
		} else {
			b = append(strconv.AppendInt(append(b, '['), int64(s.index), 10), ']')
		}
	}
	return string(b)
}

// appendKey appends a key as it is if Perl would take it for a word, and quoted
// otherwise.
func appendKey(b []byte, key string) []byte {
	for i := range len(key) {
		c := key[i]
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return strconv.AppendQuoteToASCII(b, key)
		}
	}
	if key == "" {
		return append(b, `""`...)
	}
	return append(b, key...)
}
