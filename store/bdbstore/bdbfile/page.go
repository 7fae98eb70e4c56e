package bdbfile

import (
	"bytes"
	"errors"
	"io"
)

// The types of pages.
const (
	hashUnsorted  = 2
	btreeInternal = 3
	btreeLeaf     = 5
	overflow      = 7
	hashSorted    = 13
)

const header = 26 // of every page but the first

// page is one page, its header read.
type page struct {
	f       *File
	b       []byte
	number  uint32
	next    uint32
	entries int
	high    int // where the items begin; on overflow pages, how many bytes there are
	kind    byte
}

func (f *File) page(n uint32) (page, error) {
	if n == 0 || n > f.last {
		return page{}, f.damaged(n, "no such page, the last is %d", f.last)
	}
	b := make([]byte, f.pageSize)
	if _, err := f.r.ReadAt(b, int64(n)*int64(f.pageSize)); errors.Is(err, io.EOF) {
		return page{}, f.damaged(n, "it is cut")
	} else if err != nil {
		return page{}, err
	}
	p := page{
		f: f, b: b, number: n,
		next:    f.order.Uint32(b[16:]),
		entries: int(f.order.Uint16(b[20:])),
		high:    int(f.order.Uint16(b[22:])),
		kind:    b[25],
	}
	if got := f.order.Uint32(b[8:]); got != n && p.kind != 0 {
		return p, f.damaged(n, "it says it is page %d", got)
	}
	if p.kind != overflow && header+2*p.entries > len(b) {
		return p, f.damaged(n, "%d entries", p.entries)
	}
	return p, nil
}

// item is a key or a value: its bytes, or where they are.
type item struct {
	inline []byte // not nil, unless it is large
	first  uint32 // of the pages of a large one
	length uint32
}

// offset returns where entry i is.
func (p page) offset(i int) int { return int(p.f.order.Uint16(p.b[header+2*i:])) }

// item returns entry i.
func (p page) item(i int) (item, error) {
	at := p.offset(i)
	if at < header+2*p.entries || at >= len(p.b) {
		return item{}, p.f.damaged(p.number, "entry %d is at %d", i, at)
	}
	if p.kind == btreeLeaf {
		return p.leafItem(i, at)
	}
	end := len(p.b)
	if i > 0 {
		end = p.offset(i - 1)
	}
	if end <= at || end > len(p.b) {
		return item{}, p.f.damaged(p.number, "entry %d is from %d to %d", i, at, end)
	}
	switch kind := p.b[at]; {
	case kind == 1:
		return item{inline: p.b[at+1 : end : end]}, nil
	case kind == 3 && end-at >= 12:
		return p.large(at), nil
	default:
		return item{}, p.f.damaged(p.number, "entry %d is of type %d", i, kind)
	}
}

func (p page) leafItem(i, at int) (item, error) {
	if at+3 > len(p.b) {
		return item{}, p.f.damaged(p.number, "entry %d is at %d", i, at)
	}
	n := int(p.f.order.Uint16(p.b[at:]))
	switch kind := p.b[at+2]; {
	case kind == 1 && at+3+n <= len(p.b):
		return item{inline: p.b[at+3 : at+3+n : at+3+n]}, nil
	case kind == 3 && at+12 <= len(p.b):
		return p.large(at), nil
	default:
		return item{}, p.f.damaged(p.number, "entry %d is of type %d and has %d bytes", i, kind, n)
	}
}

func (p page) large(at int) item {
	return item{first: p.f.order.Uint32(p.b[at+4:]), length: p.f.order.Uint32(p.b[at+8:])}
}

// data returns the bytes of an item, if they are not over the limit.
func (f *File) data(it item, limit int) ([]byte, error) {
	if it.inline != nil {
		if len(it.inline) > limit {
			return nil, ErrTooLarge
		}
		return bytes.Clone(it.inline), nil
	}
	if int64(it.length) > int64(limit) {
		return nil, ErrTooLarge
	}
	if int64(it.length) > f.size {
		return nil, f.damaged(it.first, "an item of %d bytes", it.length)
	}
	data := make([]byte, 0, it.length)
	for n := it.first; n != 0; {
		p, err := f.page(n)
		if err != nil {
			return nil, err
		}
		// Each page has some of it, so that it comes to an end.
		if p.kind != overflow || p.high == 0 || header+p.high > len(p.b) || p.high > int(it.length)-len(data) {
			return nil, f.damaged(n, "it is not a part of an item of %d bytes", it.length)
		}
		data = append(data, p.b[header:header+p.high]...)
		n = p.next
	}
	if len(data) != int(it.length) {
		return nil, f.damaged(it.first, "an item of %d bytes has %d", it.length, len(data))
	}
	return data, nil
}

// is reports whether an item is this key.
func (f *File) is(it item, key []byte) (bool, error) {
	if it.inline != nil {
		return bytes.Equal(it.inline, key), nil
	}
	if int(it.length) != len(key) {
		return false, nil
	}
	got, err := f.data(it, len(key))
	return err == nil && bytes.Equal(got, key), err
}
