package dumper_test

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/perl"
)

func TestLiterals(t *testing.T) {
	for text, want := range map[string]perl.Value{
		`'it\'s \\ \n'`:              perl.Bytes(`it's \ \n`),
		`'\\\''`:                     perl.Bytes(`\'`),
		`"\n\t\r\f\b\a\e\0"`:         perl.Bytes("\n\t\r\f\b\a\x1b\x00"),
		`"\101\1012\7\377"`:          perl.Bytes("AA2\a\xff"),
		`"\400\377"`:                 perl.Text("\u0100\u00ff"),
		`"\777"`:                     perl.Text("\u01ff"),
		`"\x41\xe9a\xfg"`:            perl.Bytes("A\xe9a\x0fg"),
		`"\x{41}\x{7f}"`:             perl.Bytes("A\x7f"),
		`"\xe9\x{20ac}"`:             perl.Text("é€"),
		"\"\xe9\\x{20ac}\xe9\"":      perl.Text("é€é"),
		`"\x{e9}"`:                   perl.Latin1("\xe9"),
		`"\"\\\$\@\'\ \9"`:           perl.Bytes(`"\$@' 9`),
		`""`:                         perl.Bytes(""),
		`-5`:                         perl.Int(-5),
		`-0`:                         perl.Int(0),
		`9223372036854775808`:        perl.Uint(1 << 63),
		`18446744073709551616`:       perl.Float(1 << 64),
		`1.5`:                        perl.Float(1.5),
		`-1.5e-3`:                    perl.Float(-0.0015),
		`1E+2`:                       perl.Float(100),
		`1e999`:                      perl.Float(math.Inf(1)),
		`v1.2.3`:                     perl.VString(perl.Bytes("\x01\x02\x03"), "v1.2.3"),
		`1.22.333`:                   perl.VString(perl.Text("\x01\x16\u014d"), "1.22.333"),
		` undef `:                    {},
		"\n[\n 1 ,\t'a'\r\n,\n]\f\v": list(perl.Int(1), perl.Bytes("a")),
	} {
		got, err := dumper.Codec{}.Decode([]byte("$D = "+text+";"), codec.Limits{})
		if err != nil || codectest.Format(got) != codectest.Format(want) {
			t.Errorf("Decode(%s) = %s, %v; want %s", text, codectest.Format(got), err, codectest.Format(want))
		}
	}
}

// Perl reads "\x{e9}" as a byte string; Go programs get the character all the same, and
// the bytes that are written again are those that were read.
func TestCharactersBelow256(t *testing.T) {
	const stored = `$D = {"\x{e9}" => "bj\x{f6}rn",'b' => 'bj` + "\xf6" + `rn'};`
	v, err := dumper.Codec{}.Decode([]byte(stored), codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]any{"é": "björn", "b": "bj\xf6rn"}; !reflect.DeepEqual(perl.ToGo(v), want) {
		t.Errorf("ToGo = %q; want %q", perl.ToGo(v), want)
	}
	elem, _ := v.Hash().Get("é")
	if !perl.Equal(elem, perl.Bytes("bj\xf6rn")) || elem.Kind() != perl.KindBytes {
		t.Errorf("the value is %v; want the byte string that Perl reads", elem.Kind())
	}
	var name string
	if err := perl.Decode(elem, &name); err != nil || name != "björn" {
		t.Errorf("Decode = %q, %v; want björn", name, err)
	}
	var raw []byte
	if err := perl.Decode(elem, &raw); err != nil || string(raw) != "bj\xf6rn" {
		t.Errorf("Decode to bytes = %q, %v; want one byte a character", raw, err)
	}
	again, err := dumper.Codec{}.Append(nil, perl.Clone(v), codec.Limits{})
	const sorted = `$D = {'b' => 'bj` + "\xf6" + `rn',"\x{e9}" => "bj\x{f6}rn"};`
	if err != nil || string(again) != sorted {
		t.Errorf("Append = %q, %v; want %q", again, err, sorted)
	}
}

// TestSharedAtEverySize has things looked up while they are few, while they are
// many, and where that changes.
func TestSharedAtEverySize(t *testing.T) {
	for n := range 40 {
		a := perl.NewArray()
		var want strings.Builder
		for i := range n {
			a.Push(perl.NewRef(perl.NewArray(perl.Int(int64(i)))))
		}
		for i := range n {
			a.Push(a.At(i))
			fmt.Fprintf(&want, "$D->[%d] = $D->[%d];", n+i, i)
		}
		got, err := dumper.Codec{Tail: true}.Append(nil, perl.NewRef(a), codec.Limits{})
		if _, statements, _ := strings.Cut(string(got), ";"); err != nil || statements != want.String()+";$D" {
			t.Errorf("%d shared: statements %s, %v; want %s", n, statements, err, want.String())
		}
	}
}

// TestBroad has more things beside each other than may be within each other.
func TestBroad(t *testing.T) {
	for _, thing := range []string{"[]", "{}", `\1`, `do{\(my $o = 1)}`, "bless( [], 'A' )", "bless( do{\\(my $o = 1)}, 'A' )"} {
		text := "$D = [" + strings.Repeat(thing+",", 2*codec.DefaultDepth) + "];"
		if _, err := (dumper.Codec{}).Decode([]byte(text), codec.Limits{}); err != nil {
			t.Errorf("Decode of many %s: %v", thing, err)
		}
	}
	text := `$D = [\[],1];` + strings.Repeat(`$D->[1] = ${$D->[0]};`, 2*codec.DefaultDepth)
	if _, err := (dumper.Codec{}).Decode([]byte(text), codec.Limits{}); err != nil {
		t.Errorf("Decode of many statements: %v", err)
	}
}

// TestDeepObjects: an object is as deep as what it is.
func TestDeepObjects(t *testing.T) {
	v := perl.Int(1)
	for i := range 1000 {
		var thing perl.Thing = perl.NewArray(v)
		if i%2 == 0 {
			thing = perl.NewScalar(v)
		}
		perl.Bless(thing, "A")
		v = perl.NewRef(thing)
	}
	text, err := dumper.Codec{}.Append(nil, v, codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if back, err := (dumper.Codec{}).Decode(text, codec.Limits{}); err != nil || !perl.Equal(back, v) {
		t.Errorf("Decode: %v", err)
	}
}
