package perl_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-datasession/datasession/perl"
)

func TestDecode(t *testing.T) {
	ref := perl.NewRef
	pointer := func(n int) *int { return &n }
	hash, regexp := hashOf("a", perl.Int(1)), perl.NewRegexp(perl.Bytes("a"), "")
	type point struct{ X, Y int }
	tests := []struct {
		name string
		v    perl.Value
		want any // its type says what to decode into
	}{
		{"integer", perl.Int(-5), -5},
		{"string", perl.Bytes("12"), 12},
		{"string with a newline", perl.Text(" 12\n"), int8(12)},
		{"string with an exponent", perl.Bytes("1e3"), uint16(1000)},
		{"integral float", perl.Float(1e15), int64(1e15)},
		{"float 2**63", perl.Float(1 << 63), uint64(1 << 63)},
		{"greatest", perl.Bytes("18446744073709551615"), uint64(math.MaxUint64)},
		{"least", perl.Bytes("-9223372036854775808"), int64(math.MinInt64)},
		{"true to integer", perl.Bool(true), 1},
		{"false to integer", perl.Bool(false), 0},
		{"JSON true to integer", jsonBool(1), 1},
		{"version string", perl.VString(perl.Bytes("12"), "v49.50"), 12},
		{"undef to integer", perl.Value{}, 0},
		{"integer to float", perl.Int(5), 5.0},
		{"string to float", perl.Bytes("0.5"), float32(0.5)},
		{"infinite", perl.Bytes("-Infinity"), math.Inf(-1)},
		{"float", perl.Float(0.1), 0.1},
		{"bytes to string", perl.Bytes("\xE9"), "\xE9"},
		{"text to string", perl.Text("é"), "é"},
		{"integer to string", perl.Int(5), "5"},
		{"float to string", perl.Float(0.1), myString("0.1")},
		{"true to string", perl.Bool(true), "1"},
		{"JSON false to string", jsonBool(0), "0"},
		{"undef to string", perl.Value{}, ""},
		{"0.0 is true", perl.Bytes("0.0"), true},
		{"0 is false", perl.Bytes("0"), false},
		{"undef is false", perl.Value{}, false},
		{"a reference is true", ref(hash), true},
		{"JSON false", jsonBool(0), false},
		{"text to bytes", perl.Text("é"), []byte("\xE9")},
		{"bytes", perl.Bytes("\xC3\xA9"), myBytes("\xC3\xA9")},
		{"number to bytes", perl.Int(5), []byte("5")},
		{"raw JSON", perl.Bytes("{}"), json.RawMessage("{}")},
		{"undef to bytes", perl.Value{}, []byte(nil)},
		{"pointer", perl.Int(5), pointer(5)},
		{"undef to pointer", perl.Value{}, (*int)(nil)},
		{"slice", listOf(perl.Int(1), perl.Bytes("2"), perl.Value{}), []int{1, 2, 0}},
		{"no elements", listOf(), []int{}},
		{"array", listOf(perl.Int(1)), [2]int{1, 0}},
		{"byte array", listOf(perl.Int(1), perl.Int(255)), [2]byte{1, 255}},
		{"map", ref(hashOf("a", perl.Int(1), "é", perl.Text("2"))), map[string]int{"a": 1, "é": 2}},
		{"integer keys", ref(hashOf("-1", perl.Int(1))), map[int8]int{-1: 1}},
		{"unsigned keys", ref(hashOf("7", perl.Int(1))), map[uint]int{7: 1}},
		{"text keys", ref(hashOf("***", perl.Int(1))), map[level]int{3: 1}},
		{"struct", ref(hashOf("X", perl.Int(1), "Z", perl.Int(3), "y", perl.Int(2))), point{X: 1}},
		{"object", ref(blessed(hashOf("X", perl.Bytes("1")), "Point")), point{X: 1}},
		{"weak", perl.NewWeakRef(hashOf("X", perl.Bytes("1"))), &point{X: 1}},
		{"slot", func() perl.Value { v, _ := elementReference(true).Hash().Get("a"); return v }(), 1},
		{"any", ref(hashOf("a", listOf(perl.Int(1)))), any(map[string]any{"a": []any{1}})},
		{"elements of any", ref(hashOf("a", perl.Value{}, "b", perl.Text("é"))), map[string]any{"a": nil, "b": "é"}},
		{"time", perl.Text("2024-02-29T01:02:03.5+02:00"), time.Date(2024, 2, 28, 23, 2, 3, 500_000_000, time.UTC)},
		{"Unix seconds", perl.Int(1_700_000_000), time.Unix(1_700_000_000, 0)},
		{"Unix seconds in a string", perl.Bytes("1700000000"), time.Unix(1_700_000_000, 0)},
		{"Unix seconds with a fraction", perl.Float(-0.25), time.Unix(-1, 750_000_000)},
		{"no time", perl.Value{}, time.Time{}},
		{"duration", perl.Int(1_500_000_000), 1500 * time.Millisecond},
		{"text unmarshaler", perl.Bytes("::1"), netip.IPv6Loopback()},
		{"text unmarshaler behind a pointer", perl.Int(5), big.NewInt(5)},
		{"text unmarshaler of a number", perl.Int(12345), level(5)},
		{"undef to text unmarshaler", perl.Value{}, level(0)},
		{"json number", perl.Int(5), json.Number("5")},
		{"json number with many digits", perl.Text("1.000000000000000000001"), json.Number("1.000000000000000000001")},
		{"json number in Perl's writing", perl.Text("+.5"), json.Number("0.5")},
		{"json number of a float", perl.Float(0.1), json.Number("0.1")},
		{"hash itself", ref(hash), hash},
		{"regexp itself", ref(regexp), regexp},
		{"no hash", perl.Value{}, (*perl.Hash)(nil)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			typ := reflect.TypeOf(tt.want)
			if tt.name == "any" {
				typ = reflect.TypeFor[any]()
			}
			field := reflect.StructOf([]reflect.StructField{{Name: "F", Type: typ}})
			dst, in := reflect.New(typ), reflect.New(field)
			if err := perl.Decode(tt.v, dst.Interface()); err != nil {
				t.Fatal(err)
			}
			if err := perl.Decode(perl.NewRef(hashOf("F", tt.v)), in.Interface()); err != nil {
				t.Fatal(err)
			}
			for _, got := range []any{dst.Elem().Interface(), in.Elem().Field(0).Interface()} {
				if a, ok := got.(time.Time); ok && a.Equal(tt.want.(time.Time)) {
					continue
				}
				if !reflect.DeepEqual(got, tt.want) {
					t.Errorf("got %#v, want %#v", got, tt.want)
				}
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	ref := perl.NewRef
	type item struct {
		Price *float32 `session:"price"`
	}
	type pointer *pointer
	long := perl.Value{}
	for range 2000 {
		long = ref(hashOf("Next", long))
	}
	surrogate := perl.Text("\xED\xA0\x80")
	cyclic := hashOf()
	cyclic.Set("X", ref(cyclic))
	tests := []struct {
		name string
		v    perl.Value
		dst  any
		want string
	}{
		{"text", perl.Text("secret"), new(int), "$: want int, found a string that is not a number"},
		{"no text", perl.Bytes(""), new(int), "$: want int, found a string that is not a number"},
		{"number and more", perl.Bytes("12abc"), new(float64), "$: want float64, found a string that is not a number"},
		{"hexadecimal", perl.Bytes("0x1f"), new(int), "$: want int, found a string that is not a number"},
		{"infinity and more", perl.Bytes("infinity1"), new(float64), "$: want float64, found a string that is not a number"},
		{"fraction", perl.Bytes("1.5"), new(int), "$: want int, found a number with a fraction"},
		{"infinite", perl.Float(math.Inf(1)), new(int), "$: want int, found a number out of range"},
		{"NaN", perl.Float(math.NaN()), new(int), "$: want int, found a number out of range"},
		{"too great", perl.Int(128), new(int8), "$: want int8, found a number out of range"},
		{"float too great", perl.Float(1 << 63), new(int64), "$: want int64, found a number out of range"},
		{"unsigned too great", perl.Bytes("18446744073709551616"), new(uint64), "$: want uint64, found a number out of range"},
		{"negative", perl.Bytes("-1"), new(uint), "$: want uint, found a number out of range"},
		{"float32 too great", perl.Float(1e300), new(float32), "$: want float32, found a number out of range"},
		{"string too great for a float", perl.Bytes("1e400"), new(float64), "$: want float64, found a number out of range"},
		{"hash to int", ref(hashOf()), new(int), "$: want int, found a hash"},
		{"array to string", listOf(), new(string), "$: want a string, found an array"},
		{"regexp to string", ref(perl.NewRegexp(perl.Bytes("a"), "")), new(string), "$: want a string, found a regexp"},
		{"no Unicode", surrogate, new(string), "$: want a string, found text that is not Unicode"},
		{"key that is not Unicode", ref(keyed(perl.TextKey("\xED\xA0\x80"))), new(map[string]int), `$->{"\xed\xa0\x80"}: want a key, found text that is not Unicode`},
		{"wide text to bytes", perl.Text("secret日"), new([]byte), "$: want a string of bytes, found text with characters above 255"},
		{"array to bytes", listOf(), new([]byte), "$: want a string of bytes, found an array"},
		{"string to slice", perl.Bytes("a"), new([]int), "$: want an array for []int, found a string"},
		{"hash to array", ref(hashOf()), new([1]int), "$: want an array for [1]int, found a hash"},
		{"too many elements", listOf(perl.Int(1), perl.Int(2)), new([1]int), "$: want at most 1 elements, found 2"},
		{"number to map", perl.Int(1), new(map[string]int), "$: want a hash for map[string]int, found an integer"},
		{"reference to a scalar to struct", ref(perl.NewScalar(perl.Int(1))), new(item), "$: want a hash for perl_test.item, found a reference to a scalar"},
		{"inside", ref(hashOf("cart", listOf(perl.Value{}, ref(hashOf("price", perl.Text("secret")))))), new(map[string][]item), "$->{cart}[1]{price}: want float32, found a string that is not a number"},
		{"any method", perl.Int(1), new(error), "$: error cannot be decoded into"},
		{"channel", perl.Int(1), new(chan int), "$: chan int cannot be decoded into"},
		{"not a pointer", perl.Int(1), 5, "$: want a pointer to decode into, found int"},
		{"nil", perl.Int(1), nil, "$: want a pointer to decode into, found <nil>"},
		{"nil pointer", perl.Int(1), (*int)(nil), "$: want a pointer to decode into, found *int"},
		{"hash itself", ref(hashOf()), new(perl.Hash), "$: want a pointer to perl.Hash to decode into"},
		{"array for a hash", listOf(), new(*perl.Hash), "$: want *perl.Hash, found an array"},
		{"string for a thing", perl.Bytes(""), new(perl.Thing), "$: want perl.Thing, found a string"},
		{"time", perl.Bytes("secret"), new(time.Time), "$: want RFC 3339 or Unix seconds, found another string"},
		{"hash to time", ref(hashOf()), new(time.Time), "$: want RFC 3339 or Unix seconds, found a hash"},
		{"far time", perl.Float(1e18), new(time.Time), "$: want RFC 3339 or Unix seconds, found a number out of range"},
		{"no time at all", perl.Float(math.NaN()), new(time.Time), "$: want RFC 3339 or Unix seconds, found a number out of range"},
		{"text unmarshaler", perl.Bytes("secret"), new(netip.Addr), "$: want text for netip.Addr, found other text"},
		{"hash to text unmarshaler", ref(hashOf()), new(netip.Addr), "$: want text for netip.Addr, found a hash"},
		{"json number", perl.Bytes("NaN"), new(json.Number), "$: want a number, found a number out of range"},
		{"text to json number", perl.Bytes("secret"), new(json.Number), "$: want a number, found a string that is not a number"},
		{"integer key", ref(hashOf("k", perl.Int(1))), new(map[int]int), "$->{k}: want a key for int, found another"},
		{"integer key in another writing", ref(hashOf("01", perl.Int(1))), new(map[int]int), "$->{01}: want a key for int, found another"},
		{"key too great", ref(hashOf("256", perl.Int(1))), new(map[uint8]int), "$->{256}: want a key for uint8, found another"},
		{"key by text unmarshaler", ref(hashOf("k", perl.Int(1))), new(map[netip.Addr]int), "$->{k}: want a key for netip.Addr, found another"},
		{"key of another type", ref(hashOf("k", perl.Int(1))), new(map[bool]int), "$->{k}: map with keys of type bool cannot be decoded into"},
		{"deep", long, new(linked), "$->" + strings.Repeat("{Next}", 10) + "..." + strings.Repeat("{Next}", 10) + ": nested more than 1000 deep"},
		{"type that points to itself", perl.Int(1), new(pointer), "$: nested more than 1000 deep"},
		{"cycle into values", ref(cyclic), new(struct{ X struct{ X struct{ X int } } }), "$->{X}{X}{X}: want int, found a hash"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := perl.Decode(tt.v, tt.dst)
			var ce *perl.ConvertError
			if err == nil || !errors.As(err, &ce) || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if rv := reflect.ValueOf(tt.dst); rv.Kind() == reflect.Pointer && !rv.IsNil() && !rv.Elem().IsZero() {
				t.Errorf("left behind: %#v", rv.Elem())
			}
		})
	}
}

func TestDecodeLeavesOnError(t *testing.T) {
	type pair struct {
		A, B int
		M    map[string]int
	}
	p := pair{A: 1, B: 2, M: map[string]int{"x": 1}}
	err := perl.Decode(perl.NewRef(hashOf("A", perl.Int(5), "M", perl.NewRef(hashOf("x", perl.Int(7))), "B", perl.Bytes("no"))), &p)
	if err == nil || p.A != 1 || p.M["x"] != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	if err := perl.Decode(perl.NewRef(hashOf("A", perl.Int(5))), &p); err != nil || p.A != 5 || p.B != 2 {
		t.Errorf("a field without a key: %+v, %v", p, err)
	}
	if err := perl.Decode(perl.NewRef(hashOf("B", perl.Value{})), &p); err != nil || p.B != 0 {
		t.Errorf("a field with undef: %+v, %v", p, err)
	}
}

func TestDecodeSharing(t *testing.T) {
	v := perl.NewRef(hashOf("P", shared(), "Q", shared()))
	var s struct {
		P [][]int
		Q []*[]int
	}
	if err := perl.Decode(v, &s); err != nil {
		t.Fatal(err)
	}
	if &s.P[0][0] != &s.P[1][0] || s.Q[0] != s.Q[1] {
		t.Error("what is shared became two")
	}
	// A small value with 2^100 leaves does not explode.
	var tree treeNode
	if err := perl.Decode(laughs(100), &tree); err == nil {
		t.Error("a list is no tree")
	}
	var m map[string]any
	if err := perl.Decode(laughs(100), &m); err != nil {
		t.Fatal(err)
	}
	type maps map[string]maps
	v = perl.NewRef(hashOf())
	for range 100 {
		v = perl.NewRef(hashOf("a", v, "b", v))
	}
	var ms maps
	if err := perl.Decode(v, &ms); err != nil {
		t.Fatal(err)
	}
	if err := perl.Decode(v, &tree); err != nil || tree.A != tree.B {
		t.Errorf("tree: %v", err)
	}
	var ring []any
	if err := perl.Decode(loop(3), &ring); err != nil {
		t.Fatal(err)
	}
	type lists []lists
	var l lists
	if err := perl.Decode(loop(3), &l); err != nil || &l[0][0][0][0] != &l[0] {
		t.Errorf("loop: %v", err)
	}
}

type treeNode struct {
	A *treeNode `session:"a"`
	B *treeNode `session:"b"`
}

func TestGoRoundTrip(t *testing.T) {
	type inner struct {
		When time.Time         `session:"when"`
		Took time.Duration     `session:"took"`
		Addr netip.Addr        `session:"addr"`
		Tags map[level][]color `session:"tags"`
	}
	type outer struct {
		Name   string `json:"name"`
		Raw    []byte
		Bits   [3]uint8
		Ptr    *inner
		List   []inner
		Any    any
		N      json.Number
		Value  perl.Value
		U      uint64
		F      float32
		hidden int
	}
	when := time.Date(2024, 2, 29, 1, 2, 3, 4, time.UTC)
	in := inner{when, time.Minute, netip.IPv6Loopback(), map[level][]color{2: {{0, 1, 2}}}}
	want := outer{
		"é", []byte{0, 255}, [3]uint8{1, 2, 3}, &in, []inner{in, {}}, map[string]any{"a": []any{1, 2.5, "x", nil, true}},
		"1.5", perl.Int(7), math.MaxUint64, 0.1, 0,
	}
	var got outer
	if err := perl.Decode(mustFromGo(t, want), &got); err != nil {
		t.Fatal(err)
	}
	got.hidden = want.hidden
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
