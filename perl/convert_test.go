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

type color struct{ r, g, b byte }

func (c *color) MarshalText() ([]byte, error) { // by pointer
	if c.r == 1 {
		return nil, errors.New("secret 1")
	}
	return []byte{'#', 'a' + c.r, 'a' + c.g, 'a' + c.b}, nil
}

func (c *color) UnmarshalText(b []byte) error {
	if len(b) != 4 || b[0] != '#' {
		return errors.New("bad color " + string(b))
	}
	c.r, c.g, c.b = b[1]-'a', b[2]-'a', b[3]-'a'
	return nil
}

type level int

func (l level) MarshalText() ([]byte, error) { return []byte(strings.Repeat("*", int(l))), nil }
func (l *level) UnmarshalText(b []byte) error {
	*l = level(len(b))
	return nil
}

type (
	myString string
	myBytes  []byte
)

func TestFromGo(t *testing.T) {
	ref := perl.NewRef
	paris := time.FixedZone("", 3600)
	hash := hashOf("a", perl.Int(1))
	var nilHash *perl.Hash
	tests := []struct {
		name string
		x    any
		want perl.Value
	}{
		{"nil", nil, perl.Value{}},
		{"nil pointer", (*int)(nil), perl.Value{}},
		{"nil map", map[string]int(nil), perl.Value{}},
		{"nil slice", []int(nil), perl.Value{}},
		{"nil bytes", []byte(nil), perl.Value{}},
		{"nil thing", nilHash, perl.Value{}},
		{"true", true, perl.Bool(true)},
		{"int8", int8(-3), perl.Int(-3)},
		{"int64", int64(math.MinInt64), perl.Int(math.MinInt64)},
		{"uint16", uint16(3), perl.Int(3)},
		{"uint64", uint64(math.MaxUint64), perl.Uint(math.MaxUint64)},
		{"float32", float32(0.5), perl.Float(0.5)},
		{"float64", 1.0, perl.Float(1)},
		{"string", "a", perl.Bytes("a")},
		{"text", "é", perl.Text("é")},
		{"no text", "\xFF", perl.Bytes("\xFF")},
		{"named string", myString("é"), perl.Text("é")},
		{"bytes", []byte("é"), perl.Bytes("é")},
		{"named bytes", myBytes("a"), perl.Bytes("a")},
		{"json.RawMessage", json.RawMessage(`{}`), perl.Bytes("{}")},
		{"byte array", [2]byte{1, 2}, listOf(perl.Int(1), perl.Int(2))},
		{"value", perl.Text("a"), perl.Text("a")},
		{"pointer to a value", func() any { v := perl.Text("a"); return &v }(), perl.Text("a")},
		{"thing", hash, ref(hash)},
		{"time", time.Date(2024, 2, 29, 1, 2, 3, 456_000_000, time.UTC), perl.Bytes("2024-02-29T01:02:03.456Z")},
		{"time in a zone", time.Date(2024, 2, 29, 1, 2, 3, 1, paris), perl.Bytes("2024-02-29T01:02:03.000000001+01:00")},
		{"duration", 1500 * time.Millisecond, perl.Int(1_500_000_000)},
		{"json integer", json.Number("12"), perl.Int(12)},
		{"great json integer", json.Number("18446744073709551615"), perl.Uint(math.MaxUint64)},
		{"json float", json.Number("1.50"), perl.Float(1.5)},
		{"no json number", json.Number(""), perl.Value{}},
		{"text marshaler", netip.MustParseAddr("::1"), perl.Bytes("::1")},
		{"text marshaler by pointer", color{0, 1, 2}, perl.Bytes("#abc")},
		{"pointer to text marshaler", &color{0, 1, 2}, perl.Bytes("#abc")},
		{"big integer", big.NewInt(5), perl.Bytes("5")},
		{"pointers", func() any { n := 5; p := &n; return &p }(), perl.Int(5)},
		{"slice", []any{1, "a", nil, []string{}}, listOf(perl.Int(1), perl.Bytes("a"), perl.Value{}, listOf())},
		{"map", map[string]any{"a": 1, "é": []int{2}}, ref(hashOf("a", perl.Int(1), "é", listOf(perl.Int(2))))},
		{"integer keys", map[int8]bool{-1: true}, ref(hashOf("-1", perl.Bool(true)))},
		{"unsigned keys", map[uint]bool{1: true}, ref(hashOf("1", perl.Bool(true)))},
		{"text keys", map[level]int{2: 5}, ref(hashOf("**", perl.Int(5)))},
		{"keys that are not UTF-8", map[string]int{"\xE9": 1}, ref(keyed(perl.BytesKey("\xE9")))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for range 2 { // in an element, with no shortcut
				got, err := perl.FromGo(tt.x)
				if err != nil || !perl.Equal(got, tt.want) {
					t.Errorf("got %s, %v; want %s", perl.Dump(got), err, perl.Dump(tt.want))
				}
				tt.x, tt.want = []any{tt.x}, listOf(tt.want)
			}
		})
	}
}

func TestFromGoKeepsThings(t *testing.T) {
	h := hashOf()
	for _, x := range []any{h, perl.NewRef(h), perl.Thing(h), []any{h}, struct{ H *perl.Hash }{h}} {
		v := mustFromGo(t, x)
		for v.Thing() != h {
			if a := v.Array(); a != nil {
				v = a.At(0)
			} else if v, _ = v.Hash().Get("H"); v.Thing() == nil {
				t.Fatalf("%T: the hash is copied", x)
			}
		}
	}
}

func TestFromGoErrors(t *testing.T) {
	type node struct{ Fn func() }
	var loop any
	loop = &loop
	type pointer *pointer
	var self pointer
	self = &self
	deep := any(1)
	for range 20_000 {
		deep = []any{deep}
	}
	tests := []struct {
		name string
		x    any
		want string
	}{
		{"channel", make(chan int), "$: chan int cannot be stored"},
		{"nil function", (func())(nil), "$: func() cannot be stored"},
		{"complex", 1i, "$: complex128 cannot be stored"},
		{"inside", map[string]any{"cart": []any{1, 2, map[string]any{"fn": func() {}}}}, "$->{cart}[2]{fn}: func() cannot be stored"},
		{"field", []node{{}}, "$->[0]{Fn}: func() cannot be stored"},
		{"odd key", map[string]any{"a b\n\"é": 1i}, `$->{"a b\n\"\u00e9"}: complex128 cannot be stored`},
		{"empty key", map[string]any{"": 1i}, `$->{""}: complex128 cannot be stored`},
		{"long key", map[string]any{strings.Repeat("k", 100): 1i}, `$->{"` + strings.Repeat("k", 60) + `"...}: complex128 cannot be stored`},
		{"keys", map[float64]int{1: 1}, "$: map with keys of type float64 cannot be stored"},
		{"keys that become one", map[string]int{"\xE9": 1, "é": 2}, `$->{"\u00e9"}: two keys of the map are one key in Perl`},
		{"text marshaler that fails", []color{{r: 1}}, "$->[0]: perl_test.color cannot be written as text"},
		{"time", time.Date(20_000, 1, 1, 0, 0, 0, 0, time.UTC), "$: time is outside of RFC 3339"},
		{"hash itself", struct{ H perl.Hash }{}, "$->{H}: perl.Hash cannot be stored, want a pointer to it"},
		{"json number", json.Number("secret"), "$: json.Number is not a number"},
		{"great json number", json.Number("1e999"), "$: json.Number: found a number out of range"},
		{"pointer to itself", loop, "$: nested more than 10000 deep"},
		{"pointer type to itself", self, "$: nested more than 10000 deep"},
		{"deep", deep, "$->" + strings.Repeat("[0]", 10) + "..." + strings.Repeat("[0]", 10) + ": nested more than 10000 deep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := perl.FromGo(tt.x)
			var ce *perl.ConvertError
			if err == nil || !errors.As(err, &ce) || err.Error() != tt.want || !v.IsUndef() {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
	_, err := perl.FromGo(color{r: 1})
	if cause := errors.Unwrap(errors.Unwrap(err)); cause == nil || cause.Error() != "secret 1" {
		t.Errorf("the cause is %v", cause)
	}
}

type linked struct {
	Name string
	Next *linked
	Peer map[string]*linked
}

func TestFromGoSharing(t *testing.T) {
	m := map[string]any{"n": 1}
	m["self"] = m
	s := []any{0}
	s[0] = s
	p := &linked{Name: "a"}
	p.Next, p.Peer = p, map[string]*linked{"p": p}
	empty := make([]int, 0, 1)
	v := mustFromGo(t, []any{m, m, s, p, p.Peer, empty, empty, []int{}, []int{}, []struct{}{{}}, []struct{}{{}}})
	at := func(i int) perl.Thing { return v.Array().At(i).Thing() }
	if self, _ := at(0).(*perl.Hash).Get("self"); at(0) != at(1) || self.Thing() != at(0) {
		t.Error("the map is copied")
	}
	if at(2).(*perl.Array).At(0).Thing() != at(2) {
		t.Error("the slice is copied")
	}
	next, _ := at(3).(*perl.Hash).Get("Next")
	peer, _ := at(3).(*perl.Hash).Get("Peer")
	if next.Thing() != at(3) || peer.Thing() != at(4) {
		t.Error("the pointer is copied")
	}
	if at(5) != at(6) || at(7) == at(8) || at(9) == at(10) {
		t.Error("empty slices are shared if they are one, and not else")
	}
	var back []any
	if err := perl.Decode(v, &back); err != nil {
		t.Fatal(err)
	}
	var q *linked
	if err := perl.Decode(v.Array().At(3), &q); err != nil || q.Next != q || q.Peer["p"] != q || q.Name != "a" {
		t.Errorf("decoded: %+v, %v", q, err)
	}
	var r linked
	if err := perl.Decode(v.Array().At(3), &r); err != nil || r.Next != &r || r.Peer["p"] != &r {
		t.Errorf("decoded into a variable: %+v, %v", r, err)
	}
}

func TestToGo(t *testing.T) {
	ref := perl.NewRef
	surrogate := perl.Text("\xED\xA0\x80")
	object := ref(blessed(hashOf("a", perl.Int(1)), "A"))
	tests := []struct {
		name string
		v    perl.Value
		want any // itself if it is a perl.Value
	}{
		{"undef", perl.Value{}, nil},
		{"bytes", perl.Bytes("\xE9"), "\xE9"},
		{"text", perl.Text("é"), "é"},
		{"version string", perl.VString(perl.Text("Ā"), "v256"), "Ā"},
		{"integer", perl.Int(-5), -5},
		{"unsigned", perl.Uint(math.MaxUint64), uint64(math.MaxUint64)},
		{"float", perl.Float(1), 1.0},
		{"true", perl.Bool(true), true},
		{"false", perl.Bool(false), false},
		{"JSON true", jsonBool(1), true},
		{"JSON false", jsonBool(0), false},
		{"hash", ref(hashOf("a", perl.Int(1), "b", listOf(perl.Value{}))), map[string]any{"a": 1, "b": []any{nil}}},
		{"key in bytes", ref(keyed(perl.BytesKey("\xE9"))), map[string]any{"é": 1}},
		{"no elements", listOf(ref(hashOf()), listOf()), []any{map[string]any{}, []any{}}},
		{"slot that nothing refers to", slots(false), []any{1, 1}},
		{"text that is not Unicode", surrogate, surrogate},
		{"hash with a key that is not", ref(keyed(perl.TextKey("\xED\xA0\x80"))), ref(keyed(perl.TextKey("\xED\xA0\x80")))},
		{"object", object, object},
		{"reference to a scalar", ref(perl.NewScalar(perl.Int(1))), ref(perl.NewScalar(perl.Int(1)))},
		{"regexp", ref(perl.NewRegexp(perl.Bytes("a"), "")), ref(perl.NewRegexp(perl.Bytes("a"), ""))},
		{"weak", perl.NewWeakRef(hashOf()), perl.NewWeakRef(hashOf())},
		{"weak JSON true", perl.NewWeakRef(jsonBool(1).Thing()), perl.NewWeakRef(jsonBool(1).Thing())},
		{"element that is referred to", elementReference(true), elementReference(true)},
		{"one scalar in two elements", slots(true), slots(true)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := perl.ToGo(tt.v)
			if v, ok := got.(perl.Value); ok {
				if want, ok := tt.want.(perl.Value); !ok || !perl.Equal(v, want) || v.Thing() != tt.v.Thing() {
					t.Errorf("got %s, want %v", perl.Dump(v), tt.want)
				}
			} else if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %#v, want %#v", got, tt.want)
			}
		})
	}
}

func TestToGoSharing(t *testing.T) {
	m := perl.ToGo(perl.NewRef(hashOf("s", shared(), "l", loop(2)))).(map[string]any)
	s := m["s"].([]any)
	s[0].([]any)[0] = "changed"
	if s[1].([]any)[0] != "changed" {
		t.Error("the two slices are not one")
	}
	l := m["l"].([]any)
	if inner := l[0].([]any); &inner[0].([]any)[0] != &l[0] {
		t.Error("the loop does not close")
	}

	// What an object refers to stays a Value wherever it is seen.
	items := listOf(perl.Int(1))
	object := perl.NewRef(blessed(hashOf("items", items), "Cart"))
	m = perl.ToGo(perl.NewRef(hashOf("cart", object, "items", items, "other", listOf()))).(map[string]any)
	if v, ok := m["items"].(perl.Value); !ok || v.Thing() != items.Thing() {
		t.Errorf("items is %T", m["items"])
	}
	if _, ok := m["other"].([]any); !ok {
		t.Errorf("other is %T", m["other"])
	}
}
