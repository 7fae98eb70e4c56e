package dumper_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/perl"
)

// TestShapes decodes what Data::Dumper made of unusual shapes, and encodes it
// again: to the same text, or to one that Perl reads as it was meant.
func TestShapes(t *testing.T) {
	const tail = ";$D"
	for _, test := range []struct {
		name, text, model string
		again             string // what is written; "" for text and tail
	}{
		{
			"one scalar, two references",
			`$D = {'a' => \'v','b' => do{my $o}};$D->{'b'} = $D->{'a'};`,
			`{"hash":[[{"s":"a"},{"id":1,"ref":{"s":"v"}}],[{"s":"b"},{"same":1}]]}`, "",
		}, {
			"path through a scalar",
			`$D = {'r' => \{'k' => [1,{'z' => 2}]},'t' => {}};$D->{'t'} = ${$D->{'r'}}->{'k'}->[1];`,
			`{"hash":[[{"s":"r"},{"ref":{"hash":[[{"s":"k"},{"list":[{"i":"1"},{"id":1,"hash":[[{"s":"z"},{"i":"2"}]]}]}]]}}],[{"s":"t"},{"same":1}]]}`, "",
		}, {
			"reference to an element behind two scalars",
			`$D = {'a' => \\[5],'c' => do{my $o}};$D->{'c'} = \${${$D->{'a'}}}->[0];`,
			`{"hash":[[{"s":"a"},{"ref":{"ref":{"list":[{"id":1,"elem":{"i":"5"}}]}}}],[{"s":"c"},{"same":1}]]}`, "",
		}, {
			"two scalars that hold each other",
			`$D = {'v' => \\do{my $o},'w' => do{my $o}};${${$D->{'v'}}} = $D->{'v'};$D->{'w'} = ${$D->{'v'}};`,
			`{"hash":[[{"s":"v"},{"id":1,"ref":{"id":2,"ref":{"same":1}}}],[{"s":"w"},{"same":2}]]}`, "",
		}, {
			"object that holds itself",
			`$D = {'v' => bless( do{\(my $o = do{my $o})}, 'Foo' )};${$D->{'v'}} = $D->{'v'};`,
			`{"hash":[[{"s":"v"},{"id":1,"bless":"Foo","of":{"ref":{"same":1}}}]]}`, "",
		}, {
			"root is a scalar that holds itself",
			`$D = \do{my $o};${$D} = $D;`,
			`{"id":1,"ref":{"same":1}}`, "",
		}, {
			"references to an element, and to a reference to it",
			`$D = [1,do{my $o},\do{my $o}];$D->[1] = \$D->[0];${$D->[2]} = \$D->[0];`,
			`{"list":[{"id":1,"elem":{"i":"1"}},{"same":1},{"ref":{"same":1}}]}`, "",
		}, {
			"element after the reference to it",
			`$D = {'v' => [\7,${$D->{'v'}[0]}]};`,
			`{"hash":[[{"s":"v"},{"list":[{"id":1,"ref":{"i":"7"}},{"alias":1}]}]]}`,
			`$D = {'v' => [do{my $o},7]};$D->{'v'}[0] = \$D->{'v'}[1];` + tail,
		}, {
			"element of an object after the object",
			`$D = {'a' => bless( do{\(my $o = 1)}, 'Foo' ),'x' => ${$D->{'a'}},'y' => do{my $o}};$D->{'y'} = $D->{'a'};`,
			`{"hash":[[{"s":"a"},{"id":1,"bless":"Foo","of":{"ref":{"i":"1"}}}],[{"s":"x"},{"alias":1}],[{"s":"y"},{"same":1}]]}`,
			`$D = {'a' => do{my $o},'x' => 1,'y' => do{my $o}};$D->{'a'} = bless( \$D->{'x'}, 'Foo' );$D->{'y'} = bless( \$D->{'x'}, 'Foo' );` + tail,
		}, {
			"keys that need quotes in paths",
			`$D = {"\x{20ac}\$k'" => {'a\'' => {}}};$D->{"\x{20ac}\$k'"}{'a\''} = $D;`,
			`{"id":1,"hash":[[{"s":"€$k'","utf8":true},{"hash":[[{"s":"a'"},{"same":1}]]}]]}`, "",
		}, {
			"shared pattern",
			`$D = [qr/a\/b/i,do{my $o}];$D->[1] = $D->[0];`,
			`{"list":[{"id":1,"regexp":"a/b","flags":"i"},{"same":1}]}`, "",
		}, {
			"variables in a pattern",
			`$D = [qr/a@b${\q($)}c${\q(@)}d$|(e$)\$\@/];`,
			`{"list":[{"regexp":"a@b$c@d$|(e$)\\$\\@","flags":""}]}`,
			`$D = [qr/a${\q(@)}b${\q($)}c${\q(@)}d$|(e$)\$\@/];`,
		}, {
			"pattern of a class",
			`$D = [bless( qr/x/, 'Foo' )];`,
			`{"list":[{"bless":"Foo","of":{"regexp":"x","flags":""}}]}`,
			`$D = [bless( qr/x/, 'Foo' )];`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			v, err := dumper.Codec{}.Decode([]byte(test.text), codec.Limits{})
			if err != nil {
				t.Fatalf("Decode: %v", err)
			}
			if got := codectest.Format(v); got != test.model {
				t.Errorf("Decode gives %s\nwant         %s", got, test.model)
			}
			want := test.again
			if want == "" {
				want = test.text + tail
			}
			got, err := dumper.Codec{}.Append(nil, v, codec.Limits{})
			if err != nil || string(got) != want {
				t.Errorf("Append gives %s, %v\nwant         %s", got, err, want)
			}
		})
	}
}

// TestElementThatHoldsReference: Data::Dumper loses which reference was meant.
func TestElementThatHoldsReference(t *testing.T) {
	a := perl.NewArray(perl.NewRef(perl.NewArray(perl.Int(1))), perl.Value{})
	a.Set(1, perl.NewRef(a.Slot(0)))
	got, err := dumper.Codec{}.Append(nil, perl.NewRef(a), codec.Limits{})
	if want := `$D = [[1],do{my $o}];$D->[1] = \$D->[0];;$D`; err != nil || string(got) != want {
		t.Errorf("Append gives %s, %v; want %s", got, err, want)
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, test := range []struct {
		text   string
		offset int64
		want   string
	}{
		{``, 0, "want $D, found the end"},
		{`$Data = 1`, 0, "want $D"},
		{`$D == 1`, 4, "want a value"},
		{`$D = {'a' => 1`, 14, `want "," or "}"`},
		{`$D = {'a' => 'b`, 13, "string without an end"},
		{`$D = {'a' => "b\`, 15, "escape without an end"},
		{`$D = {'a' => "b$c"}`, 15, "interpolation"},
		{`$D = {'a' => "\q"}`, 14, "unknown escape"},
		{`$D = {'a' => "\x{80000000}"}`, 14, "no code point"},
		{`$D = {'a' => "\x{}"}`, 14, "no code point"},
		{`$D = {'a' => "\x"}`, 14, "without digits"},
		{`$D = {'a' 1}`, 10, `want "=>", found a digit`},
		{`$D = {'a' => 010}`, 13, "leading zero"},
		{`$D = {'a' => 1_000}`, 14, "want the end of a number"},
		{`$D = {'a' => 1e}`, 13, "exponent without digits"},
		{`$D = {010 => 1}`, 6, "leading zero"},
		{`$D = {1.5 => 1}`, 6, "want an integer for a key"},
		{`$D = [1..3]`, 7, "want the end of a number"},
		{`$D = [,1]`, 6, "want a value"},
		{`$D = [1 2]`, 8, `want "," or "]"`},
		{`$D = [$D]`, 6, "want a value"},
		{`$D = [${$D->[1]}]`, 12, "no such element"},
		{`$D = [${$D->[0]]`, 6, "place without an end"},
		{`$D = bless( 5, 'Foo' )`, 12, "want a reference"},
		{`$D = bless( [], '' )`, 18, "empty"},
		{`$D = bless( [], Foo )`, 16, "want a class name"},
		{`$D = bless( bless( [], 'A' ), 'B' )`, 12, "bless within bless"},
		{`$D = do{1}`, 8, `want \`},
		{`$D = v`, 5, "want a value"},
		{`$D = qr/a/q`, 10, "flags"},
		{`$D = qr/a$b/`, 9, "interpolation"},
		{`$D = qr/a`, 7, "pattern without an end"},
		{`$D = {} $D`, 8, `want ";"`},
		{`$D = {};$D;$D`, 11, "want the end"},
		{`$D = {};$D = {}`, 11, "a second $D"},
		{`$D = {'a' => 1};$D->{'b'} = $D`, 20, "no such entry"},
		{`$D = {'a' => 1};$D->{'a'} = 5`, 28, "want $D"},
		{`$D = {'a' => 1};$D->{'a'} = \$D`, 29, "reference to $D itself"},
		{`$D = {'a' => 1};$D->[0] = $D`, 20, "want a reference to an array"},
		{`$D = [1];$D->{'a'} = $D`, 13, "want a reference to a hash"},
		{`$D = [1];$D->[-1] = $D`, 14, "want an index"},
		{`$D = [1];${$D} = $D`, 11, "want a reference to a scalar"},
		{`$D = [1];$D{'a'} = $D`, 11, "want the end"},
		{`$D = [1]; # comment`, 10, "want $D"},
	} {
		v, err := dumper.Codec{}.Decode([]byte(test.text), codec.Limits{})
		var syntax *codec.SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("Decode(%s) = %s, %v; want a *SyntaxError", test.text, codectest.Format(v), err)
		} else if syntax.Offset != test.offset || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Decode(%s): %v; want %q at byte %d", test.text, err, test.want, test.offset)
		}
	}
}

func TestUnsupported(t *testing.T) {
	for text, want := range map[string]string{
		`$D = {'a' => [1,sub { "DUMMY" }]};`:         `DataDumper: unsupported: CODE at $D->{'a'}[1]`,
		`$D = {'a' => \{'b' => *::STDOUT}};`:         `DataDumper: unsupported: GLOB at ${$D->{'a'}}->{'b'}`,
		`$D = [\*::STDOUT];`:                         `DataDumper: unsupported: GLOB at ${$D->[0]}`,
		`$D = [bless( do{\(my $o = \&foo)}, 'F' )];`: `DataDumper: unsupported: CODE at ${$D->[0]}`,
		`$D = [qr/(?{ system 1 })/];`:                `DataDumper: unsupported: CODE in a pattern at $D->[0]`,
		`$D = sub { "DUMMY" };`:                      `DataDumper: unsupported: CODE at $D`,
	} {
		_, err := dumper.Codec{}.Decode([]byte(text), codec.Limits{})
		if !errors.Is(err, codec.ErrUnsupported) || err.Error() != want {
			t.Errorf("Decode(%s): %v\nwant %s", text, err, want)
		}
	}

	twice := perl.NewArray(perl.Int(1), perl.Value{})
	twice.SetSlot(1, twice.Slot(0))
	for want, v := range map[string]perl.Value{
		`CODE in a pattern at $D->[0]`:                list(perl.NewRef(perl.NewRegexp(perl.Bytes("(?{1})"), ""))),
		`pattern with unknown flags at $D->[0]`:       list(perl.NewRef(perl.NewRegexp(perl.Bytes("a"), "/;exit"))),
		`pattern that ends in a backslash at $D->[0]`: list(perl.NewRef(perl.NewRegexp(perl.Bytes(`a\`), ""))),
		`one element in two places at $D->[1]`:        perl.NewRef(twice),
	} {
		_, err := dumper.Codec{}.Append(nil, v, codec.Limits{})
		if want = "DataDumper: unsupported: " + want; !errors.Is(err, codec.ErrUnsupported) || err.Error() != want {
			t.Errorf("Append: %v\nwant %s", err, want)
		}
	}
}

// TestNothingIsSmuggled: what other codecs may read from a hostile session must
// not become Perl when it is written.
func TestNothingIsSmuggled(t *testing.T) {
	for _, v := range []perl.Value{
		perl.VString(perl.Bytes("x"), "v1;system 'id'"),
		perl.VString(perl.Bytes("x"), "1.2"),
		perl.NewRef(perl.NewRegexp(perl.Bytes("@{[system 1]}/;exit"), "")),
		perl.NewRef(perl.NewRegexp(perl.Bytes(`${\system 1}`), "")),
		perl.Text("\u20ac@{[system 1]}$x"),
		perl.Bytes(`\';exit;'`),
		perl.Text("\xff\u20ac"),
	} {
		text, err := dumper.Codec{}.Append(nil, list(v), codec.Limits{})
		if err != nil {
			t.Errorf("Append(%s): %v", codectest.Format(v), err)
			continue
		}
		back, err := dumper.Codec{}.Decode(text, codec.Limits{})
		if err != nil {
			t.Errorf("Decode(%s): %v", text, err)
		} else if got := back.Array().At(0); v.Kind() != perl.KindText && !perl.EqualLoose(got, v) {
			t.Errorf("Decode(%s) = %s; want %s", text, codectest.Format(got), codectest.Format(v))
		}
	}
}

func list(v ...perl.Value) perl.Value { return perl.NewRef(perl.NewArray(v...)) }

func ExampleCodec() {
	cart := perl.NewArray(perl.Int(1), perl.Float(2.5))
	s := perl.NewHash(2)
	s.Set("cart", perl.NewRef(cart))
	s.Set("last", perl.NewRef(cart))
	data, _ := dumper.Codec{}.Append(nil, perl.NewRef(s), codec.Limits{})
	fmt.Println(string(data))

	v, _ := dumper.Codec{}.Decode(data, codec.Limits{})
	last, _ := v.Hash().Get("last")
	fmt.Println(last.Array().Len())
	// Output:
	// $D = {'cart' => [1,'2.5'],'last' => []};$D->{'last'} = $D->{'cart'};;$D
	// 2
}
