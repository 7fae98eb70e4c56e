package perl_test

import (
	"fmt"
	"testing"
	"unicode/utf8"

	"github.com/go-datasession/datasession/perl"
)

func TestUpgradeDowngrade(t *testing.T) {
	tests := []struct {
		name string
		v    perl.Value
		up   string
		down string
		ok   bool
	}{
		{"ASCII bytes", perl.Bytes("a"), "a", "a", true},
		{"bytes", perl.Bytes("\xE9\xFF"), "éÿ", "\xE9\xFF", true},
		{"UTF-8 without the flag", perl.Bytes("\xC3\xA9"), "Ã©", "\xC3\xA9", true},
		{"text in Latin-1", perl.Text("éÿ"), "éÿ", "\xE9\xFF", true},
		{"wide text", perl.Text("aĀ"), "aĀ", "", false},
		{"text cut short", perl.Text("a\xC3"), "a\xC3", "", false},
		{"integer", perl.Int(12), "12", "12", true},
		{"undef", perl.Value{}, "", "", true},
		{"version string in bytes", perl.VString(perl.Bytes("\xE9"), "v233"), "é", "\xE9", true},
		{"version string in text", perl.VString(perl.Text("é"), "v233"), "é", "\xE9", true},
		{"wide version string", perl.VString(perl.Text("Ā"), "v256"), "Ā", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := perl.Upgrade(tt.v); got != tt.up {
				t.Errorf("Upgrade = %q, want %q", got, tt.up)
			}
			if got, ok := perl.Downgrade(tt.v); got != tt.down || ok != tt.ok {
				t.Errorf("Downgrade = %q, %v; want %q, %v", got, ok, tt.down, tt.ok)
			}
		})
	}
}

var runes = []uint32{
	0, 'a', 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xD800, 0xDFFF, 0xE000, 0xFFFD, 0xFFFF, 0x10000, 0x10FFFF, 0x110000,
	0x1FFFFF, 0x200000, 0x3FFFFFF, 0x4000000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
}

func TestRunes(t *testing.T) {
	for _, r := range runes {
		b := perl.AppendRune([]byte("x"), r)[1:]
		got, n, ok := perl.DecodeRune(string(b) + "x")
		if got != r || n != len(b) || !ok {
			t.Errorf("%#x: % x reads as %#x, %d, %v", r, b, got, n, ok)
		}
		if utf8.ValidRune(rune(r)) && r < 1<<31 && string(b) != string(rune(r)) {
			t.Errorf("%#x: % x is not UTF-8", r, b)
		}
		for cut := 1; cut < len(b); cut++ {
			if got, n, ok := perl.DecodeRune(string(b[:cut])); ok || n != 1 || got != uint32(b[0]) {
				t.Errorf("%#x cut to %d: %#x, %d, %v", r, cut, got, n, ok)
			}
		}
	}
	for _, s := range []string{
		"\x80", "\xBFa", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xF8\x87\xBF\xBF\xBF",
		"\xFC\x83\xBF\xBF\xBF\xBF", "\xFE\x81\xBF\xBF\xBF\xBF\xBF", "\xFE\x84\x80\x80\x80\x80\x80", "\xFE\x86\x80\x80\x80\x80\x80", "\xFF", "\xC3a",
	} {
		if r, n, ok := perl.DecodeRune(s); ok || n != 1 || r != uint32(s[0]) {
			t.Errorf("%q: %#x, %d, %v", s, r, n, ok)
		}
	}
	if _, n, ok := perl.DecodeRune(""); n != 0 || ok {
		t.Errorf("nothing: %d, %v", n, ok)
	}
}

func TestRunesAgainstPerl(t *testing.T) {
	lines := make([]string, len(runes))
	for i, r := range runes {
		lines[i] = fmt.Sprint(r)
	}
	answers := askPerl(t, `no warnings; my $c = chr $_; utf8::encode $c; print unpack("H*", $c), "\n"`, lines)
	for i, r := range runes {
		if got := fmt.Sprintf("%x", perl.AppendRune(nil, r)); got != answers[i] {
			t.Errorf("%#x: %s, Perl %s", r, got, answers[i])
		}
	}
}
