package freezethaw_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/freezethaw"
	"github.com/go-datasession/datasession/perl"
)

// shapes are what FreezeThaw 0.5001 makes of unusual shapes, and what is written again
// if it is not the same.
var shapes = []struct{ name, record, model, again string }{
	{
		"numbers in the order of the second reference", "FrT;!1|@0|@0|@1|$1|y@1|$1|x@1|@4|<1|<0|<0|<1|",
		`{"list":[{"id":1,"list":[{"s":"x"}]},{"id":2,"list":[{"s":"y"}]},{"same":2},{"same":1}]}`, "",
	}, {
		"two scalars that hold each other", `FrT;!1|\_\_\<1|\<0|@1|%4|$1|v$1|w<0|<1|`,
		`{"hash":[[{"s":"v"},{"id":1,"ref":{"id":2,"ref":{"same":1}}}],[{"s":"w"},{"same":2}]]}`, "",
	}, {
		"object that holds itself", `FrT;!0|{>0|$3|Foo\_})0|\<0|@1|%2|$1|v<0|`,
		`{"hash":[[{"s":"v"},{"id":1,"bless":"Foo","of":{"ref":{"same":1}}}]]}`, "",
	}, {
		"classes before and in shared things", "FrT;!1|{>0|$1|B@0|{>1|$1|A%0|})0|@1|>>2|$1|C@0|})1|%0|@1|@5|<1|<0|<0|<1|>)2|@0|",
		`{"list":[{"id":1,"bless":"A","of":{"hash":[]}},{"id":2,"bless":"B","of":{"list":[{"bless":"C","of":{"list":[]}}]}},` +
			`{"same":2},{"same":1},{"bless":"C","of":{"list":[]}}]}`, "",
	}, {
		"root is a scalar that holds itself", `FrT;!0|\_\<0|@1|<0|`,
		`{"id":1,"ref":{"same":1}}`, "",
	}, {
		"shared pattern", "FrT;!0|/5|(?^:)/9|(?^i:a.b)@1|@2|<0|<0|",
		`{"list":[{"regexp":"(?^i:a.b)","flags":""},{"regexp":"(?^i:a.b)","flags":""}]}`,
		"FrT;@1|@2|/9|(?^i:a.b)/9|(?^i:a.b)",
	}, {
		"shared pattern in what comes before it", "FrT;!1|@0|/5|(?^:)@1|<1|/6|(?^:a)@1|@2|<0|<0|",
		`{"list":[{"id":1,"list":[{"regexp":"(?^:a)","flags":""}]},{"same":1}]}`,
		"FrT;!0|@0|@1|/6|(?^:a)@1|@2|<0|<0|",
	}, {
		"pattern with a class of its own", "FrT;@1|>>0|$3|Foo/9|(?^i:a.b)",
		`{"bless":"Foo","of":{"regexp":"(?^i:a.b)","flags":""}}`, "",
	}, {
		"pattern of an old Perl", "FrT;@1|/13|(?i-xsm:a\n.b)", `{"regexp":"(?i-xsm:a\n.b)","flags":""}`, "",
	}, {
		"pattern without a group", "FrT;@1|/3|a.b", `{"regexp":"(?^:a.b)","flags":""}`, "FrT;@1|/8|(?^:a.b)",
	}, {
		"shared thing with one reference", "FrT;!0|@0|@1|_@1|<0|", `{"list":[null]}`, "FrT;@1|@1|_",
	},
}

func TestShapes(t *testing.T) {
	for _, test := range shapes {
		t.Run(test.name, func(t *testing.T) {
			got, err := freezethaw.Codec{}.Decode([]byte(test.record), codec.Limits{})
			want := parse(t, []byte(test.model))
			if err != nil || !perl.Equal(got, want) {
				t.Fatalf("Decode(%s) = %s, %v; want %s", test.record, codectest.Format(got), err, test.model)
			}
			again := test.again
			if again == "" {
				again = test.record
			}
			for _, v := range []perl.Value{got, want} {
				if b, err := (freezethaw.Codec{}).Append(nil, v, codec.Limits{}); err != nil || string(b) != again {
					t.Errorf("Append = %s, %v; want %s", b, err, again)
				}
			}
		})
	}
}

// A reference to an element is written as one to a copy of it; what refers to the same
// element shares that copy.
func TestElements(t *testing.T) {
	a := perl.NewArray(perl.Int(1), perl.NewRef(perl.NewArray()))
	ref := perl.NewRef(a.Slot(0))
	a.Push(ref)
	a.Push(ref)
	a.Push(perl.NewRef(a.Slot(1)))
	const want = `FrT;!1|\_@0|\$1|1@0|@1|@5|$1|1<1|<0|<0|\<1|`
	if got, err := (freezethaw.Codec{}).Append(nil, perl.NewRef(a), codec.Limits{}); err != nil || string(got) != want {
		t.Errorf("Append = %s, %v; want %s", got, err, want)
	}
	self := perl.NewArray(perl.Value{})
	self.Set(0, perl.NewRef(self.Slot(0)))
	const loop = `FrT;!0|\_\<0|@1|@1|<0|`
	if got, err := (freezethaw.Codec{}).Append(nil, perl.NewRef(self), codec.Limits{}); err != nil || string(got) != loop {
		t.Errorf("Append = %s, %v; want %s", got, err, loop)
	}
}

// TestSharedAtEverySize has things looked up while they are few, while they are
// many, and where that changes.
func TestSharedAtEverySize(t *testing.T) {
	for n := 1; n < 40; n++ {
		a := perl.NewArray()
		var want strings.Builder
		fmt.Fprintf(&want, "FrT;!%d|%s", n-1, strings.Repeat("@0|", n))
		for i := range n {
			a.Push(perl.NewRef(perl.NewArray(perl.Int(int64(i)))))
			fmt.Fprintf(&want, "@1|$%d|%d", len(fmt.Sprint(i)), i)
		}
		fmt.Fprintf(&want, "@1|@%d|", 2*n)
		for i := range 2 * n {
			fmt.Fprintf(&want, "<%d|", i%n)
			if i >= n {
				a.Push(a.At(i - n))
			}
		}
		got, err := freezethaw.Codec{}.Append(nil, perl.NewRef(a), codec.Limits{})
		if err != nil || string(got) != want.String() {
			t.Errorf("%d shared: %s, %v; want %s", n, got, err, want.String())
		}
	}
}

// What decoders refuse, beyond what the vectors have.
func TestDecodeRefuses(t *testing.T) {
	for _, test := range []struct{ record, err string }{
		{"FrT;@1|%2|_$1|x", "at byte 10: want a key, found '_'"},
		{"FrT;@1|%2|$1|v@2|$1|x&$20|CODE(0x555b34c2d608)", "unsupported: CODE at $D->{v}[1]"},
		{"FrT;@1|%2|$1|v>>0|$1|A&$5|A=x()", "unsupported: CODE at $D->{v}"},
		{"FrT;@1|%2|$3|a b\\*$4|GLOB", `unsupported: GLOB at ${$D->{"a b"}}`},
		{"FrT;!0|@0|@1|&$4|CODE@1|%4|$1|a$1|b<0|<0|", "unsupported: CODE at $D->{a}[0]"},
		{"FrT;!0|&$4|CODE&$4|CODE@1|%4|$1|a$1|b_<0|", "unsupported: CODE at $D->{b}"},
		{`FrT;@1|%2|$1|v\%2|$1|w/10|(?^:(?{}))`, `unsupported: CODE in a pattern at ${$D->{v}}->{w}`},
		{"FrT;@1|@1|?$1|x", "unsupported: stamp of another process at $D->[0]"},
		{"FrT;?$1|x@1|%0|", "unsupported: stamp of another process"},
		{"FrT;@1|>>1|$1|A@0|", "at byte 8: want class number 0, found 1"},
		{"FrT;@1|>>0|$0|@0|", "at byte 8: want the name of a class, found an empty one"},
		{"FrT;@1|>>0|$1|A>>1|$1|B@0|", "at byte 15: want what the object is, found '>'"},
		{"FrT;!0|@0|%0|@1|<0|", "at byte 10: want what was announced, found '%'"},
		{"FrT;!0|{>0|$1|A@0|@0|@1|<0|", "at byte 18: want the class that was announced, found another"},
		{"FrT;!0|@1|_@0|@1|<0|", "at byte 7: want an empty thing, found 1 in it"},
		{"FrT;!1|@0|<0|@0|@0|@1|_", "at byte 10: want an empty thing, found '<'"},
		{"FrT;!0|\\$0|\\_@1|_", "at byte 8: want '_', found '$'"},
		{"FrT;!0|@0|@0|@1|<1|", "at byte 16: want the number of a shared thing, found 1 of 1"},
		{"FrT;@2|_@0|", "at byte 4: want a list of 1 value, found one of 2"},
		{"FrT;@1|$01|x", "at byte 8: number with a leading zero"},
		{"FrT;@1|$99999999999999999999|x", "at byte 8: number out of range"},
		{"FrT;@1|@-1|", "at byte 8: want a number, found '-'"},
		{"FrT;@1|@1_", "at byte 9: want '|', found '_'"},
		{"FrT;@1|x", "at byte 7: want a value, found a letter"},
		{"FrT;@1|%0|\x80", "at byte 10: want the end, found byte 0x80"},
	} {
		v, err := freezethaw.Codec{}.Decode([]byte(test.record), codec.Limits{})
		if err == nil || err.Error() != "FreezeThaw: "+test.err {
			t.Errorf("Decode(%q) = %s, %v; want %s", test.record, codectest.Format(v), err, test.err)
		}
	}
}

// What there is not is not made room for.
func TestClaims(t *testing.T) {
	for _, record := range []string{
		"FrT;@1|" + strings.Repeat("@99000|", 1000) + strings.Repeat("_", 99000),
		"FrT;!999999|" + strings.Repeat("@0|", 300000),
	} {
		allocs := testing.AllocsPerRun(1, func() {
			if _, err := (freezethaw.Codec{}).Decode([]byte(record), codec.Limits{}); !errors.Is(err, codec.ErrLimit) {
				t.Errorf("Decode(%.20q): %v; want a *LimitError", record, err)
			}
		})
		if allocs > 200 {
			t.Errorf("Decode(%.20q): %.0f allocations", record, allocs)
		}
	}
}

// A count that is within the limits, but not within the record, is not believed either.
func TestCountsBeyondTheRecord(t *testing.T) {
	for _, record := range []string{"FrT;@1|@99999999|_", "FrT;@1|%99999998|$0|", "FrT;@1|$99999999|a"} {
		var syntax *codec.SyntaxError
		if _, err := (freezethaw.Codec{}).Decode([]byte(record), codec.Limits{Nodes: 1 << 30}); !errors.As(err, &syntax) || syntax.Offset > 17 {
			t.Errorf("Decode(%q): %v; want a *SyntaxError where the count is", record, err)
		}
	}
}

// TestBroad has more things beside each other than may be within each other.
func TestBroad(t *testing.T) {
	const n = 2 * codec.DefaultDepth
	for _, thing := range []string{"@0|", "%0|", `\_`, "%2|$1|a_", ">)0|@0|", "/5|(?^:)", "<0|"} {
		record := fmt.Sprintf("FrT;!0|{>0|$1|A@0|})0|@0|@1|@%d|%s<0|<0|", n+2, strings.Repeat(thing, n))
		v, err := freezethaw.Codec{}.Decode([]byte(record), codec.Limits{})
		if err != nil {
			t.Errorf("Decode of many %s: %v", thing, err)
			continue
		}
		if again, err := (freezethaw.Codec{}).Append(nil, v, codec.Limits{}); err != nil || string(again) != record {
			t.Errorf("Append of many %s: %.80q, %v", thing, again, err)
		}
	}
}

// A record with shared things is written in two passes, and both keep to the limits.
func TestLimitsOfSharedThings(t *testing.T) {
	const record = "FrT;!0|@0|@2|$1|1$1|2@1|%4|$1|a$1|b<0|<0|"
	const nodes, depth = 5, 2
	v, err := freezethaw.Codec{}.Decode([]byte(record), codec.Limits{Nodes: nodes, Depth: depth, Bytes: len(record)})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := (freezethaw.Codec{}).Append(nil, v, codec.Limits{Nodes: nodes, Depth: depth, Bytes: len(record)}); err != nil || string(got) != record {
		t.Errorf("Append at the limits = %s, %v; want %s", got, err, record)
	}
	for _, lim := range []codec.Limits{{Nodes: nodes - 1}, {Depth: depth - 1}, {Bytes: len(record) - 1}} {
		if _, err := (freezethaw.Codec{}).Append(nil, v, lim); !errors.Is(err, codec.ErrLimit) {
			t.Errorf("Append with %+v: %v; want a *LimitError", lim, err)
		}
	}
}

// Perl writes the flag u for a pattern of text.
func TestPatternOfText(t *testing.T) {
	re := perl.NewRef(perl.NewRegexp(perl.Text("caf\u00e9"), "i"))
	for _, test := range []struct {
		codec freezethaw.Codec
		want  string
	}{
		{freezethaw.Codec{}, "FrT;@1|/11|(?^ui:caf\xe9)"},
		{freezethaw.Codec{UTF8: true}, "FrT;@1|/11|(?^ui:caf\u00e9)"},
	} {
		got, err := test.codec.Append(nil, re, codec.Limits{})
		if err != nil || string(got) != test.want {
			t.Errorf("%+v: Append = %q, %v; want %q", test.codec, got, err, test.want)
		}
		v, err := test.codec.Decode(got, codec.Limits{})
		if again, _ := test.codec.Append(nil, v, codec.Limits{}); err != nil || string(again) != test.want {
			t.Errorf("%+v: Append after Decode = %q, %v; want %q", test.codec, again, err, test.want)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	list := func(v ...perl.Value) perl.Value { return perl.NewRef(perl.NewArray(v...)) }
	pattern := func(s, flags string) perl.Value { return perl.NewRef(perl.NewRegexp(perl.Bytes(s), flags)) }
	wide := perl.NewHash(1)
	wide.Set("a\u20ac", perl.Value{})
	for _, test := range []struct {
		name       string
		codec      freezethaw.Codec
		value      perl.Value
		what, path string
	}{
		{"wide character", freezethaw.Codec{}, list(perl.Text("a\u20ac")), "character above U+00FF", "$D->{cart}[0]"},
		{"wide key", freezethaw.Codec{}, perl.NewRef(wide), "character above U+00FF", `$D->{cart}{"a\u20ac"}`},
		{"not UTF-8", freezethaw.Codec{UTF8: true}, list(perl.Int(1), perl.Text("\xff")), "text that is not UTF-8", "$D->{cart}[1]"},
		{"code", freezethaw.Codec{}, perl.NewRef(perl.NewScalar(pattern("(?{1})", ""))), "CODE in a pattern", "${$D->{cart}}"},
		{"flags", freezethaw.Codec{}, pattern("a", "q"), "pattern with unknown flags", "$D->{cart}"},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := perl.NewHash(1)
			root.Set("cart", test.value)
			got, err := test.codec.Append([]byte("dst"), perl.NewRef(root), codec.Limits{})
			var u *codec.UnsupportedError
			if !errors.As(err, &u) || u.Codec != "FreezeThaw" || u.What != test.what || u.Path != test.path {
				t.Errorf("Append: %v; want %s at %s", err, test.what, test.path)
			}
			if string(got) != "dst" {
				t.Errorf("Append returned %q; want dst as it was", got)
			}
		})
	}
}

// Which way a record is read is not guessed, unless that is asked for.
func TestRecover(t *testing.T) {
	const (
		bytes      = "FrT;@1|$2|\u00e9" // two bytes, which are not known to be UTF-8
		characters = "FrT;@1|$1|\u00e9" // one character, which takes two bytes
		refused    = "refused"
	)
	read := func(c freezethaw.Codec, record string) string {
		v, err := c.Decode([]byte(record), codec.Limits{})
		if err != nil {
			return refused
		}
		return codectest.Format(v)
	}
	for _, test := range []struct{ record, bytes, utf8, recover, recoverUTF8 string }{
		{bytes, `{"s":"\u00c3\u00a9"}`, refused, `{"s":"\u00c3\u00a9"}`, `{"s":"\u00c3\u00a9"}`},
		{characters, refused, `{"s":"\u00e9","utf8":true}`, `{"s":"\u00e9","utf8":true}`, `{"s":"\u00e9","utf8":true}`},
	} {
		for _, way := range []struct {
			codec freezethaw.Codec
			want  string
		}{
			{freezethaw.Codec{}, test.bytes},
			{freezethaw.Codec{UTF8: true}, test.utf8},
			{freezethaw.Codec{Recover: true}, test.recover},
			{freezethaw.Codec{UTF8: true, Recover: true}, test.recoverUTF8},
		} {
			want := way.want
			if want != refused {
				want = codectest.Format(parse(t, []byte(want)))
			}
			if got := read(way.codec, test.record); got != want {
				t.Errorf("%+v: Decode(%q) = %s; want %s", way.codec, test.record, got, want)
			}
		}
	}
}
