package perl_test

import (
	"math"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/perl"
)

func TestKinds(t *testing.T) {
	hash := &perl.Hash{}
	tests := []struct {
		name   string
		v      perl.Value
		kind   perl.Kind
		string string
		truth  bool
	}{
		{"zero value", perl.Value{}, perl.KindUndef, "", false},
		{"no bytes", perl.Bytes(""), perl.KindBytes, "", false},
		{"bytes 0", perl.Bytes("0"), perl.KindBytes, "0", false},
		{"bytes 00", perl.Bytes("00"), perl.KindBytes, "00", true},
		{"bytes 0.0", perl.Bytes("0.0"), perl.KindBytes, "0.0", true},
		{"bytes beyond ASCII", perl.Bytes("\xE9"), perl.KindBytes, "\xE9", true},
		{"no text", perl.Text(""), perl.KindText, "", false},
		{"text", perl.Text("é"), perl.KindText, "é", true},
		{"String of ASCII", perl.String("a"), perl.KindBytes, "a", true},
		{"String of UTF-8", perl.String("é"), perl.KindText, "é", true},
		{"String of other bytes", perl.String("\xFF"), perl.KindBytes, "\xFF", true},
		{"int", perl.Int(-5), perl.KindInt, "-5", true},
		{"int 0", perl.Int(0), perl.KindInt, "0", false},
		{"uint that is an int", perl.Uint(math.MaxInt64), perl.KindInt, "9223372036854775807", true},
		{"uint", perl.Uint(math.MaxUint64), perl.KindUint, "18446744073709551615", true},
		{"float", perl.Float(0.1), perl.KindFloat, "0.1", true},
		{"integral float", perl.Float(1), perl.KindFloat, "1", true},
		{"negative zero", perl.Float(math.Copysign(0, -1)), perl.KindFloat, "0", false},
		{"NaN", perl.Float(math.NaN()), perl.KindFloat, "NaN", true},
		{"true", perl.Bool(true), perl.KindBool, "1", true},
		{"false", perl.Bool(false), perl.KindBool, "", false},
		{"version string", perl.VString(perl.Bytes("\x01\x02"), "v1.2"), perl.KindVString, "\x01\x02", true},
		{"version string 0", perl.VString(perl.Bytes("0"), "v48"), perl.KindVString, "0", false},
		{"hash", perl.NewRef(hash), perl.KindRef, "HASH", true},
		{"weak reference", perl.NewWeakRef(hash), perl.KindRef, "HASH", true},
		{"array", perl.NewRef(perl.NewArray()), perl.KindRef, "ARRAY", true},
		{"scalar", perl.NewRef(perl.NewScalar(perl.Int(0))), perl.KindRef, "SCALAR", true},
		{"reference to a reference", perl.NewRef(perl.NewScalar(perl.NewRef(hash))), perl.KindRef, "REF", true},
		{"regexp", perl.NewRef(perl.NewRegexp(perl.Bytes("a"), "i")), perl.KindRef, "Regexp=REGEXP", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// The same is true of an element, of an element that something
			// refers to, and of what a scalar holds.
			a := perl.NewArray(tt.v, tt.v)
			a.Slot(1)
			s := perl.NewScalar(a.At(1))
			for _, v := range []perl.Value{tt.v, a.At(0), a.At(1), s.Get()} {
				if v.Kind() != tt.kind || v.String() != tt.string || v.Truth() != tt.truth {
					t.Errorf("%v %q %v, want %v %q %v", v.Kind(), v.String(), v.Truth(), tt.kind, tt.string, tt.truth)
				}
				isString := tt.kind == perl.KindBytes || tt.kind == perl.KindText
				if v.IsString() != isString || v.IsUndef() != (tt.kind == perl.KindUndef) {
					t.Errorf("IsString %v, IsUndef %v of %v", v.IsString(), v.IsUndef(), v.Kind())
				}
				if (v.Thing() != nil) != (tt.kind == perl.KindRef) {
					t.Errorf("Thing of %v is %v", v.Kind(), v.Thing())
				}
			}
			if a.At(1).Slot() == nil || a.At(0).Slot() != nil || s.Get().Slot() != nil {
				t.Error("only the element that is referred to has a slot")
			}
		})
	}
	if got := perl.Kind(200).String(); got != "unknown kind" {
		t.Errorf("Kind(200) = %q", got)
	}
}

func TestAccessorsOfOtherKinds(t *testing.T) {
	if got := perl.Bytes("5").Int(); got != 0 {
		t.Errorf("Int of a string = %d", got)
	}
	if got := perl.Int(-1).Uint(); got != 0 {
		t.Errorf("Uint of -1 = %d", got)
	}
	if got := perl.Int(7).Uint(); got != 7 {
		t.Errorf("Uint of 7 = %d", got)
	}
	if got := perl.Int(7).Float(); got != 0 {
		t.Errorf("Float of an integer = %v", got)
	}
	if got := perl.Int(7).Str(); got != "" {
		t.Errorf("Str of an integer = %q", got)
	}
	if perl.NewRef(&perl.Hash{}).Array() != nil || perl.NewRef(&perl.Array{}).Hash() != nil {
		t.Error("a hash is no array")
	}
	literal, str, ok := perl.VString(perl.Text("Ā"), "v256").Literal()
	if literal != "v256" || str.Kind() != perl.KindText || str.Str() != "Ā" || !ok {
		t.Errorf("Literal = %q, %v, %v", literal, str, ok)
	}
	if _, _, ok := perl.Bytes("v256").Literal(); ok {
		t.Error("a string has a literal")
	}
}

func TestReferenceToNothing(t *testing.T) {
	for _, f := range []func(){
		func() { perl.NewRef(nil) },
		func() { perl.NewWeakRef(nil) },
		func() { perl.NewRef(perl.Int(1).Hash()) },
		func() { perl.NewWeakRef(perl.Int(1).Array()) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a reference to nil was made")
				}
			}()
			f()
		}()
	}
}

func TestBless(t *testing.T) {
	h := &perl.Hash{}
	perl.Bless(h, "Cart")
	if got := perl.NewRef(h).String(); got != "Cart=HASH" {
		t.Errorf("%q, want Cart=HASH", got)
	}
	perl.Bless(h, "")
	if h.Class() != "" {
		t.Errorf("class %q, want none", h.Class())
	}
}

func TestSlotsAlias(t *testing.T) {
	h := &perl.Hash{}
	h.Set("a", perl.Int(1))
	s := h.Slot(perl.StringKey("a"))
	a := perl.NewArray(perl.Int(0), perl.Int(0))
	a.SetSlot(0, s)

	h.Set("a", perl.Int(2))
	if got := a.At(0).Int(); got != 2 {
		t.Errorf("set by the hash, the array has %d", got)
	}
	a.Set(0, perl.Int(3))
	if v, _ := h.Get("a"); v.Int() != 3 || s.Get().Int() != 3 {
		t.Errorf("set by the array, the hash has %v and the scalar %v", v, s.Get())
	}
	if h.Slot(perl.StringKey("a")) != s || a.Slot(0) != s {
		t.Error("asked for again, the slot is another one")
	}
	copied, _ := h.Get("a")
	a.Set(1, copied)
	h.Set("a", perl.Int(4))
	if got := a.At(1).Int(); got != 3 || a.At(1).Slot() != nil {
		t.Errorf("assignment copies: got %d, slot %v", got, a.At(1).Slot())
	}
	h.Delete("a")
	h.Set("a", perl.Int(5))
	if got := s.Get().Int(); got != 4 {
		t.Errorf("a deleted element lives on: got %d, want 4", got)
	}
	if v, ok := h.Get("b"); h.Slot(perl.StringKey("b")) == nil || ok || !v.IsUndef() {
		t.Error("Slot makes the element")
	}
}

func TestArray(t *testing.T) {
	var a perl.Array
	a.Grow(3)
	for i := range 5 {
		a.Push(perl.Int(int64(i)))
	}
	sum := 0
	for i, v := range a.All() {
		if int(v.Int()) != i {
			t.Errorf("element %d is %v", i, v)
		}
		if sum += i; i == 3 {
			break
		}
	}
	if a.Len() != 5 || sum != 6 {
		t.Errorf("length %d, sum %d", a.Len(), sum)
	}
}

// A scalar costs no allocation, whatever it is.
func TestScalarsDoNotAllocate(t *testing.T) {
	h := perl.NewHash(8)
	var sink perl.Value
	text, n := "some text", int64(1234567)
	for name, f := range map[string]func(){
		"Bytes": func() { sink = perl.Bytes(text) },
		"Text":  func() { sink = perl.Text(text) },
		"Int":   func() { sink = perl.Int(n) },
		"Uint":  func() { sink = perl.Uint(1<<63 + uint64(n)) },
		"Float": func() { sink = perl.Float(float64(n) / 3) },
		"Bool":  func() { sink = perl.Bool(n > 0) },
		"Str":   func() { _ = sink.Str() },
		"Ref":   func() { sink = perl.NewRef(h) },
		"Set":   func() { h.Set("key", perl.Int(n)) },
		"Get":   func() { sink, _ = h.Get("key") },
		"Equal": func() { _ = perl.Equal(sink, perl.Int(n)) },
		"Clone": func() { sink = perl.Clone(perl.Int(n)) },
		"Patch": func() { sink = perl.Patch(sink, perl.Int(n), perl.Int(2)) },
		"Slot":  func() { sink = sink.Plain() },
	} {
		if got := testing.AllocsPerRun(100, f); got != 0 {
			t.Errorf("%s allocates %v times", name, got)
		}
	}
	var x any = text
	if got := testing.AllocsPerRun(100, func() { sink, _ = perl.FromGo(x) }); got != 0 {
		t.Errorf("FromGo allocates %v times", got)
	}
	if got := testing.AllocsPerRun(100, func() { _ = perl.Decode(sink, &text) }); got != 0 {
		t.Errorf("Decode allocates %v times", got)
	}
}

// Whatever the bits of a number or the length of a string, a value keeps its kind.
func TestKindsDoNotMix(t *testing.T) {
	for _, n := range []uint64{0, 1, 1 << 55, 1 << 56, 5 << 56, 9 << 56, 13<<56 | 1, 1<<63 - 1, 1 << 63, math.MaxUint64} {
		for kind, v := range map[perl.Kind]perl.Value{
			perl.KindInt: perl.Int(int64(n)), perl.KindUint: perl.Uint(n | 1<<63), perl.KindFloat: perl.Float(math.Float64frombits(n)),
		} {
			if v.Kind() != kind || v.IsString() || v.Str() != "" || v.Thing() != nil || v.Slot() != nil || v.IsWeak() || v.IsLatin1() {
				t.Errorf("%v with the bits %x is %v", kind, n, v.Kind())
			}
		}
		if got := perl.Int(int64(n)).Int(); got != int64(n) {
			t.Errorf("%x is %x", n, got)
		}
	}
	for _, s := range []string{"", "a", strings.Repeat("x", 300)} {
		for _, v := range []perl.Value{perl.Bytes(s), perl.Text(s), perl.Latin1(s)} {
			if !v.IsString() || v.Str() != s || v.IsUndef() || v.Thing() != nil {
				t.Errorf("a string of %d bytes is %v", len(s), v.Kind())
			}
		}
	}
}
