package perljson_test

import (
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/perl"
)

// What JSON::PP and JSON::XS disagree on cannot be right for both.
var deviates = map[string]map[string]string{
	"json-pp": {
		"decode/exp":             "a number with an exponent is a float, as JSON::XS has it",
		"float-1e15":             "the same",
		"float-1e16":             "JSON::PP takes some integral floats for strings; JSON::XS does not",
		"float-2**53":            "the same",
		"bool-true":              "Perl's own booleans are written as true and false",
		"bool-false":             "the same",
		"string-used-as-int":     "a string that has been used as a number is a string in Go",
		"string-used-as-big-int": "the same",
		"ref-to-element":         `\1 is a reference to a scalar, and no boolean`,
	},
	"json-xs": {
		"int-min":               "JSON::XS reads the smallest integer as a string, JSON::PP as an integer",
		"float-0.1+0.2":         "JSON::XS reads fractions with an error of an ulp or two",
		"float-denormal":        "the same: it reads the smallest float as 0",
		"float-1/3":             "the same",
		"float-true-minus-zero": "written as 0, as JSON::PP does; both read -0 as 0",
		"bool-true":             "Perl's own booleans are written as true and false",
		"bool-false":            "the same",
		"int-used-as-string":    "a number that has been used as a string is a number in Go",
		"multi-20":              "the same",
		"char-lone-surrogate":   "refused: written as an escape, Perl could not read it",
		"ref-to-element":        `\1 is a reference to a scalar, and no boolean`,
	},
}

func TestVectors(t *testing.T) {
	for dir, reasons := range deviates {
		t.Run(dir, func(t *testing.T) {
			codectest.Run(t, perljson.Codec{}, codectest.Vectors(dir), &codectest.Options{
				Deviates:        reasons,
				EscapesNonASCII: true,
			})
		})
	}
}

// Apache::Session's serializer JSON, of the module Apache::Session::Browseable, writes
// the same. What is no JSON it would thaw as Storable; here one codec reads one format.
func TestVectorsOfApacheSession(t *testing.T) {
	for _, dir := range []string{"json-pp", "json-xs"} {
		t.Run("apache-"+dir, func(t *testing.T) {
			reasons := maps.Clone(deviates[dir])
			if dir == "json-pp" {
				reasons["decode/null"] = "undef is a value; that it is no session is for the session to say"
			}
			codectest.Run(t, perljson.Codec{}, codectest.Vectors("apache-"+dir), &codectest.Options{
				Deviates:        reasons,
				EscapesNonASCII: true,
			})
		})
	}
}

func TestEncode(t *testing.T) {
	for _, test := range []struct {
		name  string
		value perl.Value
		want  string
	}{
		{"bytes", perl.Bytes("a\xe9"), `"a\u00e9"`},
		{"text", perl.Text("é€😀"), `"\u00e9\u20ac\ud83d\ude00"`},
		{"last character", perl.Text("\U0010ffff"), `"\udbff\udfff"`},
		{"controls", perl.Bytes("\x00\b\t\n\v\f\r\x1f\x7f"), `"\u0000\b\t\n\u000b\f\r\u001f` + "\x7f\""},
		{"slash", perl.Bytes(`</a>`), `"</a>"`},
		{"own booleans", list(perl.Bool(true), perl.Bool(false)), `[true,false]`},
		{"booleans of JSON::PP", list(object("JSON::PP::Boolean", 1), object("JSON::PP::Boolean", 0)), `[true,false]`},
		{"version string", perl.VString(perl.Bytes("\x01\x02"), "v1.2"), `"\u0001\u0002"`},
		{"numbers", list(perl.Int(math.MinInt64), perl.Uint(math.MaxUint64), perl.Float(0.1), perl.Float(1e20), perl.Float(1e-7)),
			`[-9223372036854775808,18446744073709551615,0.1,1e+20,1e-07]`},
		{"sorted keys", hash("b", "a", "\U00010000", "\uffff", "é", ""), `{"":null,"a":null,"b":null,"\u00e9":null,"\uffff":null,"\ud800\udc00":null}`},
		{"shared list", shared(2), `[[[],[]],[[],[]]]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := perljson.Codec{}.Append([]byte("dst"), test.value, codec.Limits{})
			if err != nil || string(got) != "dst"+test.want {
				t.Errorf("Append = %s, %v; want dst%s", got, err, test.want)
			}
		})
	}
}

func TestRaw(t *testing.T) {
	v := hashOf("\u00e9", list(perl.Bytes("a\xe9\n"), perl.Text("b\u00e9")))
	for _, test := range []struct {
		codec perljson.Codec
		want  string
	}{
		{perljson.Codec{Raw: true}, "{\"\xe9\":[\"a\xe9\\n\",\"b\xe9\"]}"},
		{perljson.Codec{Raw: true, UTF8: true}, "{\"\u00e9\":[\"a\u00e9\\n\",\"b\u00e9\"]}"},
	} {
		got, err := test.codec.Append(nil, v, codec.Limits{})
		if err != nil || string(got) != test.want {
			t.Errorf("%+v: Append = %q, %v; want %q", test.codec, got, err, test.want)
		}
	}
	wide := list(perl.Text("b\u20ac"))
	if got, err := (perljson.Codec{Raw: true, UTF8: true}).Append(nil, wide, codec.Limits{}); err != nil || string(got) != "[\"b\u20ac\"]" {
		t.Errorf("Append = %q, %v; want the character", got, err)
	}
	var u *codec.UnsupportedError
	if _, err := (perljson.Codec{Raw: true}).Append(nil, wide, codec.Limits{}); !errors.As(err, &u) || u.What != "character above U+00FF" || u.Path != "$D->[0]" {
		t.Errorf("Append: %v; want an *UnsupportedError", err)
	}
}

func TestEncodeRefuses(t *testing.T) {
	cycle := perl.NewHash(1)
	cycle.Set("self", list(perl.NewRef(cycle)))
	for _, test := range []struct {
		name       string
		value      perl.Value
		what, path string
	}{
		{"object", object("Foo", 1), "object", "$D->{cart}[2]"},
		{"hash that says it is a boolean", blessed("JSON::PP::Boolean"), "object", "$D->{cart}[2]"},
		{"scalar", perl.NewRef(perl.NewScalar(perl.Int(1))), "reference to a scalar", "$D->{cart}[2]"},
		{"pattern", perl.NewRef(perl.NewRegexp(perl.Bytes("a"), "")), "pattern", "$D->{cart}[2]"},
		{"cycle", perl.NewRef(cycle), "cycle", "$D->{cart}[2]{self}[0]"},
		{"infinity", perl.Float(math.Inf(1)), "number Inf", "$D->{cart}[2]"},
		{"not a number", perl.Float(math.NaN()), "number NaN", "$D->{cart}[2]"},
		{"surrogate", perl.Text("\xed\xa0\x80"), "half of a surrogate pair", "$D->{cart}[2]"},
		{"above Unicode", perl.Text("\xf4\x90\x80\x80"), "character above U+10FFFF", "$D->{cart}[2]"},
		{"no UTF-8", perl.Text("\xff"), "text that is not UTF-8", "$D->{cart}[2]"},
		{"key with a surrogate", hash("\xed\xb0\x80"), "half of a surrogate pair", `$D->{cart}[2]{"\xed\xb0\x80"}`},
		{"key that is no word", hashOf("1 a\n", perl.Float(math.Inf(-1))), "number -Inf", `$D->{cart}[2]{"1 a\n"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := hashOf("cart", list(perl.Int(1), perl.Int(2), test.value))
			got, err := perljson.Codec{}.Append([]byte("dst"), root, codec.Limits{})
			var u *codec.UnsupportedError
			if !errors.As(err, &u) || u.Codec != "JSON" || u.What != test.what || u.Path != test.path {
				t.Errorf("Append: %v; want %s at %s", err, test.what, test.path)
			}
			if string(got) != "dst" {
				t.Errorf("Append returned %q; want dst as it was", got)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	for _, test := range []struct {
		name, input string
		latin1      perl.Value
		utf8        perl.Value
	}{
		{"ASCII", `"a"`, perl.Bytes("a"), perl.Bytes("a")},
		{"bytes beyond", `"é"`, perl.Text("Ã©"), perl.Text("é")},
		{"bytes beyond and escapes", `"\u00e9é\n"`, perl.Text("éÃ©\n"), perl.Text("éé\n")},
		{"pair of surrogates", `"\ud83D\uDE00"`, perl.Text("😀"), perl.Text("😀")},
		{"escapes", `"\"\\\/\b\f\n\r\t"`, perl.Bytes("\"\\/\b\f\n\r\t"), perl.Bytes("\"\\/\b\f\n\r\t")},
		{"integers", `[-9223372036854775808,18446744073709551615]`, list(perl.Int(math.MinInt64), perl.Uint(math.MaxUint64)), list(perl.Int(math.MinInt64), perl.Uint(math.MaxUint64))},
		{"integers of 65 bits", `[-9223372036854775809,18446744073709551616]`, list(perl.Bytes("-9223372036854775809"), perl.Bytes("18446744073709551616")), list(perl.Bytes("-9223372036854775809"), perl.Bytes("18446744073709551616"))},
		{"floats", `[1.0,-0.5e-1,1E2,1e400]`, list(perl.Float(1), perl.Float(-0.05), perl.Float(100), perl.Float(math.Inf(1))), list(perl.Float(1), perl.Float(-0.05), perl.Float(100), perl.Float(math.Inf(1)))},
		{"minus zero", `-0`, perl.Int(0), perl.Int(0)},
		{"name twice", `{"a":1,"b":2,"a":3}`, hashOf("a", perl.Int(3), "b", perl.Int(2)), hashOf("a", perl.Int(3), "b", perl.Int(2))},
		{"names that fold to one", `{"k":1,"K":2,"\u212a":3}`, hashOf("k", perl.Int(1), "K", perl.Int(2), "\u212a", perl.Int(3)), hashOf("k", perl.Int(1), "K", perl.Int(2), "\u212a", perl.Int(3))},
		{"name twice, escaped", `{"a":1,"\u0061":2}`, hashOf("a", perl.Int(2)), hashOf("a", perl.Int(2))},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := perljson.Codec{}.Decode([]byte(test.input), codec.Limits{})
			if err != nil || !perl.Equal(got, test.latin1) {
				t.Errorf("Decode(%s) = %s, %v; want %s", test.input, codectest.Format(got), err, codectest.Format(test.latin1))
			}
			got, err = perljson.Codec{UTF8: true}.Decode([]byte(test.input), codec.Limits{})
			if err != nil || !perl.Equal(got, test.utf8) {
				t.Errorf("UTF8: Decode(%s) = %s, %v; want %s", test.input, codectest.Format(got), err, codectest.Format(test.utf8))
			}
		})
	}
	t.Run("invalid UTF-8", func(t *testing.T) {
		for _, input := range []string{"\"\xff\"", "\"\xc3\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "{\"\xff\":1}"} {
			if _, err := (perljson.Codec{}).Decode([]byte(input), codec.Limits{}); err != nil {
				t.Errorf("Decode(%q): %v", input, err)
			}
			var syntax *codec.SyntaxError
			if v, err := (perljson.Codec{UTF8: true}).Decode([]byte(input), codec.Limits{}); !errors.As(err, &syntax) || syntax.Offset == 0 {
				t.Errorf("UTF8: Decode(%q) = %s, %v; want a *SyntaxError", input, codectest.Format(v), err)
			}
		}
	})
}

// In Perl there is one true and one false.
func TestBooleansAreShared(t *testing.T) {
	v, err := perljson.Codec{}.Decode([]byte(`[true,false,true]`), codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if a := v.Array(); a.At(0).Thing() != a.At(2).Thing() || a.At(0).Thing() == a.At(1).Thing() {
		t.Error("Decode makes other things than one for true and one for false")
	}
}

func TestDepth(t *testing.T) {
	for _, test := range []struct {
		levels int
		lim    codec.Limits
		ok     bool
	}{
		{512, codec.Limits{}, true},
		{513, codec.Limits{}, false},
		{513, codec.Limits{Depth: 1000}, false},
		{3, codec.Limits{Depth: 3}, true},
		{4, codec.Limits{Depth: 3}, false},
	} {
		v := list()
		for range test.levels - 1 {
			v = list(v)
		}
		_, errAppend := perljson.Codec{}.Append(nil, v, test.lim)
		text := strings.Repeat("[", test.levels) + strings.Repeat("]", test.levels)
		_, errDecode := perljson.Codec{}.Decode([]byte(text), test.lim)
		for call, err := range map[string]error{"Append": errAppend, "Decode": errDecode} {
			if (err == nil) != test.ok || err != nil && !errors.Is(err, codec.ErrLimit) {
				t.Errorf("%s of %d levels with %+v: %v; want no error: %t", call, test.levels, test.lim, err, test.ok)
			}
		}
	}
}

func list(elems ...perl.Value) perl.Value { return perl.NewRef(perl.NewArray(elems...)) }

// hash returns a hash with the given keys and nothing under them.
func hash(keys ...string) perl.Value {
	h := perl.NewHash(len(keys))
	for _, k := range keys {
		h.Set(k, perl.Value{})
	}
	return perl.NewRef(h)
}

func hashOf(pairs ...any) perl.Value {
	h := perl.NewHash(len(pairs) / 2)
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i].(string), pairs[i+1].(perl.Value))
	}
	return perl.NewRef(h)
}

// object returns a reference to a blessed scalar.
func object(class string, i int64) perl.Value {
	s := perl.NewScalar(perl.Int(i))
	perl.Bless(s, class)
	return perl.NewRef(s)
}

func blessed(class string) perl.Value {
	h := perl.NewHash(0)
	perl.Bless(h, class)
	return perl.NewRef(h)
}

// shared returns lists that hold the same list twice, so many levels deep.
func shared(levels int) perl.Value {
	v := list()
	for range levels {
		v = list(v, v)
	}
	return v
}

// Floats are written as C's %.15g has them, whichever way they are found.
func TestFloatText(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		f := float64(rnd.Int64N(1e12)-5e11) / math.Pow(10, float64(rnd.IntN(8)))
		switch rnd.IntN(4) {
		case 0:
			f = math.Nextafter(f, f+1)
		case 1:
			f *= math.Pow(10, float64(rnd.IntN(40)-20))
		}
		got, err := perljson.Codec{}.Append(nil, perl.Float(f), codec.Limits{})
		if want := strconv.FormatFloat(f, 'g', 15, 64); err != nil || f != 0 && string(got) != want {
			t.Fatalf("%v is written as %s, %v; want %s", f, got, err, want)
		}
	}
}

// Floats are read to the nearest number, whichever way they are found.
func TestFloatValue(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 3))
	for range 100_000 {
		doc := strconv.FormatInt(rnd.Int64N(1e17)>>rnd.IntN(57)-1000, 10) + "." + strings.Repeat("0", rnd.IntN(3)) + strconv.Itoa(rnd.IntN(1e6))
		if rnd.IntN(4) == 0 {
			doc += "e" + strconv.Itoa(rnd.IntN(600)-300)
		}
		v, err := perljson.Codec{}.Decode([]byte(doc), codec.Limits{})
		if want, _ := strconv.ParseFloat(doc, 64); err != nil || math.Float64bits(v.Float()) != math.Float64bits(want) {
			t.Fatalf("%s is read as %v, %v; want %v", doc, v.Float(), err, want)
		}
	}
}

// A session takes an allocation for some dozens of values, and one to write.
func TestAllocations(t *testing.T) {
	v := session(t, 250)
	for _, c := range []perljson.Codec{{}, {UTF8: true, Raw: true}, {Raw: true}} {
		data, err := c.Append(nil, v, codec.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := testing.AllocsPerRun(20, func() { _, err = c.Decode(data, codec.Limits{}) }); got > 80 || err != nil {
			t.Errorf("%+v: Decode allocates %v times, %v; want at most 80", c, got, err)
		}
		if got := testing.AllocsPerRun(20, func() { data, err = c.Append(data[:0], v, codec.Limits{}) }); got > 5 || err != nil {
			t.Errorf("%+v: Append allocates %v times, %v; want at most 5", c, got, err)
		}
	}
}
