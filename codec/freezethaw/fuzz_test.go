package freezethaw_test

import (
	"testing"

	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/freezethaw"
)

func FuzzDecode(f *testing.F) {
	for _, seed := range seeds(f) {
		if len(seed) < 1000 {
			f.Add(seed)
		}
	}
	for _, test := range shapes {
		f.Add([]byte(test.record))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, c := range []freezethaw.Codec{{}, {UTF8: true}, {Recover: true}} {
			if err := codectest.Check(c, data); err != nil {
				t.Errorf("%+v: %v", c, err)
			}
		}
	})
}
