package codectest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/go-datasession/datasession/perl"
)

// ErrNoValue is what [Parse] reports of code, globs and references to globs,
// for which there is no [perl.Value].
var ErrNoValue = errors.New("no Go value for it")

// Parse returns the value that a text in the notation of the vectors means. The
// notation is described in testdata/README.md.
//
// A string that also carries a number is a plain string here. The class that
// Perl's Safe gives to a pattern, Safe::Root0::Regexp, is Regexp.
func Parse(model []byte) (perl.Value, error) {
	d := json.NewDecoder(bytes.NewReader(model))
	d.UseNumber()
	var m any
	if err := d.Decode(&m); err != nil {
		return perl.Value{}, err
	}
	if _, err := d.Token(); err != io.EOF {
		return perl.Value{}, errors.New("more than one model")
	}
	p := parser{things: map[string]perl.Thing{}}
	return p.value(m)
}

type parser struct {
	things map[string]perl.Thing // by the id of the notation
}

func (p *parser) value(m any) (perl.Value, error) {
	var none perl.Value
	if m == nil {
		return none, nil
	}
	o, ok := m.(map[string]any)
	if !ok {
		return none, fmt.Errorf("want an object, found %T", m)
	}
	has := func(member string) bool { _, ok := o[member]; return ok }
	switch {
	case has("i"):
		return p.integer(o)
	case has("n"):
		return p.float(o)
	case has("s"), has("rep"), has("cps"):
		return p.str(o)
	case has("list"):
		return p.list(o)
	case has("hash"):
		return p.hash(o)
	case has("same"):
		return p.same(o)
	case has("bless"):
		return p.bless(o)
	case has("ref"):
		return p.ref(o)
	case has("bool"):
		return p.boolean(o)
	case has("regexp"):
		return p.regexp(o)
	case has("vstring"):
		return p.vstring(o)
	case has("code"), has("glob"), has("globref"):
		return none, ErrNoValue
	}
	return none, fmt.Errorf("no known form among %d members", len(o))
}

func (p *parser) integer(o map[string]any) (perl.Value, error) {
	s, _ := o["i"].(string)
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return perl.Int(i), nil
	}
	u, err := strconv.ParseUint(s, 10, 64)
	return perl.Uint(u), err
}

func (p *parser) float(o map[string]any) (perl.Value, error) {
	s, _ := o["bits"].(string)
	u, err := strconv.ParseUint(s, 16, 64)
	return perl.Float(math.Float64frombits(u)), err
}

func (p *parser) boolean(o map[string]any) (perl.Value, error) {
	b, _ := o["bool"].(bool)
	return perl.Bool(b), nil
}

func (p *parser) str(o map[string]any) (perl.Value, error) {
	s, text, err := characters(o)
	if err != nil || text {
		return perl.Text(s), err
	}
	b, ok := perl.Downgrade(perl.Text(s))
	if !ok {
		return perl.Value{}, errors.New("a character above 255 in a string without utf8")
	}
	return perl.Bytes(b), nil
}

// characters returns the characters of a string model in UTF-8, and its flag.
func characters(o map[string]any) (s string, text bool, err error) {
	text, _ = o["utf8"].(bool)
	switch {
	case o["rep"] != nil:
		rep, _ := o["rep"].([]any)
		if len(rep) != 2 {
			return "", false, errors.New("want two members in rep")
		}
		part, _ := rep[0].(string)
		n, err := strconv.Atoi(fmt.Sprint(rep[1]))
		if err != nil || n < 0 {
			return "", false, errors.New("want a count in rep")
		}
		return strings.Repeat(part, n), text, nil
	case o["cps"] != nil:
		var b []byte
		cps, _ := o["cps"].([]any)
		for _, cp := range cps {
			r, err := strconv.ParseUint(fmt.Sprint(cp), 10, 32)
			if err != nil {
				return "", false, err
			}
			b = perl.AppendRune(b, uint32(r))
		}
		return string(b), text, nil
	}
	s, ok := o["s"].(string)
	if !ok {
		return "", false, errors.New("want a string in s")
	}
	return s, text, nil
}

func (p *parser) vstring(o map[string]any) (perl.Value, error) {
	s, _ := o["vstring"].(string)
	str, err := versionString(s)
	return perl.VString(str, "v"+s), err
}

// versionString returns what the version string v1.2.3 contains, given 1.2.3.
func versionString(s string) (perl.Value, error) {
	var b []byte
	for part := range strings.SplitSeq(s, ".") {
		r, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return perl.Value{}, err
		}
		b = perl.AppendRune(b, uint32(r))
	}
	str := perl.Text(string(b))
	if b, ok := perl.Downgrade(str); ok {
		str = perl.Bytes(b)
	}
	return str, nil
}

func (p *parser) regexp(o map[string]any) (perl.Value, error) {
	flags, _ := o["flags"].(string)
	pattern, err := p.str(map[string]any{"s": o["regexp"], "utf8": o["utf8"]})
	return p.thing(o, perl.NewRegexp(pattern, flags)), err
}

// thing notes t under its id and returns a reference to it.
func (p *parser) thing(o map[string]any, t perl.Thing) perl.Value {
	if id, ok := o["id"]; ok {
		p.things[fmt.Sprint(id)] = t
	}
	return perl.NewRef(t)
}

func (p *parser) list(o map[string]any) (perl.Value, error) {
	elems, ok := o["list"].([]any)
	if !ok {
		return perl.Value{}, errors.New("want an array in list")
	}
	a := perl.NewArray()
	ref := p.thing(o, a)
	for i, m := range elems {
		a.Push(perl.Value{})
		s, v, err := p.element(m)
		if err != nil {
			return ref, fmt.Errorf("[%d]: %w", i, err)
		}
		if s != nil {
			a.SetSlot(i, s)
		} else {
			a.Set(i, v)
		}
	}
	return ref, nil
}

func (p *parser) hash(o map[string]any) (perl.Value, error) {
	pairs, ok := o["hash"].([]any)
	if !ok {
		return perl.Value{}, errors.New("want an array in hash")
	}
	h := perl.NewHash(len(pairs))
	ref := p.thing(o, h)
	for _, m := range pairs {
		pair, _ := m.([]any)
		if len(pair) != 2 {
			return ref, errors.New("want two members in a pair")
		}
		km, _ := pair[0].(map[string]any)
		v, err := p.str(km)
		if err != nil {
			return ref, fmt.Errorf("key: %w", err)
		}
		key := perl.BytesKey(v.Str())
		if v.Kind() == perl.KindText {
			key = perl.TextKey(v.Str())
		}
		s, v, err := p.element(pair[1])
		if err != nil {
			return ref, fmt.Errorf("{%s}: %w", key, err)
		}
		if s != nil {
			h.SetSlot(key, s)
		} else {
			h.SetKey(key, v)
		}
	}
	return ref, nil
}

// element returns a scalar if something refers to the element, else its value.
func (p *parser) element(m any) (*perl.Scalar, perl.Value, error) {
	o, _ := m.(map[string]any)
	if id, ok := o["alias"]; ok {
		s, _ := p.things[fmt.Sprint(id)].(*perl.Scalar)
		if s == nil {
			return nil, perl.Value{}, fmt.Errorf("alias of %v, which is no scalar so far", id)
		}
		return s, perl.Value{}, nil
	}
	content, ok := o["elem"]
	if !ok {
		v, err := p.value(m)
		return nil, v, err
	}
	s := &perl.Scalar{}
	p.thing(o, s)
	v, err := p.value(content)
	s.Set(v)
	return s, perl.Value{}, err
}

func (p *parser) ref(o map[string]any) (perl.Value, error) {
	s := &perl.Scalar{}
	ref := p.thing(o, s)
	v, err := p.value(o["ref"])
	s.Set(v)
	return ref, err
}

func (p *parser) bless(o map[string]any) (perl.Value, error) {
	class, _ := o["bless"].(string)
	of, ok := o["of"].(map[string]any)
	if !ok {
		return perl.Value{}, errors.New("want an object in of")
	}
	if id, ok := o["id"]; ok {
		of["id"] = id
	}
	ref, err := p.value(of)
	if err != nil {
		return ref, err
	}
	if ref.Kind() != perl.KindRef {
		return ref, errors.New("only what a reference points at can be blessed")
	}
	if strings.HasPrefix(class, "Safe::Root") && strings.HasSuffix(class, "::Regexp") {
		class = "Regexp"
	}
	perl.Bless(ref.Thing(), class)
	return ref, nil
}

func (p *parser) same(o map[string]any) (perl.Value, error) {
	t := p.things[fmt.Sprint(o["same"])]
	if t == nil {
		return perl.Value{}, fmt.Errorf("same as %v, which has not been seen", o["same"])
	}
	if weak, _ := o["weak"].(bool); weak {
		return perl.NewWeakRef(t), nil
	}
	return perl.NewRef(t), nil
}
