package perl_test

import (
	"bufio"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/perl"
)

func TestFormatFloat(t *testing.T) {
	tenth, fifth := 0.1, 0.2
	tests := []struct {
		f           float64
		want, exact string
	}{
		{0, "0", "0"},
		{math.Copysign(0, -1), "0", "-0"},
		{0.1, "0.1", "0.1"},
		{tenth + fifth, "0.3", "0.30000000000000004"},
		{1.0 / 3, "0.333333333333333", "0.3333333333333333"},
		{100000000000000, "100000000000000", "100000000000000"},
		{1e15, "1e+15", "1e+15"},
		{999999999999999.9, "1e+15", "999999999999999.9"},
		{1e-4, "0.0001", "0.0001"},
		{1e-5, "1e-05", "1e-05"},
		{1e100, "1e+100", "1e+100"},
		{-1.5e-7, "-1.5e-07", "-1.5e-07"},
		{math.MaxFloat64, "1.79769313486232e+308", "1.7976931348623157e+308"},
		{math.SmallestNonzeroFloat64, "4.94065645841247e-324", "4.94065645841247e-324"},
		{math.Inf(1), "Inf", "Inf"},
		{math.Inf(-1), "-Inf", "-Inf"},
		{math.NaN(), "NaN", "NaN"},
	}
	for _, tt := range tests {
		if got := perl.FormatFloat(tt.f); got != tt.want {
			t.Errorf("FormatFloat(%g) = %s, want %s", tt.f, got, tt.want)
		}
		if got := perl.FormatFloatExact(tt.f); got != tt.exact {
			t.Errorf("FormatFloatExact(%g) = %s, want %s", tt.f, got, tt.exact)
		}
	}
}

// askPerl runs a program over lines in one process and returns a line for each.
func askPerl(t *testing.T, program string, lines []string) []string {
	t.Helper()
	cmd := perltest.Command(t, "-ne", program)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var answers []string
	for s := bufio.NewScanner(out); s.Scan(); {
		answers = append(answers, s.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if len(answers) != len(lines) {
		t.Fatalf("perl answers %d lines of %d", len(answers), len(lines))
	}
	return answers
}

func TestFormatFloatAgainstPerl(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	floats := []float64{0, math.Copysign(0, -1), 1e15, 1e16, 123456789012345678, 0.30000000000000004, math.Inf(-1), math.NaN(), 5e-324}
	for range 3_000 {
		floats = append(floats,
			math.Float64frombits(rnd.Uint64()),
			float64(rnd.IntN(1_000_000))/float64(1+rnd.IntN(1000)),
			math.Trunc(rnd.NormFloat64()*math.Pow(10, float64(rnd.IntN(20)))))
	}
	lines := make([]string, len(floats))
	for i, f := range floats {
		lines[i] = fmt.Sprintf("%016x", math.Float64bits(f))
	}
	// The text first: to compare $f is to make an integer of it where that is exact.
	answers := askPerl(t, `chomp; my $f = unpack "d>", pack "H*", $_; my $s = "$f"; my $e;
		for my $p (15, 16, 17) { $e = sprintf "%.${p}g", $f; last if $e == $f } print "$s $e\n"`, lines)
	for i, f := range floats {
		if got := perl.FormatFloat(f) + " " + perl.FormatFloatExact(f); got != answers[i] {
			t.Errorf("%s: %s, Perl %s", lines[i], got, answers[i])
		}
	}
}

func TestNumbersAgainstPerl(t *testing.T) {
	strs := []string{
		"", " ", "0", "00", "0.0", "-0", "+0", "0E0", "12", " 12", "12 ", "\t\v\f\r12", "12abc", "abc", "-", "+", ".", "-.",
		"- 5", "+5", "--5", ".5", "5.", "-.5e1", "1e", "1e+", "1e5", "1E-2x", "1e400", "-1e400", "1e-400", "1e99999999999",
		"0e99999999999", "0x1f", "0b1", "1_000", "inf", "Inf", "-inf", "+infinity", "infx", "info", "nan", "NaN", "-nan",
		"nancy", "in", "na", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
		"18446744073709551615", "18446744073709551616", "123456789012345678901234567890", "4.9e-324",
		"2.2250738585072014e-308", "1.7976931348623157e308", "\u00a05", "0 but true", "9007199254740993", "1.5.5", "1,5",
	}
	rnd := rand.New(rand.NewPCG(5, 6))
	const alphabet = "0123456789012345678901234567890123456789..eE+- x"
	for range 3_000 {
		b := make([]byte, 1+rnd.IntN(12))
		for i := range b {
			b[i] = alphabet[rnd.IntN(len(alphabet))]
		}
		strs = append(strs, string(b), strconv.FormatFloat(math.Float64frombits(rnd.Uint64()), 'g', -1, 64))
	}
	lines := make([]string, len(strs))
	for i, s := range strs {
		lines[i] = fmt.Sprintf("x%x", s)
	}
	answers := askPerl(t, `chomp; my $s = pack "H*", substr $_, 1; my $n = 0 + $s; my $i = int $s;
		print $n != $n ? "nan" : unpack("H*", pack "d>", $n + 0.0), " ",
			$i != $i ? 0 : $i >= 9223372036854775807 ? "9223372036854775807" :
			$i <= -9223372036854775807 - 1 ? "-9223372036854775808" : sprintf("%d", $i), " ", $s ? "true" : "false", "\n"`, lines)
	for i, s := range strs {
		for _, v := range []perl.Value{perl.Bytes(s), perl.VString(perl.Bytes(s), "v0")} {
			f := v.AsFloat() + 0 // Perl's 0 + "-0" is 0
			text := "nan"
			if !math.IsNaN(f) {
				text = fmt.Sprintf("%016x", math.Float64bits(f))
			}
			if got := fmt.Sprint(text, " ", v.AsInt(), " ", v.Truth()); got != answers[i] {
				t.Errorf("%q: %s, Perl %s", s, got, answers[i])
			}
		}
	}
}

func TestNumbersOfOtherKinds(t *testing.T) {
	tests := []struct {
		v perl.Value
		f float64
		i int64
	}{
		{perl.Value{}, 0, 0},
		{perl.Int(-7), -7, -7},
		{perl.Uint(math.MaxUint64), math.MaxUint64, math.MaxInt64},
		{perl.Float(-2.9), -2.9, -2},
		{perl.Float(math.Inf(1)), math.Inf(1), math.MaxInt64},
		{perl.Float(math.Inf(-1)), math.Inf(-1), math.MinInt64},
		{perl.Bool(true), 1, 1},
		{perl.Bool(false), 0, 0},
		{perl.Text("12é"), 12, 12},
		{perl.NewRef(&perl.Hash{}), 0, 0},
	}
	for _, tt := range tests {
		if f, i := tt.v.AsFloat(), tt.v.AsInt(); f != tt.f || i != tt.i {
			t.Errorf("%v %v: %v and %v, want %v and %v", tt.v.Kind(), tt.v, f, i, tt.f, tt.i)
		}
	}
	if f, i := perl.Float(math.NaN()).AsFloat(), perl.Float(math.NaN()).AsInt(); !math.IsNaN(f) || i != 0 {
		t.Errorf("NaN: %v and %v", f, i)
	}
}
