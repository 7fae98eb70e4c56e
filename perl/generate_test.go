package perl

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// generator makes a value of a byte string, any byte string: each byte is a
// choice, and when there are none left the choice is undef.
type generator struct {
	data   string
	things []Thing
	depth  int
}

func generate(data string) Value {
	g := &generator{data: data}
	return g.value()
}

func (g *generator) next() int {
	if g.data == "" {
		return 0
	}
	c := g.data[0]
	g.data = g.data[1:]
	return int(c)
}

var someScalars = []Value{
	{}, Bytes(""), Bytes("0"), Bytes("1"), Bytes("a"), Bytes("\xE9"), Bytes("\xC3\xA9"), Bytes("\x00\n"),
	Text("a"), Text("é"), Text("日本"), Text("1"), Text("\xED\xA0\x80"), String("12abc"), Bytes("1e3"),
	Int(0), Int(1), Int(-1), Int(math.MaxInt64), Int(math.MinInt64), Uint(math.MaxUint64), Uint(math.MaxInt64 + 1),
	Float(0), Float(math.Copysign(0, -1)), Float(1), Float(0.1), Float(1e15), Float(math.NaN()), Float(math.Inf(-1)),
	Bool(true), Bool(false), VString(Bytes("\x01\x02"), "v1.2"), VString(Text("Ā"), "v256"),
	Bytes("2024-02-29T12:00:00.5+01:00"), Int(1_700_000_000),
}

var someKeys = []Key{
	BytesKey("a"), TextKey("a"), BytesKey("b"), BytesKey("\xE9"), TextKey("é"), TextKey("日"), BytesKey(""),
	BytesKey("name"), BytesKey("items"), BytesKey("next"), TextKey("\xED\xA0\x80"), BytesKey("c"), BytesKey("d"),
	BytesKey("e"), BytesKey("f"), BytesKey("g"),
}

var someClasses = []string{"", "", "", "", "Foo", "Bar::Baz", "JSON::PP::Boolean"}

func (g *generator) value() Value {
	if g.depth++; g.depth > 200 {
		return Value{}
	}
	defer func() { g.depth-- }()
	switch c := g.next(); c % 16 {
	case 0, 1, 2, 3, 4, 5:
		return someScalars[g.next()%len(someScalars)]
	case 6:
		if len(g.things) > 0 {
			t := g.things[g.next()%len(g.things)]
			if g.next()%8 == 0 {
				return NewWeakRef(t)
			}
			return NewRef(t)
		}
		return Int(6)
	case 7:
		s := NewScalar(Value{})
		g.add(s)
		s.Set(g.value())
		return NewRef(s)
	case 8:
		re := NewRegexp(someScalars[1+g.next()%13], "i")
		if g.next()%4 == 0 {
			Bless(re, "Foo")
		}
		g.things = append(g.things, re)
		return NewRef(re)
	case 9:
		s := NewScalar(Int(int64(g.next() % 2)))
		Bless(s, "JSON::PP::Boolean")
		return NewRef(s)
	case 10, 11, 12:
		a := NewArray()
		g.add(a)
		for range g.next() % 6 {
			a.Push(g.value())
			g.maybeSlot(func() *Scalar { return a.Slot(a.Len() - 1) })
		}
		return NewRef(a)
	default:
		h := NewHash(0)
		g.add(h)
		for range g.next() % 14 {
			key := someKeys[g.next()%len(someKeys)]
			h.SetKey(key, g.value())
			g.maybeSlot(func() *Scalar { return h.Slot(key) })
		}
		return NewRef(h)
	}
}

func (g *generator) add(t Thing) {
	Bless(t, someClasses[g.next()%len(someClasses)])
	g.things = append(g.things, t)
}

func (g *generator) maybeSlot(slot func() *Scalar) {
	if g.next()%16 == 1 {
		g.things = append(g.things, slot())
	}
}

// normal returns a copy of v in which what FromGo(ToGo(v)) may change is the
// same before and after.
func normal(v Value) Value {
	v = Clone(v)
	canon := func(v Value) Value {
		switch {
		case v.Kind() == KindBytes && utf8.ValidString(v.Str()):
			return String(v.Str())
		case v.Kind() == KindText && isASCII(v.Str()):
			return Bytes(v.Str())
		case v.Thing() != nil && !v.IsWeak():
			if truth, ok := jsonBool(v.Thing()); ok {
				return Bool(truth)
			}
		}
		return v
	}
	v = canon(v)
	var todo table[Thing, bool]
	note := func(v Value) {
		for _, t := range []Thing{slotThing(v), v.Thing()} {
			if t == nil {
				continue
			}
			if _, ok := todo.get(t); !ok {
				todo.put(t, true)
			}
		}
	}
	note(v)
	for i := 0; i < len(todo.rows); i++ {
		t := todo.rows[i].key
		switch t := t.(type) {
		case *Hash:
			for i := range t.entries {
				e := &t.entries[i]
				assign(&e.val, canon(e.val))
				e.tag &^= tagText
				if !isASCII(e.str()) {
					e.tag |= tagText
				}
			}
		case *Array:
			for i := range t.elems {
				assign(&t.elems[i], canon(t.elems[i]))
			}
		case *Scalar:
			t.Set(canon(t.Get()))
		}
		elements(t, note)
	}
	return v
}

// dump writes v for the message of a failed test.
func dump(v Value) string {
	var b strings.Builder
	seen := map[Thing]int{}
	var walk func(v Value)
	walk = func(v Value) {
		if s := v.Slot(); s != nil {
			n, ok := seen[s]
			if !ok {
				n = len(seen) + 1
				seen[s] = n
			}
			fmt.Fprintf(&b, "slot%d:", n)
			if ok {
				return
			}
			v = v.Plain()
		}
		t := v.Thing()
		if t == nil {
			fmt.Fprintf(&b, "%v(%q)", v.Kind(), v.String())
			return
		}
		if v.IsWeak() {
			b.WriteString("weak ")
		}
		if n, ok := seen[t]; ok {
			fmt.Fprintf(&b, "same%d", n)
			return
		}
		seen[t] = len(seen) + 1
		fmt.Fprintf(&b, "#%d%s", seen[t], v)
		switch t := t.(type) {
		case *Hash:
			b.WriteString("{")
			for k, v := range t.Sorted() {
				fmt.Fprintf(&b, "%q/%v=>", k.String(), k.IsText())
				walk(v)
				b.WriteString(",")
			}
			b.WriteString("}")
		case *Array:
			b.WriteString("[")
			for _, v := range t.All() {
				walk(v)
				b.WriteString(",")
			}
			b.WriteString("]")
		case *Scalar:
			b.WriteString("\\")
			walk(t.Get())
		case *Regexp:
			fmt.Fprintf(&b, "%v%v", t.Pattern, t.Flags)
		}
	}
	walk(v)
	return b.String()
}
