package storable_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/storable"
)

// assignable reports whether got is want but for an undef that Perl cannot assign
// to, of \undef or of an element that does not exist: it becomes one that Perl can.
func assignable(got, want []byte) bool {
	return slices.EqualFunc(got, want, func(g, w byte) bool { return g == w || w == 0x0E && g == 0x05 })
}

func TestVectors(t *testing.T) {
	codectest.Run(t, storable.Codec{}, codectest.Vectors("storable-native"), &codectest.Options{
		Same: assignable,
	})
}

func TestVectorsOfNetworkOrder(t *testing.T) {
	codectest.Run(t, storable.Codec{Network: true}, codectest.Vectors("storable-network"), &codectest.Options{
		Same: assignable,
		Deviates: map[string]string{
			"decode/wrong-byteorder": "the native order of big-endian machines is read",
			"decode/long-size-4":     "so is that of 64-bit Windows, where a long has 4 bytes",
			// The vectors have no value for these, as perl 5.36 gives none.
			"decode/boolean-true-22":        "accepted, as the verdict wants; TestValues has the value",
			"decode/boolean-false-23":       "accepted, as the verdict wants; TestValues has the value",
			"decode/overload-unknown-class": "a class is a name, and nothing is loaded",
		},
	})
}

// seeds returns the vectors, but for one that has bytes after the value: as in Perl,
// it is the same value without them.
func seeds(tb testing.TB, dir string) [][]byte {
	seeds, err := codectest.Seeds(codectest.Vectors(dir))
	if err != nil {
		tb.Fatal(err)
	}
	return slices.DeleteFunc(seeds, func(seed []byte) bool { return bytes.HasSuffix(seed, []byte("\x08\x81\xff\xff")) })
}

func TestAttacks(t *testing.T) {
	for _, test := range []struct {
		c              storable.Codec
		dir, head, one string
	}{
		{storable.Codec{}, "storable-native", "\x04\x0b\x0812345678\x04\x08\x08\x08", "\x01\x00\x00\x00"},
		{storable.Codec{Network: true}, "storable-network", "\x05\x0b", "\x00\x00\x00\x01"},
	} {
		t.Run(test.c.Name(), func(t *testing.T) {
			codectest.Attacks(t, test.c, seeds(t, test.dir), &codectest.AttackOptions{
				Head: test.head,
				Nest: []string{
					"\x02" + test.one + "\x04", "\x03" + test.one + "\x04", "\x19\x00" + test.one + "\x04", "\x04",
					"\x11\x01A\x04", "\x0b", "\x15", "\x13\x40",
				},
				Prefixes: true,
			})
		})
	}
}
