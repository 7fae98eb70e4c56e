package sessionid

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"math"
	mathrand "math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

var randoms = []struct {
	gen  *Random
	form string
}{
	{MD5, `^[0-9a-f]{32}$`},
	{SHA1, `^[0-9a-f]{40}$`},
	{SHA256, `^[0-9a-f]{64}$`},
	{SHA512, `^[0-9a-f]{128}$`},
	{UUID16, `(?s)^.{16}$`},
	{UUID34, `^0x[0-9A-F]{12}4[0-9A-F]{3}[89AB][0-9A-F]{15}$`},
	{UUID36, `^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$`},
	{UUID64, `^[A-Za-z0-9+/]{22}==$`},
}

func TestForm(t *testing.T) {
	for _, c := range randoms {
		t.Run(c.gen.Name(), func(t *testing.T) {
			form := regexp.MustCompile(c.form)
			for range 1000 {
				id, err := c.gen.New(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				want := id
				if c.gen == UUID16 { // the expression works on characters
					want = strings.Repeat("x", len(id))
				}
				if !form.MatchString(want) || !c.gen.Valid(id) {
					t.Fatalf("New = %q, Valid %v; want %s", id, c.gen.Valid(id), c.form)
				}
			}
		})
	}
}

// One UUID that Perl made, in the forms that Perl gave it.
func TestUUIDForms(t *testing.T) {
	u, _ := hex.DecodeString("E20F5A26E5E111F1877B11A60FE39D5F")
	for _, c := range []struct {
		gen  *Random
		got  string
		want string
	}{
		{UUID16, uuid16(u), "\x26\x5A\x0F\xE2\xE1\xE5\xF1\x11\x87\x7B\x11\xA6\x0F\xE3\x9D\x5F"},
		{UUID34, uuid34(u), "0xE20F5A26E5E111F1877B11A60FE39D5F"},
		{UUID36, uuid36(u), "E20F5A26-E5E1-11F1-877B-11A60FE39D5F"},
		{UUID64, uuid64(u), "JloP4uHl8RGHexGmD+OdXw=="},
	} {
		if c.got != c.want || !c.gen.Valid(c.want) {
			t.Errorf("%s = %q, Valid %v; want %q", c.gen.Name(), c.got, c.gen.Valid(c.want), c.want)
		}
	}
}

func TestUUIDVersion(t *testing.T) {
	for _, fill := range []byte{0x00, 0xff} {
		id, err := UUID16.WithRand(bytes.NewReader(bytes.Repeat([]byte{fill}, 16))).New(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// The third field is the other way round: its high byte comes second.
		if id[7]>>4 != 4 || id[8]>>6 != 2 {
			t.Errorf("UUID of %#x bytes has version %d and variant %b, want 4 and 10", fill, id[7]>>4, id[8]>>6)
		}
	}
}

func TestValidRefuses(t *testing.T) {
	hex32 := strings.Repeat("0123456789abcdef", 2)
	upper := strings.ToUpper(hex32)
	for _, c := range []struct {
		name string
		gen  Generator
		id   string
	}{
		{"empty", MD5, ""},
		{"one short", MD5, hex32[1:]},
		{"one long", MD5, hex32 + "0"},
		{"upper case", MD5, upper},
		{"g", MD5, "g" + hex32[1:]},
		{"newline", MD5, hex32[1:] + "\n"},
		{"newline after", MD5, hex32 + "\n"},
		{"NUL", MD5, hex32[1:] + "\x00"},
		{"slash", MD5, "/" + hex32[1:]},
		{"colon, after the digits", MD5, ":" + hex32[1:]},
		{"back-quote, before the letters", MD5, "`" + hex32[1:]},
		{"full-width digit", MD5, "0" + hex32[3:]},
		{"id of another length", SHA1, hex32},
		{"id of another length", SHA256, hex32},
		{"15 bytes", UUID16, hex32[:15]},
		{"17 bytes", UUID16, hex32[:17]},
		{"no 0x", UUID34, "00" + upper},
		{"0X", UUID34, "0X" + upper},
		{"lower case", UUID34, "0x" + hex32},
		{"no dashes", UUID36, upper + "0000"},
		{"lower case", UUID36, "e20f5a26-E5E1-11F1-877B-11A60FE39D5F"},
		{"dash elsewhere", UUID36, "E20F5A2-6E5E1-11F1-877B-11A60FE39D5F"},
		{"dash too many", UUID36, "E20F5A26-E5E1-11F1-877B-11A60F-39D5F"},
		{"no padding", UUID64, "JloP4uHl8RGHexGmD+OdXwAA"},
		{"one padding", UUID64, "JloP4uHl8RGHexGmD+OdXwA="},
		{"bits beyond the bytes", UUID64, "JloP4uHl8RGHexGmD+OdXx=="},
		{"URL alphabet", UUID64, "JloP4uHl8RGHexGmD-OdXw=="},
		{"newline inside", UUID64, "JloP4uHl8RGHex\nGmD+OdX=="},
		{"newline after", UUID64, "JloP4uHl8RGHexGmD+OdXw=\n"},
		{"another name", Static("reports"), "report"},
		{"false id", Static("0"), "0"},
		{"no id", Static(""), ""},
		{"zero", &Counter{}, "0"},
		{"leading zero", &Counter{}, "07"},
		{"sign", &Counter{}, "+7"},
		{"negative", &Counter{}, "-7"},
		{"newline", &Counter{}, "7\n"},
		{"letter", &Counter{}, "7a"},
		{"float", &Counter{}, "1e+20"},
		{"65 bits", &Counter{}, "18446744073709551616"},
		{"empty", &Counter{}, ""},
	} {
		if c.gen.Valid(c.id) {
			t.Errorf("%s.Valid(%q) = true (%s)", c.gen.Name(), c.id, c.name)
		}
	}
}

func TestValidAccepts(t *testing.T) {
	for _, c := range []struct {
		gen Generator
		id  string
	}{
		{MD5, "711c718a9daaf919682204bbe0029715"},
		{Static("reports"), "reports"},
		{&Counter{}, "1"},
		{&Counter{}, "18446744073709551615"},
	} {
		if !c.gen.Valid(c.id) {
			t.Errorf("%s.Valid(%q) = false", c.gen.Name(), c.id)
		}
	}
}

func TestNoRandomnessNoID(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range randoms {
		for name, r := range map[string]io.Reader{
			"at once": iotest.ErrReader(broken),
			"midway":  io.MultiReader(bytes.NewReader(make([]byte, 15)), iotest.ErrReader(broken)),
			"ends":    bytes.NewReader(make([]byte, 15)),
			"empty":   bytes.NewReader(nil),
		} {
			id, err := c.gen.WithRand(r).New(t.Context())
			if id != "" || !errors.Is(err, ErrRandom) {
				t.Errorf("%s, reader fails %s: New = %q, %v; want ErrRandom", c.gen.Name(), name, id, err)
			}
		}
	}
	// The same if the program has replaced the system's source.
	defer func(r io.Reader) { rand.Reader = r }(rand.Reader)
	rand.Reader = iotest.ErrReader(broken)
	if id, err := Default.New(t.Context()); id != "" || !errors.Is(err, ErrRandom) || !errors.Is(err, broken) {
		t.Errorf("New = %q, %v; want ErrRandom and the cause", id, err)
	}
}

func TestReaderInPieces(t *testing.T) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	id, err := SHA256.WithRand(iotest.OneByteReader(bytes.NewReader(raw))).New(t.Context())
	if want := hex.EncodeToString(raw); id != want || err != nil {
		t.Errorf("New = %q, %v; want %q", id, err, want)
	}
}

func TestDefault(t *testing.T) {
	id, err := Default.New(t.Context())
	if len(id) != 64 || err != nil {
		t.Errorf("Default.New = %q, %v; want 64 digits", id, err)
	}
}

func TestStatic(t *testing.T) {
	if id, err := Static("reports").New(t.Context()); id != "reports" || err != nil {
		t.Errorf("New = %q, %v; want reports", id, err)
	}
	for _, s := range []Static{"", "0"} {
		if id, err := s.New(t.Context()); id != "" || err == nil {
			t.Errorf("Static(%q).New = %q, %v; want an error", string(s), id, err)
		}
	}
}

func TestGuessable(t *testing.T) {
	for _, g := range []Generator{Static("x"), &Counter{}} {
		if guess, ok := g.(Guessable); !ok || !guess.Guessable() {
			t.Errorf("%s is not Guessable", g.Name())
		}
	}
	for _, c := range randoms {
		if _, ok := any(c.gen).(Guessable); ok {
			t.Errorf("%s is Guessable", c.gen.Name())
		}
	}
}

// A million ids differ, and each bit of them is set in half of them, within five
// standard deviations.
func TestMillion(t *testing.T) {
	n := 1_000_000
	if testing.Short() {
		n = 100_000
	}
	raws := make([][32]byte, n)
	var ones [256]int
	for i := range raws {
		id, err := Default.New(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := hex.Decode(raws[i][:], []byte(id)); err != nil {
			t.Fatal(err)
		}
		for bit := range ones {
			ones[bit] += int(raws[i][bit/8] >> (bit % 8) & 1)
		}
	}
	for bit, k := range ones {
		if d := math.Abs(float64(k)-float64(n)/2) / (math.Sqrt(float64(n)) / 2); d > 5 {
			t.Errorf("bit %d is set in %d of %d ids: %.1f standard deviations off", bit, k, n, d)
		}
	}
	slices.SortFunc(raws, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	if k := len(slices.Compact(raws)); k != n {
		t.Errorf("%d different ids of %d", k, n)
	}
}

// Every random bit goes into the id: from a known stream of bytes, no two ids of
// any generator are equal, and only the six fixed bits of a UUID are not balanced.
func TestBitsOfEachForm(t *testing.T) {
	const n = 20_000
	for _, c := range randoms {
		t.Run(c.gen.Name(), func(t *testing.T) {
			gen := c.gen.WithRand(mathrand.NewChaCha8([32]byte{1}))
			seen := make(map[string]bool, n)
			ones := make([]int, 8*c.gen.size)
			for range n {
				id, err := gen.New(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				seen[id] = true
				raw := rawOf(t, c.gen, id)
				for bit := range ones {
					ones[bit] += int(raw[bit/8] >> (bit % 8) & 1)
				}
			}
			if len(seen) != n {
				t.Errorf("%d different ids of %d", len(seen), n)
			}
			fixed := 0
			for _, k := range ones {
				if math.Abs(float64(k)-n/2)/(math.Sqrt(n)/2) > 5 {
					fixed++
				}
			}
			want := 0
			if strings.HasPrefix(c.gen.Name(), "UUID") {
				want = 6
			}
			if fixed != want {
				t.Errorf("%d bits are not balanced, want %d", fixed, want)
			}
		})
	}
}

var undash = strings.NewReplacer("-", "", "0x", "")

func rawOf(t *testing.T, g *Random, id string) []byte {
	switch g {
	case UUID16:
		return []byte(id)
	case UUID64:
		raw, err := base64.StdEncoding.DecodeString(id)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	raw, err := hex.DecodeString(strings.ToLower(undash.Replace(id)))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Two processes whose clocks stand still at the same time have no id in common.
func TestTwoProcessesOneClock(t *testing.T) {
	n := "100000"
	if testing.Short() {
		n = "5000"
	}
	seen := make(map[string]bool)
	total := 0
	for range 2 {
		cmd := child(t, "random", n)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for id := range strings.Lines(string(out)) {
			seen[id] = true
			total++
		}
	}
	if total == 0 || len(seen) != total {
		t.Errorf("%d different ids of %d", len(seen), total)
	}
}

func BenchmarkNew(b *testing.B) {
	for _, c := range randoms {
		b.Run(c.gen.Name(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = c.gen.New(b.Context())
			}
		})
	}
	b.Run("crypto-rand+hex", func(b *testing.B) { // what SHA256 is to be measured by
		b.ReportAllocs()
		for b.Loop() {
			raw := make([]byte, 32)
			_, _ = rand.Read(raw)
			_ = hex.EncodeToString(raw)
		}
	})
}
