package perl

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

// FuzzConvert takes two values through everything that converts, copies,
// compares and patches, and checks what must hold for all values.
func FuzzConvert(f *testing.F) {
	f.Add("", "")
	f.Add("\x0d\x00\x03\x07\x00\x05\x02", "\x0a\x00\x02\x06\x00\x01")
	for seed := range uint64(200) {
		f.Add(randomData(seed), mutate(randomData(seed), seed))
	}
	f.Fuzz(checkConvert)
}

func randomData(seed uint64) string {
	rnd := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, rnd.IntN(400))
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return string(b)
}

// mutate changes a few bytes, so that much of the value stays as it is.
func mutate(data string, seed uint64) string {
	rnd := rand.New(rand.NewPCG(seed, 2))
	b := []byte(data)
	for range 1 + rnd.IntN(3) {
		if len(b) > 0 {
			b[rnd.IntN(len(b))] = byte(rnd.Uint32())
		}
	}
	return string(b)
}

func TestConvertRandom(t *testing.T) {
	n := uint64(5_000)
	switch {
	case os.Getenv("DATASESSION_LONG") != "":
		n = 500_000
	case testing.Short():
		n = 1_000
	}
	for seed := range n {
		one, two := randomData(2*seed), randomData(2*seed+1)
		if seed%2 == 0 {
			two = mutate(one, seed)
		}
		checkConvert(t, one, two)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func checkConvert(t *testing.T, one, two string) {
	v, w := generate(one), generate(two)
	if !Equal(v, Clone(v)) || !EqualLoose(v, Clone(v)) {
		t.Fatalf("a copy differs: %s", dump(v))
	}
	if Equal(v, w) != Equal(w, v) || Equal(v, w) && !EqualLoose(v, w) {
		t.Fatalf("unsteady comparison: %s and %s", dump(v), dump(w))
	}
	if !Equal(Clone(v), generate(one)) {
		t.Fatalf("made twice, differs: %s", dump(v))
	}

	before := Clone(v)
	from, err := FromGo(ToGo(v))
	if err != nil {
		t.Fatalf("FromGo(ToGo(v)): %v", err)
	}
	if !Equal(normal(v), normal(from)) {
		t.Fatalf("FromGo(ToGo(v)):\n %s\nbecame\n %s", dump(v), dump(from))
	}
	to, err := FromGo(ToGo(w))
	if err != nil {
		t.Fatalf("FromGo(ToGo(w)): %v", err)
	}

	decodeAll(v)
	if !Equal(v, before) {
		t.Fatalf("reading changed %s\nto %s", dump(before), dump(v))
	}

	if got := Patch(Clone(v), from, from); !Equal(got, v) {
		t.Fatalf("Patch without a change:\n %s\nbecame\n %s", dump(v), dump(got))
	}
	from, to = Clone(from), Clone(to)
	want := Clone(to)
	got := Patch(v, from, to)
	if !Equal(normal(got), normal(want)) {
		t.Fatalf("Patch:\n %s\nto\n %s\nbecame\n %s", dump(before), dump(want), dump(got))
	}
	if !Equal(to, want) {
		t.Fatalf("Patch changed its argument: %s", dump(want))
	}
}

type node struct {
	Name  string           `session:"name"`
	Items []node           `session:"items"`
	Next  *node            `session:"next"`
	A     any              `session:"a"`
	B     map[string]*node `session:"b"`
	C     time.Time        `session:"c"`
	D     []byte           `session:"d"`
	E     [2]int8          `session:"e"`
	F     Value            `session:"f"`
	G     *Hash            `session:"g"`
}

// decodeAll decodes v into many types, to see that nothing panics.
func decodeAll(v Value) {
	for _, dst := range []any{
		new(string), new(int), new(uint8), new(float32), new(bool), new([]byte), new(time.Time), new(any),
		new([]any), new(map[string]any), new([]string), new(map[int]bool), new(node), new(*node), new([]node),
		new(map[string]node), new(*Hash), new(Thing), new(Hash), new([3]string), new(***int), new(chan int),
	} {
		_ = Decode(v, dst)
	}
}
