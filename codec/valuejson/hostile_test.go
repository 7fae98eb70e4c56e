package valuejson_test

import (
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/valuejson"
	"github.com/go-datasession/datasession/perl"
)

// seeds are all documents of the tests.
func seeds() (all [][]byte) {
	for _, test := range values {
		all = append(all, []byte(test.want))
	}
	for _, test := range shapes {
		all = append(all, []byte(test.text))
	}
	for _, test := range accepted {
		all = append(all, []byte(test.text))
	}
	for _, test := range refused {
		all = append(all, []byte(test.text))
	}
	return all
}

func TestAttacks(t *testing.T) {
	codectest.Attacks(t, valuejson.Codec{}, seeds(), &codectest.AttackOptions{
		Nest: []string{"[", `{"a":`, `{"$ref":`, `{"$weak":`, `{"$slot":1,"v":`, `{"$blessed":"A","v":`,
			`{"$id":1,"v":[`, `{"$pairs":[["a",`},
	})
}

// FuzzDecode wants what is decoded to be the same value after it was written, in
// the canonical form and in that for people.
func FuzzDecode(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := codectest.Check(valuejson.Codec{}, data); err != nil {
			t.Fatal(err)
		}
		v, err := valuejson.Codec{}.Decode(data, codec.Limits{})
		if err != nil {
			return
		}
		lim := codec.Limits{Depth: 10 * codec.DefaultDepth, Nodes: 10 * codec.DefaultNodes, Bytes: 100 * codec.DefaultBytes}
		canonical, err := valuejson.Codec{}.Append(nil, v, lim)
		if err != nil {
			t.Fatalf("Append(Decode(%q)): %v", data, err)
		}
		pretty, err := valuejson.AppendIndent(nil, v, lim)
		if err != nil {
			t.Fatalf("AppendIndent(Decode(%q)): %v", data, err)
		}
		for _, text := range [][]byte{canonical, pretty} {
			again, err := valuejson.Codec{}.Decode(text, lim)
			if err != nil || !perl.Equal(again, v) {
				t.Fatalf("Decode(%q)\ngives %s, %v\nwant  %s", text, codectest.Format(again), err, canonical)
			}
		}
		loose, err := valuejson.AppendLoose(nil, v, lim)
		if err != nil {
			t.Fatalf("AppendLoose(Decode(%q)): %v", data, err)
		}
		again, err := valuejson.Codec{}.Decode(loose, lim)
		if err != nil {
			t.Fatalf("Decode(%q): %v", loose, err)
		}
		if twice, err := valuejson.AppendLoose(nil, again, lim); string(twice) != string(loose) {
			t.Fatalf("AppendLoose(Decode(%s)) = %s, %v", loose, twice, err)
		}
	})
}
