package valuejson

import (
	"strconv"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/internal/jsonscan"
	"github.com/go-datasession/datasession/perl"
)

// fill reads the content of a container, which may be blessed.
func (d *decoder) fill(i int32, t perl.Thing) error {
	f, err := d.tagged(i)
	if err != nil {
		return err
	}
	if f.tag == "$blessed" {
		if err := d.bless(t, f.value); err != nil {
			return err
		}
		return d.fill(f.v, t)
	}
	if d.depth++; d.depth > d.lim.Depth {
		return limit("depth", d.lim.Depth)
	}
	switch t := t.(type) {
	case *perl.Array:
		err = d.array(i, t)
	case *perl.Hash:
		if f.tag == "$pairs" {
			err = d.pairs(f.value, t)
		} else {
			err = d.hash(i, t)
		}
	}
	d.depth--
	return err
}

func (d *decoder) array(i int32, a *perl.Array) error {
	for j := range d.elements(i) {
		v, slot, err := d.element(j)
		if err != nil {
			return place(err, "["+strconv.Itoa(a.Len())+"]")
		}
		a.Push(v)
		if slot != nil {
			a.SetSlot(a.Len()-1, slot)
		}
	}
	return nil
}

func (d *decoder) hash(i int32, h *perl.Hash) error {
	for j := range d.elements(i) {
		key := perl.TextKey(d.tape[j].str)
		if d.tape[j].ascii {
			key = perl.BytesKey(d.tape[j].str)
		}
		if err := d.entry(h, j, key, j+1); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) pairs(i int32, h *perl.Hash) error {
	if d.tape[i].kind != jsonscan.Array {
		return d.fault(i, "want a list of pairs")
	}
	for j := range d.elements(i) {
		at, ok := d.two(j)
		if !ok {
			return d.fault(j, "want a list of a key and a value")
		}
		k, err := d.str(at[0])
		if err != nil {
			return err
		}
		key := perl.BytesKey(k.Str())
		if k.Kind() == perl.KindText {
			key = perl.TextKey(k.Str())
		}
		if err := d.entry(h, at[0], key, at[1]); err != nil {
			return err
		}
	}
	return nil
}

// two returns the elements of a list of two.
func (d *decoder) two(i int32) (at [2]int32, ok bool) {
	n := 0
	if d.tape[i].kind == jsonscan.Array {
		for j := range d.elements(i) {
			if n < 2 {
				at[n] = j
			}
			n++
		}
	}
	return at, n == 2
}

// entry adds an entry to a hash: its key, which is at token k, and its value at
// token i.
func (d *decoder) entry(h *perl.Hash, k int32, key perl.Key, i int32) error {
	if _, ok := h.Get(key.String()); ok {
		return d.fault(k, "a key that is there already")
	}
	v, slot, err := d.element(i)
	if err != nil {
		return place(err, "{"+strconv.QuoteToASCII(key.String())+"}")
	}
	if slot != nil {
		h.SetSlot(key, slot)
	} else {
		h.SetKey(key, v)
	}
	return nil
}

// element returns an element of a container, or the scalar that the element is,
// if something refers to it.
func (d *decoder) element(i int32) (perl.Value, *perl.Scalar, error) {
	f, err := d.tagged(i)
	if err != nil {
		return perl.Value{}, nil, err
	}
	if f.tag != "$slot" {
		v, err := d.value(i)
		return v, nil, err
	}
	slot, ok := d.thing(f.value).(*perl.Scalar)
	if !ok {
		return perl.Value{}, nil, d.fault(f.value, "an id of no scalar")
	}
	if f.v == 0 {
		return perl.Value{}, slot, d.count()
	}
	v, err := d.value(f.v)
	slot.Set(v)
	return perl.Value{}, slot, err
}

// place puts a step before the path of an *UnsupportedError.
func place(err error, step string) error {
	if u, ok := err.(*codec.UnsupportedError); ok {
		u.Path = step + u.Path
	}
	return err
}
