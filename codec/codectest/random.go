package codectest

import (
	"math"
	"math/rand/v2"
	"strings"

	"github.com/go-datasession/datasession/perl"
)

// Features says what a random value may hold beside undef, ASCII strings,
// integers of up to nine digits, arrays and hashes, which it always may.
type Features uint

// The features.
const (
	Shared     Features = 1 << iota // two references to one thing
	Cycles                          // a thing within itself
	Blessed                         // objects
	ScalarRefs                      // references to scalars
	Slots                           // references to elements
	Wide                            // text, with characters above U+00FF
	HighBytes                       // strings with bytes above 127
	Floats                          // floating point numbers
	BigInts                         // integers up to 2^64-1
	Bools                           // Perl's own booleans
	VStrings                        // version strings
	Regexps                         // patterns
	All        = Features(1<<iota - 1)
)

// Random returns a hash with some dozens of values in it, or now and then some
// hundreds. The same state of r gives the same value.
func Random(r *rand.Rand, features Features) perl.Value {
	size := 5 + r.IntN(40)
	if r.IntN(20) == 0 {
		size *= 10
	}
	g := generator{r: r, features: features, left: size}
	root := g.hash(0)
	g.join()
	return perl.NewRef(root)
}

type generator struct {
	r        *rand.Rand
	features Features
	left     int          // how many values more to make
	hashes   []*perl.Hash // all there are
	arrays   []*perl.Array
	things   []perl.Thing // all that a reference was made to
}

// may reports, with a chance of 1 in n, that a feature is on and to be used.
func (g *generator) may(f Features, n int) bool { return g.features&f != 0 && g.r.IntN(n) == 0 }

func (g *generator) hash(depth int) *perl.Hash {
	h := perl.NewHash(0)
	g.hashes = append(g.hashes, h)
	for n := 1 + g.r.IntN(8); n > 0 && g.left > 0; n-- {
		h.SetKey(g.key(), g.value(depth+1))
	}
	return h
}

func (g *generator) array(depth int) *perl.Array {
	a := perl.NewArray()
	g.arrays = append(g.arrays, a)
	for n := g.r.IntN(8); n > 0 && g.left > 0; n-- {
		a.Push(g.value(depth + 1))
	}
	return a
}

func (g *generator) key() perl.Key {
	v := g.str()
	s := strings.ReplaceAll(v.Str(), "\x00", "") // Data::Dumper spoils paths with a NUL
	if v.Kind() == perl.KindText {
		return perl.TextKey(s)
	}
	return perl.BytesKey(s)
}

func (g *generator) value(depth int) perl.Value {
	g.left--
	if depth < 12 && g.r.IntN(3) == 0 {
		return g.ref(depth)
	}
	switch {
	case g.may(Floats, 6):
		return perl.Float(g.float())
	case g.may(BigInts, 8):
		return perl.Uint(g.r.Uint64() >> g.r.IntN(64))
	case g.may(BigInts, 8):
		return perl.Int(-int64(g.r.Uint64() >> (1 + g.r.IntN(63))))
	case g.may(Bools, 12):
		return perl.Bool(g.r.IntN(2) == 0)
	case g.may(VStrings, 20):
		v, _ := versionString("1.22.333")
		return perl.VString(v, "v1.22.333")
	}
	switch g.r.IntN(6) {
	case 0:
		return perl.Value{}
	case 1, 2:
		return perl.Int(int64(g.r.IntN(2_000_000_000)-1_000_000_000) / int64(math.Pow10(g.r.IntN(10))))
	}
	return g.str()
}

func (g *generator) float() float64 {
	f := (g.r.Float64() - 0.5) * math.Pow10(g.r.IntN(40)-20)
	if g.r.IntN(2) == 0 {
		return math.Round(f*100) / 100
	}
	return f
}

func (g *generator) ref(depth int) perl.Value {
	var t perl.Thing
	switch {
	case g.may(Regexps, 12):
		patterns := []string{`a.b`, `a/b`, `^\d+$`, `(x$|y)`, `a\@b`, `a/b\\`, `a$b`, `c@d`, `e@{[die 1]}f`, `g$[h]`, `$-[0]`, ``, "e\nf", `[/]`}
		t = perl.NewRegexp(perl.Bytes(patterns[g.r.IntN(len(patterns))]), []string{"", "i", "msix"}[g.r.IntN(3)])
	case g.may(ScalarRefs, 4):
		v := g.value(depth + 1)
		if v.IsUndef() {
			v = perl.Int(0) // two \undef are one thing when Perl reads them
		}
		t = perl.NewScalar(v)
	case g.r.IntN(2) == 0:
		t = g.hash(depth)
	default:
		t = g.array(depth)
	}
	if g.may(Blessed, 4) {
		perl.Bless(t, []string{"Foo", "Foo::Bar", "My::Long::Class_1"}[g.r.IntN(3)])
	}
	g.things = append(g.things, t)
	return perl.NewRef(t)
}

const ascii = "abcdefghijklmnopqrstuvwxyz0123456789_ '\\\"$@%{}[]()<>;,=/\n\t\x00\x7f#:-"

func (g *generator) str() perl.Value {
	if g.r.IntN(5) == 0 {
		return perl.Bytes([]string{"", "0", "1", "-1", "00", "1e3", "undef", "12345678901", "'", `\`, `\'`, "};$D"}[g.r.IntN(12)])
	}
	var b strings.Builder
	n := 1 + g.r.IntN(12)
	if g.r.IntN(30) == 0 {
		n *= 30
	}
	wide, high := g.may(Wide, 5), g.may(HighBytes, 5)
	for range n {
		switch {
		case wide && g.r.IntN(3) == 0:
			b.WriteRune([]rune{0x20AC, 0x1F600, 0x2028, 0x101, 0xFEFF}[g.r.IntN(5)])
		case wide && g.r.IntN(3) == 0:
			b.WriteRune(rune(0x80 + g.r.IntN(0x80)))
		case !wide && high && g.r.IntN(2) == 0:
			b.WriteByte(byte(g.r.Uint32()))
		default:
			b.WriteByte(ascii[g.r.IntN(len(ascii))])
		}
	}
	if wide {
		return perl.Text(b.String() + "\u20ac")
	}
	return perl.Bytes(b.String())
}

// join adds references to things and elements that are there already.
func (g *generator) join() {
	for range g.r.IntN(4) {
		if len(g.things) == 0 {
			return
		}
		t := g.things[g.r.IntN(len(g.things))]
		switch {
		case g.may(Cycles, 2) && g.features&Shared != 0:
			g.put(perl.NewRef(t)) // perhaps into itself
		case g.may(Shared, 2):
			top := g.hashes[0]
			top.SetKey(g.key(), perl.NewRef(t))
		case g.may(Slots, 2):
			if s := g.slot(); s != nil {
				g.put(perl.NewRef(s))
			}
		}
	}
}

// put puts v into a container.
func (g *generator) put(v perl.Value) {
	if len(g.arrays) > 0 && g.r.IntN(2) == 0 {
		g.arrays[g.r.IntN(len(g.arrays))].Push(v)
		return
	}
	g.hashes[g.r.IntN(len(g.hashes))].SetKey(g.key(), v)
}

// slot returns an element, or nil if the container it chose has none.
func (g *generator) slot() *perl.Scalar {
	if len(g.arrays) > 0 && g.r.IntN(2) == 0 {
		if a := g.arrays[g.r.IntN(len(g.arrays))]; a.Len() > 0 {
			return a.Slot(g.r.IntN(a.Len()))
		}
		return nil
	}
	for k := range g.hashes[g.r.IntN(len(g.hashes))].Sorted() {
		return g.hashes[0].Slot(k) // of the root, which it may add to
	}
	return nil
}
