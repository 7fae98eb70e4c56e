package storable

import (
	"slices"
	"strings"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

var _ codec.Picker = Codec{}

// Pick implements [codec.Picker].
func (c Codec) Pick(data []byte, lim codec.Limits, keys []string) (h *perl.Hash, ok bool) {
	d := decoder{codec: c.Name(), lim: lim.WithDefaults(), due: never}
	if len(data) > d.lim.Bytes {
		return nil, false
	}
	d.s = string(data)
	if strings.HasPrefix(d.s, fileHeader) || d.header() != nil {
		return nil, false
	}
	tag, err := d.byte()
	if err != nil || tag != tagHash && tag != tagFlagHash {
		return nil, false
	}
	h = perl.NewHash(len(keys))
	ok = d.entries(tag, func(at int, key perl.Key) bool {
		if !slices.Contains(keys, key.String()) {
			return true
		}
		after := d.i
		d.i = at
		v, ok := d.plain()
		d.i = after
		h.SetKey(key, v)
		return ok
	})
	return h, ok
}

// entries passes over the entries of a hash, and tells each where the value of a key is.
func (d *decoder) entries(tag byte, each func(at int, key perl.Key) bool) bool {
	if tag == tagFlagHash {
		if _, err := d.byte(); err != nil {
			return false
		}
	}
	n, err := d.length()
	if err != nil || d.enter() != nil {
		return false
	}
	for range n {
		at := d.i
		if !d.over() {
			return false
		}
		key, there, err := d.key(tag == tagFlagHash)
		if err != nil || !there || !each(at, key) {
			return false
		}
	}
	d.depth--
	return true
}

// plain reads a string, a number or undef.
func (d *decoder) plain() (v perl.Value, ok bool) {
	c, err := d.byte()
	if err != nil {
		return v, false
	}
	switch c {
	case tagBytes, tagLongBytes, tagText, tagLongText, tagByte, tagNetInt, tagInteger, tagDouble, tagUndef, tagImmortal:
		v, err = d.content(c)
		return v, err == nil
	}
	return v, false
}

// over passes over a value. It gives up where a session has rarely any.
func (d *decoder) over() bool {
	c, err := d.byte()
	if err != nil {
		return false
	}
	var skip uint64
	switch c {
	case tagUndef, tagImmortal, tagYes, tagNo, tagNoElement, tagTrue, tagFalse:
		return true
	case tagByte:
		skip = 1
	case tagObject, tagNetInt:
		skip = 4
	case tagInteger, tagDouble:
		if skip = 8; d.network {
			return false
		}
		if d.narrow && c == tagInteger {
			skip = 4
		}
	case tagBytes, tagText:
		n, _ := d.byte()
		skip = uint64(n)
	case tagLongBytes, tagLongText:
		n, err := d.length()
		if err != nil {
			return false
		}
		skip = uint64(n)
	case tagHash, tagFlagHash:
		return d.entries(c, func(int, perl.Key) bool { return true })
	case tagArray:
		return d.elements()
	case tagRef, tagWeakRef, tagOverload, tagWeakOverload:
		return d.enter() == nil && d.over() && d.leave()
	case tagBless, tagBlessAgain:
		d.i--
		return d.overBlessed()
	default:
		return false
	}
	_, err = d.take(skip)
	return err == nil
}

func (d *decoder) leave() bool { d.depth--; return true }

func (d *decoder) elements() bool {
	n, err := d.length()
	if err != nil || d.enter() != nil {
		return false
	}
	for range n {
		if !d.over() {
			return false
		}
	}
	return d.leave()
}

func (d *decoder) overBlessed() bool {
	c, err := d.byte()
	if err == nil {
		_, _, err = d.bless(c)
	}
	if err != nil {
		return false
	}
	d.i-- // the type of what is blessed
	return d.over()
}
