package perlyaml_test

import (
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/perlyaml"
	"github.com/go-datasession/datasession/perl"
)

// refusesWide adds the vectors with characters that only UTF8 can hold.
func refusesWide(deviates map[string]string) map[string]string {
	for _, name := range []string{
		"char-euro", "char-euro-text", "char-emoji", "char-zwj-family", "char-combining", "char-2028", "char-bom",
		"char-controls", "char-10ffff", "char-hexdigit-follows", "char-lone-surrogate", "byte-and-wide",
		"char-len-200", "char-octets-255", "char-octets-256", "key-euro", "key-emoji", "key-euro-and-byte",
	} {
		deviates[name] = "no driver of bytes gives it back as it was; refused without UTF8"
	}
	return deviates
}

func TestTinyVectors(t *testing.T) {
	deviates := map[string]string{
		"str-1-newline": "Perl cannot read its own form; written in double quotes",
		"byte-a0":       "Perl trims it when it reads; written in quotes",
		"byte-a0-alone": "the same",
	}
	codectest.Run(t, perlyaml.Tiny, codectest.Vectors("yaml-tiny"), &codectest.Options{Deviates: refusesWide(deviates)})
}

func TestXSVectors(t *testing.T) {
	codectest.Run(t, perlyaml.XS, codectest.Vectors("yaml-xs"), &codectest.Options{
		Equal: equalButNumbers,
		Deviates: map[string]string{
			"string-used-as-int":     "a string that has been used as a number is a string in Go",
			"string-used-as-big-int": "the same",
			"cycle-self-ref":         "what was written: Perl makes one scalar of it and of the element it is in",
			"globref":                "the same",
			"glob":                   "refused",
			"bless-ref":              "Perl writes an address in memory",
		},
	})
}

func TestSyckVectors(t *testing.T) {
	codectest.Run(t, perlyaml.Syck, codectest.Vectors("yaml-syck"), &codectest.Options{
		Deviates: map[string]string{
			"ref-to-element": "Perl writes an alias and reads a copy; so a copy is written",
		},
	})
}

func TestPMVectors(t *testing.T) {
	codectest.Run(t, perlyaml.PM, codectest.Vectors("yaml-pm"), &codectest.Options{
		Deviates: refusesWide(map[string]string{
			"cycle-utf8-key":  "the same",
			"ref-to-element":  "Perl writes and reads two references where one element was",
			"cycle-self-ref":  "refused: Perl reads something else",
			"bless-odd-class": "refused: Perl reads no class",
		}),
	})
}

// equalButNumbers is perl.Equal but for numbers, which the vectors of YAML::XS have
// as strings that are numbers too.
func equalButNumbers(got, want perl.Value) bool {
	got = perl.Clone(got)
	seen := map[perl.Thing]bool{}
	var visit func(v perl.Value, set func(perl.Value))
	visit = func(v perl.Value, set func(perl.Value)) {
		switch v.Kind() {
		case perl.KindInt, perl.KindUint, perl.KindFloat:
			set(perl.Bytes(v.String()))
		}
		t := v.Thing()
		if t == nil || seen[t] {
			return
		}
		seen[t] = true
		switch t := t.(type) {
		case *perl.Hash:
			for k, v := range t.All() {
				visit(v, func(v perl.Value) { t.SetKey(k, v) })
			}
		case *perl.Array:
			for i, v := range t.All() {
				visit(v, func(v perl.Value) { t.Set(i, v) })
			}
		case *perl.Scalar:
			visit(t.Get(), t.Set)
		}
	}
	visit(got, func(v perl.Value) { got = v })
	return perl.Equal(got, want)
}

// A document that is not UTF-8 is one of byte strings, if asked for.
func TestRecover(t *testing.T) {
	for _, dialect := range []perlyaml.Dialect{perlyaml.DialectTiny, perlyaml.DialectPM} {
		for _, test := range []struct {
			text, want string
			recovered  bool
		}{
			{"--- caf\xe9\n", "café", true},
			{"--- café\n", "café", false},
			{"--- cafe\n", "cafe", false},
		} {
			c := perlyaml.Codec{Dialect: dialect, UTF8: true}
			if _, err := c.Decode([]byte(test.text), codec.Limits{}); (err != nil) != test.recovered {
				t.Errorf("%s: Decode(%q): %v", c.Name(), test.text, err)
			}
			c.Recover = true
			v, err := c.Decode([]byte(test.text), codec.Limits{})
			if err != nil || perl.Upgrade(v) != test.want {
				t.Errorf("%s, Recover: Decode(%q) = %q, %v; want %q", c.Name(), test.text, perl.Upgrade(v), err, test.want)
			}
		}
	}
}
