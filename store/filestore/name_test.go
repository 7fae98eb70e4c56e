package filestore

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/store"
)

func TestFileNames(t *testing.T) {
	for _, c := range []struct{ pattern, id, want string }{
		{"cgisess_%s", "abc", "cgisess_abc"},
		{"%s", "abc", "abc"},
		{"%s.dat", "abc", "abc.dat"},
		{"a%%b_%s%%s", "abc", "a%b_abc%s"},
		{"s%%%s", "abc", "s%abc"},
		{"a_%s_%s", "abc", "a_abc_"}, // as Perl's sprintf has it
		{"s+%s.x", "+abc", "s++abc.x"},
		{"cgisess_%s", "..", "cgisess_.."},
		{"cgisess_%s", "%s", "cgisess_%s"},
		{"cgisess_%s", "caf\xe9", "cgisess_caf\xe9"},
	} {
		p, err := parsePattern(c.pattern)
		if err != nil {
			t.Errorf("parsePattern(%q) = %v", c.pattern, err)
			continue
		}
		if got, err := p.file(c.id); got != c.want || err != nil {
			t.Errorf("%q: file(%q) = %q, %v; want %q", c.pattern, c.id, got, err, c.want)
		}
		if got, ok := p.id(c.want); got != c.id || !ok {
			t.Errorf("%q: id(%q) = %q, %v; want %q", c.pattern, c.want, got, ok, c.id)
		}
	}
}

func TestRefusedPatterns(t *testing.T) {
	for _, name := range []string{
		"cgisess", "%d", "cgisess_%s_%d", "%%s", "100%_%s", "%s%", "a/%s", `a\%s`, "../%s", "%s/..", "a\x00%s", "a\n%s",
		".%s", "..%s", ".hidden_%s", strings.Repeat("a", 200) + "%s",
	} {
		if p, err := parsePattern(name); err == nil {
			t.Errorf("parsePattern(%q) = %q; want an error", name, p)
		}
	}
}

func TestRefusedIDs(t *testing.T) {
	for _, c := range []struct{ pattern, id string }{
		{"cgisess_%s", ""},
		{"cgisess_%s", "a/b"},
		{"cgisess_%s", `a\b`},
		{"cgisess_%s", "/../etc/passwd"},
		{"cgisess_%s", "a\x00"},
		{"cgisess_%s", "a\nb"},
		{"cgisess_%s", "a\x7f"},
		{"cgisess_%s", strings.Repeat("a", 245)},
		{"%s", "."},
		{"%s", ".."},
		{"%s", ".abc.j"},
		{"%s", strings.Repeat("a", 253)},
	} {
		p, err := parsePattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if name, err := p.file(c.id); !errors.Is(err, store.ErrInvalidID) {
			t.Errorf("%q: file(%q) = %q, %v; want %v", c.pattern, c.id, name, err, store.ErrInvalidID)
		}
	}
}

func TestNamesThatAreNoSessions(t *testing.T) {
	p := pattern{"cgisess_", ".x"}
	for _, name := range []string{"", "cgisess_", "cgisess_.x", "cgisess_a", "xcgisess_a.x", "cgisess_a.x.tmp", "cgisess_a.X", ".cgisess_a.x.j", "cgisess.x"} {
		if id, ok := p.id(name); ok {
			t.Errorf("id(%q) = %q; want none", name, id)
		}
	}
}
