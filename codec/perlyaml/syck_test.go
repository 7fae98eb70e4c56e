package perlyaml_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/perlyaml"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/perl"
)

// YAML::Syck has rules of its own for what Perl takes for a number, which may have
// white space around it: they are compared for all that is short.
func TestSyckNumbers(t *testing.T) {
	perltest.Need(t, perltest.Module{Name: "YAML::Syck", Package: "libyaml-syck-perl"})
	spaces := []string{""}
	for i := 0; i < len(spaces) && len(spaces) < 1+6+36+216; i++ {
		for _, c := range " \t\n\r\f\v" {
			spaces = append(spaces, spaces[i]+string(c))
		}
	}
	var all []string
	for _, number := range []string{"5", "-5", "1.5", "-0", "1e3", "Inf", "-", "12345678", "~\x87", "no\xFF", "~\x87: b", "~\x87 #", "on\xFF:", "on\xFF'", "a"} {
		for _, before := range spaces {
			for _, after := range spaces {
				if len(before)+len(after) <= 3 {
					all = append(all, before+number+after)
				}
			}
		}
	}
	var list strings.Builder
	for _, s := range all {
		fmt.Fprintf(&list, "%x\n", s)
	}
	cmd := perltest.Command(t, "-MYAML::Syck", "-ne", `
		chomp;
		my $s = pack 'H*', $_;
		my $d = Dump([$s]);
		my $r = eval { Load($d)->[0] } // '';
		print unpack('H*', $d), ' ', $r eq $s ? 1 : 0, "\n"`)
	cmd.Stdin = strings.NewReader(list.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(all) {
		t.Fatalf("Perl writes %d strings; want %d", len(lines), len(all))
	}
	for i, s := range all {
		text, readable, _ := strings.Cut(lines[i], " ")
		want, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		v := perl.NewRef(perl.NewArray(perl.Bytes(s)))
		got, err := perlyaml.Syck.Append(nil, v, codec.Limits{})
		if err != nil || readable == "1" && string(got) != string(want) {
			t.Errorf("Append(%q) = %q, %v; want %q", s, got, err, want)
		}
		for _, text := range [][]byte{got, want} {
			back, err := perlyaml.Syck.Decode(text, codec.Limits{})
			if readable == "1" && (err != nil || !perl.Equal(back, v)) {
				t.Errorf("Decode(%q) of %q = %v, %v", text, s, back, err)
			}
		}
	}
}
