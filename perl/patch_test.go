package perl_test

import (
	"testing"

	"github.com/go-datasession/datasession/perl"
)

// A stored value keeps what a Go copy of it does not show.
func TestPatchKeeps(t *testing.T) {
	stored := func() *perl.Hash {
		first := blessed(hashOf("sku", perl.Bytes("caf\xC3\xA9"), "count", perl.Bytes("2"), "hidden", perl.Int(9)), "Item")
		second := blessed(hashOf("sku", perl.Text("b"), "count", perl.Int(1)), "Item")
		items := blessed(perl.NewArray(perl.NewRef(first), perl.NewRef(second)), "Items")
		return blessed(hashOf("owner", perl.Value{}, "items", perl.NewRef(items), "paid", jsonBool(0)), "Cart")
	}
	type item struct {
		SKU   string `session:"sku"`
		Count int    `session:"count"`
	}
	type cart struct {
		Owner string `session:"owner"`
		Items []item `session:"items"`
		Paid  bool   `session:"paid"`
		Note  string `session:"note"` // not stored
	}
	tests := []struct {
		name   string
		change func(*cart)
		want   func(h *perl.Hash, items *perl.Array)
	}{
		{"nothing", func(*cart) {}, func(*perl.Hash, *perl.Array) {}},
		{"a number", func(c *cart) { c.Items[0].Count++ }, func(_ *perl.Hash, a *perl.Array) { a.At(0).Hash().Set("count", perl.Int(3)) }},
		{"a new field", func(c *cart) { c.Note = "é" }, func(h *perl.Hash, _ *perl.Array) { h.Set("note", perl.Text("é")) }},
		{"undef", func(c *cart) { c.Owner = "ann" }, func(h *perl.Hash, _ *perl.Array) { h.Set("owner", perl.Bytes("ann")) }},
		{"a boolean", func(c *cart) { c.Paid = true }, func(h *perl.Hash, _ *perl.Array) { h.Set("paid", perl.Bool(true)) }},
		{"one element more", func(c *cart) { c.Items = append(c.Items, item{"c", 5}) }, func(_ *perl.Hash, a *perl.Array) {
			a.Push(perl.NewRef(hashOf("sku", perl.Bytes("c"), "count", perl.Int(5))))
		}},
		{"the last element less", func(c *cart) { c.Items = c.Items[:1] }, func(_ *perl.Hash, a *perl.Array) {
			*a = *blessed(perl.NewArray(a.At(0)), "Items")
		}},
		{"no list", func(c *cart) { c.Items = nil }, func(h *perl.Hash, _ *perl.Array) { h.Set("items", perl.Value{}) }},
		{"all", func(c *cart) { *c = cart{"x", []item{{"y", 1}}, true, ""} }, func(h *perl.Hash, a *perl.Array) {
			h.Set("owner", perl.Bytes("x"))
			h.Set("paid", perl.Bool(true))
			a.At(0).Hash().Set("sku", perl.Bytes("y"))
			a.At(0).Hash().Set("count", perl.Int(1))
			*a = *blessed(perl.NewArray(a.At(0)), "Items")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := stored()
			var c cart
			if err := perl.Decode(perl.NewRef(h), &c); err != nil {
				t.Fatal(err)
			}
			from := mustFromGo(t, c)
			tt.change(&c)
			got := perl.Patch(perl.NewRef(h), from, mustFromGo(t, c))

			want := stored()
			items, _ := want.Get("items")
			tt.want(want, items.Array())
			if !perl.Equal(got, perl.NewRef(want)) {
				t.Errorf("got  %s\nwant %s", perl.Dump(got), perl.Dump(perl.NewRef(want)))
			}
			if got.Hash() != h {
				t.Error("the hash is another one")
			}
		})
	}
}

func mustFromGo(t *testing.T, x any) perl.Value {
	t.Helper()
	v, err := perl.FromGo(x)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// patched converts a stored value, changes the copy and patches.
func patched(t *testing.T, stored perl.Value, change func(m map[string]any)) *perl.Hash {
	t.Helper()
	m := perl.ToGo(stored).(map[string]any)
	from := mustFromGo(t, m)
	change(m)
	return perl.Patch(stored, from, mustFromGo(t, m)).Hash()
}

func TestPatchSharing(t *testing.T) {
	item := func(h *perl.Hash, key string) *perl.Hash { v, _ := h.Get(key); return v.Hash() }
	stored := func(same bool) (*perl.Hash, *perl.Hash, *perl.Hash) {
		x, y := hashOf("n", perl.Bytes("1")), hashOf("n", perl.Bytes("1"))
		if same {
			y = x
		}
		return hashOf("a", perl.NewRef(x), "b", perl.NewRef(y)), x, y
	}
	t.Run("a change seen from both", func(t *testing.T) {
		h, x, _ := stored(true)
		got := patched(t, perl.NewRef(h), func(m map[string]any) { m["a"].(map[string]any)["m"] = 2 })
		if item(got, "a") != x || item(got, "b") != x || x.Len() != 2 {
			t.Errorf("got %s", perl.Dump(perl.NewRef(got)))
		}
	})
	t.Run("joined", func(t *testing.T) {
		h, _, _ := stored(false)
		got := patched(t, perl.NewRef(h), func(m map[string]any) { m["b"] = m["a"] })
		// Which of the two both become depends on the order of keys.
		if item(got, "a") != item(got, "b") {
			t.Errorf("still apart: %s", perl.Dump(perl.NewRef(got)))
		}
	})
	t.Run("parted", func(t *testing.T) {
		h, _, _ := stored(true)
		got := patched(t, perl.NewRef(h), func(m map[string]any) { m["b"] = map[string]any{"n": "2"} })
		a, _ := item(got, "a").Get("n")
		b, _ := item(got, "b").Get("n")
		if item(got, "a") == item(got, "b") || a.String() != "1" || b.String() != "2" {
			t.Errorf("got %s", perl.Dump(perl.NewRef(got)))
		}
	})
	t.Run("a new reference to an old part", func(t *testing.T) {
		h, x, _ := stored(false)
		got := patched(t, perl.NewRef(h), func(m map[string]any) { m["new"] = []any{m["a"]} })
		v, _ := got.Get("new")
		if v.Array().At(0).Hash() != x {
			t.Errorf("a copy: %s", perl.Dump(perl.NewRef(got)))
		}
	})
	t.Run("moved", func(t *testing.T) {
		h, _, _ := stored(false)
		got := patched(t, perl.NewRef(h), func(m map[string]any) { m["c"] = m["a"]; delete(m, "a") })
		if got.Len() != 2 || item(got, "c").Len() != 1 {
			t.Errorf("got %s", perl.Dump(perl.NewRef(got)))
		}
	})
	t.Run("objects change places", func(t *testing.T) {
		// Objects stay Values in the Go copy, so they are known wherever they go.
		h, x, y := stored(false)
		perl.Bless(x, "X")
		perl.Bless(y, "X")
		x.Set("n", perl.Int(7))
		got := patched(t, perl.NewRef(h), func(m map[string]any) { m["a"], m["b"] = m["b"], m["a"] })
		if item(got, "a") != y || item(got, "b") != x {
			t.Errorf("got %s", perl.Dump(perl.NewRef(got)))
		}
		if n, _ := x.Get("n"); n.Int() != 7 {
			t.Errorf("an object was changed: %s", perl.Dump(perl.NewRef(x)))
		}
	})
	t.Run("another object of the class", func(t *testing.T) {
		h, x, _ := stored(false)
		perl.Bless(x, "X")
		other := blessed(hashOf("n", perl.Int(8)), "X")
		got := patched(t, perl.NewRef(h), func(m map[string]any) { m["a"] = other })
		if n, _ := item(got, "a").Get("n"); n.Int() != 8 || item(got, "a").Class() != "X" {
			t.Errorf("got %s", perl.Dump(perl.NewRef(got)))
		}
	})
	t.Run("stored apart, joined in the copy", func(t *testing.T) {
		h, x, y := stored(false)
		one, two := perl.NewRef(hashOf("n", perl.Int(1))), perl.NewRef(hashOf("n", perl.Int(2)))
		perl.Patch(perl.NewRef(h), perl.NewRef(hashOf("a", one, "b", one)), perl.NewRef(hashOf("a", two, "b", two)))
		if m, _ := x.Get("n"); m.Int() != 2 || item(h, "a") != x {
			t.Errorf("got %s", perl.Dump(perl.NewRef(h)))
		}
		if m, _ := y.Get("n"); m.Int() != 2 || item(h, "b") != y {
			t.Errorf("got %s", perl.Dump(perl.NewRef(h)))
		}
	})
	t.Run("cycle", func(t *testing.T) {
		h := hashOf("n", perl.Bytes("1"))
		h.Set("self", perl.NewRef(h))
		got := patched(t, perl.NewRef(h), func(m map[string]any) { m["n"] = 2; m["again"] = m })
		if item(got, "self") != h || item(got, "again") != h || got != h {
			t.Errorf("got %s", perl.Dump(perl.NewRef(got)))
		}
	})
	t.Run("JSON booleans are shared and do not change", func(t *testing.T) {
		yes := jsonBool(1)
		h := hashOf("a", yes, "b", yes)
		from := perl.NewRef(hashOf("a", jsonBool(1), "b", jsonBool(1)))
		to := perl.NewRef(hashOf("a", jsonBool(0), "b", jsonBool(1)))
		perl.Patch(perl.NewRef(h), from, to)
		a, _ := h.Get("a")
		b, _ := h.Get("b")
		if !perl.Equal(a, jsonBool(0)) || !perl.Equal(b, jsonBool(1)) || b.Thing() != yes.Thing() {
			t.Errorf("got %s", perl.Dump(perl.NewRef(h)))
		}
	})
}

// References to an element see its new value.
func TestPatchSlots(t *testing.T) {
	h := hashOf("a", perl.Bytes("1"))
	h.Set("b", perl.NewRef(h.Slot(perl.StringKey("a"))))
	ref := func() *perl.Scalar { v, _ := h.Get("b"); return v.Thing().(*perl.Scalar) }
	type view struct {
		A int `session:"a"`
	}
	perl.Patch(perl.NewRef(h), mustFromGo(t, view{1}), mustFromGo(t, view{2}))
	if got := ref().Get(); !perl.Equal(got, perl.Int(2)) {
		t.Errorf("the reference sees %v", got)
	}
	// The change may also be that the element is on its own now.
	perl.Patch(perl.NewRef(h), elementReference(true), elementReference(false))
	if v, _ := h.Get("a"); v.Slot() != nil {
		t.Errorf("still together: %s", perl.Dump(perl.NewRef(h)))
	}
}

func TestPatchShapes(t *testing.T) {
	ref := perl.NewRef
	three := func() perl.Value { return listOf(perl.Bytes("1"), perl.Bytes("2"), perl.Bytes("3")) }
	ints := func(n ...int64) perl.Value {
		a := perl.NewArray()
		for _, i := range n {
			a.Push(perl.Int(i))
		}
		return ref(a)
	}
	tests := []struct {
		name                   string
		stored, from, to, want perl.Value
	}{
		{"equal scalars", perl.Bytes("1"), perl.Int(1), perl.Int(1), perl.Bytes("1")},
		{"scalars", perl.Bytes("1"), perl.Int(1), perl.Int(2), perl.Int(2)},
		{"to undef", three(), ints(1, 2, 3), perl.Value{}, perl.Value{}},
		{"from undef", perl.Value{}, perl.Value{}, ints(1), ints(1)},
		{"list to hash", three(), ints(1, 2, 3), ref(hashOf("a", perl.Int(1))), ref(hashOf("a", perl.Int(1)))},
		{"cut", three(), ints(1, 2, 3), ints(1), listOf(perl.Bytes("1"))},
		{"cut to nothing", three(), ints(1, 2, 3), ints(), listOf()},
		{"longer", three(), ints(1, 2, 3), ints(1, 2, 3, 4, 5), listOf(perl.Bytes("1"), perl.Bytes("2"), perl.Bytes("3"), perl.Int(4), perl.Int(5))},
		{"first gone", three(), ints(1, 2, 3), ints(2, 3), ints(2, 3)},
		{"copy shows less", three(), ints(1, 2), ints(5, 2), listOf(perl.Int(5), perl.Bytes("2"), perl.Bytes("3"))},
		{"copy is longer", listOf(perl.Bytes("1")), ints(1, 0, 0), ints(5, 0, 0), ints(5)},
		{"copy is longer and changes there", listOf(perl.Bytes("1")), ints(1, 0, 0), ints(1, 7, 0), listOf(perl.Bytes("1"), perl.Int(7))},
		{"stored is of another kind, no change", three(), ref(hashOf()), ref(hashOf()), three()},
		{"stored is of another kind", three(), ref(hashOf()), ref(hashOf("a", perl.Int(1))), ref(hashOf("a", perl.Int(1)))},
		{"key gone", ref(hashOf("a", perl.Bytes("1"), "x", perl.Int(1))), ref(hashOf("a", perl.Int(1))), ref(hashOf()), ref(hashOf("x", perl.Int(1)))},
		{"stored lacks the key, no change", ref(hashOf()), ref(hashOf("a", ints(0))), ref(hashOf("a", ints(0))), ref(hashOf())},
		{"stored lacks the key", ref(hashOf()), ref(hashOf("a", perl.Int(0))), ref(hashOf("a", perl.Int(1))), ref(hashOf("a", perl.Int(1)))},
		{"stored key in bytes", ref(keyed(perl.BytesKey("\xE9"))), ref(hashOf("é", perl.Bytes("1"))), ref(hashOf("é", perl.Int(1))), ref(keyed(perl.BytesKey("\xE9")))},
		{"class changes", ref(blessed(hashOf("x", perl.Int(1)), "A")), ref(blessed(hashOf(), "A")), ref(blessed(hashOf(), "B")), ref(blessed(hashOf(), "B"))},
		{"weak no more", perl.NewWeakRef(hashOf("x", perl.Int(1))), perl.NewWeakRef(hashOf()), ref(hashOf()), ref(hashOf())},
		{"stays weak", perl.NewWeakRef(hashOf("x", perl.Int(1))), ref(hashOf("a", perl.Int(1))), ref(hashOf("a", perl.Int(2))), perl.NewWeakRef(hashOf("x", perl.Int(1), "a", perl.Int(2)))},
		{"scalar behind a reference", ref(perl.NewScalar(perl.Bytes("1"))), ref(perl.NewScalar(perl.Int(1))), ref(perl.NewScalar(perl.Int(2))), ref(perl.NewScalar(perl.Int(2)))},
		{"same regexp", ref(perl.NewRegexp(perl.Text("a"), "i")), ref(perl.NewRegexp(perl.Bytes("a"), "i")), ref(perl.NewRegexp(perl.Bytes("a"), "i")), ref(perl.NewRegexp(perl.Bytes("a"), "i"))},
		{"other regexp", ref(perl.NewRegexp(perl.Text("a"), "i")), ref(perl.NewRegexp(perl.Bytes("a"), "i")), ref(perl.NewRegexp(perl.Bytes("b"), "i")), ref(perl.NewRegexp(perl.Bytes("b"), "i"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			from, to := perl.Clone(tt.from), perl.Clone(tt.to)
			wrap := func(v perl.Value) perl.Value { return ref(hashOf("k", listOf(v))) }
			got := perl.Patch(wrap(perl.Clone(tt.stored)), wrap(from), wrap(to))
			if want := wrap(tt.want); !perl.Equal(got, want) {
				t.Errorf("inside: got %s\nwant %s", perl.Dump(got), perl.Dump(want))
			}
			got = perl.Patch(tt.stored, from, to)
			if !perl.Equal(got, tt.want) {
				t.Errorf("got %s\nwant %s", perl.Dump(got), perl.Dump(tt.want))
			}
			if !perl.Equal(from, tt.from) || !perl.Equal(to, tt.to) {
				t.Error("from or to was changed")
			}
		})
	}
}
