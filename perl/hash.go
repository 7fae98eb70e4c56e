package perl

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"slices"
	"strings"
)

// Key is the key of a hash element. Two keys are the same key if their
// characters are; whether a key has the UTF-8 flag does not count, as in Perl.
type Key struct {
	s      string // UTF-8 of the characters
	text   bool   // has, or had, the UTF-8 flag
	latin1 bool   // has not, and stands for characters; see Latin1
}

// TextKey returns a key whose characters are the code points of s, which is
// UTF-8, with the UTF-8 flag.
func TextKey(s string) Key { return Key{s: s, text: true} }

// BytesKey returns a key without the UTF-8 flag. Each byte is one character.
func BytesKey(s string) Key { return Key{s: upgrade(s)} }

// Latin1Key returns the key that a value made by [Latin1] is.
func Latin1Key(s string) Key { return Key{s: upgrade(s), latin1: true} }

// StringKey returns the key that a Go string most likely means: text if it holds
// something beyond ASCII and is valid UTF-8, bytes otherwise.
func StringKey(s string) Key {
	if isASCII(s) {
		return Key{s: s}
	}
	if validUTF8(s) {
		return TextKey(s)
	}
	return BytesKey(s)
}

// String returns the key's characters in UTF-8.
func (k Key) String() string { return k.s }

// IsText reports whether the key has, or once had, the UTF-8 flag.
func (k Key) IsText() bool { return k.text }

// IsLatin1 reports whether the key was made by [Latin1Key].
func (k Key) IsLatin1() bool { return k.latin1 }

// Value returns the key as a string value.
func (k Key) Value() Value {
	if k.text {
		return Text(k.s)
	}
	b, _ := downgrade(k.s)
	if k.latin1 {
		return Latin1(b)
	}
	return Bytes(b)
}

// Hash is a Perl hash. The zero Hash is empty and unblessed.
type Hash struct {
	object
	entries []entry
	index   *index // nil while the hash is small
}

// index finds the entries of a large hash. It is a power of two long and at most
// half full. What finds its place taken goes to the next free one.
type index struct {
	places []int32 // the number of an entry plus one, or zero
}

func (x *index) clone() *index {
	if x == nil {
		return nil
	}
	return &index{slices.Clone(x.places)}
}

// Up to this many entries are searched one by one.
const smallHash = 16

var hashSeed = maphash.MakeSeed()

// NewHash returns an empty hash with room for n entries.
func NewHash(n int) *Hash {
	h := &Hash{entries: make([]entry, 0, n)}
	if n > smallHash {
		h.reindex(n)
	}
	return h
}

// Len returns the number of entries.
func (h *Hash) Len() int { return len(h.entries) }

// find returns the number of a key's entry, or -1.
func (h *Hash) find(key string) int {
	if h.index != nil {
		return int(h.index.places[h.place(key)]) - 1
	}
	return h.search(key, tagOf(key))
}

// search is find for a small hash.
func (h *Hash) search(key string, tag uint64) int {
	for i := range h.entries {
		if h.entries[i].is(key, tag) {
			return i
		}
	}
	return -1
}

// home returns where in the index the search for a key begins.
func (h *Hash) home(key string) int {
	return int(maphash.String(hashSeed, key) & uint64(len(h.index.places)-1))
}

// place returns where in the index key is, or would be.
func (h *Hash) place(key string) int {
	at, places := h.home(key), h.index.places
	for places[at] != 0 && h.entries[places[at]-1].str() != key {
		at = (at + 1) & (len(places) - 1)
	}
	return at
}

// reindex makes an index with room for n entries.
func (h *Hash) reindex(n int) {
	h.index = &index{make([]int32, 1<<bits.Len(uint(2*n-1)))}
	for i := range h.entries {
		h.index.places[h.place(h.entries[i].str())] = int32(i + 1)
	}
}

// Get returns the value under a key, and whether there is such a key. key is
// UTF-8 and means its characters.
func (h *Hash) Get(key string) (Value, bool) {
	if i := h.find(key); i >= 0 {
		return h.entries[i].val, true
	}
	return Value{}, false
}

// Set assigns to the element under a key. key is UTF-8 and means its characters;
// a new key beyond ASCII gets the UTF-8 flag.
func (h *Hash) Set(key string, v Value) {
	h.SetKey(Key{s: key, text: !isASCII(key)}, v)
}

// SetKey assigns to the element under key. A key that is there already keeps
// its flag, and references to the element see the new value.
func (h *Hash) SetKey(key Key, v Value) {
	if h.index == nil && len(h.entries) < smallHash {
		tag := tagOf(key.s)
		if h.search(key.s, tag) < 0 {
			h.entries = append(h.entries, entryOf(key, tag, v.Plain()))
			return
		}
	}
	assign(h.at(key), v)
}

// at returns the element of a key, making the entry if there is none.
func (h *Hash) at(key Key) *Value {
	n, tag := len(h.entries), tagOf(key.s)
	if h.index == nil {
		if i := h.search(key.s, tag); i >= 0 {
			return &h.entries[i].val
		}
		h.entries = append(h.entries, entryOf(key, tag, Value{}))
		if n+1 > smallHash {
			h.reindex(2 * n)
		}
		return &h.entries[n].val
	}
	at := h.place(key.s)
	if i := h.index.places[at]; i > 0 {
		return &h.entries[i-1].val
	}
	h.entries = append(h.entries, entryOf(key, tag, Value{}))
	if h.index.places[at] = int32(n + 1); 2*(n+1) > len(h.index.places) {
		h.reindex(2 * n)
	}
	return &h.entries[n].val
}

// Delete removes the entry under a key and reports whether there was one.
func (h *Hash) Delete(key string) bool {
	i := h.find(key)
	if i < 0 {
		return false
	}
	last := len(h.entries) - 1
	if h.index != nil {
		h.unplace(h.place(key))
		if i != last {
			h.index.places[h.place(h.entries[last].str())] = int32(i + 1)
		}
	}
	h.entries[i] = h.entries[last]
	h.entries[last] = entry{}
	h.entries = h.entries[:last]
	return true
}

// unplace frees a place of the index, and moves up what was kept from its home
// by that.
func (h *Hash) unplace(free int) {
	places := h.index.places
	mask := len(places) - 1
	for at := (free + 1) & mask; places[at] != 0; at = (at + 1) & mask {
		home := h.home(h.entries[places[at]-1].str())
		if (at-home)&mask >= (at-free)&mask {
			places[free] = places[at]
			free = at
		}
	}
	places[free] = 0
}

// HasText reports whether a key has, or once had, the UTF-8 flag.
func (h *Hash) HasText() bool {
	for i := range h.entries {
		if h.entries[i].isText() {
			return true
		}
	}
	return false
}

// Slot returns the element under a key as a scalar that can be referred to, and
// makes the element if there is none.
func (h *Hash) Slot(key Key) *Scalar { return slotOf(h.at(key)) }

// SetSlot makes s itself the element under key, so that a reference to s refers
// to the element.
func (h *Hash) SetSlot(key Key, s *Scalar) { *h.at(key) = slotValue(s) }

// All yields the entries in no particular order. The hash must not gain or
// lose entries meanwhile.
func (h *Hash) All() iter.Seq2[Key, Value] {
	return func(yield func(Key, Value) bool) {
		for i := range h.entries {
			if !yield(h.entries[i].key(), h.entries[i].val) {
				return
			}
		}
	}
}

// Sorted yields the entries in the order of their keys, by code point. The hash
// must not gain or lose entries meanwhile.
func (h *Hash) Sorted() iter.Seq2[Key, Value] {
	return func(yield func(Key, Value) bool) {
		if h.inOrder() {
			h.All()(yield)
			return
		}
		var few [16]int32 // which most hashes can do with
		for _, i := range h.order(few[:0]) {
			if !yield(h.entries[i].key(), h.entries[i].val) {
				return
			}
		}
	}
}

// inOrder reports whether the entries are sorted as they are, as those of a hash
// that was read from sorted data.
func (h *Hash) inOrder() bool {
	for i := 1; i < len(h.entries); i++ {
		if h.entries[i].str() < h.entries[i-1].str() {
			return false
		}
	}
	return true
}

// order appends the numbers of the entries to order, in the order of their keys.
func (h *Hash) order(order []int32) []int32 {
	order = slices.Grow(order, len(h.entries))
	for i := range h.entries {
		order = append(order, int32(i))
	}
	slices.SortFunc(order, func(a, b int32) int {
		return strings.Compare(h.entries[a].str(), h.entries[b].str())
	})
	return order
}
