package perljson_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/perl"
)

// Perl's own booleans are left out: Perl writes 1 and "", we true and false. So
// are floats with JSON::PP, which reads 1e+16 as an integer and writes it so.
const (
	features = codectest.Shared | codectest.Wide | codectest.HighBytes | codectest.BigInts | codectest.VStrings
	floats   = features | codectest.Floats
)

// Both of Perl's modules, with the options that make them write as we do, and
// with those that make them write what drivers may hold.
func TestDifferential(t *testing.T) {
	for _, test := range []struct {
		name, module, options, pkg string
		codec                      perljson.Codec
		features                   codectest.Features
	}{
		{"JSON::PP", "JSON::PP", "ascii", "perl-modules-5.36", perljson.Codec{}, features},
		{"JSON::XS", "JSON::XS", "ascii", "libjson-xs-perl", perljson.Codec{}, floats},
		{"JSON::XS in Latin-1", "JSON::XS", "latin1", "libjson-xs-perl", perljson.Codec{}, floats},
		{"JSON over its back end in UTF-8", "JSON", "utf8", "libjson-perl", perljson.Codec{UTF8: true}, features},
	} {
		t.Run(test.name, func(t *testing.T) {
			peer := codectest.Peer{
				Source: "use " + test.module + " ();\n" +
					"my $json = " + test.module + "->new->canonical->" + test.options + ";\n" +
					"sub freeze { $json->encode($_[0]) }\n" +
					"sub thaw { $json->decode($_[0]) }\n",
				Package:  test.pkg,
				Features: test.features,
				Equal:    func(a, b perl.Value) bool { return perl.EqualLoose(unshared(a), unshared(b)) },
				Same: func(got, want []byte) bool {
					if test.options == "ascii" {
						return string(unquoted(got)) == string(unquoted(want))
					}
					return sameMeaning(t, test.codec, got, want)
				},
			}
			codectest.Differential(t, test.codec, peer)
		})
	}
}

var quotedNumber = regexp.MustCompile(`"(-?[0-9]+(\.[0-9]+)?(e[+-][0-9]+)?)"`)

// unquoted takes the quotes off numbers: JSON::XS puts them around numbers that
// have been printed, and JSON::PP around some integral floats.
func unquoted(data []byte) []byte { return quotedNumber.ReplaceAll(data, []byte("$1")) }

func sameMeaning(t *testing.T, c perljson.Codec, a, b []byte) bool {
	v, errA := c.Decode(a, codec.Limits{})
	w, errB := c.Decode(b, codec.Limits{})
	if errA != nil || errB != nil {
		t.Errorf("Decode: %v, %v", errA, errB)
	}
	return perl.EqualLoose(v, w)
}

// unshared returns a copy of v in which nothing is shared.
func unshared(v perl.Value) perl.Value {
	switch t := v.Thing().(type) {
	case *perl.Hash:
		h := perl.NewHash(t.Len())
		for k, elem := range t.All() {
			h.SetKey(k, unshared(elem))
		}
		return perl.NewRef(h)
	case *perl.Array:
		a := perl.NewArray()
		for _, elem := range t.All() {
			a.Push(unshared(elem))
		}
		return perl.NewRef(a)
	}
	return v
}

// Perl, too, reads the nearest float in what we write of one.
func TestFloatsInPerl(t *testing.T) {
	perltest.Need(t)
	r := rand.New(rand.NewPCG(3, 4))
	a := perl.NewArray()
	var want []string
	for range 2000 {
		f := (r.Float64() - 0.5) * math.Pow10(r.IntN(600)-300)
		a.Push(perl.Float(f))
		read, err := strconv.ParseFloat(perl.FormatFloat(f), 64)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, perl.FormatFloat(f)+" "+strconv.FormatFloat(read, 'g', 17, 64))
	}
	b, err := perljson.Codec{}.Append(nil, perl.NewRef(a), codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "perl", "-MJSON::PP", "-0777", "-ne",
		`printf "%.15g %.17g\n", $_, $_ for @{JSON::PP->new->decode($_)}`)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(b), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(got) != len(want) {
		t.Fatalf("Perl reads %d floats; want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("Perl reads %s; want %s", got[i], want[i])
		}
	}
}
