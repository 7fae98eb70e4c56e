package freezethaw_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"slices"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/freezethaw"
	"github.com/go-datasession/datasession/perl"
)

func TestVectors(t *testing.T) {
	codectest.Run(t, freezethaw.Codec{}, codectest.Vectors("freezethaw"), nil)
}

// What Perl makes of text, and reads where it gets characters back.
func TestVectorsInUTF8(t *testing.T) {
	b, err := fs.ReadFile(codectest.Vectors("freezethaw"), "cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name       string
		Value      json.RawMessage
		Frozen     []byte          `json:"frozen_base64"`
		InUTF8     []byte          `json:"frozen_utf8_base64"`
		IsText     bool            `json:"frozen_is_text"`
		Expect     json.RawMessage `json:"expect"`
		ExpectText json.RawMessage `json:"expect_text"`
	}
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, c := range cases {
		if !c.IsText {
			continue
		}
		n++
		t.Run(c.Name, func(t *testing.T) {
			stored, meant := c.Frozen, c.Expect
			if c.InUTF8 != nil {
				stored = c.InUTF8
			}
			if c.ExpectText != nil {
				meant = c.ExpectText
			}
			want := parse(t, meant)
			codecUTF8 := freezethaw.Codec{UTF8: true}
			for _, c := range []freezethaw.Codec{codecUTF8, {Recover: true}} {
				if v, err := c.Decode(stored, codec.Limits{}); err != nil || !perl.Equal(v, want) {
					t.Errorf("%+v: Decode(%q) = %s, %v; want %s", c, stored, codectest.Format(v), err, meant)
				}
			}
			if got, err := codecUTF8.Append(nil, parse(t, c.Value), codec.Limits{}); err != nil || !bytes.Equal(got, stored) {
				t.Errorf("Append = %q, %v; want %q", got, err, stored)
			}
		})
	}
	if n < 20 {
		t.Errorf("%d vectors hold text; want more", n)
	}
}

func parse(t *testing.T, model json.RawMessage) perl.Value {
	t.Helper()
	v, err := codectest.Parse(model)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// seeds are the vectors. Those of long strings take time, and have nothing in them to
// go wrong.
func seeds(tb testing.TB) [][]byte {
	all, err := codectest.Seeds(codectest.Vectors("freezethaw"))
	if err != nil {
		tb.Fatal(err)
	}
	return slices.DeleteFunc(all, func(s []byte) bool { return len(s) > 2000 })
}

func TestAttacks(t *testing.T) {
	for name, c := range map[string]freezethaw.Codec{
		"bytes": {}, "UTF8": {UTF8: true}, "Recover": {Recover: true},
	} {
		t.Run(name, func(t *testing.T) {
			codectest.Attacks(t, c, seeds(t), &codectest.AttackOptions{
				Head:     "FrT;@1|@2|>>0|$1|A@0|",
				Nest:     []string{"@1|", "%2|$1|a", `\`, ">)0|@1|", ">)0|%2|$0|", `>)0|\`},
				Prefixes: !c.Recover, // the half of a character may be a whole byte
			})
		})
	}
}

func TestAttacksOnSharedThings(t *testing.T) {
	codectest.Attacks(t, freezethaw.Codec{}, nil, &codectest.AttackOptions{
		Head: "FrT;!0|@0|",
		Nest: []string{"@1|", "@2|<0|@1|"},
	})
}
