package hstore_test

import (
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/hstore"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/perl"
)

// TestInPerl lets Perl read what we write, write it again, and compares what either
// makes of it. Values are few: random ones are full of backslashes.
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
