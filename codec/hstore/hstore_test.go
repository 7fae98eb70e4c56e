package hstore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/hstore"
	"github.com/go-datasession/datasession/perl"
)

// damaged are the vectors that PostgreSQL would not give back.
var damaged = map[string]string{
	"str-backslash":             "refused: PostgreSQL takes the backslash away",
	"str-trailing-backslash":    "the same",
	"str-backslash-quote":       "the same",
	"str-two-backslashes-quote": "the same",
	"str-backslash-dquote-nl":   "the same",
	"str-literal-backslash-n":   "the same",
	"bytes-all-256":             "the same",
	"key-backslash":             "the same",
	"str-nul":                   "refused: PostgreSQL has no NUL",
	"str-only-nul":              "the same",
	"key-nul":                   "the same",
	"key-dquote":                "refused: Perl writes what it reads as another key",
	"ref-to-element":            `\1 is a reference to a scalar, and no boolean`,
}

// wide are the vectors with characters above U+00FF.
var wide = strings.Fields(`char-euro char-euro-text char-emoji char-zwj-family char-combining char-2028 char-bom
	char-controls char-10ffff char-hexdigit-follows char-lone-surrogate byte-and-wide char-len-200 char-octets-255
	char-octets-256 key-euro key-emoji key-euro-and-byte`)

func TestVectors(t *testing.T) {
	reasons := maps.Clone(damaged)
	for _, name := range wide {
		reasons[name] = "refused: Perl writes what it reads as other characters"
	}
	codectest.Run(t, hstore.Codec{}, codectest.Vectors("apache-hstore"), &codectest.Options{
		Deviates: reasons,
		Same:     sameBytes,
	})
}

// sameBytes reports whether there are the same bytes in another order: Perl sorts
// neither keys nor pairs.
func sameBytes(got, want []byte) bool {
	return slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want)))
}

// What Perl makes of characters, as PostgreSQL holds them.
func TestVectorsInUTF8(t *testing.T) {
	b, err := fs.ReadFile(codectest.Vectors("apache-hstore"), "cases.json")
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
		if damaged[c.Name] != "" || c.Frozen == nil || !c.IsText || c.Name == "char-lone-surrogate" || c.Name == "char-euro-text" {
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
			if v, err := (hstore.Codec{UTF8: true}).Decode(stored, codec.Limits{}); err != nil || !perl.Equal(v, parse(t, meant)) {
				t.Errorf("Decode(%q) = %s, %v; want %s", stored, codectest.Format(v), err, meant)
			}
			got, err := hstore.Codec{UTF8: true}.Append(nil, parse(t, c.Value), codec.Limits{})
			if err != nil || !sameBytes(got, stored) {
				t.Errorf("Append = %q, %v; want %q", got, err, stored)
			}
		})
	}
	if n < 40 {
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

func TestDecode(t *testing.T) {
	for record, want := range map[string]string{
		``:                                      `{"hash":[]}`,
		" \n":                                   `{"hash":[]}`,
		`"a"=>"1", "b"=>""`:                     `{"hash":[[{"s":"a"},{"s":"1"}],[{"s":"b"},{"s":""}]]}`,
		"\t\"a\" =>\n\"#%22x#%2\" , \"\"=>\"\"": `{"hash":[[{"s":"a"},{"s":"\"x#%2"}],[{"s":""},{"s":""}]]}`,
		`"a"=>"1","a"=>"2"`:                     `{"hash":[[{"s":"a"},{"s":"2"}]]}`,
		`"a"=>"_json://[1,#%22x#%22]"`:          `{"hash":[[{"s":"a"},{"list":[{"i":"1"},{"s":"x"}]}]]}`,
		`"a"=>"_json://true"`:                   `{"hash":[[{"s":"a"},{"bless":"JSON::PP::Boolean","of":{"ref":{"i":"1"}}}]]}`,
		`"#%22"=>"_json:/"`:                     `{"hash":[[{"s":"#%22"},{"s":"_json:/"}]]}`,
	} {
		for _, c := range []hstore.Codec{{}, {UTF8: true}} {
			if got, err := c.Decode([]byte(record), codec.Limits{}); err != nil || !perl.Equal(got, parse(t, []byte(want))) {
				t.Errorf("%+v: Decode(%q) = %s, %v; want %s", c, record, codectest.Format(got), err, want)
			}
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for record, want := range map[string]string{
		`x`:                         `at byte 0: want a key in quotes`,
		`"a"`:                       `at byte 3: want "=>"`,
		`"a"=>NULL`:                 `at byte 5: want a value in quotes`,
		`"a"=>"b`:                   `at byte 5: string without an end`,
		`"a"=>"b",`:                 `at byte 9: want a key in quotes`,
		`"a"=>"b" "c"=>"d"`:         `at byte 9: want "," or the end`,
		`"a"b"=>"c"`:                `at byte 3: want "=>"`,
		`"a"=>"_json://[1"`:         `at byte 14: unexpected end of data, want ',' or ']'`,
		`"a"=>"_json://null"`:       `at byte 6: want a list, a hash or a boolean as JSON, found undef`,
		`"a"=>"_json://[1][2]"`:     `at byte 14: unexpected byte 0x5b, want the end`,
		`"a"=>"_json:// #%22x#%22"`: `at byte 6: want a list, a hash or a boolean as JSON, found bytes`,
		"\"a\"=>\"\xff\"":           `at byte 6: want UTF-8`,
	} {
		v, err := hstore.Codec{UTF8: true}.Decode([]byte(record), codec.Limits{})
		if err == nil || err.Error() != "Hstore: "+want {
			t.Errorf("Decode(%q) = %s, %v; want %s", record, codectest.Format(v), err, want)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	list := func(v ...perl.Value) perl.Value { return perl.NewRef(perl.NewArray(v...)) }
	cycle := perl.NewArray()
	cycle.Push(perl.NewRef(cycle))
	for _, test := range []struct {
		name       string
		value      perl.Value
		what, path string
	}{
		{"backslash", perl.Bytes(`a\b`), "backslash", `$D->{"v"}`},
		{"newline in a list", list(perl.Bytes("a\nb")), "backslash", `$D->{"v"}`},
		{"quote in a list", list(perl.Bytes(`"`)), "backslash", `$D->{"v"}`},
		{"NUL", perl.Bytes("\x00"), "NUL", `$D->{"v"}`},
		{"quote as it is written", perl.Bytes("a#%22"), "string that reads as a quote", `$D->{"v"}`},
		{"the same in a list", list(perl.Bytes("a#%22")), "string that reads as a quote", `$D->{"v"}`},
		{"JSON", perl.Bytes("_json://[1]"), "string that reads as JSON", `$D->{"v"}`},
		{"object", list(perl.NewRef(blessed())), "object", `$D->{"v"}[0]`},
		{"cycle", perl.NewRef(cycle), "cycle", `$D->{"v"}[0]`},
		{"surrogate", perl.Text("\xed\xa0\x80"), "character that is not in Unicode", `$D->{"v"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := perl.NewHash(1)
			root.Set("v", test.value)
			got, err := hstore.Codec{UTF8: true}.Append([]byte("dst"), perl.NewRef(root), codec.Limits{})
			var u *codec.UnsupportedError
			if !errors.As(err, &u) || u.Codec != "Hstore" || u.What != test.what || u.Path != test.path {
				t.Errorf("Append: %v; want %s at %s", err, test.what, test.path)
			}
			if string(got) != "dst" {
				t.Errorf("Append returned %q; want dst as it was", got)
			}
		})
	}
	if _, err := (hstore.Codec{}).Append(nil, list(), codec.Limits{}); !errors.Is(err, codec.ErrUnsupported) {
		t.Errorf("Append of a list: %v; want an *UnsupportedError", err)
	}
}

func blessed() perl.Thing {
	h := perl.NewHash(0)
	perl.Bless(h, "Foo")
	return h
}

// Limits count what is in the JSON, too, and over all of it.
func TestLimits(t *testing.T) {
	var pairs []string
	for i := range 10 {
		pairs = append(pairs, fmt.Sprintf(`"%d" => "_json://[1,[2,3]]"`, i))
	}
	record := []byte(strings.Join(pairs, ","))
	const nodes, depth = 1 + 10*5, 3
	v, err := hstore.Codec{}.Decode(record, codec.Limits{Nodes: nodes, Depth: depth, Bytes: len(record)})
	if err != nil {
		t.Fatal(err)
	}
	for _, lim := range []codec.Limits{{Nodes: nodes}, {Depth: depth}, {Bytes: len(record)}} {
		if got, err := (hstore.Codec{}).Append(nil, v, lim); err != nil || string(got) != string(record) {
			t.Errorf("Append with %+v = %s, %v; want %s", lim, got, err, record)
		}
	}
	for _, test := range []struct {
		lim  codec.Limits
		what string
		max  int
	}{
		{codec.Limits{Nodes: nodes - 1}, "nodes", nodes - 1},
		{codec.Limits{Nodes: 1}, "nodes", 1},
		{codec.Limits{Nodes: 2}, "nodes", 2},
		{codec.Limits{Depth: depth - 1}, "depth", depth - 1},
		{codec.Limits{Depth: 1}, "depth", 1},
		{codec.Limits{Bytes: len(record) - 1}, "bytes", len(record) - 1},
		{codec.Limits{Bytes: 20}, "bytes", 20},
	} {
		_, errDecode := hstore.Codec{}.Decode(record, test.lim)
		_, errAppend := hstore.Codec{}.Append(nil, v, test.lim)
		for call, err := range map[string]error{"Decode": errDecode, "Append": errAppend} {
			var limit *codec.LimitError
			if !errors.As(err, &limit) || limit.Codec != "Hstore" || limit.What != test.what || limit.Max != test.max {
				t.Errorf("%s with %+v: %v; want more than %d %s", call, test.lim, err, test.max, test.what)
			}
		}
	}
	latin1 := parse(t, []byte(`{"hash":[[{"s":"v"},{"s":"\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9","utf8":true}]]}`))
	if _, err := (hstore.Codec{}).Append(nil, latin1, codec.Limits{Bytes: len(`"v" => "eeeeeeeeeeee"`)}); err != nil {
		t.Errorf("Append at the limit of bytes, in Latin-1: %v", err)
	}
	for levels, ok := range map[int]bool{hstore.MaxDepth - 1: true, hstore.MaxDepth: false} {
		record := `"a" => "_json://` + strings.Repeat("[", levels) + strings.Repeat("]", levels) + `"`
		v, err := hstore.Codec{}.Decode([]byte(record), codec.Limits{Depth: 5000})
		if ok != (err == nil) || err != nil && !strings.Contains(err.Error(), "513 deep") {
			t.Errorf("Decode of %d lists: %v; want no error: %t", levels, err, ok)
		}
		if err == nil {
			if _, err := (hstore.Codec{}).Append(nil, v, codec.Limits{}); err != nil {
				t.Errorf("Append of %d lists: %v", levels, err)
			}
		}
	}
}

func seeds(tb testing.TB) [][]byte {
	all, err := codectest.Seeds(codectest.Vectors("apache-hstore"))
	if err != nil {
		tb.Fatal(err)
	}
	return slices.DeleteFunc(all, func(s []byte) bool { return len(s) > 2000 })
}

func TestAttacks(t *testing.T) {
	for _, c := range []hstore.Codec{{}, {UTF8: true}} {
		t.Run(fmt.Sprintf("UTF8=%t", c.UTF8), func(t *testing.T) {
			codectest.Attacks(t, c, seeds(t), nil)
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, c := range []hstore.Codec{{}, {UTF8: true}} {
			if err := codectest.Check(c, data); err != nil {
				t.Errorf("%+v: %v", c, err)
			}
		}
	})
}
