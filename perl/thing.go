package perl

import "iter"

// Thing is what a reference points at: *Hash, *Array, *Scalar or *Regexp. Its
// address is its identity. Things are not safe for use by several goroutines
// when one of them changes something.
type Thing interface {
	// Class returns the class the thing is blessed into, or "" if it is not.
	Class() string
	bless(class string)
}

// Bless makes t an object of a class. The empty class takes the blessing away,
// which Perl cannot.
func Bless(t Thing, class string) { t.bless(class) }

type object struct{ class string }

func (o *object) Class() string      { return o.class }
func (o *object) bless(class string) { o.class = class }

// Scalar is a scalar that is referred to: the target of \$x.
// The zero Scalar is an unblessed scalar that holds undef.
type Scalar struct {
	object
	v Value
}

// NewScalar returns a scalar that holds v.
func NewScalar(v Value) *Scalar { return &Scalar{v: v.Plain()} }

// Get returns what the scalar holds.
func (s *Scalar) Get() Value { return s.v }

// Set makes the scalar hold v.
func (s *Scalar) Set(v Value) { s.v = v.Plain() }

// Array is a Perl array. The zero Array is empty and unblessed.
type Array struct {
	object
	elems []Value
}

// NewArray returns an array of the given values.
func NewArray(elems ...Value) *Array {
	a := &Array{elems: make([]Value, 0, len(elems))}
	for _, v := range elems {
		a.Push(v)
	}
	return a
}

// Grow makes room for n more elements without changing the length.
func (a *Array) Grow(n int) {
	if free := cap(a.elems) - len(a.elems); n > free {
		grown := make([]Value, len(a.elems), len(a.elems)+n)
		copy(grown, a.elems)
		a.elems = grown
	}
}

// Len returns the number of elements.
func (a *Array) Len() int { return len(a.elems) }

// At returns element i; it panics if there is none.
func (a *Array) At(i int) Value { return a.elems[i] }

// Set assigns to element i, which must exist. References to the element see
// the new value.
func (a *Array) Set(i int, v Value) { assign(&a.elems[i], v) }

// Push appends v.
func (a *Array) Push(v Value) { a.elems = append(a.elems, v.Plain()) }

// Slot returns element i as a scalar that can be referred to.
func (a *Array) Slot(i int) *Scalar { return slotOf(&a.elems[i]) }

// SetSlot makes s itself element i, so that a reference to s refers to the element.
func (a *Array) SetSlot(i int, s *Scalar) { a.elems[i] = slotValue(s) }

// All yields the elements in order.
func (a *Array) All() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		for i, v := range a.elems {
			if !yield(i, v) {
				return
			}
		}
	}
}

func assign(at *Value, v Value) {
	if s := at.Slot(); s != nil {
		s.Set(v)
		return
	}
	*at = v.Plain()
}

func slotOf(at *Value) *Scalar {
	if s := at.Slot(); s != nil {
		return s
	}
	s := &Scalar{v: *at}
	*at = slotValue(s)
	return s
}

// Regexp is a compiled pattern, qr/pattern/flags. It is carried along and never run.
type Regexp struct {
	object
	Pattern Value  // bytes or text
	Flags   string // in Perl's order: "msixxn" and so on
}

// NewRegexp returns a pattern blessed into Perl's class Regexp, as qr// does.
func NewRegexp(pattern Value, flags string) *Regexp {
	return &Regexp{object{"Regexp"}, pattern.Plain(), flags}
}
