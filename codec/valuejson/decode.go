package valuejson

import (
	"errors"
	"strings"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/internal/jsonscan"
	"github.com/go-datasession/datasession/perl"
)

// Decode reads value-json, and plain JSON documents, with members in any order.
// What is not JSON, or not one of the forms, is a *codec.SyntaxError, and so is an
// id that is defined twice or not at all; code, globs and the like ($other) are a
// *codec.UnsupportedError.
func (Codec) Decode(data []byte, lim codec.Limits) (perl.Value, error) {
	lim = limits(lim)
	t, ids, err := scan(data, lim)
	if err != nil {
		return perl.Value{}, err
	}
	d := decoder{tape: t, lim: lim}
	if err := d.define(ids); err != nil {
		return perl.Value{}, err
	}
	v, err := d.value(0)
	if u := (*codec.UnsupportedError)(nil); errors.As(err, &u) {
		u.Path = strings.TrimSuffix("$D->"+u.Path, "->")
	}
	if err != nil {
		return perl.Value{}, err
	}
	return v, nil
}

type decoder struct {
	tape
	lim          codec.Limits
	depth, nodes int
	things       map[string]perl.Thing // by id
	yes, no      perl.Value            // one thing each in a document
}

// define makes an empty thing for each definition of an id.
func (d *decoder) define(ids []int32) error {
	d.things = make(map[string]perl.Thing, len(ids))
	for _, i := range ids {
		f, err := d.tagged(i)
		if err != nil {
			return err
		}
		var t perl.Thing = &perl.Scalar{}
		if f.tag == "$id" {
			if t, err = d.empty(f.v); err != nil {
				return err
			}
		} else if f.v == 0 {
			continue
		}
		id := d.tape[f.value]
		if id.kind != jsonscan.Int || id.str[0] == '-' || id.str == "0" {
			return d.fault(f.value, "want a positive integer with %s", f.tag)
		}
		if d.things[id.str] != nil {
			return d.fault(f.value, "an id that is defined already")
		}
		d.things[id.str] = t
	}
	return nil
}

// empty returns an empty container of the kind that token i describes.
func (d *decoder) empty(i int32) (perl.Thing, error) {
	f, err := d.tagged(i)
	if f.tag == "$blessed" && err == nil {
		i = f.v
		f, err = d.tagged(i)
	}
	switch {
	case err != nil:
		return nil, err
	case d.tape[i].kind == jsonscan.Array:
		return &perl.Array{}, nil
	case d.tape[i].kind == jsonscan.Object && (f.tag == "" || f.tag == "$pairs"):
		return &perl.Hash{}, nil
	}
	return nil, d.fault(i, "want a list or a hash with $id")
}

// value returns what token i means, which is not an element of a container.
func (d *decoder) value(i int32) (perl.Value, error) {
	if err := d.count(); err != nil {
		return perl.Value{}, err
	}
	switch d.tape[i].kind {
	case jsonscan.Null:
		return perl.Value{}, nil
	case jsonscan.True:
		return truth(&d.yes, 1), nil
	case jsonscan.False:
		return truth(&d.no, 0), nil
	case jsonscan.String:
		return d.str(i)
	case jsonscan.Int, jsonscan.Float:
		return d.number(i)
	case jsonscan.Array:
		a := &perl.Array{}
		return perl.NewRef(a), d.fill(i, a)
	}
	f, err := d.tagged(i)
	if err != nil {
		return perl.Value{}, err
	}
	return d.object(i, f)
}

func (d *decoder) object(i int32, f tagged) (perl.Value, error) {
	switch f.tag {
	case "", "$pairs":
		h := &perl.Hash{}
		return perl.NewRef(h), d.fill(i, h)
	case "$id":
		t := d.thing(f.value)
		return perl.NewRef(t), d.fill(f.v, t)
	case "$same":
		t := d.thing(f.value)
		if _, slot := t.(*perl.Scalar); t == nil || slot {
			return perl.Value{}, d.fault(f.value, "an id of no list or hash")
		}
		return perl.NewRef(t), nil
	case "$blessed":
		return d.blessed(f)
	case "$weak":
		v, err := d.inner(f.value)
		if err != nil {
			return v, err
		}
		if v.Kind() != perl.KindRef || v.IsWeak() {
			return v, d.fault(f.value, "want a reference with $weak")
		}
		return perl.NewWeakRef(v.Thing()), nil
	case "$ref":
		return d.ref(f)
	case "$bool":
		switch d.tape[f.value].kind {
		case jsonscan.True:
			return truth(&d.yes, 1), nil
		case jsonscan.False:
			return truth(&d.no, 0), nil
		}
		return perl.Value{}, d.fault(f.value, "want true or false with $bool")
	case "$f":
		return d.float(f.value)
	case "$regexp":
		return d.regexp(f.value)
	case "$other":
		return perl.Value{}, d.other(f.value)
	case "$slot":
		return perl.Value{}, d.fault(i, "$slot where no element is")
	}
	return d.str(i)
}

func (d *decoder) ref(f tagged) (perl.Value, error) {
	if d.depth++; d.depth > d.lim.Depth {
		return perl.Value{}, limit("depth", d.lim.Depth)
	}
	v, s, err := d.element(f.value)
	if err != nil {
		return v, err
	}
	d.depth--
	if s == nil {
		s = perl.NewScalar(v)
	}
	return perl.NewRef(s), nil
}

func (d *decoder) blessed(f tagged) (perl.Value, error) {
	inner, err := d.tagged(f.v)
	if err != nil {
		return perl.Value{}, err
	}
	switch inner.tag {
	case "", "$pairs", "$ref", "$regexp":
	default:
		return perl.Value{}, d.fault(f.v, "%s does not go with $blessed", inner.tag)
	}
	v, err := d.inner(f.v)
	if err != nil {
		return v, err
	}
	if v.Kind() != perl.KindRef {
		return v, d.fault(f.v, "want a reference with $blessed")
	}
	return v, d.bless(v.Thing(), f.value)
}

func (d *decoder) bless(t perl.Thing, i int32) error {
	class, err := d.str(i)
	if err != nil {
		return err
	}
	if class.Str() == "" {
		return d.fault(i, "want the name of a class with $blessed")
	}
	if _, ok := t.(*perl.Regexp); !ok && t.Class() != "" && t.Class() != class.Str() {
		return d.fault(i, "one thing in two classes")
	}
	perl.Bless(t, class.Str())
	return nil
}

// thing returns the thing whose id is at token i, or nil.
func (d *decoder) thing(i int32) perl.Thing {
	if d.tape[i].kind != jsonscan.Int {
		return nil
	}
	return d.things[d.tape[i].str]
}

// inner returns the value within one of our forms, which together count as one.
func (d *decoder) inner(i int32) (perl.Value, error) {
	d.nodes--
	return d.value(i)
}

func (d *decoder) count() error {
	if d.nodes++; d.nodes > d.lim.Nodes {
		return limit("nodes", d.lim.Nodes)
	}
	return nil
}

// truth returns the boolean at v, and makes it the first time.
func truth(v *perl.Value, i int64) perl.Value {
	if v.IsUndef() {
		s := perl.NewScalar(perl.Int(i))
		perl.Bless(s, boolean)
		*v = perl.NewRef(s)
	}
	return *v
}
