package perlyaml

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/internal/perltest"
)

// What looks like a number is what does so to Perl.
func TestLooksNumeric(t *testing.T) {
	perltest.Need(t)
	parts := []string{"", "-", "+", " ", "\n", "0", "00", "12", ".", "e", "E5", "inf", "Infinity", "NaN", "nanq", "qnan", "1.#", "1#", "ind", "(1)", "x"}
	var all []string
	for _, a := range parts {
		for _, b := range parts {
			for _, c := range parts {
				for _, d := range []string{"", "3", "\t", "-", "e-1"} {
					all = append(all, a+b+c+d)
				}
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	var source strings.Builder
	for _, s := range all {
		fmt.Fprintf(&source, "%x,", s)
	}
	cmd := perltest.Command(t, "-MScalar::Util=looks_like_number", "-ne",
		`print map { looks_like_number(pack 'H*', $_) ? 1 : 0 } split /,/, $_, -1`)
	cmd.Stdin = strings.NewReader(strings.TrimSuffix(source.String(), ","))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != len(all) {
		t.Fatalf("Perl judges %d strings, want %d", len(out), len(all))
	}
	for i, s := range all {
		if got, want := looksNumeric(s), out[i] == '1'; got != want {
			t.Errorf("looksNumeric(%q) = %t, want %t", s, got, want)
		}
	}
}

// A short decimal is the number that is written with the same characters.
func TestShortDecimal(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	n := 0
	for range 100_000 {
		b := []byte("-00.1234567890123456")[r.IntN(4):]
		b = b[:1+r.IntN(len(b))]
		for i, c := range b {
			if c >= '1' {
				b[i] = byte('0' + r.IntN(10))
			}
		}
		if r.IntN(2) == 0 {
			at := r.IntN(len(b))
			b[at] = "0123456789.-"[r.IntN(12)]
		}
		v, ok := shortDecimal(string(b))
		if ok {
			n++
		}
		if ok && v.String() != string(b) {
			t.Errorf("shortDecimal(%q) = %v", b, v)
		}
	}
	if n < 5_000 {
		t.Errorf("%d of 100,000 are short decimals; want more", n)
	}
}
