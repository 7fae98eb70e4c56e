package storable_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/storable"
	"github.com/go-datasession/datasession/perl"
)

// bytesOf returns the bytes that hexadecimal digits with blanks between them mean.
func bytesOf(tb testing.TB, digits string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// TestHeaders reads [-2, 1.5] as other machines write it.
func TestHeaders(t *testing.T) {
	const little = "02 02000000 06 feffffffffffffff 07 000000000000f83f"
	const big = "02 00000002 06 fffffffffffffffe 07 3ff8000000000000"
	const value = `{"list":[{"i":"-2"},{"n":"1.5","bits":"3ff8000000000000"}]}`
	for _, test := range []struct{ name, digits, want string }{
		{"64 bits, little-endian", "040b 083132333435363738 04080808" + little, ""},
		{"64 bits, big-endian", "040b 083837363534333231 04080808" + big, ""},
		{"32 bits, little-endian", "040b 0431323334 04040408 02 02000000 06 feffffff 07 000000000000f83f", ""},
		{"32 bits, big-endian", "040b 0434333231 04040408 02 00000002 06 fffffffe 07 3ff8000000000000", ""},
		{"32 bits with integers of 64", "040b 083132333435363738 04040408" + little, ""},
		{"64 bits of Windows", "040b 083132333435363738 04040808" + little, ""},
		{"minor version 1, without a size of double", "0401 083132333435363738 040808" + little, ""},
		{"minor version 4", "0404 083132333435363738 04080808" + little, ""},
		{"minor version 99", "0463 083132333435363738 04080808" + little, ""},
		{"major version 1", "020b 083132333435363738 04080808" + little, "byte 0: version 1 of the format, want 2"},
		{"major version 3", "060b 083132333435363738 04080808" + little, "byte 0: version 3 of the format"},
		{"mixed order", "040b 083231343336353837 04080808" + little, "byte 2: unknown order of bytes"},
		{"no order", "040b 00 04080808" + little, "byte 2: unknown order of bytes"},
		{"int of 8 bytes", "040b 083132333435363738 08080808" + little, "byte 11: int of 8 bytes, want [4]"},
		{"long of 2 bytes", "040b 083132333435363738 04020808" + little, "byte 12: long of 2 bytes, want [4 8]"},
		{"pointer of 2 bytes", "040b 083132333435363738 04080208" + little, "byte 13: pointer of 2 bytes"},
		{"double of 16 bytes", "040b 083132333435363738 04080810" + little, "byte 14: double of 16 bytes"},
		{"file", "70737430 040b 083132333435363738 04080808" + little, "byte 0: a file of Storable's store"},
		{"text", "24 44 20 3d", "version 18 of the format"},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := bytesOf(t, test.digits)
			v, err := storable.Codec{}.Decode(data, codec.Limits{})
			if test.want == "" {
				if err != nil || codectest.Format(v) != value {
					t.Errorf("Decode = %s, %v; want %s", codectest.Format(v), err, value)
				}
				return
			}
			var syntax *codec.SyntaxError
			if !errors.As(err, &syntax) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Decode = %s, %v; want %s", codectest.Format(v), err, test.want)
			}
		})
	}
}

func TestDecodeFile(t *testing.T) {
	for digits, want := range map[string]string{
		"70737430 050b 02 00000001 0881":                              `{"list":[{"i":"1"}]}`,
		"70737430 040b 083132333435363738 04080808 02 01000000 06 01": "byte 25: unexpected end",
		"70737430 040b 083132333435363738 04080808 02 01000000 08 81": `{"list":[{"i":"1"}]}`,
		"050b 02 00000001 0881":                                       `byte 0: no file of Storable's store, want "pst0"`,
		"":                                                            "no file",
		"7065726c2d73746f7265 04":                                     "no file",
		"70737430":                                                    "byte 4: unexpected end",
	} {
		v, err := storable.DecodeFile(bytesOf(t, digits), codec.Limits{})
		if got := fmt.Sprint(codectest.Format(v), err); !strings.Contains(got, want) {
			t.Errorf("DecodeFile(%s) = %s; want %s", digits, got, want)
		}
	}
}

// TestValues reads one value of each type, in a list and in network order. What perl
// 5.36 makes of it has been looked at, where it reads it.
func TestValues(t *testing.T) {
	for _, test := range []struct{ name, digits, want string }{
		{"string", "0a 02 4142", `{"s":"AB"}`},
		{"long string", "01 00000002 4142", `{"s":"AB"}`},
		{"text", "17 03 e282ac", `{"s":"€","utf8":true}`},
		{"long text", "18 00000003 e282ac", `{"s":"€","utf8":true}`},
		{"text that is ASCII", "17 01 41", `{"s":"A","utf8":true}`},
		{"surrogate", "17 03 eda080", `{"cps":[55296],"utf8":true}`},
		{"beyond Unicode", "17 04 f4908080", `{"cps":[1114112],"utf8":true}`},
		{"byte", "08 00", `{"i":"-128"}`},
		{"NETINT", "09 80000000", `{"i":"-2147483648"}`},
		{"undef", "05", `null`},
		{"the one undef", "0e", `null`},
		{"undef that is no element", "1f", `null`},
		{"yes", "0f", `{"bool":true}`},
		{"no", "10", `{"bool":false}`},
		{"true of perl 5.38", "22", `{"bool":true}`},
		{"false of perl 5.38", "23", `{"bool":false}`},
		{"version string", "1d 06 76312e322e33 0a 03 010203", `{"vstring":"1.2.3"}`},
		{"long version string", "1e 00000006 76312e322e33 01 00000003 010203", `{"vstring":"1.2.3"}`},
		{"version string of text", "1d 04 76323536 17 02 c480", `{"vstring":"256"}`},
		{"pattern", "04 11 06 526567657870 20 00 03 612e62 02 6969", `{"regexp":"a.b","flags":"ii"}`},
		{"long pattern", "04 20 01 00000003 612e62 00", `{"regexp":"a.b","flags":""}`},
		{"pattern of a class", "04 11 03 466f6f 20 00 01 61 00", `{"bless":"Foo","of":{"regexp":"a","flags":""}}`},
		{"reference to a string", "04 0a 01 41", `{"ref":{"s":"A"}}`},
		{"reference to a reference", "04 04 02 00000000", `{"ref":{"list":[]}}`},
		{"object", "04 11 03 466f6f 03 00000000", `{"bless":"Foo","of":{"hash":[]}}`},
		{"object that is a string", "04 11 03 466f6f 0a 01 41", `{"bless":"Foo","of":{"ref":{"s":"A"}}}`},
		{"object of a long class", "04 11 80 00000003 466f6f 03 00000000", `{"bless":"Foo","of":{"hash":[]}}`},
		{"object of a class that overloads", "14 11 03 466f6f 03 00000000", `{"bless":"Foo","of":{"hash":[]}}`},
		{"element that is an object", "11 03 466f6f 08 81", `{"i":"1"}`}, // nothing refers to it
		{"weak reference", "1b 02 00000000", `{"weak":true,"list":[]}`},
		{"weak reference to one that overloads", "1c 11 03 466f6f 03 00000000", `{"weak":true,"bless":"Foo","of":{"hash":[]}}`},
		{"hash", "04 03 00000001 08 81 00000001 61", `{"hash":[[{"s":"a"},{"i":"1"}]]}`},
		{"key that is a byte", "04 03 00000001 08 81 00000001 e9", `{"hash":[[{"s":"é"},{"i":"1"}]]}`},
		{"key twice", "04 03 00000002 08 81 00000001 61 08 82 00000001 61", `{"hash":[[{"s":"a"},{"i":"2"}]]}`},
		{"flags", "04 19 00 00000001 08 81 00 00000001 61", `{"hash":[[{"s":"a"},{"i":"1"}]]}`},
		{"key of text", "04 19 00 00000001 08 81 01 00000003 e282ac", `{"hash":[[{"s":"€","utf8":true},{"i":"1"}]]}`},
		{"key that was text", "04 19 00 00000001 08 81 02 00000001 e9", `{"hash":[[{"s":"é","utf8":true},{"i":"1"}]]}`},
		{"restricted hash", "04 19 01 00000002 08 81 04 00000001 61 0e 14 00000001 62", `{"hash":[[{"s":"a"},{"i":"1"}]]}`},
		{"bytes after the value", "05 ffff", `null`},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := bytesOf(t, "050b 02 00000001"+test.digits)
			v, err := storable.Codec{}.Decode(data, codec.Limits{})
			if err != nil {
				t.Fatalf("Decode: %v", err)
			}
			if got, want := codectest.Format(v), `{"list":[`+test.want+`]}`; got != want {
				t.Errorf("Decode = %s\nwant     %s", got, want)
			}
		})
	}
}

// TestShapes reads images in which values refer to others by their numbers, and writes
// them again as they were.
func TestShapes(t *testing.T) {
	for _, test := range []struct {
		name, digits, want string
		again              string // what is written; "" for the same
	}{
		{
			"list in itself", "02 00000001 04 00 00000000",
			`{"id":1,"list":[{"same":1}]}`, "",
		}, {
			"list twice", "02 00000002 04 02 00000000 04 00 00000002",
			`{"list":[{"id":1,"list":[]},{"same":1}]}`, "",
		}, {
			"reference to an element", "02 00000002 08 85 04 00 00000001",
			`{"list":[{"id":1,"elem":{"i":"5"}},{"same":1}]}`, "",
		}, {
			"reference before its element", "02 00000002 04 08 85 00 00000002",
			`{"list":[{"id":1,"ref":{"i":"5"}},{"alias":1}]}`, "",
		}, {
			"one element in two places", "02 00000002 08 85 00 00000001",
			`{"list":[{"id":1,"elem":{"i":"5"}},{"alias":1}]}`, "",
		}, {
			"reference to an entry", "03 00000002 08 85 00000001 61 04 00 00000001 00000001 62",
			`{"hash":[[{"s":"a"},{"id":1,"elem":{"i":"5"}}],[{"s":"b"},{"same":1}]]}`, "",
		}, {
			"entry that refers to itself", "03 00000001 04 00 00000001 00000001 61",
			`{"hash":[[{"s":"a"},{"id":1,"elem":{"same":1}}]]}`, "",
		}, {
			"reference to an element that is a reference", "02 00000002 04 02 00000000 04 00 00000001",
			`{"list":[{"id":1,"elem":{"list":[]}},{"same":1}]}`, "",
		}, {
			"element that is an object", "02 00000002 11 03 466f6f 08 81 04 00 00000001",
			`{"list":[{"id":1,"elem":{"i":"1"}},{"same":1}]}`, "",
		}, {
			"scalar that holds itself", "04 00 00000000",
			`{"id":1,"ref":{"same":1}}`, "",
		}, {
			"two scalars that hold each other", "02 00000001 04 04 04 00 00000002",
			`{"list":[{"id":1,"ref":{"ref":{"same":1}}}]}`, "",
		}, {
			"pattern twice", "02 00000002 04 11 06 526567657870 20 00 01 61 00 04 00 00000002",
			`{"list":[{"id":1,"regexp":"a","flags":""},{"same":1}]}`, "",
		}, {
			"weak reference to what holds it", "03 00000001 04 03 00000001 1b 00 00000000 00000002 7570 00000003 6b6964",
			`{"id":1,"hash":[[{"s":"kid"},{"hash":[[{"s":"up"},{"same":1,"weak":true}]]}]]}`, "",
		}, {
			"three objects of two classes", "02 00000003 04 11 01 41 03 00000000 04 11 01 42 03 00000000 04 12 00 02 00000000",
			`{"list":[{"bless":"A","of":{"hash":[]}},{"bless":"B","of":{"hash":[]}},{"bless":"A","of":{"list":[]}}]}`, "",
		}, {
			"the one undef twice", "02 00000002 04 0e 04 0e",
			`{"list":[{"id":1,"ref":null},{"same":1}]}`, "02 00000002 04 05 04 00 00000002",
		}, {
			"reference to an element that does not exist", "02 00000002 0e 04 00 00000001",
			`{"list":[null,{"ref":null}]}`, "02 00000002 05 04 05",
		}, {
			"key twice, and a reference to the first", "02 00000002 04 03 00000002 08 85 00000001 61 08 86 00000001 61 04 00 00000003",
			`{"list":[{"hash":[[{"s":"a"},{"i":"6"}]]},{"ref":{"i":"5"}}]}`,
			"02 00000002 04 03 00000001 08 86 00000001 61 04 08 85",
		}, {
			"class of JSON's true", "02 00000001 04 11 11 4a534f4e3a3a50503a3a426f6f6c65616e 08 81",
			`{"list":[{"bless":"JSON::PP::Boolean","of":{"ref":{"i":"1"}}}]}`,
			"02 00000001 14 11 11 4a534f4e3a3a50503a3a426f6f6c65616e 08 81",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			v, err := storable.Codec{}.Decode(bytesOf(t, "050b"+test.digits), codec.Limits{})
			if err != nil {
				t.Fatalf("Decode: %v", err)
			}
			if got := codectest.Format(v); got != test.want {
				t.Errorf("Decode = %s\nwant     %s", got, test.want)
			}
			want := test.again
			if want == "" {
				want = test.digits
			}
			got, err := storable.Codec{Network: true}.Append(nil, v, codec.Limits{})
			if err != nil || string(got) != string(bytesOf(t, "050b"+want)) {
				t.Errorf("Append = %x, %v\nwant     %s", got, err, want)
			}
		})
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, test := range []struct{ digits, want string }{
		{"", "byte 0: unexpected end"},
		{"05", "byte 1: unexpected end"},
		{"050b", "byte 2: unexpected end"},
		{"050b 24", "byte 2: unexpected type 0x24"},
		{"050b 02 00000001 24", "byte 7: unexpected type 0x24"},
		{"050b 02 00000001 02 00000000", "byte 7: unexpected type 0x02"},
		{"050b 02 00000002 0881", "byte 9: unexpected end"},
		{"050b 02 7fffffff 0881", "byte 3: unexpected end, want 2147483647 elements"},
		{"050b 02 00000002 04 02 00000002 05", "byte 9: unexpected end, want 2 elements"},
		{"050b 03 00000002 05 00000001 61 05", "byte 3: unexpected end, want 2 elements"},
		{"050b 02 00000001 01 7fffffff 61", "byte 12: unexpected end, want 2147483647 bytes more"},
		{"050b 02 00000001 0a 02 61", "byte 9: unexpected end, want 2 bytes more"},
		{"050b 02 00000001 04 00 00000003", "byte 9: value number 3 again, of 2 so far"},
		{"050b 02 00000002 04 02 00000000 00 00000002", "byte 14: a container again, want a scalar"},
		{"050b 00 00000000", "byte 3: value number 0 again, of 0 so far"},
		{"050b 12 00 03 00000000", "byte 3: class number 0, of 0 so far"},
		{"050b 11 00 03 00000000", "byte 3: want a class name, found an empty one"},
		{"050b 11 01 41 11 01 42 03 00000000", "byte 5: unexpected type 0x11 of an object"},
		{"050b 02 00000001 04 11 01 41 00 00000000", "byte 11: unexpected type 0x00 of an object"},
		{"050b 02 00000001 06 0000000000000005", "byte 7: number in native order"},
		{"050b 02 00000001 07 000000000000f83f", "byte 7: number in native order"},
		{"050b 02 00000001 17 02 c328", "byte 8: text that is not UTF-8"},
		{"050b 02 00000001 17 02 c080", "byte 8: text that is not UTF-8"},
		{"050b 02 00000001 18 00000001 80", "byte 8: text that is not UTF-8"},
		{"050b 19 00 00000001 05 01 00000001 80", "byte 10: key that is not UTF-8"},
		{"050b 19 00 00000001 05 08 0a 02 6162", "byte 9: key that is a scalar"},
		{"050b 02 00000001 1d 02 7631 08 81", "byte 11: unexpected type 0x08 of a version string"},
		{"050b 02 00000001 04 20 00 01 61 01 2f", "byte 12: unknown flags of a pattern"},
	} {
		v, err := storable.Codec{}.Decode(bytesOf(t, test.digits), codec.Limits{})
		var syntax *codec.SyntaxError
		if !errors.As(err, &syntax) || !strings.HasPrefix(err.Error(), "Storable: at "+test.want) {
			t.Errorf("Decode(%s) = %s, %v\nwant %s", test.digits, codectest.Format(v), err, test.want)
		}
	}
}

func TestUnsupported(t *testing.T) {
	const code = "04 1a 0a 04 7b313b7d "
	for _, test := range []struct{ name, digits, want string }{
		{"code", "03 00000001" + code + "00000001 76", "CODE at $D->{v}"},
		{"code under keys and in lists", "03 00000001 04 02 00000002 05 04 03 00000001" + code + "00000003 612062 00000001 76", `CODE at $D->{v}[1]{"a b"}`},
		{"code that a scalar refers to", "03 00000001 04" + code + "00000001 76", "CODE at ${$D->{v}}"},
		{"code behind two scalars", "03 00000001 04 04 04 03 00000001" + code + "00000001 6b 00000001 76", "CODE at ${${$D->{v}}}->{k}"},
		{"object of code", "02 00000001 04 11 01 41 1a 0a 01 31", "CODE at $D->[0]"},
		{"the first of two", "02 00000002 0d 05" + code, "tied scalar at $D->[0]"},
		{"code for a root", "1a 0a 01 31", "CODE at $D"},
		{"tied array", "02 00000001 04 0b 04 11 01 41 03 00000000", "tied array at $D->[0]"},
		{"tied hash", "02 00000001 04 0c 04 11 01 41 03 00000000", "tied hash at $D->[0]"},
		{"tied element", "02 00000001 15 04 03 00000000 0a 01 6b", "element of a tied hash at $D->[0]"},
		{"tied element of an array", "02 00000001 16 04 02 00000000 00000003", "element of a tied array at $D->[0]"},
		{"pattern by itself", "02 00000001 20 00 01 61 00", "pattern without a reference at $D->[0]"},
		{"hook", "03 00000001 04 13 02 02 486b 06 66726f7a656e 00000001 76", "object that is frozen by its class at $D->{v}"},
		{"hook with objects", "03 00000001 04 13 42 02 00000001 08 81 82 02 486b 06 66726f7a656e 01 00000003 00000001 76", "object that is frozen by its class at $D->{v}"},
		{
			"hook of a class seen before, with long lengths, tied",
			"02 00000002 04 11 01 41 03 00000000 04 13 bf 01 00000000 00000001 78 00000001 00000000 05",
			"object that is frozen by its class at $D->[1]",
		},
		{"2 GiB", "02 00000001 21 01 0000000100000000", "more than 2 GiB in one value at $D->[0]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := storable.Codec{}.Decode(bytesOf(t, "050b"+test.digits), codec.Limits{})
			if want := "Storable: unsupported: " + test.want; !errors.Is(err, codec.ErrUnsupported) || err.Error() != want {
				t.Errorf("Decode: %v\nwant %s", err, want)
			}
		})
	}
	for want, v := range map[string]perl.Value{
		"value that is no reference at $D":      perl.Int(1),
		"pattern with unknown flags at $D->[0]": list(perl.NewRef(perl.NewRegexp(perl.Bytes("a"), "/;exit"))),
		"text that is not UTF-8 at ${$D->[0]}":  list(perl.NewRef(perl.NewScalar(perl.Text("\xff")))),
		"text that is not UTF-8 at $D->[1]":     list(perl.Int(1), perl.Text("\xc0\x80")),
		"key that is not UTF-8 at $D":           keyed(perl.TextKey("\u20ac\xff"), perl.Int(1)),
		"text that is not UTF-8 at $D->{k}[0]":  keyed(perl.BytesKey("k"), list(perl.Text("\xff"))),
	} {
		_, err := storable.Codec{}.Append(nil, v, codec.Limits{})
		if want = "Storable: unsupported: " + want; !errors.Is(err, codec.ErrUnsupported) || err.Error() != want {
			t.Errorf("Append: %v\nwant %s", err, want)
		}
	}
}

func list(v ...perl.Value) perl.Value { return perl.NewRef(perl.NewArray(v...)) }

func keyed(key perl.Key, v perl.Value) perl.Value {
	h := perl.NewHash(1)
	h.SetKey(key, v)
	return perl.NewRef(h)
}
