package perljson

import (
	"math"
	"strconv"
	"sync"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// Append is described at [codec.Codec] and, for what is written and what is
// refused, at the package.
func (c Codec) Append(dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
	e := encoders.Get().(*encoder)
	defer e.free()
	*e = encoder{codec: c, buf: dst, from: len(dst), lim: limits(lim), path: e.path}
	if err := e.value(v); err != nil {
		return dst, e.placed(err)
	}
	return e.buf, nil
}

// encoders keeps the paths of encoders that are done.
var encoders = sync.Pool{New: func() any { return new(encoder) }}

// free gives the path of e, which is in no container any more or at a fault, to another
// encoder.
func (e *encoder) free() {
	clear(e.path)
	*e = encoder{path: e.path[:0]}
	encoders.Put(e)
}

type encoder struct {
	codec Codec
	buf   []byte
	from  int // where buf was when we began
	lim   codec.Limits
	nodes int
	path  []step // the containers around the value at hand; zero steps beyond
}

// step is a container, and which of its elements is at fault.
type step struct {
	thing perl.Thing
	key   perl.Key
	index int
}

func (e *encoder) value(v perl.Value) error {
	if e.nodes++; e.nodes > e.lim.Nodes {
		return limit("nodes", e.lim.Nodes)
	}
	switch v.Kind() {
	case perl.KindUndef:
		e.buf = append(e.buf, "null"...)
	case perl.KindBytes:
		return e.bytes(v.Str())
	case perl.KindText:
		return e.text(v.Str())
	case perl.KindVString:
		_, str, _ := v.Literal()
		return e.value(str)
	case perl.KindInt:
		e.buf = strconv.AppendInt(e.buf, v.Int(), 10)
	case perl.KindUint:
		e.buf = strconv.AppendUint(e.buf, v.Uint(), 10)
	case perl.KindFloat:
		return e.float(v.Float())
	case perl.KindBool:
		e.buf = strconv.AppendBool(e.buf, v.Truth())
	case perl.KindRef:
		return e.ref(v.Thing())
	}
	return e.room(0)
}

func (e *encoder) float(f float64) error {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return unsupported("number " + perl.FormatFloat(f))
	}
	if f == 0 {
		f = 0 // and not -0, which Perl prints as 0
	}
	e.buf = appendFloat(e.buf, f)
	return e.room(0)
}

// appendFloat appends a number with 15 digits. One that a fraction of up to four digits
// is nearest to, and that has no more digits than 15, is that fraction.
func appendFloat(dst []byte, f float64) []byte {
	power, places := 1.0, 0
	for ; places <= 4 && math.Abs(f) < 1e10; places++ {
		if n := math.Round(f * power); n/power == f {
			return appendFraction(dst, int64(n), places)
		}
		power *= 10
	}
	return strconv.AppendFloat(dst, f, 'g', 15, 64)
}

// appendFraction appends n with that many digits after the point, of which the last is
// not 0.
func appendFraction(dst []byte, n int64, places int) []byte {
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	power := int64(1)
	for range places {
		power *= 10
	}
	dst = strconv.AppendInt(dst, n/power, 10)
	if places == 0 {
		return dst
	}
	dst = append(dst, '.')
	for n %= power; places > 0; places-- {
		power /= 10
		dst = append(dst, '0'+byte(n/power))
		n %= power
	}
	return dst
}

func (e *encoder) ref(t perl.Thing) error {
	if s, ok := t.(*perl.Scalar); ok && s.Class() == boolean {
		e.buf = strconv.AppendBool(e.buf, s.Get().Truth())
		return e.room(0)
	}
	if _, ok := t.(*perl.Regexp); ok {
		return unsupported("pattern")
	}
	if t.Class() != "" {
		return unsupported("object")
	}
	switch t := t.(type) {
	case *perl.Hash:
		return e.hash(t)
	case *perl.Array:
		return e.array(t)
	}
	return unsupported("reference to a scalar")
}

func (e *encoder) hash(h *perl.Hash) error {
	if err := e.enter(h); err != nil {
		return err
	}
	e.buf = append(e.buf, '{')
	at, first := len(e.path)-1, true
	for k, v := range h.Sorted() {
		if !first {
			e.buf = append(e.buf, ',')
		}
		first = false
		err := e.text(k.String())
		if err == nil {
			e.buf = append(e.buf, ':')
			err = e.value(v)
		}
		if err != nil {
			e.path[at].key = k
			return err
		}
	}
	return e.leave('}')
}

func (e *encoder) array(a *perl.Array) error {
	if err := e.enter(a); err != nil {
		return err
	}
	e.buf = append(e.buf, '[')
	at := len(e.path) - 1
	for i, v := range a.All() {
		if i > 0 {
			e.buf = append(e.buf, ',')
		}
		if err := e.value(v); err != nil {
			e.path[at].index = i
			return err
		}
	}
	return e.leave(']')
}

// enter begins a container. One that is in itself is refused, at any depth.
func (e *encoder) enter(t perl.Thing) error {
	for _, s := range e.path {
		if s.thing == t {
			return unsupported("cycle")
		}
	}
	if len(e.path) >= e.lim.Depth {
		return limit("depth", e.lim.Depth)
	}
	e.path = append(e.path, step{thing: t})
	return nil
}

func (e *encoder) leave(end byte) error {
	last := len(e.path) - 1
	e.path[last] = step{}
	e.path = e.path[:last]
	e.buf = append(e.buf, end)
	return e.room(0)
}

// room reports whether n more bytes are too many.
func (e *encoder) room(n int) error {
	if len(e.buf)-e.from+n > e.lim.Bytes {
		return limit("bytes", e.lim.Bytes)
	}
	return nil
}
