package perlyaml_test

import (
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/perlyaml"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/perl"
)

// YAML.pm takes the end of a string for the beginning of a block, and cannot read one
// that has no indentation: what we write of such strings it can read.
func TestPMIndicators(t *testing.T) {
	perltest.Need(t, perltest.Module{Name: "YAML", Package: "libyaml-perl"})
	a := perl.NewArray()
	var all []string
	for _, before := range []string{"a ", "a\t", "a's ", "a", "a\u00a0", "x: ", "a | "} {
		for _, c := range []string{">", "|", ">>", "|>"} {
			for _, end := range []string{"0", "00", "-0", "0+", "+0-", "2", "02", "20", "-", "0a", "0 "} {
				all = append(all, before+c+end)
				a.Push(perl.Text(before + c + end))
			}
		}
	}
	text, err := perlyaml.Codec{Dialect: perlyaml.DialectPM, UTF8: true}.Append(nil, perl.NewRef(a), codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	out := perltest.Run(t, `
		use YAML ();
		binmode STDOUT, ':utf8';
		utf8::decode($ARGV[0]);
		my @again = @{YAML::Load($ARGV[0])};
		print "$_\n" for @again;
		my $quoted = () = $ARGV[0] =~ /^- (?='|")/mg;
		my $needed = grep { my $y = YAML::Dump([$_, 1]); $y =~ /^- (?:'|")/m || !eval { YAML::Load($y); 1 } } @again;
		print "$quoted $needed\n"`, "--", string(text))
	want := strings.Join(all, "\n") + "\n"
	counts, ok := strings.CutPrefix(out, want)
	if !ok {
		t.Fatal("Perl reads other strings")
	}
	if quoted, needed, _ := strings.Cut(strings.TrimSpace(counts), " "); quoted != needed {
		t.Errorf("%s strings in quotes; want %s", quoted, needed)
	}
}
