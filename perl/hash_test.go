package perl_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/go-datasession/datasession/perl"
)

// A hash must do what a Go map does, whether it is small or has an index.
func TestHashAgainstMap(t *testing.T) {
	for _, keys := range []int{3, 12, 13, 40} {
		t.Run(fmt.Sprint(keys, " keys"), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(1, uint64(keys)))
			h, want := &perl.Hash{}, map[string]int64{}
			for range 5_000 {
				key := fmt.Sprint("k", rnd.IntN(keys))
				switch n := int64(rnd.IntN(100)); rnd.IntN(3) {
				case 0:
					_, had := want[key]
					delete(want, key)
					if h.Delete(key) != had {
						t.Fatalf("Delete(%q) = %v", key, !had)
					}
				default:
					h.Set(key, perl.Int(n))
					want[key] = n
				}
				key = fmt.Sprint("k", rnd.IntN(keys))
				v, ok := h.Get(key)
				if n, has := want[key]; ok != has || v.Int() != n {
					t.Fatalf("Get(%q) = %v, %v; want %v, %v", key, v, ok, n, has)
				}
				if h.Len() != len(want) {
					t.Fatalf("length %d, want %d", h.Len(), len(want))
				}
			}
			var sorted []string
			for k, v := range h.Sorted() {
				sorted = append(sorted, k.String())
				if v.Int() != want[k.String()] {
					t.Errorf("%s is %v", k, v)
				}
			}
			if !slices.IsSorted(sorted) || len(sorted) != len(want) {
				t.Errorf("sorted: %q", sorted)
			}
			n := 0
			for k := range h.All() {
				if _, ok := want[k.String()]; !ok {
					t.Errorf("%s is not there", k)
				}
				n++
			}
			if n != len(want) {
				t.Errorf("All yields %d, want %d", n, len(want))
			}
		})
	}
}

func TestHashLoopsStop(t *testing.T) {
	h := &perl.Hash{}
	h.Set("a", perl.Int(1))
	h.Set("b", perl.Int(2))
	n := 0
	for range h.All() {
		n++
		break
	}
	for k := range h.Sorted() {
		if n++; k.String() != "a" {
			t.Errorf("first is %s", k)
		}
		break
	}
	if n != 2 {
		t.Errorf("%d rounds", n)
	}
}

// Perl finds a key by its characters; the flag is that of the first assignment.
func TestHashKeysAreCharacters(t *testing.T) {
	h := &perl.Hash{}
	h.SetKey(perl.BytesKey("\xE9"), perl.Int(1))
	h.SetKey(perl.TextKey("é"), perl.Int(2))
	h.Set("é", perl.Int(3))
	if h.Len() != 1 {
		t.Fatalf("%d entries, want 1", h.Len())
	}
	for k, v := range h.All() {
		if k.IsText() || v.Int() != 3 || k.Value().Kind() != perl.KindBytes || k.Value().Str() != "\xE9" {
			t.Errorf("key %q text %v => %v", k.Value().Str(), k.IsText(), v)
		}
	}
	h.SetKey(perl.BytesKey("\xC3\xA9"), perl.Int(4)) // two characters
	if v, ok := h.Get("Ã©"); !ok || v.Int() != 4 || h.Len() != 2 {
		t.Errorf("UTF-8 without the flag: %v, %v, %d entries", v, ok, h.Len())
	}
}

func TestStringKey(t *testing.T) {
	for s, want := range map[string]perl.Value{
		"a":    perl.Bytes("a"),
		"é":    perl.Text("é"),
		"\xE9": perl.Bytes("\xE9"),
		"":     perl.Bytes(""),
	} {
		if got := perl.StringKey(s).Value(); !perl.Equal(got, want) {
			t.Errorf("StringKey(%q) is %v %q", s, got.Kind(), got.Str())
		}
	}
	if got := perl.TextKey("a").Value().Kind(); got != perl.KindText {
		t.Errorf("TextKey gives %v", got)
	}
}

// Keys that look alike at both ends are still different ones.
func TestHashKeysAlike(t *testing.T) {
	for _, n := range []int{5, 12, 13, 40} {
		h := &perl.Hash{}
		for i := range n {
			h.Set(fmt.Sprintf("the beginning %02d the end", i), perl.Int(int64(i)))
		}
		h.Set("", perl.Int(-1))
		for i := range n {
			if v, ok := h.Get(fmt.Sprintf("the beginning %02d the end", i)); !ok || v.Int() != int64(i) {
				t.Errorf("of %d: key %d has %v, %v", n, i, v, ok)
			}
		}
		if v, ok := h.Get(""); !ok || v.Int() != -1 || h.Len() != n+1 {
			t.Errorf("of %d: the empty key has %v, %v; %d entries", n, v, ok, h.Len())
		}
	}
}

func TestHashHasText(t *testing.T) {
	h := &perl.Hash{}
	h.SetKey(perl.BytesKey("\xE9"), perl.Int(1))
	if h.HasText() {
		t.Error("a key of bytes is taken for text")
	}
	h.SetKey(perl.TextKey("a"), perl.Int(1))
	if !h.HasText() {
		t.Error("a key of text is not noticed")
	}
}
