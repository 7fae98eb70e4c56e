package perl

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// ConvertError reports a value that cannot be converted.
type ConvertError struct {
	Path string // where in the value, as Perl would write it: $->{cart}[2]{fn}
	Err  error  // what was wanted and what was found; never the value itself
}

func (e *ConvertError) Error() string { return e.Path + ": " + e.Err.Error() }

func (e *ConvertError) Unwrap() error { return e.Err }

// FromGo returns the Perl value that a Go value most likely means.
//
// Nil, and nil pointers, maps and slices, are undef. A bool is one of Perl's own
// booleans, a number a number, a string what [String] makes of it, a []byte a byte
// string. A map is a hash; its keys are strings, integers or implement
// [encoding.TextMarshaler]. A slice or array is an array. A struct is a hash of
// its exported fields, under the name in the tag `session:"name,omitempty"`,
// or else in the tag json, or else the field's own. The rules for embedded
// structs, "-", omitempty and omitzero are those of encoding/json. A pointer is
// what it points at. A [Value] or [Thing] is kept as it is and not copied.
//
// A [time.Time] is text in RFC 3339 with nanoseconds, in the zone it is in; a
// [time.Duration] is the integer number of its nanoseconds; a [json.Number] is a
// number, and undef if it is empty. Any other type that implements
// encoding.TextMarshaler, itself or by pointer, is that text.
//
// A map, slice or pointer that is met again becomes the same thing again, and so
// cycles become cycles. (Pointers into the middle of a struct or slice do not.)
//
// What cannot be stored, a function or a channel say, is a *ConvertError.
// So are pointers and containers nested more than 10,000 deep.
func FromGo(x any) (Value, error) {
	if v, ok := fromScalar(x); ok {
		return v, nil
	}
	var f fromGo
	v, err := f.value(reflect.ValueOf(x))
	if err != nil {
		return Value{}, located(err)
	}
	return v, nil
}

const maxFromDepth = 10_000

// fromScalar converts the types that need no reflection.
func fromScalar(x any) (Value, bool) {
	switch x := x.(type) {
	case nil:
		return Value{}, true
	case Value:
		return x.Plain(), true
	case bool:
		return Bool(x), true
	case string:
		return String(x), true
	case int:
		return Int(int64(x)), true
	case int64:
		return Int(x), true
	case uint64:
		return Uint(x), true
	case float64:
		return Float(x), true
	}
	return Value{}, false
}

// fromGo remembers what has been converted.
type fromGo struct {
	made  table[goIdentity, Thing]
	depth int
}

// goIdentity is what makes two Go maps, slices or pointers the same. An empty
// struct at the beginning of another has its address, so the type counts.
type goIdentity struct {
	at  unsafe.Pointer
	len int
	t   reflect.Type
}

func (f *fromGo) value(v reflect.Value) (Value, error) { return f.pointee(v, goIdentity{}) }

// pointee converts v. id, if it is not zero, is the pointer that led to v.
func (f *fromGo) pointee(v reflect.Value, id goIdentity) (Value, error) {
	if !v.IsValid() {
		return Value{}, nil
	}
	t := v.Type()
	info := infoOf(t)
	switch k := v.Kind(); {
	case (k == reflect.Pointer || k == reflect.Interface || k == reflect.Map || k == reflect.Slice) && v.IsNil():
		return Value{}, nil
	case info.role == isValue:
		return v.Interface().(Value).Plain(), nil
	case info.role == isThing:
		return NewRef(v.Interface().(Thing)), nil
	case info.role == isBare:
		return Value{}, fmt.Errorf("%v cannot be stored, want a pointer to it", t)
	case info.role == isTime:
		b, err := v.Interface().(time.Time).MarshalText()
		if err != nil {
			return Value{}, errors.New("time is outside of RFC 3339")
		}
		return Bytes(string(b)), nil
	case info.role == isNumber:
		return fromNumber(v.String())
	case info.marshal && k != reflect.Interface:
		b, err := marshalText(v)
		if err != nil {
			return Value{}, hidden(fmt.Sprintf("%v cannot be written as text", t), err)
		}
		return String(string(b)), nil
	}
	switch v.Kind() {
	case reflect.Bool:
		return Bool(v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return Int(v.Int()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return Uint(v.Uint()), nil
	case reflect.Float32, reflect.Float64:
		return Float(v.Float()), nil
	case reflect.String:
		return String(v.String()), nil
	}
	if f.depth++; f.depth > maxFromDepth {
		return Value{}, fmt.Errorf("nested more than %d deep", maxFromDepth)
	}
	defer func() { f.depth-- }()
	switch v.Kind() {
	case reflect.Interface:
		return f.pointee(v.Elem(), id)
	case reflect.Pointer:
		return f.pointee(v.Elem(), goIdentity{v.UnsafePointer(), 0, t})
	case reflect.Map:
		return f.fromMap(v, goIdentity{v.UnsafePointer(), 0, t})
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 && !infoOf(t.Elem()).marshal {
			return Bytes(string(v.Bytes())), nil
		}
		id = goIdentity{}
		if v.Cap() > 0 && t.Elem().Size() > 0 {
			id = goIdentity{v.UnsafePointer(), v.Len(), t}
		}
		return f.fromArray(v, id)
	case reflect.Array:
		return f.fromArray(v, id)
	case reflect.Struct:
		return f.fromStruct(v, info, id)
	}
	return Value{}, fmt.Errorf("%v cannot be stored", t)
}

// again returns the thing that was made of the same Go value before.
func (f *fromGo) again(id goIdentity) (Value, bool) {
	if id.at == nil {
		return Value{}, false
	}
	t, ok := f.made.get(id)
	return refTo(t), ok
}

func (f *fromGo) note(id goIdentity, t Thing) {
	if id.at != nil {
		f.made.put(id, t)
	}
}

func (f *fromGo) fromArray(v reflect.Value, id goIdentity) (Value, error) {
	if ref, ok := f.again(id); ok {
		return ref, nil
	}
	a := &Array{elems: make([]Value, v.Len())}
	f.note(id, a)
	for i := range a.elems {
		elem, err := f.value(v.Index(i))
		if err != nil {
			return Value{}, within(err, indexStep(i))
		}
		a.elems[i] = elem
	}
	return NewRef(a), nil
}

func (f *fromGo) fromMap(v reflect.Value, id goIdentity) (Value, error) {
	if ref, ok := f.again(id); ok {
		return ref, nil
	}
	h := NewHash(v.Len())
	f.note(id, h)
	for iter := v.MapRange(); iter.Next(); {
		name, err := keyText(iter.Key())
		if err != nil {
			return Value{}, err
		}
		val, err := f.value(iter.Value())
		if err != nil {
			return Value{}, within(err, keyStep(name))
		}
		key := StringKey(name)
		if _, ok := h.Get(key.s); ok {
			return Value{}, within(errors.New("two keys of the map are one key in Perl"), keyStep(key.s))
		}
		h.SetKey(key, val)
	}
	return NewRef(h), nil
}

func (f *fromGo) fromStruct(v reflect.Value, info *typeInfo, id goIdentity) (Value, error) {
	if ref, ok := f.again(id); ok {
		return ref, nil
	}
	h := NewHash(len(info.fields))
	f.note(id, h)
	for i := range info.fields {
		field := &info.fields[i]
		fv := fieldByIndex(v, field.index)
		if !fv.IsValid() || field.omit(fv) {
			continue
		}
		val, err := f.value(fv)
		if err != nil {
			return Value{}, within(err, keyStep(field.key.s))
		}
		h.SetKey(field.key, val)
	}
	return NewRef(h), nil
}

// keyText returns a map's key as the key of a hash.
func keyText(k reflect.Value) (string, error) {
	if infoOf(k.Type()).marshal {
		if k.Kind() == reflect.Pointer && k.IsNil() {
			return "", nil
		}
		b, err := marshalText(k)
		if err != nil {
			return "", hidden(fmt.Sprintf("key of type %v cannot be written as text", k.Type()), err)
		}
		return string(b), nil
	}
	switch {
	case k.Kind() == reflect.String:
		return k.String(), nil
	case k.CanInt():
		return strconv.FormatInt(k.Int(), 10), nil
	case k.CanUint():
		return strconv.FormatUint(k.Uint(), 10), nil
	}
	return "", fmt.Errorf("map with keys of type %v cannot be stored", k.Type())
}

// marshalText calls MarshalText of v, or of a pointer to a copy of v.
func marshalText(v reflect.Value) ([]byte, error) {
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		return m.MarshalText()
	}
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p.Interface().(encoding.TextMarshaler).MarshalText()
}

func fromNumber(s string) (Value, error) {
	if s == "" {
		return Value{}, nil
	}
	if !json.Valid([]byte(s)) {
		return Value{}, errors.New("json.Number is not a number")
	}
	n, err := number(Bytes(s))
	if err != nil {
		return Value{}, fmt.Errorf("json.Number: found %w", err)
	}
	return n, nil
}

// number returns v, which is not a reference, as a value of KindInt, KindUint or
// KindFloat. A string must be a number as a whole, white space around it aside.
func number(v Value) (Value, error) {
	switch k := v.Kind(); k {
	case KindInt, KindUint, KindFloat:
		return v.Plain(), nil
	case KindBool:
		return Int(v.AsInt()), nil
	case KindUndef, KindRef:
		return Value{}, errors.New(found(v))
	}
	s := strings.Trim(v.Str(), space)
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return Int(i), nil
	}
	if u, err := strconv.ParseUint(s, 10, 64); err == nil {
		return Uint(u), nil
	}
	prefix := numericPrefix(s)
	if prefix == "" {
		return Value{}, errNotNumber
	}
	if len(prefix) < len(s) && !strings.EqualFold(strings.TrimLeft(s, "+-"), "infinity") {
		return Value{}, errNotNumber
	}
	f, ok := parseFloat(prefix)
	if !ok {
		return Value{}, errRange
	}
	return Float(f), nil
}

var (
	errNotNumber = errors.New("a string that is not a number")
	errRange     = errors.New("a number out of range")
	errFraction  = errors.New("a number with a fraction")
)

// found says what v is, without its content.
func found(v Value) string {
	switch t := v.Thing().(type) {
	case *Hash:
		return "a hash"
	case *Array:
		return "an array"
	case *Scalar:
		return "a reference to a scalar"
	case *Regexp:
		return "a regexp"
	case nil:
		switch k := v.Kind(); k {
		case KindUndef:
			return "undef"
		case KindBytes, KindText:
			return "a string"
		case KindInt, KindUint:
			return "an integer"
		default:
			return "a " + k.String()
		}
	default:
		return Reftype(t)
	}
}

// hidden returns an error that says msg and leads to cause, whose own text may
// show the value.
func hidden(msg string, cause error) error { return &hiddenError{msg, cause} }

type hiddenError struct {
	msg   string
	cause error
}

func (e *hiddenError) Error() string { return e.msg }
func (e *hiddenError) Unwrap() error { return e.cause }

// traced is an error on its way out of a value.
type traced struct {
	error
	steps []string // innermost first
}

// within notes that err happened behind one more step.
func within(err error, step string) error {
	t, ok := err.(*traced)
	if !ok {
		t = &traced{error: err}
	}
	t.steps = append(t.steps, step)
	return t
}

// located turns what within has noted into a ConvertError.
func located(err error) error {
	t, ok := err.(*traced)
	if !ok {
		return &ConvertError{"$", err}
	}
	const ends = 10
	var b strings.Builder
	b.WriteString("$->")
	for i, n := 0, len(t.steps); i < n; i++ {
		if n > 2*ends && i == ends {
			b.WriteString("...")
			i = n - ends
		}
		b.WriteString(t.steps[n-1-i])
	}
	return &ConvertError{b.String(), t.error}
}

func indexStep(i int) string { return "[" + strconv.Itoa(i) + "]" }

func keyStep(key string) string {
	plain := key != ""
	for i := range len(key) {
		c := key[i]
		plain = plain && (c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z')
	}
	const most = 60
	switch {
	case len(key) > most:
		return "{" + strconv.QuoteToASCII(key[:most]) + "...}"
	case plain:
		return "{" + key + "}"
	}
	return "{" + strconv.QuoteToASCII(key) + "}"
}

// integral returns a float as an integer, if it is one.
func integral(f float64) (Value, error) {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return Value{}, errRange
	case f != math.Trunc(f):
		return Value{}, errFraction
	case f >= -1<<63 && f < 1<<63:
		return Int(int64(f)), nil
	case f > 0 && f < 1<<64:
		return Uint(uint64(f)), nil
	}
	return Value{}, errRange
}
