package hstore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/hstore"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/perl"
)

// TestDifferential compares with the module on values that it does not spoil.
func TestDifferential(t *testing.T) {
	for _, test := range []struct {
		name, thaw, freeze string
		codec              hstore.Codec
		features           codectest.Features
	}{
		{"bytes", "$_[0]", "utf8::downgrade($s)", hstore.Codec{}, codectest.HighBytes},
		{"UTF8", "do { my $s = $_[0]; utf8::decode($s); $s }", "utf8::encode($s)", hstore.Codec{UTF8: true}, codectest.HighBytes | codectest.Wide},
	} {
		t.Run(test.name, func(t *testing.T) {
			codectest.Differential(t, unspoilt{test.codec}, codectest.Peer{
				Package:  "libapache-session-browseable-perl",
				Share:    2,
				Features: test.features | codectest.BigInts | codectest.Shared,
				Equal:    func(a, b perl.Value) bool { return perl.EqualLoose(keepable(a, 0), keepable(b, 0)) },
				Source: fmt.Sprintf(`
					use Apache::Session::Serialize::Hstore;
					use JSON ();
					no warnings 'redefine';
					# In order, so that the bytes can be compared.
					*Apache::Session::Serialize::Hstore::to_json = sub { JSON::to_json($_[0], {canonical => 1}) };
					my $string = \&make_string;
					*make_string = sub { $string->() =~ tr/\\"\x00-\x1f//dr =~ s/#%%22//gr };
					sub freeze {
						my ($value) = @_;
						my @pairs;
						for my $key (sort keys %%$value) {
							my $session = { data => { $key => $value->{$key} // '' } };
							Apache::Session::Serialize::Hstore::serialize($session);
							push @pairs, $session->{serialized};
						}
						my $s = join ',', @pairs;
						%s;
						return $s;
					}
					sub thaw {
						my $session = { serialized => %s };
						Apache::Session::Serialize::Hstore::unserialize($session);
						return $session->{data};
					}`, test.freeze, test.thaw),
			})
		})
	}
}

// unspoilt is the codec for values without what it refuses.
type unspoilt struct{ hstore.Codec }

func (c unspoilt) Append(dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
	return c.Codec.Append(dst, keepable(v, 0), lim)
}

// keepable returns a copy of v in which nothing is shared, no string has a quote, a
// backslash or a control character, and what is not in a list or hash is a string.
func keepable(v perl.Value, depth int) perl.Value {
	switch t := v.Thing().(type) {
	case *perl.Hash:
		h := perl.NewHash(t.Len())
		for k, elem := range t.Sorted() {
			h.SetKey(perl.StringKey(keep(k.String())), keepable(elem, depth+1))
		}
		return perl.NewRef(h)
	case *perl.Array:
		a := perl.NewArray()
		for _, elem := range t.All() {
			a.Push(keepable(elem, depth+2))
		}
		return perl.NewRef(a)
	}
	if v.IsString() || depth == 1 {
		return perl.String(keep(perl.Upgrade(v)))
	}
	return v
}

// keep returns s without what is refused.
func keep(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, s)
	return strings.ReplaceAll(s, "#%22", "")
}

// TestInPerl lets Perl read what we write, write it again, and compares what either
// makes of it, quotes and line breaks too.
func TestInPerl(t *testing.T) {
	perltest.Need(t, perltest.Module{Name: "Apache::Session::Serialize::Hstore", Package: "libapache-session-browseable-perl"})
	v := parse(t, []byte(`{"hash":[[{"s":"a b"},{"s":"say \"hi\" #%2"}],[{"s":"e\u00e9","utf8":true},{"s":"\u20ac","utf8":true}],
		[{"s":"l"},{"list":[{"i":"1"},{"s":"x"},null,{"hash":[[{"s":"\u20ac","utf8":true},{"n":"1.5","bits":"3ff8000000000000"}]]},{"list":[]}]}],
		[{"s":"n"},{"s":"17"}],[{"s":"nl"},{"s":"a\nb"}]]}`))
	own, err := hstore.Codec{UTF8: true}.Append(nil, v, codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	out := perltest.Run(t, `
		use Apache::Session::Serialize::Hstore;
		my $s = { serialized => $ARGV[0] };
		utf8::decode($s->{serialized});
		Apache::Session::Serialize::Hstore::unserialize($s);
		Apache::Session::Serialize::Hstore::serialize($s);
		utf8::encode($s->{serialized});
		print $s->{serialized}`, string(own))
	if !sameBytes([]byte(out), own) {
		t.Errorf("Perl writes %q of what it reads in %q", out, own)
	}
	back, err := hstore.Codec{UTF8: true}.Decode([]byte(out), codec.Limits{})
	if err != nil || !perl.EqualLoose(back, v) {
		t.Errorf("Decode of what Perl writes = %s, %v; want %s", codectest.Format(back), err, codectest.Format(v))
	}
}
