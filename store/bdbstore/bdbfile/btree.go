package bdbfile

import (
	"bytes"
	"iter"
)

// btree is how the pages of a btree are found: from its root.
type btree struct{ root uint32 }

// maxLevel is more than any tree has.
const maxLevel = 64

// descend returns the leaf in which choose ends up: it picks an entry of each inner page.
func (t btree) descend(f *File, choose func(page) (int, error)) (page, error) {
	n := t.root
	for range maxLevel {
		p, err := f.page(n)
		if err != nil {
			return p, err
		}
		switch {
		case p.kind == btreeLeaf && p.entries%2 == 0:
			return p, nil
		case p.kind != btreeInternal || p.entries == 0:
			return p, f.damaged(n, "type %d with %d entries in a tree", p.kind, p.entries)
		}
		i, err := choose(p)
		if err != nil {
			return p, err
		}
		at := p.offset(i)
		if at < header || at+12 > len(p.b) {
			return p, f.damaged(n, "entry %d is at %d", i, at)
		}
		n = f.order.Uint32(p.b[at+4:])
	}
	return page{}, f.damaged(n, "a tree of more than %d levels", maxLevel)
}

// innerKey returns the key of an entry of an inner page: that from which on keys are
// below it. The first entry's is never looked at.
func innerKey(p page, i int) ([]byte, error) {
	at := p.offset(i)
	if at < header || at+12 > len(p.b) {
		return nil, p.f.damaged(p.number, "entry %d is at %d", i, at)
	}
	n := int(p.f.order.Uint16(p.b[at:]))
	if at+12+n > len(p.b) {
		return nil, p.f.damaged(p.number, "entry %d has %d bytes", i, n)
	}
	key := p.b[at+12 : at+12+n]
	if p.b[at+2] == 3 && n >= 12 { // a large one
		return p.f.data(item{first: p.f.order.Uint32(key[4:]), length: p.f.order.Uint32(key[8:])}, maxKey)
	}
	return key, nil
}

func (t btree) find(f *File, key []byte) (item, error) {
	leaf, err := t.descend(f, func(p page) (int, error) {
		for i := p.entries - 1; i > 0; i-- {
			k, err := innerKey(p, i)
			if err != nil || bytes.Compare(k, key) <= 0 {
				return i, err
			}
		}
		return 0, nil
	})
	if err != nil {
		return item{}, err
	}
	for i := 0; i < leaf.entries; i += 2 {
		k, err := leaf.item(i)
		if err != nil {
			return item{}, err
		}
		if same, err := f.is(k, key); err != nil {
			return item{}, err
		} else if same {
			return leaf.item(i + 1)
		}
	}
	return item{}, ErrNotFound
}

func (t btree) pages(f *File) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		p, err := t.descend(f, func(page) (int, error) { return 0, nil })
		for seen := uint32(0); ; seen++ {
			if err == nil && (p.kind != btreeLeaf || p.entries%2 != 0 || seen > f.last) {
				err = f.damaged(p.number, "it is no leaf, or came before")
			}
			if !yield(p, err) || err != nil || p.next == 0 {
				return
			}
			p, err = f.page(p.next)
		}
	}
}
