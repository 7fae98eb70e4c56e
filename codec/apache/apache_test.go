package apache_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/apache"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/perl"
)

// codecs are all of them, with what Perl's serializers do to what nfreeze makes.
var codecs = []struct {
	codec.Codec
	vectors    string
	wrap, open string
}{
	{apache.Base64{}, "apache-base64", "encode_base64($_[0])", "decode_base64($_[0])"},
	{apache.UUEncode{}, "apache-uuencode", "pack('u', $_[0])", "unpack('u', $_[0])"},
	{apache.Sybase{}, "apache-sybase", "unpack('H*', $_[0])", "pack('H*', $_[0])"},
}

const assignable = "as in package storable, an undef that Perl cannot assign to is written as one that it can"

func TestVectors(t *testing.T) {
	for _, c := range codecs {
		t.Run(c.Name(), func(t *testing.T) {
			codectest.Run(t, c, codectest.Vectors(c.vectors), &codectest.Options{
				Deviates: map[string]string{
					"ref-undef": assignable, "sparse-list": assignable, "preextended-list": assignable,
				},
			})
		})
	}
}

func TestAttacks(t *testing.T) {
	for _, c := range codecs {
		t.Run(c.Name(), func(t *testing.T) {
			seeds, err := codectest.Seeds(codectest.Vectors(c.vectors))
			if err != nil {
				t.Fatal(err)
			}
			seeds = slices.DeleteFunc(seeds, func(s []byte) bool { return len(s) > 1000 })
			codectest.Attacks(t, c, seeds, &codectest.AttackOptions{Prefixes: c.Name() == "Sybase"})
		})
	}
}

// A text that is cut is refused, or it lacks nothing but newlines and padding.
func TestPrefixes(t *testing.T) {
	v := perl.NewRef(perl.NewArray(perl.Int(1), perl.Bytes(strings.Repeat("long ", 30))))
	for n := range 4 {
		v.Array().Push(perl.Bytes("xxxx"[:n]))
		for _, c := range codecs {
			text, err := c.Append(nil, v, codec.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			for i := range text {
				got, err := c.Decode(text[:i], codec.Limits{})
				if rest := strings.Trim(string(text[i:]), "=\n"); rest == "" && c.Name() != "Sybase" {
					if err != nil || !perl.Equal(got, v) {
						t.Errorf("%s: Decode without %q: %v", c.Name(), text[i:], err)
					}
				} else if err == nil {
					t.Errorf("%s: Decode without %q: no error", c.Name(), text[i:])
				}
			}
		}
	}
}

// TestReading reads what the serializers of Perl read, and what they should not.
func TestReading(t *testing.T) {
	const one = "050b02000000010881" // [1]
	for _, test := range []struct {
		c    codec.Codec
		text string
		want string // an error, or "" for [1]
	}{
		{apache.Base64{}, "BQsCAAAAAQiB\n", ""},
		{apache.Base64{}, "BQsCAAAAAQiB", ""},
		{apache.Base64{}, " BQ-sCA_A\r\nAA\x00AQ\xffiB  ", ""},
		{apache.Base64{}, "BQsCAAAAAQiBAA==", ""}, // bytes after the value
		{apache.Base64{}, "BQsCAAAAAQiB=junk", ""},
		{apache.Base64{}, "BQsCAAAAAQi", "Base64: at byte 8: in Storable: unexpected end"},
		{apache.Base64{}, "BQsCAAAAAQg=", "unexpected end"},
		{apache.Base64{}, "BQsCAAAAASSB", "Base64: at byte 8: in Storable: unexpected type 0x24"},
		{apache.Base64{}, "", "unexpected end"},
		{apache.UUEncode{}, ")!0L\"`````0B!\n", ""},
		{apache.UUEncode{}, ")!0L\"`````0B!", ""},
		{apache.UUEncode{}, ")!0L\"    0B!\n", "line that is shorter"},
		{apache.UUEncode{}, ")!0L\"     0B!\n", ""}, // blanks for zeros
		{apache.UUEncode{}, ")!0L\"`````0B!\r\n", ""},
		{apache.UUEncode{}, ")!0L\"`````0B!X\n", ""},
		{apache.UUEncode{}, "&!0L\"````\n#`0B!\n", ""},
		{apache.UUEncode{}, ")!0L\"`````0B!\n  padding", ""},
		{apache.UUEncode{}, ")!0L\"`````0B!\nend\n", ""},
		{apache.UUEncode{}, ")!0L\"`````0B\n", "line that is shorter"},
		{apache.UUEncode{}, "&!0L\"````\n", "UUEncode: at byte 5: in Storable: unexpected end"},
		{apache.UUEncode{}, "begin 644 x\n", "unexpected end"},
		{apache.Sybase{}, one, ""},
		{apache.Sybase{}, strings.ToUpper(one), ""},
		{apache.Sybase{}, one + "  \n", ""},
		{apache.Sybase{}, one + "00", ""},
		{apache.Sybase{}, one[:17], "half a byte"},
		{apache.Sybase{}, "05 0b", "Sybase: at byte 2: want hexadecimal digits"},
		{apache.Sybase{}, one[:16], "Sybase: at byte 16: in Storable: unexpected end"},
	} {
		v, err := test.c.Decode([]byte(test.text), codec.Limits{})
		if test.want == "" && (err != nil || codectest.Format(v) != `{"list":[{"i":"1"}]}`) {
			t.Errorf("%s: Decode(%q) = %s, %v; want [1]", test.c.Name(), test.text, codectest.Format(v), err)
		} else if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: Decode(%q): %v; want %s", test.c.Name(), test.text, err, test.want)
		}
	}
}

func TestUnsupported(t *testing.T) {
	_, err := apache.Sybase{}.Decode([]byte("050b"+"0300000001"+"041a0a047b313b7d"+"0000000176"), codec.Limits{})
	var unsupported *codec.UnsupportedError
	if !errors.As(err, &unsupported) || err.Error() != "Sybase: unsupported: CODE at $D->{v}" {
		t.Errorf("Decode: %v", err)
	}
}

// TestPerl compares with Perl's own functions, as the serializers call them.
func TestPerl(t *testing.T) {
	for _, c := range codecs {
		t.Run(c.Name(), func(t *testing.T) {
			codectest.Differential(t, c, codectest.Peer{
				Package:  "perl",
				Features: codectest.All &^ codectest.Floats, // see package storable
				Source: fmt.Sprintf(`
					use Storable ();
					use MIME::Base64;
					$Storable::canonical = 1;
					sub wrapped { %s }
					sub opened { %s }
					sub freeze { wrapped(Storable::nfreeze($_[0])) }
					sub thaw { Storable::thaw(opened($_[0])) // die 'thaw gives undef' }`, c.wrap, c.open),
			})
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range codecs {
		seeds, err := codectest.Seeds(codectest.Vectors(c.vectors))
		if err != nil {
			f.Fatal(err)
		}
		for _, seed := range seeds {
			if len(seed) < 1000 {
				f.Add(seed)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, c := range codecs {
			v, err := c.Decode(data, codec.Limits{})
			if err == nil && strings.Contains(codectest.Format(v), `"n":`) {
				continue // an integral float would be printed otherwise when it has been written
			}
			if err := codectest.Check(c, data); err != nil {
				t.Errorf("%s: %v", c.Name(), err)
			}
		}
	})
}

func ExampleBase64() {
	s := perl.NewHash(1)
	s.Set("v", perl.Bytes("1"))
	text, _ := apache.Base64{}.Append(nil, perl.NewRef(s), codec.Limits{})
	fmt.Printf("%s", text)
	// Output: BQsDAAAAAQoBMQAAAAF2
}
