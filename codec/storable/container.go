package storable

import (
	"math"

	"github.com/go-datasession/datasession/internal/perlpath"
	"github.com/go-datasession/datasession/perl"
)

// count reads the number of elements, and claims them. Each takes some bytes at
// least, so that a number that is too large is found before there is memory for it.
func (d *decoder) count(least int) (int, error) {
	at := d.i
	n, err := d.length()
	if err != nil {
		return 0, err
	}
	if left := len(d.s) - d.i - d.owed; uint64(n)*uint64(least) > uint64(max(left, 0)) {
		return 0, d.errorAt(at, "unexpected end, want %d elements", n)
	}
	d.owed += int(n) * least
	return int(n), d.claim(int(n))
}

func (d *decoder) array(class string) (perl.Thing, error) {
	n, err := d.count(1)
	if err != nil {
		return nil, err
	}
	d.make.Left(len(d.s) - d.i)
	a := d.make.Array(n)
	blessed(a, class)
	d.note(a)
	if err := d.enter(); err != nil {
		return nil, err
	}
	outer := d.owed - n
	for i := range n {
		if v, ok := d.quick(); ok {
			a.Push(v)
			continue
		}
		d.owed = outer + n - i - 1
		refused := d.refused != nil
		v, s, err := d.element()
		if err != nil {
			return nil, perlpath.Within(err, perlpath.Element(i))
		}
		a.Push(v)
		if s != nil {
			a.SetSlot(i, s)
		}
		if d.refused != nil && !refused {
			perlpath.Within(d.refused, perlpath.Element(i))
		}
	}
	d.owed = outer
	d.depth--
	return a, nil
}

func (d *decoder) hash(class string, flagged bool) (perl.Thing, error) {
	ofKey := 4
	if flagged {
		ofKey = 5
		if _, err := d.byte(); err != nil { // restricted or not
			return nil, err
		}
	}
	n, err := d.count(1 + ofKey)
	if err != nil {
		return nil, err
	}
	d.make.Left(len(d.s) - d.i)
	h := d.make.Hash(n)
	blessed(h, class)
	d.note(h)
	if err := d.enter(); err != nil {
		return nil, err
	}
	outer := d.owed - n*(1+ofKey)
	for i := range n {
		v, quick := d.quick()
		if quick && !flagged && !d.scalars {
			key, err := d.plainKey()
			if err != nil {
				return nil, err
			}
			h.SetKey(key, v)
			continue
		}
		d.owed = outer + (n-i-1)*(1+ofKey) + ofKey
		if err := d.entry(h, v, quick, flagged); err != nil {
			return nil, err
		}
	}
	d.owed = outer
	d.depth--
	return h, nil
}

// entry reads an entry, from its key on if the value has been read.
func (d *decoder) entry(h *perl.Hash, v perl.Value, read, flagged bool) (err error) {
	var s *perl.Scalar
	refused := d.refused != nil
	if !read {
		if v, s, err = d.element(); err != nil {
			return err
		}
	}
	key, there, err := d.key(flagged)
	if err != nil {
		return err
	}
	if d.refused != nil && !refused {
		perlpath.Within(d.refused, perlpath.Entry(key))
	}
	if !there {
		return nil
	}
	if d.scalars { // an element that is replaced is not assigned to
		h.Delete(key.String())
	}
	if s != nil {
		h.SetSlot(key, s)
	} else {
		h.SetKey(key, v)
	}
	return nil
}

// plainKey reads a key without flags.
func (d *decoder) plainKey() (perl.Key, error) {
	s, err := d.long()
	return perl.BytesKey(s), err
}

// key reads a key and reports whether there is one, or only room for it.
func (d *decoder) key(flagged bool) (key perl.Key, there bool, err error) {
	var flags byte
	if !flagged {
		key, err = d.plainKey()
		return key, true, err
	}
	if flags, err = d.byte(); err != nil {
		return key, false, err
	}
	if flags&keyScalar != 0 {
		return key, false, d.errorAt(d.i-1, "key that is a scalar, want a string")
	}
	at := d.i
	s, err := d.long()
	if err != nil {
		return key, false, err
	}
	switch {
	case flags&keyUTF8 != 0:
		if !isUTF8(s) {
			return key, false, d.errorAt(at, "key that is not UTF-8")
		}
		key = perl.TextKey(s)
	case flags&keyWasUTF8 != 0:
		key = perl.TextKey(perl.Upgrade(perl.Bytes(s)))
	default:
		key = perl.BytesKey(s)
	}
	return key, flags&keyPlaceholder == 0, nil
}

// quick reads an element of the types that most are of, unless it is referred to
// or not whole.
func (d *decoder) quick() (v perl.Value, ok bool) {
	if d.next == d.due || len(d.s)-d.i < 2 {
		return v, false
	}
	size, rest := 2, d.s[d.i+1:]
	switch d.s[d.i] {
	case tagBytes:
		n := int(rest[0])
		if len(rest) <= n {
			return v, false
		}
		v, size = perl.Bytes(rest[1:1+n]), 2+n
	case tagByte:
		v = perl.Int(int64(rest[0]) - 128)
	case tagInteger:
		if d.big || d.narrow || len(rest) < 8 {
			return v, false
		}
		v, size = perl.Int(int64(littleEndian(rest))), 9
	case tagDouble:
		if d.big || len(rest) < 8 {
			return v, false
		}
		v, size = perl.Float(math.Float64frombits(littleEndian(rest))), 9
	case tagNetInt:
		if len(rest) < 4 {
			return v, false
		}
		v, size = perl.Int(int64(int32(bigEndian(rest[:4])))), 5
	case tagUndef:
		size = 1
	default:
		return v, false
	}
	d.next++
	d.i += size
	return v, true
}
