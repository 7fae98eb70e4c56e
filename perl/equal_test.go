package perl_test

import (
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/go-datasession/datasession/perl"
)

func hashOf(pairs ...any) *perl.Hash {
	h := &perl.Hash{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i].(string), pairs[i+1].(perl.Value))
	}
	return h
}

func listOf(elems ...perl.Value) perl.Value { return perl.NewRef(perl.NewArray(elems...)) }

func blessed[T perl.Thing](t T, class string) T { perl.Bless(t, class); return t }

func jsonBool(truth int64) perl.Value {
	return perl.NewRef(blessed(perl.NewScalar(perl.Int(truth)), "JSON::PP::Boolean"))
}

// shared returns a list that refers to one list twice; apart refers to two.
func shared() perl.Value { one := listOf(perl.Int(1)); return listOf(one, one) }
func apart() perl.Value  { return listOf(listOf(perl.Int(1)), listOf(perl.Int(1))) }

// loop returns n lists that each hold the next, the last the first.
func loop(n int) perl.Value {
	first := perl.NewArray()
	at := first
	for range n - 1 {
		next := perl.NewArray()
		at.Push(perl.NewRef(next))
		at = next
	}
	at.Push(perl.NewRef(first))
	return perl.NewRef(first)
}

// elementReference returns {a => 1, b => \1}, where b refers to the element a or not.
func elementReference(to bool) perl.Value {
	h := hashOf("a", perl.Int(1))
	s := perl.NewScalar(perl.Int(1))
	if to {
		s = h.Slot(perl.StringKey("a"))
	}
	h.Set("b", perl.NewRef(s))
	return perl.NewRef(h)
}

// slots returns lists of two elements which are one scalar, or two.
func slots(same bool) perl.Value {
	a := perl.NewArray(perl.Int(1), perl.Int(1))
	s := a.Slot(0)
	if same {
		a.SetSlot(1, s)
	}
	return perl.NewRef(a)
}

func TestEqual(t *testing.T) {
	const no, loose, strict = "different", "loosely equal", "equal"
	ref := perl.NewRef
	tests := []struct {
		name string
		a, b perl.Value
		want string
	}{
		{"undef", perl.Value{}, perl.Value{}, strict},
		{"undef and nothing", perl.Value{}, perl.Bytes(""), no},
		{"undef and false", perl.Value{}, perl.Bool(false), no},
		{"undef and a reference", perl.Value{}, listOf(), no},
		{"integers", perl.Int(5), perl.Int(5), strict},
		{"other integers", perl.Int(5), perl.Int(6), no},
		{"integer and string", perl.Int(5), perl.Bytes("5"), loose},
		{"integer and text", perl.Int(5), perl.Text("5"), loose},
		{"integer and other string", perl.Int(5), perl.Bytes("05"), no},
		{"integer and float", perl.Int(5), perl.Float(5), loose},
		{"great integer and float", perl.Int(1e15), perl.Float(1e15), no},
		{"integer and true", perl.Int(1), perl.Bool(true), loose},
		{"integer and false", perl.Int(0), perl.Bool(false), no},
		{"negative and unsigned", perl.Int(-1), perl.Uint(math.MaxUint64), no},
		{"floats", perl.Float(0.1), perl.Float(0.1), strict},
		{"floats with 15 equal digits", perl.Float(0.3), perl.Float(math.Nextafter(0.3, 1)), loose},
		{"zeros", perl.Float(0), perl.Float(math.Copysign(0, -1)), loose},
		{"NaN", perl.Float(math.NaN()), perl.Float(math.Float64frombits(math.Float64bits(math.NaN()) ^ 1)), strict},
		{"ASCII", perl.Bytes("abc"), perl.Text("abc"), strict},
		{"bytes and text", perl.Bytes("\xE9"), perl.Text("é"), loose},
		{"text and bytes", perl.Text("é"), perl.Bytes("\xE9"), loose},
		{"UTF-8 and text", perl.Bytes("\xC3\xA9"), perl.Text("é"), no},
		{"bytes and longer text", perl.Bytes("\xE9"), perl.Text("éé"), no},
		{"longer bytes and text", perl.Bytes("\xE9\xE9"), perl.Text("é"), no},
		{"bytes and wide text", perl.Bytes("\xE9"), perl.Text("日"), no},
		{"upper case", perl.Bytes("a"), perl.Bytes("A"), no},
		{"true and 1", perl.Bool(true), perl.Bytes("1"), strict},
		{"true and text 1", perl.Bool(true), perl.Text("1"), strict},
		{"false and nothing", perl.Bool(false), perl.Text(""), strict},
		{"false and 0", perl.Bool(false), perl.Bytes("0"), no},
		{"version string and string", perl.VString(perl.Bytes("\x01\x02"), "v1.2"), perl.Bytes("\x01\x02"), strict},
		{"version strings", perl.VString(perl.Text("Ā"), "v256"), perl.VString(perl.Text("Ā"), "256.0"), strict},
		{"wide version string and bytes", perl.VString(perl.Text("é"), "v233"), perl.Bytes("\xE9"), loose},

		{"lists", listOf(perl.Int(1), perl.Bytes("a")), listOf(perl.Int(1), perl.Bytes("a")), strict},
		{"loose lists", listOf(perl.Int(1), perl.Bytes("a")), listOf(perl.Bytes("1"), perl.Text("a")), loose},
		{"shorter list", listOf(perl.Int(1)), listOf(perl.Int(1), perl.Value{}), no},
		{"list and hash", listOf(), ref(&perl.Hash{}), no},
		{"hashes in other order", ref(hashOf("a", perl.Int(1), "b", perl.Int(2))), ref(hashOf("b", perl.Int(2), "a", perl.Int(1))), strict},
		{"other key", ref(hashOf("a", perl.Int(1))), ref(hashOf("b", perl.Int(1))), no},
		{"one key more", ref(hashOf("a", perl.Value{})), ref(hashOf("a", perl.Value{}, "b", perl.Value{})), no},
		{"text key and byte key", ref(keyed(perl.TextKey("é"))), ref(keyed(perl.BytesKey("\xE9"))), loose},
		{"ASCII text key and byte key", ref(keyed(perl.TextKey("e"))), ref(keyed(perl.BytesKey("e"))), strict},
		{"class", ref(blessed(hashOf(), "A")), ref(blessed(hashOf(), "A")), strict},
		{"other class", ref(blessed(hashOf(), "A")), ref(blessed(hashOf(), "B")), no},
		{"no class", ref(blessed(perl.NewArray(), "A")), listOf(), no},
		{"scalars", ref(perl.NewScalar(perl.Int(1))), ref(perl.NewScalar(perl.Int(1))), strict},
		{"loose scalars", ref(perl.NewScalar(perl.Int(1))), ref(perl.NewScalar(perl.Bytes("1"))), loose},
		{"class of a scalar", ref(blessed(perl.NewScalar(perl.Int(1)), "A")), ref(perl.NewScalar(perl.Int(1))), no},
		{"weak", perl.NewWeakRef(hashOf()), ref(hashOf()), no},
		{"both weak", perl.NewWeakRef(hashOf()), perl.NewWeakRef(hashOf()), strict},

		{"JSON booleans", jsonBool(1), jsonBool(1), strict},
		{"other JSON boolean", jsonBool(1), jsonBool(0), no},
		{"JSON boolean of a string", jsonBool(1), ref(blessed(perl.NewScalar(perl.Bytes("1")), "JSON::PP::Boolean")), strict},
		{"JSON booleans shared and not", func() perl.Value { b := jsonBool(1); return listOf(b, b) }(), listOf(jsonBool(1), jsonBool(1)), strict},
		{"JSON boolean and boolean", jsonBool(1), perl.Bool(true), no},

		{"regexps", ref(perl.NewRegexp(perl.Bytes("a"), "i")), ref(perl.NewRegexp(perl.Text("a"), "i")), strict},
		{"other pattern", ref(perl.NewRegexp(perl.Bytes("a"), "i")), ref(perl.NewRegexp(perl.Bytes("b"), "i")), no},
		{"other flags", ref(perl.NewRegexp(perl.Bytes("a"), "i")), ref(perl.NewRegexp(perl.Bytes("a"), "")), no},
		{"pattern in bytes and in text", ref(perl.NewRegexp(perl.Bytes("\xE9"), "")), ref(perl.NewRegexp(perl.Text("é"), "")), no},
		{"class of a regexp", ref(perl.NewRegexp(perl.Bytes("a"), "")), ref(blessed(perl.NewRegexp(perl.Bytes("a"), ""), "A")), no},
		{"regexp out of Safe", ref(perl.NewRegexp(perl.Bytes("a"), "")), ref(blessed(perl.NewRegexp(perl.Bytes("a"), ""), "Safe::Root12::Regexp")), strict},
		{"regexp and scalar", ref(perl.NewRegexp(perl.Bytes("a"), "")), ref(perl.NewScalar(perl.Bytes("a"))), no},

		{"both shared", shared(), shared(), strict},
		{"shared and apart", shared(), apart(), no},
		{"apart and shared", apart(), shared(), no},
		{"loops", loop(3), loop(3), strict},
		{"loops of other length", loop(2), loop(4), no},
		{"loops of coprime lengths", loop(2), loop(3), no},
		{"references to an element", elementReference(true), elementReference(true), strict},
		{"reference to an element and not", elementReference(true), elementReference(false), no},
		{"no reference to an element and one", elementReference(false), elementReference(true), no},
		{"slot that nothing refers to", slots(false), listOf(perl.Int(1), perl.Int(1)), strict},
		{"the same the other way", listOf(perl.Int(1), perl.Int(1)), slots(false), strict},
		{"one slot twice and plain", slots(true), listOf(perl.Int(1), perl.Int(1)), no},
		{"plain and one slot twice", listOf(perl.Int(1), perl.Int(1)), slots(true), no},
		{"one slot twice and two", slots(true), slots(false), no},
		{"one slot twice", slots(true), slots(true), strict},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// Wrapped, nothing is decided by the root alone.
			for _, wrap := range []func(perl.Value) perl.Value{
				func(v perl.Value) perl.Value { return v },
				func(v perl.Value) perl.Value { return listOf(perl.Int(0), v) },
				func(v perl.Value) perl.Value { return ref(hashOf("k", ref(perl.NewScalar(v)))) },
			} {
				a, b := wrap(tt.a), wrap(tt.b)
				for range 2 {
					if got := perl.Equal(a, b); got != (tt.want == strict) {
						t.Errorf("Equal = %v, want %s", got, tt.want)
					}
					if got := perl.EqualLoose(a, b); got != (tt.want != no) {
						t.Errorf("EqualLoose = %v, want %s", got, tt.want)
					}
					a, b = b, a
				}
				if c := perl.Clone(a); !perl.Equal(a, c) || !perl.EqualLoose(c, a) {
					t.Error("a copy is not equal")
				}
			}
		})
	}
}

func keyed(k perl.Key) *perl.Hash {
	h := &perl.Hash{}
	h.SetKey(k, perl.Int(1))
	return h
}

func TestCloneSharesNothing(t *testing.T) {
	inner := blessed(hashOf("n", perl.Int(1)), "Item")
	h := hashOf("item", perl.NewRef(inner), "again", perl.NewWeakRef(inner), "text", perl.Text("é"))
	h.Set("ref", perl.NewRef(h.Slot(perl.StringKey("text"))))
	h.Set("qr", perl.NewRef(perl.NewRegexp(perl.Bytes("a"), "i")))
	before := perl.Clone(perl.NewRef(h))

	c := perl.Clone(perl.NewRef(h)).Hash()
	item, _ := c.Get("item")
	item.Hash().Set("n", perl.Int(2))
	perl.Bless(item.Thing(), "Other")
	c.Set("text", perl.Int(3))
	qr, _ := c.Get("qr")
	qr.Thing().(*perl.Regexp).Flags = "x"
	c.Set("new", perl.Int(4))
	c.Delete("again")
	if !perl.Equal(perl.NewRef(h), before) {
		t.Error("a change of the copy changed the original")
	}
	ref, _ := c.Get("ref")
	if got := ref.Thing().(*perl.Scalar).Get().Int(); got != 3 {
		t.Errorf("the reference to the copied element sees %d, want 3", got)
	}
}

// nest puts v into n lists or hashes or scalars, one in the other.
func nest(n int, v perl.Value) perl.Value {
	for i := range n {
		switch i % 3 {
		case 0:
			v = listOf(v)
		case 1:
			v = perl.NewRef(hashOf("a", v))
		default:
			v = listOf(perl.Int(1), v)
		}
	}
	return v
}

// laughs returns a value that is small, but has 2^n leaves.
func laughs(n int) perl.Value {
	v := listOf(perl.Bytes("ha"))
	for range n {
		v = perl.NewRef(hashOf("a", v, "b", v))
	}
	return v
}

// None of these recurses, and none visits a thing twice: a test that hangs or
// overflows the stack has found one that does.
func TestDeepAndShared(t *testing.T) {
	depth := 50_000
	if os.Getenv("DATASESSION_LONG") != "" {
		depth = 1_000_000
	}
	for name, make := range map[string]func(leaf perl.Value) perl.Value{
		"deep":   func(leaf perl.Value) perl.Value { return nest(depth, leaf) },
		"shared": func(leaf perl.Value) perl.Value { return listOf(laughs(100), leaf) },
		"cyclic": func(leaf perl.Value) perl.Value { return listOf(loop(1000), leaf) },
	} {
		t.Run(name, func(t *testing.T) {
			a, b, other := make(perl.Int(1)), make(perl.Int(1)), make(perl.Int(2))
			if !perl.Equal(a, b) || !perl.EqualLoose(a, b) || perl.Equal(a, other) || perl.EqualLoose(a, other) {
				t.Error("wrong comparison")
			}
			if !perl.Equal(a, perl.Clone(a)) {
				t.Error("wrong copy")
			}
			if perl.ToGo(a) == nil {
				t.Error("ToGo gives nil")
			}
			if got := perl.Patch(b, a, other); !perl.Equal(got, other) {
				t.Error("wrong patch")
			}
		})
	}
}

func ExampleEqual() {
	a := perl.NewRef(perl.NewArray(perl.Int(1), perl.Bytes("\xE9")))
	b := perl.NewRef(perl.NewArray(perl.Bytes("1"), perl.Text("é")))
	fmt.Println(perl.Equal(a, b), perl.EqualLoose(a, b))
	// Output: false true
}
