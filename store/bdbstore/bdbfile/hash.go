package bdbfile

import (
	"fmt"
	"iter"
	"math/bits"
)

// hash is how the pages of a hash are found: by the bucket of a key.
type hash struct {
	maxBucket, high, low uint32
	spares               [32]uint32
}

// The meta page holds what the hash function makes of this, so that a file of
// another function is known.
const (
	checkKey   = "%$sniglet^&\x00"
	checkValue = 0x5e688dd1
)

func newHash(f *File, meta []byte) (*hash, error) {
	h := &hash{
		maxBucket: f.order.Uint32(meta[72:]),
		high:      f.order.Uint32(meta[76:]),
		low:       f.order.Uint32(meta[80:]),
	}
	for i := range h.spares {
		h.spares[i] = f.order.Uint32(meta[96+4*i:])
	}
	if got := f.order.Uint32(meta[92:]); got != checkValue {
		return nil, fmt.Errorf("%w: another hash function", ErrFormat)
	}
	if h.maxBucket >= f.last || h.maxBucket > h.high || h.low > h.high || h.high > 1<<31-1 {
		return nil, fmt.Errorf("%w: %d buckets on %d pages", ErrFormat, uint64(h.maxBucket)+1, f.last)
	}
	return h, nil
}

// fnv is the hash function.
func fnv(key []byte) (h uint32) {
	for _, c := range key {
		h = h*16777619 ^ uint32(c)
	}
	return h
}

func (h *hash) bucket(key []byte) uint32 {
	b := fnv(key) & h.high
	if b > h.maxBucket {
		b &= h.low
	}
	return b
}

// first returns the first page of a bucket.
func (h *hash) first(bucket uint32) uint32 {
	return bucket + h.spares[bits.Len32(bucket)]
}

// chain yields the pages of a bucket.
func (h *hash) chain(f *File, bucket uint32) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		seen := uint32(0)
		for n := h.first(bucket); n != 0; seen++ {
			p, err := f.page(n)
			if err == nil && seen > f.last {
				err = f.damaged(n, "bucket %d has no end", bucket)
			}
			if err == nil && p.kind == 0 && p.entries == 0 {
				return // a bucket in which there was never anything
			}
			if err == nil && (p.kind != hashSorted && p.kind != hashUnsorted || p.entries%2 != 0) {
				err = f.damaged(n, "type %d with %d entries in bucket %d", p.kind, p.entries, bucket)
			}
			if !yield(p, err) || err != nil {
				return
			}
			n = p.next
		}
	}
}

func (h *hash) find(f *File, key []byte) (item, error) {
	for p, err := range h.chain(f, h.bucket(key)) {
		if err != nil {
			return item{}, err
		}
		for i := 0; i < p.entries; i += 2 {
			k, err := p.item(i)
			if err != nil {
				return item{}, err
			}
			if same, err := f.is(k, key); err != nil {
				return item{}, err
			} else if same {
				return p.item(i + 1)
			}
		}
	}
	return item{}, ErrNotFound
}

func (h *hash) pages(f *File) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		seen := uint32(0)
		for b := range h.maxBucket + 1 {
			for p, err := range h.chain(f, b) {
				if seen++; err == nil && seen > f.last {
					err = f.damaged(p.number, "buckets that share pages")
				}
				if !yield(p, err) || err != nil {
					return
				}
			}
		}
	}
}
