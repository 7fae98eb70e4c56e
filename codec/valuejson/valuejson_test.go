package valuejson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/valuejson"
	"github.com/go-datasession/datasession/perl"
)

func text(t *testing.T, v perl.Value) string {
	t.Helper()
	b, err := valuejson.Codec{}.Append(nil, v, codec.Limits{})
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	return string(b)
}

func decode(t *testing.T, s string) perl.Value {
	t.Helper()
	v, err := valuejson.Codec{}.Decode([]byte(s), codec.Limits{})
	if err != nil {
		t.Fatalf("Decode(%s): %v", s, err)
	}
	return v
}

func list(elems ...perl.Value) perl.Value { return perl.NewRef(perl.NewArray(elems...)) }

func hash(pairs ...any) perl.Value {
	h := perl.NewHash(0)
	for i := 0; i < len(pairs); i += 2 {
		switch k := pairs[i].(type) {
		case string:
			h.Set(k, pairs[i+1].(perl.Value))
		case perl.Key:
			h.SetKey(k, pairs[i+1].(perl.Value))
		}
	}
	return perl.NewRef(h)
}

func ref(v perl.Value) perl.Value { return perl.NewRef(perl.NewScalar(v)) }

func blessed(class string, v perl.Value) perl.Value {
	perl.Bless(v.Thing(), class)
	return v
}

// values are written as the text beside them, and read back.
var values = []struct {
	name  string
	value perl.Value
	want  string
	loose string // if it differs
}{
	{"undef", perl.Value{}, `null`, ``},
	{"empty string", perl.Bytes(""), `""`, ``},
	{"ASCII", perl.Bytes("a/b"), `"a/b"`, ``},
	{"controls", perl.Bytes("\x00\n\x1f\x7f\"\\"), `"\u0000\u000a\u001f\u007f\"\\"`, ``},
	{"bytes", perl.Bytes("\xe9"), `{"$bytes":"6Q=="}`, `"é"`},
	{"bytes of UTF-8", perl.Bytes("é"), `{"$bytes":"w6k="}`, `"Ã©"`},
	{"text", perl.Text("é€😀\u0085\u2028"), "\"é€😀\u0085\u2028\"", ``},
	{"surrogate", perl.Text("a\xed\xa0\x80"), `{"$chars":[97,55296]}`, ``},
	{"above Unicode", perl.Text(string(perl.AppendRune(nil, 0x110000))), `{"$chars":[1114112]}`, ``},
	{"largest character", perl.Text(string(perl.AppendRune(nil, 0x7fffffff))), `{"$chars":[2147483647]}`, ``},
	{"integer", perl.Int(-42), `-42`, `"-42"`},
	{"smallest integer", perl.Int(math.MinInt64), `-9223372036854775808`, `"-9223372036854775808"`},
	{"largest integer", perl.Uint(math.MaxUint64), `18446744073709551615`, `"18446744073709551615"`},
	{"float", perl.Float(1.5), `{"$f":"1.5"}`, `"1.5"`},
	{"float of 17 digits", perl.Float(math.Nextafter(0.3, 1)), `{"$f":"0.30000000000000004"}`, `"0.3"`},
	{"integral float", perl.Float(1000), `{"$f":"1000"}`, `"1000"`},
	{"minus zero", perl.Float(math.Copysign(0, -1)), `{"$f":"-0"}`, `"0"`},
	{"infinity", perl.Float(math.Inf(-1)), `{"$f":"-Inf"}`, `"-Inf"`},
	{"not a number", perl.Float(math.NaN()), `{"$f":"NaN"}`, `"NaN"`},
	{"true", perl.Bool(true), `"1"`, ``},
	{"false", perl.Bool(false), `""`, ``},
	{"version string", perl.VString(perl.Bytes("\x01\x02"), "v1.2"), `"\u0001\u0002"`, ``},
	{"empty list", list(), `[]`, ``},
	{"list", list(perl.Int(1), perl.Value{}, list()), `[1,null,[]]`, `["1",null,[]]`},
	{"empty hash", hash(), `{}`, ``},
	{"hash", hash("b", perl.Int(1), "a", perl.Bytes("x"), "", perl.Value{}), `{"":null,"a":"x","b":1}`, `{"":null,"a":"x","b":"1"}`},
	{"keys by code point", hash("\U00010000", perl.Value{}, "\uffff", perl.Value{}), "{\"\uffff\":null,\"\U00010000\":null}", ``},
	{"key with $", hash("$k", perl.Value{}, "a", perl.Value{}), `{"$pairs":[["$k",null],["a",null]]}`, ``},
	{"key of bytes", hash(perl.BytesKey("\xe9"), perl.Value{}, "z", perl.Value{}), `{"$pairs":[["z",null],[{"$bytes":"6Q=="},null]]}`, `{"z":null,"é":null}`},
	{"key of text", hash(perl.TextKey("é"), perl.Value{}), `{"é":null}`, ``},
	{"key with a surrogate", hash("\xed\xa0\x80", perl.Value{}), `{"$pairs":[[{"$chars":[55296]},null]]}`, ``},
	{"reference to a scalar", ref(perl.Bytes("x")), `{"$ref":"x"}`, ``},
	{"reference to a reference", ref(ref(perl.Bytes("x"))), `{"$ref":{"$ref":"x"}}`, ``},
	{"reference to a list reference", ref(list(perl.Bytes("x"))), `{"$ref":["x"]}`, ``},
	{"object", blessed("My::Cart", hash("n", perl.Bytes("x"))), `{"$blessed":"My::Cart","v":{"n":"x"}}`, ``},
	{"object with odd keys", blessed("A", hash("$", perl.Bytes("x"))), `{"$blessed":"A","v":{"$pairs":[["$","x"]]}}`, ``},
	{"scalar object", blessed("A", ref(perl.Bytes("x"))), `{"$blessed":"A","v":{"$ref":"x"}}`, ``},
	{"class of bytes", blessed("\xff", list()), `{"$blessed":{"$bytes":"/w=="},"v":[]}`, `{"$blessed":"ÿ","v":[]}`},
	{"JSON booleans", list(blessed("JSON::PP::Boolean", ref(perl.Int(1))), blessed("JSON::PP::Boolean", ref(perl.Int(0)))), `[{"$bool":true},{"$bool":false}]`, ``},
	{"hash that says it is a boolean", blessed("JSON::PP::Boolean", hash()), `{"$blessed":"JSON::PP::Boolean","v":{}}`, ``},
	{"pattern", perl.NewRef(perl.NewRegexp(perl.Bytes("a.b"), "i")), `{"$regexp":["a.b","i"]}`, ``},
	{"pattern of bytes", perl.NewRef(perl.NewRegexp(perl.Bytes("\xe9"), "")), `{"$regexp":[{"$bytes":"6Q=="},""]}`, ``},
	{"pattern made under Safe", blessed("Safe::Root0::Regexp", perl.NewRef(perl.NewRegexp(perl.Bytes("a"), ""))), `{"$regexp":["a",""]}`, ``},
	{"blessed pattern", blessed("A", perl.NewRef(perl.NewRegexp(perl.Bytes("a"), "x"))), `{"$blessed":"A","v":{"$regexp":["a","x"]}}`, ``},
}

func TestValues(t *testing.T) {
	for _, test := range values {
		t.Run(test.name, func(t *testing.T) {
			if got := text(t, test.value); got != test.want {
				t.Errorf("Append\ngives %s\nwant  %s", got, test.want)
			}
			want := test.loose
			if want == "" {
				want = test.want
			}
			if got, err := valuejson.AppendLoose(nil, test.value, codec.Limits{}); string(got) != want || err != nil {
				t.Errorf("AppendLoose\ngives %s, %v\nwant  %s", got, err, want)
			}
			back := decode(t, test.want)
			if !perl.Equal(back, test.value) {
				t.Errorf("Decode(%s) is not what it was made of, but %s", test.want, text(t, back))
			}
			checkIndent(t, test.value)
		})
	}
}

// checkIndent reads the form for people back.
func checkIndent(t *testing.T, v perl.Value) {
	t.Helper()
	b, err := valuejson.AppendIndent([]byte("dst"), v, codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	b, ok := bytes.CutPrefix(b, []byte("dst"))
	if !ok || !json.Valid(b) {
		t.Errorf("AppendIndent gives no JSON: %s", b)
	}
	if got, want := text(t, decode(t, string(b))), text(t, v); got != want {
		t.Errorf("AppendIndent reads back\nas   %s\nwant %s", got, want)
	}
}

// shapes are texts that stand for things seen more than once.
var shapes = []struct{ name, text string }{
	{"one list twice", `[{"$id":1,"v":[1]},{"$same":1}]`},
	{"cycle at the root", `{"$id":1,"v":{"self":{"$same":1}}}`},
	{"cycle of two", `{"$id":1,"v":[{"a":{"$same":1}}]}`},
	{"object twice", `[{"$id":1,"v":{"$blessed":"A","v":{}}},{"$same":1}]`},
	{"object with odd keys twice", `[{"$id":1,"v":{"$blessed":"A","v":{"$pairs":[["$",1]]}}},{"$same":1}]`},
	{"weak reference back", `{"$id":1,"v":{"kids":[{"up":{"$weak":{"$same":1}}}]}}`},
	{"weak reference first", `[{"$weak":{"$id":1,"v":[]}},{"$same":1}]`},
	{"weak reference alone", `[{"$weak":[1]}]`},
	{"weak reference in a slot", `[{"$slot":1,"v":{"$weak":[]}},{"$ref":{"$slot":1}}]`},
	{"weak boolean", `{"$weak":{"$bool":true}}`},
	{"element and reference", `{"a":{"$slot":1,"v":1},"b":{"$ref":{"$slot":1}}}`},
	{"reference before element", `[{"$ref":{"$slot":1,"v":"x"}},{"$slot":1}]`},
	{"two references to a scalar", `[{"$ref":{"$slot":1,"v":"x"}},{"$ref":{"$slot":1}}]`},
	{"two references to a scalar object", `[{"$blessed":"A","v":{"$ref":{"$slot":1,"v":"x"}}},{"$blessed":"A","v":{"$ref":{"$slot":1}}}]`},
	{"one scalar in two lists", `[[{"$slot":1,"v":1}],[{"$slot":1}]]`},
	{"scalar in itself", `{"$ref":{"$slot":1,"v":{"$ref":{"$slot":1}}}}`},
	{"element that refers to itself", `[{"$slot":1,"v":{"$ref":{"$slot":1}}}]`},
	{"one counter for both", `[{"$id":1,"v":[]},{"$slot":2,"v":{"$id":3,"v":{}}},{"$same":1},{"$ref":{"$slot":2}},{"$same":3}]`},
	{"slot with a shared list", `{"a":{"$slot":1,"v":{"$id":2,"v":[{"$ref":{"$slot":1}}]}},"b":{"$same":2}}`},
	{"slots in odd keys", `{"$pairs":[["$a",{"$slot":1,"v":1}],["$b",{"$ref":{"$slot":1}}]]}`},
}

func TestShapes(t *testing.T) {
	for _, test := range shapes {
		t.Run(test.name, func(t *testing.T) {
			v := decode(t, test.text)
			if got := text(t, v); got != test.text {
				t.Errorf("Append(Decode)\ngives %s\nwant  %s", got, test.text)
			}
			if !perl.Equal(v, decode(t, test.text)) {
				t.Errorf("two readings of %s differ", test.text)
			}
			checkIndent(t, v)
		})
	}
}

func TestElementThatNothingRefersTo(t *testing.T) {
	a := perl.NewArray(perl.Int(1))
	a.Slot(0)
	if got, want := text(t, perl.NewRef(a)), `[1]`; got != want {
		t.Errorf("Append = %s; want %s", got, want)
	}
}

// accepted are other ways to say what a canonical text says.
var accepted = []struct{ name, text, canonical string }{
	{"blanks", " {\r\n\t\"a\" : [ 1 , 2 ] }\n", `{"a":[1,2]}`},
	{"literals of JSON", `[true,false]`, `[{"$bool":true},{"$bool":false}]`},
	{"float of JSON", `[1.50,1e3,-0.0,1E-2]`, `[{"$f":"1.5"},{"$f":"1000"},{"$f":"-0"},{"$f":"0.01"}]`},
	{"integer of 65 bits", `[18446744073709551616,-9223372036854775809]`, `[{"$f":"1.8446744073709552e+19"},{"$f":"-9.223372036854776e+18"}]`},
	{"minus zero", `-0`, `0`},
	{"escapes", `"\u00e9\ud83d\ude00\/\b"`, `"é😀/\u0008"`},
	{"members in another order", `{"v":[{"$same":7}],"$id":7}`, `{"$id":1,"v":[{"$same":1}]}`},
	{"use before definition", `{"a":{"$same":2},"b":{"$id":2,"v":{}}}`, `{"a":{"$id":1,"v":{}},"b":{"$same":1}}`},
	{"slot before definition", `[{"$slot":9},{"$ref":{"$slot":9,"v":1}}]`, `[{"$slot":1,"v":1},{"$ref":{"$slot":1}}]`},
	{"id without need", `{"$id":5,"v":[]}`, `[]`},
	{"slot without need", `[{"$slot":5,"v":1}]`, `[1]`},
	{"pairs without need, in another order", `{"$pairs":[["b",1],["a",2]]}`, `{"a":2,"b":1}`},
	{"bytes without need", `{"$bytes":"YQ=="}`, `"a"`},
	{"characters without need", `{"$chars":[233]}`, `"é"`},
	{"member v without a tag", `{"v":1}`, `{"v":1}`},
	{"class first seen without its blessing", `[{"$ref":{"$slot":1,"v":1}},{"$blessed":"A","v":{"$ref":{"$slot":1}}}]`,
		`[{"$blessed":"A","v":{"$ref":{"$slot":1,"v":1}}},{"$blessed":"A","v":{"$ref":{"$slot":1}}}]`},
}

func TestAccepted(t *testing.T) {
	for _, test := range accepted {
		t.Run(test.name, func(t *testing.T) {
			if got := text(t, decode(t, test.text)); got != test.canonical {
				t.Errorf("Append(Decode(%s))\ngives %s\nwant  %s", test.text, got, test.canonical)
			}
		})
	}
}

// refused are documents that are syntax errors, and where.
var refused = []struct {
	name, text string
	at         int64
}{
	{"nothing", ``, 0},
	{"unknown form", `[{"$x":1}]`, 1},
	{"two forms", `{"$f":"1","$ref":1}`, 10},
	{"member that does not go with a form", `{"$ref":1,"w":1}`, 0},
	{"v that does not go with a form", `{"$ref":1,"v":1}`, 0},
	{"v twice", `{"$id":1,"v":[],"v":[]}`, 0},
	{"class without an object", `{"$blessed":"A"}`, 0},
	{"object that is a string", `{"$blessed":"A","v":"x"}`, 20},
	{"object twice blessed", `{"$blessed":"A","v":{"$blessed":"B","v":[]}}`, 20},
	{"id within a blessing", `{"$blessed":"A","v":{"$id":1,"v":[]}}`, 20},
	{"empty class", `{"$blessed":"","v":[]}`, 12},
	{"one thing in two classes", `[{"$blessed":"A","v":{"$ref":{"$slot":1,"v":1}}},{"$blessed":"B","v":{"$ref":{"$slot":1}}}]`, 61},
	{"undefined id", `[{"$same":1}]`, 10},
	{"undefined slot", `[{"$slot":1}]`, 10},
	{"id defined twice", `[{"$id":1,"v":[]},{"$id":1,"v":[]}]`, 25},
	{"id and slot with one number", `[{"$id":1,"v":[]},{"$slot":1,"v":1}]`, 27},
	{"id of a string", `{"$id":1,"v":"x"}`, 13},
	{"id of a scalar", `{"$id":1,"v":{"$ref":1}}`, 13},
	{"id that is no integer", `{"$id":"1","v":[]}`, 7},
	{"use of an id that is no integer", `[{"$id":1,"v":[]},{"$same":"1"}]`, 27},
	{"id zero", `{"$id":0,"v":[]}`, 7},
	{"negative id", `{"$id":-1,"v":[]}`, 7},
	{"slot as a list", `[{"$slot":1,"v":1},{"$same":1}]`, 28},
	{"list as a slot", `[{"$id":1,"v":[]},{"$slot":1}]`, 27},
	{"slot at the root", `{"$slot":1,"v":1}`, 0},
	{"weak string", `{"$weak":"x"}`, 9},
	{"weak weak reference", `{"$weak":{"$weak":[]}}`, 9},
	{"bytes that are no base64", `{"$bytes":"6Q"}`, 10},
	{"bytes with a line break", `{"$bytes":"6Q==\n"}`, 10},
	{"bytes of a number", `{"$bytes":1234}`, 10},
	{"characters that are no list", `{"$chars":"a"}`, 10},
	{"characters that are no integers", `{"$chars":["1"]}`, 11},
	{"character of 32 bits", `{"$chars":[2147483648]}`, 11},
	{"negative character", `{"$chars":[-1]}`, 11},
	{"float of hexadecimal digits", `{"$f":"0x1p3"}`, 6},
	{"float with a word", `{"$f":"infinity"}`, 6},
	{"float of a number", `{"$f":1.5}`, 6},
	{"float too large", `{"$f":"1e400"}`, 6},
	{"number too large", `[1e400]`, 1},
	{"boolean of a number", `{"$bool":1}`, 9},
	{"pairs that are no list", `{"$pairs":{}}`, 10},
	{"pair of one", `{"$pairs":[["a"]]}`, 11},
	{"pair of three", `{"$pairs":[["a",1,2]]}`, 11},
	{"key that is a number", `{"$pairs":[[1,1]]}`, 12},
	{"key twice among pairs", `{"$pairs":[["a",1],["a",2]]}`, 20},
	{"key twice as bytes and text", `{"$pairs":[[{"$bytes":"6Q=="},1],["é",2]]}`, 34},
	{"name twice", `{"a":1,"a":2}`, 7},
	{"pattern without flags", `{"$regexp":["a"]}`, 11},
	{"pattern with odd flags", `{"$regexp":["a","I "]}`, 16},
	{"half of a pair", `"\ud83d"`, 1},
	{"invalid UTF-8", "\"\xff\"", 1},
	{"two documents", `1 2`, 2},
}

func TestRefused(t *testing.T) {
	for _, test := range refused {
		t.Run(test.name, func(t *testing.T) {
			v, err := valuejson.Codec{}.Decode([]byte(test.text), codec.Limits{})
			var syntax *codec.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("Decode(%s) = %v, %v; want a *SyntaxError", test.text, v, err)
			}
			if syntax.Codec != "value-json" || syntax.Offset != test.at {
				t.Errorf("Decode(%s): %v; want it at byte %d", test.text, err, test.at)
			}
		})
	}
	t.Run("code", func(t *testing.T) {
		v, err := valuejson.Codec{}.Decode([]byte(`{"a b":{"$ref":[1,{"$other":"CODE"}]}}`), codec.Limits{})
		var unsupported *codec.UnsupportedError
		if !errors.As(err, &unsupported) || unsupported.What != "CODE" || unsupported.Path != `$D->{"a b"}[1]` {
			t.Errorf("Decode = %v, %v; want an *UnsupportedError for CODE and where it is", v, err)
		}
	})
}

func TestIndent(t *testing.T) {
	v := decode(t, `{"empty":[],"list":[1,{"$id":1,"v":{"$blessed":"A","v":{"$pairs":[["$a",{"$same":1}]]}}}],"x":"\u009b\u202e\u200bé\ue000"}`)
	want := `{
  "empty": [],
  "list": [
    1,
    {"$id": 1, "v": {"$blessed": "A", "v": {"$pairs": [
      ["$a", {"$same": 1}]
    ]}}}
  ],
  "x": "\u009b\u202e\u200bé\ue000"
}`
	got, err := valuejson.AppendIndent(nil, v, codec.Limits{})
	if string(got) != want || err != nil {
		t.Errorf("AppendIndent = %s, %v\nwant %s", got, err, want)
	}
}

func TestDigest(t *testing.T) {
	// printf '[1]' | sha256sum; printf '["1"]' | sha256sum
	v := list(perl.Int(1))
	if got, want := valuejson.Digest(v), "080a9ed428559ef602668b4c00f114f1a11c3f6b02a435f0bdc154578e4d7f22"; got != want {
		t.Errorf("Digest = %s; want %s", got, want)
	}
	if got, want := valuejson.DigestLoose(v), "43de3a417d75f4818c5a553268b80ce3a5805109a3bbc6b605e9fb0b8f50b485"; got != want {
		t.Errorf("DigestLoose = %s; want %s", got, want)
	}
	deep := perl.Value{}
	for range 100_001 {
		deep = list(deep)
	}
	if got := valuejson.Digest(deep); got != "" {
		t.Errorf("Digest of what is too deep = %s; want none", got)
	}
}

// Thirty lists that each hold the one before twice are a billion paths, and
// thirty lists.
func TestSharedIsLinear(t *testing.T) {
	v := list()
	for range 30 {
		v = list(v, v)
	}
	got := text(t, v)
	if len(got) > 2000 {
		t.Errorf("Append gives %d bytes; want one copy of each list", len(got))
	}
	if !perl.Equal(decode(t, got), v) {
		t.Error("Decode(Append) is another value")
	}
}

func TestLimits(t *testing.T) {
	deep := list(ref(list(hash("a", perl.Int(1)))))
	for _, test := range []struct {
		name          string
		value         perl.Value
		enough, short codec.Limits
		what          string
	}{
		{"depth of neighbours", list(list(), ref(list()), hash(), ref(perl.Value{}), list(list())), codec.Limits{Depth: 3}, codec.Limits{Depth: 2}, "depth"},
		{"depth", deep, codec.Limits{Depth: 4}, codec.Limits{Depth: 3}, "depth"},
		{"nodes", deep, codec.Limits{Nodes: 5}, codec.Limits{Nodes: 4}, "nodes"},
		{"nodes of objects", blessed("A", list(perl.NewWeakRef(perl.NewArray()))), codec.Limits{Nodes: 2}, codec.Limits{Nodes: 1}, "nodes"},
		{"nodes of slots", decode(t, `[{"$slot":1,"v":1},{"$ref":{"$slot":1}}]`), codec.Limits{Nodes: 4}, codec.Limits{Nodes: 3}, "nodes"},
		{"bytes", perl.Bytes("\xe9"), codec.Limits{Bytes: 17}, codec.Limits{Bytes: 16}, "bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, err := valuejson.Codec{}.Append(nil, test.value, test.enough)
			if err != nil {
				t.Fatalf("Append at the limit: %v", err)
			}
			if _, err := (valuejson.Codec{}).Decode(b, test.enough); err != nil {
				t.Errorf("Decode at the limit: %v", err)
			}
			var limit *codec.LimitError
			if _, err := (valuejson.Codec{}).Append(nil, test.value, test.short); !errors.As(err, &limit) || limit.What != test.what {
				t.Errorf("Append beyond the limit: %v; want a *LimitError for %s", err, test.what)
			}
			limit = nil
			if _, err := (valuejson.Codec{}).Decode(b, test.short); !errors.As(err, &limit) || limit.What != test.what {
				t.Errorf("Decode beyond the limit: %v; want a *LimitError for %s", err, test.what)
			}
		})
	}
}

// All forms around each level do not count as levels.
func TestDepthWithAllForms(t *testing.T) {
	const levels = 20
	var b strings.Builder
	for i := range levels {
		fmt.Fprintf(&b, `{"$weak":{"$id":%d,"v":{"$blessed":"A","v":{"$pairs":[["$",{"$slot":%d,"v":`, 2*i+1, 2*i+2)
	}
	doc := b.String() + "null" + strings.Repeat(`}]]}}}}`, levels)
	if _, err := (valuejson.Codec{}).Decode([]byte(doc), codec.Limits{Depth: levels}); err != nil {
		t.Errorf("Decode at the limit: %v", err)
	}
	if _, err := (valuejson.Codec{}).Decode([]byte(doc), codec.Limits{Depth: levels - 1}); !errors.Is(err, codec.ErrLimit) {
		t.Errorf("Decode beyond the limit: %v; want a *LimitError", err)
	}
}
