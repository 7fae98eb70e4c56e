package perlyaml_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/perlyaml"
)

// dialects are all codecs there are, and what they take for nesting on one line.
var dialects = []struct {
	name    string
	codec   perlyaml.Codec
	vectors string
	nest    []string
}{
	{"Tiny", perlyaml.Tiny, "yaml-tiny", nil},
	{"Tiny in UTF-8", perlyaml.Codec{UTF8: true}, "yaml-tiny", nil},
	{"XS", perlyaml.XS, "yaml-xs", []string{"- "}},
	{"Syck", perlyaml.Syck, "yaml-syck", nil},
	{"PM", perlyaml.PM, "yaml-pm", nil},
}

// seeds are vectors. Those of long strings take time, and have nothing in them to
// go wrong.
func seeds(tb testing.TB, vectors string) [][]byte {
	all, err := codectest.Seeds(codectest.Vectors(vectors))
	if err != nil {
		tb.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(s []byte) bool { return len(s) > 2000 })
	for _, s := range oddTexts {
		all = append(all, []byte(s))
	}
	return all
}

// oddTexts are shapes that the vectors do not have.
var oddTexts = []string{
	"---\nv: |+\n  x\n\n  y\n\nw: |2-\n\n   z\n...\n",
	"---\nv: 'a\n\n  b c\n  d'\nw: \"a b\\n\n  c \\\n  \\  d\"\nx: a b\n  c d\n",
	"---\n? |-\n  a\n  b\n: - 1\n  - - 2\n    - k: &1 {}\n      l: *1\n",
	"---\n- !!perl/regexp:Foo (?^i:y)\n- !!perl/scalar:Foo 'true'\n- &1 !!perl/ref\n  =: *1\n",
}

func TestAttacks(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			some := seeds(t, d.vectors)
			if os.Getenv("DATASESSION_LONG") != "1" { // five dialects take their time
				some = slices.DeleteFunc(some, func(s []byte) bool { return len(s)%3 > 0 })
			}
			codectest.Attacks(t, d.codec, some, &codectest.AttackOptions{Nest: d.nest})
		})
	}
}

// Deep documents cannot be made by repeating one string: lines are indented.
func TestDepth(t *testing.T) {
	for _, d := range dialects {
		for _, open := range []string{"-", "k:"} {
			var b strings.Builder
			for level := range 1400 {
				fmt.Fprintf(&b, "%*s%s\n", level, "", open)
			}
			_, err := d.codec.Decode([]byte(b.String()), codec.Limits{})
			var limit *codec.LimitError
			if !errors.As(err, &limit) || limit.What != "depth" {
				t.Errorf("%s: Decode of 1,400 %q within each other: %v; want a limit on depth", d.name, open, err)
			}
		}
	}
}

// Whatever is repeated, and after whatever, takes no more than a second: for 64 KB,
// or for a megabyte if DATASESSION_LONG is 1.
func TestRepeated(t *testing.T) {
	size := codec.DefaultBytes / 16
	if os.Getenv("DATASESSION_LONG") == "1" {
		size = codec.DefaultBytes
	}
	heads := []string{"", "a: ", "a: '", "a: \"", "a: |\n", "- "}
	tokens := []string{
		"\r", "\n", "\u2028", "\u0085", " ", "\t", "\u00a0", "#", " #", ":", ": ", "'", "''", "\"", "\\", "\\\n", "-\n", "- ",
		"&a ", "!", "*a\n", "? ", "? a\n", "|\n", "[]\n", "- []\n", "- &a {}\n", "- *a\n", "a:\n", " a\n", "a\n", "- 'x\n", "- |\n",
	}
	for _, d := range dialects {
		for _, head := range heads {
			for _, token := range tokens {
				data := []byte(head + strings.Repeat(token, (size-len(head))/len(token)))
				start := time.Now()
				d.codec.Decode(data, codec.Limits{})
				if took := time.Since(start); took > time.Second {
					t.Errorf("%s: Decode of a lot of %q after %q took %v", d.name, token, head, took)
				}
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, d := range dialects {
		for _, s := range seeds(f, d.vectors) {
			f.Add(s)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, d := range dialects {
			if err := codectest.Check(d.codec, data); err != nil {
				t.Errorf("%s: %v", d.name, err)
			}
		}
	})
}
