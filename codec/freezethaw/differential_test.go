package freezethaw_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/freezethaw"
	"github.com/go-datasession/datasession/codec/valuejson"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/perl"
)

// Left out is what the format has not, or Perl spoils: elements that are referred to
// are copied, a reference to a version string dies, of patterns see TestPatternsInPerl.
const features = codectest.All &^ (codectest.Slots | codectest.VStrings | codectest.Regexps)

func TestDifferential(t *testing.T) {
	const source = `
		use FreezeThaw;
		sub thaw { my @v = FreezeThaw::thaw(%s); $v[0] }
		sub freeze { my $s = FreezeThaw::freeze($_[0]); %s }`
	for _, test := range []struct {
		name         string
		codec        freezethaw.Codec
		features     codectest.Features
		read, stored string
	}{
		{"bytes", freezethaw.Codec{}, features &^ codectest.Wide, "$_[0]", "$s"},
		{"UTF8", freezethaw.Codec{UTF8: true}, features, "do { my $s = $_[0]; utf8::decode($s); $s }", "utf8::upgrade($s); utf8::encode($s); $s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			codectest.Differential(t, test.codec, codectest.Peer{
				Package:  "libfreezethaw-perl",
				Share:    2,
				Features: test.features,
				Source:   fmt.Sprintf(source, test.read, test.stored),
			})
		})
	}
}

// Perl reads the same patterns, in a group more, and writes the same text as we do.
func TestPatternsInPerl(t *testing.T) {
	perltest.Need(t, perltest.Module{Name: "FreezeThaw", Package: "libfreezethaw-perl"})
	patterns := []struct{ perl, pattern, flags string }{
		{`qr/a.b/`, "a.b", ""},
		{`qr/a|\)/msix`, `a|\)`, "msix"},
		{`qr/(?^i:a)|(?:b)/n`, "(?^i:a)|(?:b)", "n"},
		{`qr/\w/aa`, `\w`, "aa"},
		{`qr/caf\xe9/u`, `caf\xe9`, "u"},
		{"qr/a #c/x", "a #c", "x"},
		{"qr/a #c\nb/x", "a #c\nb", "x"},
		{"qr/\xe9/", "\xe9", ""},
		{"qr//", "", ""},
	}
	a := perl.NewArray()
	var source []string
	for _, p := range patterns {
		v := perl.NewRef(perl.NewRegexp(perl.Bytes(p.pattern), p.flags))
		a.Push(v)
		source = append(source, p.perl)
	}
	own, err := freezethaw.Codec{}.Append(nil, perl.NewRef(a), codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	cmd := perltest.Command(t, "-MFreezeThaw=freeze,thaw", "-e", `
		binmode $_ for *STDIN, *STDOUT;
		my ($v) = thaw(do { local $/; <STDIN> });
		my @own = (`+strings.Join(source, ",")+`);
		print "$_\0" for freeze(\@own), map { "$_" } @$v;`)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(own), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if answers[0] != string(own) {
		t.Errorf("Perl writes %q; want %q", answers[0], own)
	}
	if len(answers) != 1+len(patterns) {
		t.Fatalf("Perl reads %d patterns; want %d", len(answers)-1, len(patterns))
	}
	back, err := freezethaw.Codec{}.Decode(own, codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range patterns {
		re := back.Array().At(i).Thing().(*perl.Regexp)
		if got, want := answers[1+i], "(?^:"+re.Pattern.Str()+")"; got != want {
			t.Errorf("Perl reads %s as %q; want %q", p.perl, got, want)
		}
	}
	again, err := freezethaw.Codec{}.Append(nil, back, codec.Limits{})
	if err != nil || !bytes.Equal(again, own) {
		t.Errorf("Append after Decode = %q, %v; want %q", again, err, own)
	}
}

// Sessions that Data::Session has written hold what Perl found in them, and are
// written again byte for byte.
func TestStores(t *testing.T) {
	const stores, store = "../../internal/testdata/stores", "data-session-file-freezethaw"
	b, err := os.ReadFile(filepath.Join(stores, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest map[string]map[string]json.RawMessage
	if err := json.Unmarshal(b, &manifest); err != nil {
		t.Fatal(err)
	}
	if len(manifest[store]) < 10 {
		t.Errorf("%s has %d sessions; want more", store, len(manifest[store]))
	}
	for id, doc := range manifest[store] {
		stored, err := os.ReadFile(filepath.Join(stores, store, "cgisess_"+id))
		if err != nil {
			t.Fatal(err)
		}
		want, err := valuejson.Codec{}.Decode(doc, codec.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := freezethaw.Codec{}.Decode(stored, codec.Limits{})
		if err != nil || !perl.Equal(got, want) {
			t.Errorf("%s: Decode = %s, %v; want %s", id, codectest.Format(got), err, codectest.Format(want))
		}
		for _, v := range []perl.Value{got, want} {
			if again, err := (freezethaw.Codec{}).Append(nil, v, codec.Limits{}); err != nil || !bytes.Equal(again, stored) {
				t.Errorf("%s: Append = %q, %v; want %q", id, again, err, stored)
			}
		}
	}
}
