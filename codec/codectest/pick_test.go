package codectest_test

import (
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/codec/storable"
	"github.com/go-datasession/datasession/perl"
)

// A session as they usually are is picked from, and one that is cut off is not.
func TestPick(t *testing.T) {
	list := perl.NewArray(perl.Int(1), perl.Bytes("it's {[(,"), perl.Text("ψ"), perl.Float(1.5), perl.Value{}, perl.Int(-70000))
	inner := perl.NewHash(2)
	inner.Set("_SESSION_ATIME", perl.Int(1))
	inner.Set("list", perl.NewRef(list))
	root := perl.NewHash(4)
	root.Set("_SESSION_ATIME", perl.Int(1790000000))
	root.Set("_SESSION_ETIME", perl.Bytes("3600"))
	root.Set("_SESSION_ID", perl.Bytes("0123456789abcdef"))
	root.Set("_SESSION_PTIME", perl.NewRef(&perl.Hash{}))
	root.Set("name", perl.Text("Ωmega"))
	root.Set("none", perl.Value{})
	root.Set("z", perl.NewRef(inner))
	for _, c := range []codec.Codec{
		dumper.Codec{}, dumper.Codec{Tail: true}, perljson.Codec{}, perljson.Codec{UTF8: true, Raw: true},
		storable.Codec{}, storable.Codec{Network: true},
	} {
		data, err := c.Append(nil, perl.NewRef(root), codec.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		keys := []string{"_SESSION_ATIME", "_SESSION_ETIME", "name", "none", "nosuch"}
		pick := c.(codec.Picker).Pick
		h, ok := pick(data, codec.Limits{}, keys)
		if !ok || h.Len() != 4 {
			t.Errorf("%s: Pick = %v, %v; want four entries", c.Name(), h, ok)
			continue
		}
		for _, key := range keys[:4] {
			got, _ := h.Get(key)
			if want, _ := root.Get(key); !perl.Equal(got, want) || got.Kind() == perl.KindRef {
				t.Errorf("%s: Pick gives %v for %s, want %v", c.Name(), got, key, want)
			}
		}
		if _, ok := pick(data, codec.Limits{}, []string{"z"}); ok {
			t.Errorf("%s: Pick gives a hash", c.Name())
		}
		if _, ok := pick(data, codec.Limits{Bytes: len(data) - 1}, keys); ok {
			t.Errorf("%s: Pick goes over the limit", c.Name())
		}
		for n := range len(data) - 5 { // ";$D" is not needed
			if h, ok := pick(data[:n], codec.Limits{}, keys); ok {
				t.Errorf("%s: of %d bytes of %d Pick makes %v", c.Name(), n, len(data), h)
			}
		}
	}
}
