package valuejson

import (
	"strconv"
	"strings"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// form is one of the ways to write a value.
type form uint8

const (
	canonical form = iota
	loose
	indented
)

func write(dst []byte, v perl.Value, lim codec.Limits, f form) ([]byte, error) {
	s := survey{lim: limits(lim), seen: map[perl.Thing]int{}}
	if err := s.value(v); err != nil {
		return dst, err
	}
	w := writer{buf: dst, most: s.lim.Bytes, form: f, comma: ",", colon: ":", seen: s.seen}
	if f == indented {
		w.comma, w.colon = ", ", ": "
	}
	w.from = len(dst)
	if err := w.value(v); err != nil {
		return dst, err
	}
	return w.buf, nil
}

type writer struct {
	buf          []byte
	from, most   int // where buf was when we began, and how many bytes may be added
	form         form
	comma, colon string
	level        int // of indentation

	seen map[perl.Thing]int // what survey found; once a thing has a number, minus that
	last int                // the last number given
}

func (w *writer) value(v perl.Value) error {
	if v.IsWeak() {
		w.tag("$weak")
		return w.tagged(w.ref(v.Thing()))
	}
	switch v.Kind() {
	case perl.KindUndef:
		w.buf = append(w.buf, "null"...)
	case perl.KindInt, perl.KindUint:
		if w.form == loose {
			return w.quote(v.String())
		}
		w.buf = append(w.buf, v.String()...)
	case perl.KindFloat:
		return w.float(v.Float())
	case perl.KindRef:
		return w.ref(v.Thing())
	case perl.KindBool:
		return w.quote(v.String())
	default:
		return w.str(v)
	}
	return w.room(0)
}

func (w *writer) float(f float64) error {
	switch {
	case w.form == loose && f == 0:
		return w.quote("0") // -0 as well
	case w.form == loose:
		return w.quote(perl.FormatFloat(f))
	}
	w.tag("$f")
	return w.tagged(w.quote(perl.FormatFloatExact(f)))
}

func (w *writer) ref(t perl.Thing) error {
	switch t := t.(type) {
	case *perl.Regexp:
		class := t.Class()
		if class == "Regexp" || strings.HasPrefix(class, "Safe::Root") && strings.HasSuffix(class, "::Regexp") {
			class = "" // what every pattern is
		}
		return w.blessed(class, func() error { return w.regexp(t) })
	case *perl.Scalar:
		if isBoolean(t) {
			w.tag("$bool")
			w.buf = strconv.AppendBool(w.buf, t.Get().Truth())
			return w.tagged(nil)
		}
		return w.blessed(t.Class(), func() error {
			w.tag("$ref")
			return w.tagged(w.scalar(t))
		})
	}
	switch n := w.number(t); {
	case n < 0:
		w.tag("$same")
		w.buf = strconv.AppendInt(w.buf, -n, 10)
		return w.tagged(nil)
	case n > 0:
		w.tag("$id")
		w.buf = strconv.AppendInt(w.buf, n, 10)
		w.and("v")
		return w.tagged(w.container(t))
	}
	return w.container(t)
}

// number returns 0 for a thing that is seen once only, its new number the first
// time, and minus its number afterwards.
func (w *writer) number(t perl.Thing) int64 {
	switch n := w.seen[t]; {
	case n < 0:
		return int64(n)
	case n < 2:
		return 0
	}
	w.last++
	w.seen[t] = -w.last
	return int64(w.last)
}

// scalar writes a scalar that something refers to, or may refer to.
func (w *writer) scalar(s *perl.Scalar) error {
	n := w.number(s)
	if n == 0 {
		return w.value(s.Get())
	}
	w.tag("$slot")
	w.buf = strconv.AppendInt(w.buf, max(n, -n), 10)
	if n < 0 {
		return w.tagged(nil)
	}
	w.and("v")
	return w.tagged(w.value(s.Get()))
}

func (w *writer) element(v perl.Value) error {
	if s := v.Slot(); s != nil {
		return w.scalar(s)
	}
	return w.value(v)
}

func (w *writer) blessed(class string, content func() error) error {
	if class == "" {
		return content()
	}
	w.tag("$blessed")
	if err := w.str(perl.String(class)); err != nil {
		return err
	}
	w.and("v")
	return w.tagged(content())
}

func (w *writer) container(t perl.Thing) error {
	return w.blessed(t.Class(), func() error {
		switch t := t.(type) {
		case *perl.Hash:
			if !w.named(t) {
				return w.pairs(t)
			}
			return w.hash(t)
		case *perl.Array:
			return w.array(t)
		}
		return nil
	})
}

func (w *writer) hash(h *perl.Hash) error {
	i := 0
	for k, v := range h.Sorted() {
		w.next('{', i)
		if err := w.quote(k.String()); err != nil {
			return err
		}
		w.buf = append(w.buf, w.colon...)
		if err := w.element(v); err != nil {
			return err
		}
		i++
	}
	return w.end("{}", i)
}

func (w *writer) pairs(h *perl.Hash) error {
	w.tag("$pairs")
	i := 0
	for k, v := range h.Sorted() {
		w.next('[', i)
		w.buf = append(w.buf, '[')
		if err := w.str(k.Value()); err != nil {
			return err
		}
		w.buf = append(w.buf, w.comma...)
		if err := w.element(v); err != nil {
			return err
		}
		w.buf = append(w.buf, ']')
		i++
	}
	return w.tagged(w.end("[]", i))
}

func (w *writer) array(a *perl.Array) error {
	for i, v := range a.All() {
		w.next('[', i)
		if err := w.element(v); err != nil {
			return err
		}
	}
	return w.end("[]", a.Len())
}

func (w *writer) regexp(r *perl.Regexp) error {
	f := w.form
	if f == loose {
		w.form = canonical
	}
	w.tag("$regexp")
	w.buf = append(w.buf, '[')
	err := w.str(r.Pattern)
	w.buf = append(w.buf, w.comma...)
	if err == nil {
		err = w.str(perl.String(r.Flags))
	}
	w.buf = append(w.buf, ']')
	w.form = f
	return w.tagged(err)
}

// tag begins an object of one of our forms.
func (w *writer) tag(name string) {
	w.buf = append(append(w.buf, `{"`...), name...)
	w.buf = append(append(w.buf, '"'), w.colon...)
}

// and goes on with another member of it.
func (w *writer) and(name string) {
	w.buf = append(append(append(w.buf, w.comma...), '"'), name...)
	w.buf = append(append(w.buf, '"'), w.colon...)
}

// tagged ends it.
func (w *writer) tagged(err error) error {
	w.buf = append(w.buf, '}')
	if err != nil {
		return err
	}
	return w.room(0)
}

// next begins element i of a container that begins with open.
func (w *writer) next(open byte, i int) {
	if i == 0 {
		w.buf = append(w.buf, open)
		w.level++
	} else {
		w.buf = append(w.buf, ',')
	}
	w.line()
}

// end ends a container with n elements.
func (w *writer) end(brackets string, n int) error {
	if n == 0 {
		w.buf = append(w.buf, brackets...)
	} else {
		w.level--
		w.line()
		w.buf = append(w.buf, brackets[1])
	}
	return w.room(0)
}

// line begins a line, if there are lines.
func (w *writer) line() {
	if w.form == indented {
		w.buf = append(w.buf, '\n')
		for range w.level {
			w.buf = append(w.buf, "  "...)
		}
	}
}

// room reports whether n more bytes are too many.
func (w *writer) room(n int) error {
	if len(w.buf)-w.from > w.most-n {
		return limit("bytes", w.most)
	}
	return nil
}
