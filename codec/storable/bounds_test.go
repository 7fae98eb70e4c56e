package storable_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/storable"
	"github.com/go-datasession/datasession/perl"
)

// TestBroad has more things beside each other than may be within each other.
func TestBroad(t *testing.T) {
	const n = 2 * codec.DefaultDepth
	for _, digits := range []string{
		"04 02 00000000", "04 03 00000000", "04 19 00 00000000", "04 0a 01 61", "04 04 05", "11 01 41 05",
		"04 20 00 01 61 00", "04 00 00000000", "1d 01 76 0a 01 61",
	} {
		data := append(bytesOf(t, "050b 02"+fmt.Sprintf("%08x", n)), strings.Repeat(string(bytesOf(t, digits)), n)...)
		v, err := storable.Codec{}.Decode(data, codec.Limits{})
		if err != nil {
			t.Errorf("Decode of many %s: %v", digits, err)
			continue
		}
		if _, err := (storable.Codec{}).Append(nil, v, codec.Limits{}); err != nil {
			t.Errorf("Append of many %s: %v", digits, err)
		}
	}
}

// TestManyShared refers to many values in an order that is not theirs.
func TestManyShared(t *testing.T) {
	const n = 500
	a := perl.NewArray()
	for i := range n {
		a.Push(perl.Int(int64(i)))
	}
	for i := range n {
		a.Push(perl.NewRef(a.Slot(n - 1 - i)))
		a.Push(perl.NewRef(perl.NewArray()))
		a.Push(a.At(a.Len() - 1))
	}
	v := perl.NewRef(a)
	for _, c := range []storable.Codec{{}, {Network: true}} {
		data, err := c.Append(nil, v, codec.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		back, err := c.Decode(data, codec.Limits{})
		if err != nil || !perl.Equal(back, v) {
			t.Errorf("%s: Decode(Append) is another value, %v", c.Name(), err)
		}
	}
}

// TestManyClasses has more classes than are searched one by one, or have numbers of
// one byte.
func TestManyClasses(t *testing.T) {
	for _, n := range []int{1, 16, 17, 18, 127, 128, 129, 300} {
		a := perl.NewArray()
		for i := range 2 * n {
			h := &perl.Hash{}
			perl.Bless(h, fmt.Sprintf("Class%d", i%n))
			a.Push(perl.NewRef(h))
		}
		v := perl.NewRef(a)
		data, err := storable.Codec{}.Append(nil, v, codec.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		back, err := storable.Codec{}.Decode(data, codec.Limits{})
		if err != nil || !perl.Equal(back, v) || strings.Count(string(data), "Class") != n {
			t.Errorf("%d classes: Decode(Append) = %s, %v", n, codectest.Format(back), err)
		}
	}
}

// TestElementObjects: an element that is an object is one again if something refers
// to it.
func TestElementObjects(t *testing.T) {
	a := perl.NewArray(perl.Int(1), perl.Value{})
	perl.Bless(a.Slot(0), "Foo")
	a.Set(1, perl.NewRef(a.Slot(0)))
	data, err := storable.Codec{}.Append(nil, perl.NewRef(a), codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	back, err := storable.Codec{}.Decode(data, codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if s := back.Array().At(0).Slot(); s == nil || s.Class() != "Foo" || back.Array().At(1).Thing() != s {
		t.Errorf("Decode(Append) = %s", codectest.Format(back))
	}
}

// TestPatternOfText: Perl would write the UTF-8 of the characters and take it for
// others.
func TestPatternOfText(t *testing.T) {
	for pattern, want := range map[string]string{
		"caf\u00e9|\u20ac": `caf\x{e9}|\x{20ac}`,
		`\\` + "\u20ac":    `\\\x{20ac}`,
		`\` + "\u20ac":     `\x{20ac}`,
		`a\d`:              `a\d`,
		`\`:                `\`,
	} {
		data, err := storable.Codec{}.Append(nil, list(perl.NewRef(perl.NewRegexp(perl.Text(pattern), "u"))), codec.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		v, err := storable.Codec{}.Decode(data, codec.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Array().At(0).Thing().(*perl.Regexp).Pattern; got.Str() != want {
			t.Errorf("%q is written as %q, want %q", pattern, got.Str(), want)
		}
	}
}

// A session takes an allocation for some dozens of values, and none to write.
func TestAllocations(t *testing.T) {
	v := session(250)
	c := storable.Codec{}
	data, err := c.Append(nil, v, codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := testing.AllocsPerRun(20, func() { v, err = c.Decode(data, codec.Limits{}) }); got > 80 || err != nil {
		t.Errorf("Decode allocates %v times, %v; want at most 80", got, err)
	}
	if got := testing.AllocsPerRun(20, func() { data, err = c.Append(data[:0], v, codec.Limits{}) }); got > 5 || err != nil {
		t.Errorf("Append allocates %v times, %v; want at most 5", got, err)
	}
}

func ExampleCodec() {
	cart := perl.NewArray(perl.Int(1), perl.Float(2.5))
	s := perl.NewHash(2)
	s.Set("cart", perl.NewRef(cart))
	s.Set("last", perl.NewRef(cart))
	data, _ := storable.Codec{Network: true}.Append(nil, perl.NewRef(s), codec.Limits{})
	fmt.Printf("%x\n", data)

	v, _ := storable.Codec{}.Decode(data, codec.Limits{})
	last, _ := v.Hash().Get("last")
	fmt.Println(last.Array().Len())
	// Output:
	// 050b030000000204020000000208810a03322e350000000463617274040000000002000000046c617374
	// 2
}
