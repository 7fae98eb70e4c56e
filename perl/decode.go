package perl

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"
)

// Decode stores v in what dst points at, which may be of any type that [FromGo]
// takes, and converts like Perl, but strictly:
//
//   - undef is the zero value.
//   - A string that is a number as a whole is that number, and an integral
//     floating point number is an integer. What does not fit is an error.
//   - A number is a string as Perl prints it. Text that is not Unicode is not.
//   - A []byte gets one byte a character; characters above 255 are an error.
//   - A bool gets Perl's truth, of a reference too: true, but for the false of
//     Perl's JSON modules.
//   - A [time.Time] is read from RFC 3339, or from Unix seconds (and is in UTC
//     then). Any other type that implements [encoding.TextUnmarshaler] reads the
//     string.
//   - A hash becomes a map, or a struct by the names FromGo uses. Upper and lower
//     case differ, and keys that the struct has not are ignored. Fields without
//     a key keep what they hold.
//   - An array becomes a slice, or a Go array that is long enough.
//   - any gets what [ToGo] returns. A [Value], or a *Hash and so on, gets the
//     Perl value itself and not a copy.
//
// The class of a hash or array does not count. Pointers, maps and slices are
// made anew; where v is shared or cyclic, pointers, maps and slices of one type
// are too.
//
// The error is a *ConvertError, and what dst points at is unchanged then. More
// than 1,000 pointers and containers within one another are an error.
func Decode(v Value, dst any) error {
	v = v.Plain()
	p := reflect.ValueOf(dst)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return &ConvertError{"$", fmt.Errorf("want a pointer to decode into, found %T", dst)}
	}
	if done := decodeScalar(v, dst); done {
		return nil
	}
	var d decoder
	if t := v.Thing(); t != nil {
		d.made.put(goTarget{t, p.Type()}, p)
	}
	tmp := reflect.New(p.Type().Elem()).Elem()
	tmp.Set(p.Elem())
	if err := d.decode(v, tmp); err != nil {
		return located(err)
	}
	p.Elem().Set(tmp)
	return nil
}

const maxDecodeDepth = 1_000

// decodeScalar does without reflection what is most often asked for.
func decodeScalar(v Value, dst any) bool {
	switch p := dst.(type) {
	case *string:
		if v.IsString() {
			s, ok := goString(v)
			if ok {
				*p = s
			}
			return ok
		}
	case *int64:
		if v.Kind() == KindInt {
			*p = v.Int()
			return true
		}
	case *int:
		if i := v.Int(); v.Kind() == KindInt && int64(int(i)) == i {
			*p = int(i)
			return true
		}
	case *float64:
		if v.Kind() == KindFloat {
			*p = v.Float()
			return true
		}
	case *bool:
		if v.Kind() != KindRef {
			*p = v.Truth()
			return true
		}
	case *Value:
		*p = v
		return true
	case *any:
		*p = ToGo(v)
		return true
	}
	return false
}

// decoder remembers what has been made of which thing.
type decoder struct {
	made  table[goTarget, reflect.Value]
	plain toGo
	depth int
}

type goTarget struct {
	thing Thing
	t     reflect.Type
}

// decode stores v, which is not a slot, in dst, which can be set and addressed.
func (d *decoder) decode(v Value, dst reflect.Value) error {
	t := dst.Type()
	info := infoOf(t)
	switch info.role {
	case isValue:
		dst.Set(reflect.ValueOf(v))
		return nil
	case isThing:
		return toThing(v, dst)
	case isBare:
		return fmt.Errorf("want a pointer to %v to decode into", t)
	}
	if v.IsUndef() {
		dst.SetZero()
		return nil
	}
	switch {
	case info.role == isTime:
		when, err := toTime(v)
		if err == nil {
			dst.Set(reflect.ValueOf(when))
		}
		return err
	case info.role == isNumber:
		s, err := toNumber(v)
		if err == nil {
			dst.SetString(s)
		}
		return err
	case info.unmarsh && t.Kind() != reflect.Pointer:
		return toText(v, dst)
	}
	switch k := dst.Kind(); k {
	case reflect.Bool:
		dst.SetBool(scalarOf(v).Truth())
		return nil
	case reflect.String:
		s, err := toString(v)
		if err != nil {
			return want("a string", err)
		}
		dst.SetString(s)
		return nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64:
		if err := toNumeric(v, dst); err != nil {
			return want(k.String(), err)
		}
		return nil
	}
	if d.depth++; d.depth > maxDecodeDepth {
		return fmt.Errorf("nested more than %d deep", maxDecodeDepth)
	}
	defer func() { d.depth-- }()
	switch dst.Kind() {
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return fmt.Errorf("%v cannot be decoded into", t)
		}
		if x := d.plain.convert(v); x != nil {
			dst.Set(reflect.ValueOf(x))
		} else {
			dst.SetZero()
		}
		return nil
	case reflect.Pointer:
		return d.toPointer(v, dst)
	case reflect.Map:
		return d.toMap(v, dst)
	case reflect.Struct:
		return d.toStruct(v, dst, info)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 && !infoOf(t.Elem()).marshal {
			return toBytes(v, dst)
		}
		return d.toSlice(v, dst)
	case reflect.Array:
		return d.toArray(v, dst)
	}
	return fmt.Errorf("%v cannot be decoded into", t)
}

// again sets dst to what was made of the same thing before.
func (d *decoder) again(v Value, dst reflect.Value) bool {
	if v.Thing() == nil {
		return false
	}
	made, ok := d.made.get(goTarget{v.Thing(), dst.Type()})
	if ok {
		dst.Set(made)
	}
	return ok
}

func (d *decoder) note(v Value, made reflect.Value) {
	if t := v.Thing(); t != nil {
		d.made.put(goTarget{t, made.Type()}, made)
	}
}

func (d *decoder) toPointer(v Value, dst reflect.Value) error {
	if d.again(v, dst) {
		return nil
	}
	p := reflect.New(dst.Type().Elem())
	if p.Type() != dst.Type() {
		p = p.Convert(dst.Type())
	}
	d.note(v, p)
	if err := d.decode(v, p.Elem()); err != nil {
		return err
	}
	dst.Set(p)
	return nil
}

func (d *decoder) toMap(v Value, dst reflect.Value) error {
	t := dst.Type()
	h := v.Hash()
	if h == nil {
		return want("a hash for "+t.String(), errors.New(found(v)))
	}
	if d.again(v, dst) {
		return nil
	}
	m := reflect.MakeMapWithSize(t, h.Len())
	d.note(v, m)
	for i := range h.entries {
		e := &h.entries[i]
		name := e.str()
		key := reflect.New(t.Key()).Elem()
		if err := toKey(name, key); err != nil {
			return within(err, keyStep(name))
		}
		elem := reflect.New(t.Elem()).Elem()
		if err := d.decode(e.val.Plain(), elem); err != nil {
			return within(err, keyStep(name))
		}
		m.SetMapIndex(key, elem)
	}
	dst.Set(m)
	return nil
}

func (d *decoder) toStruct(v Value, dst reflect.Value, info *typeInfo) error {
	h := v.Hash()
	if h == nil {
		return want("a hash for "+dst.Type().String(), errors.New(found(v)))
	}
	for i := range info.fields {
		field := &info.fields[i]
		elem, ok := h.Get(field.key.s)
		if !ok {
			continue
		}
		fv, err := settableField(dst, field.index)
		if err == nil {
			err = d.decode(elem.Plain(), fv)
		}
		if err != nil {
			return within(err, keyStep(field.key.s))
		}
	}
	return nil
}

// settableField is like fieldByIndex, but makes embedded structs that are not
// there yet.
func settableField(v reflect.Value, index []int) (reflect.Value, error) {
	for i, n := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return v, fmt.Errorf("embedded pointer to unexported %v cannot be set", v.Type().Elem())
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v, nil
}

func (d *decoder) toSlice(v Value, dst reflect.Value) error {
	a := v.Array()
	if a == nil {
		return want("an array for "+dst.Type().String(), errors.New(found(v)))
	}
	if d.again(v, dst) {
		return nil
	}
	s := reflect.MakeSlice(dst.Type(), a.Len(), a.Len())
	d.note(v, s)
	if err := d.elements(a, s); err != nil {
		return err
	}
	dst.Set(s)
	return nil
}

func (d *decoder) toArray(v Value, dst reflect.Value) error {
	a := v.Array()
	if a == nil {
		return want("an array for "+dst.Type().String(), errors.New(found(v)))
	}
	if a.Len() > dst.Len() {
		return fmt.Errorf("want at most %d elements, found %d", dst.Len(), a.Len())
	}
	dst.SetZero()
	return d.elements(a, dst)
}

func (d *decoder) elements(a *Array, dst reflect.Value) error {
	for i, elem := range a.elems {
		if err := d.decode(elem.Plain(), dst.Index(i)); err != nil {
			return within(err, indexStep(i))
		}
	}
	return nil
}

func want(what string, err error) error { return fmt.Errorf("want %s, found %w", what, err) }

// scalarOf returns the number that an object of class JSON::PP::Boolean reads as,
// and everything else as it is.
func scalarOf(v Value) Value {
	if t := v.Thing(); t != nil {
		if truth, ok := jsonBool(t); ok {
			return Int(int64(btoi(truth)))
		}
	}
	return v
}

func toThing(v Value, dst reflect.Value) error {
	t := v.Thing()
	switch {
	case v.IsUndef():
		dst.SetZero()
	case t != nil && reflect.TypeOf(t).AssignableTo(dst.Type()):
		dst.Set(reflect.ValueOf(t))
	default:
		return want(dst.Type().String(), errors.New(found(v)))
	}
	return nil
}

var errNotUnicode = errors.New("text that is not Unicode")

func toString(v Value) (string, error) {
	v = scalarOf(v)
	if v.Kind() == KindRef {
		return "", errors.New(found(v))
	}
	s, ok := goString(v)
	if !ok {
		return "", errNotUnicode
	}
	return s, nil
}

func toText(v Value, dst reflect.Value) error {
	s, err := toString(v)
	if err != nil {
		return want("text for "+dst.Type().String(), err)
	}
	if err := dst.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s)); err != nil {
		return hidden("want text for "+dst.Type().String()+", found other text", err)
	}
	return nil
}

func toBytes(v Value, dst reflect.Value) error {
	v = scalarOf(v)
	if v.Kind() == KindRef {
		return want("a string of bytes", errors.New(found(v)))
	}
	s, ok := Downgrade(v)
	if !ok {
		return want("a string of bytes", errors.New("text with characters above 255"))
	}
	dst.SetBytes([]byte(s))
	return nil
}

func toNumeric(v Value, dst reflect.Value) error {
	n, err := number(scalarOf(v))
	if err != nil {
		return err
	}
	if dst.CanFloat() {
		f := n.AsFloat()
		if dst.OverflowFloat(f) && !math.IsInf(f, 0) {
			return errRange
		}
		dst.SetFloat(f)
		return nil
	}
	if n.Kind() == KindFloat {
		if n, err = integral(n.Float()); err != nil {
			return err
		}
	}
	if dst.CanInt() {
		if n.Kind() != KindInt || dst.OverflowInt(n.Int()) {
			return errRange
		}
		dst.SetInt(n.Int())
		return nil
	}
	if n.Kind() == KindInt && n.Int() < 0 || dst.OverflowUint(n.Uint()) {
		return errRange
	}
	dst.SetUint(n.Uint())
	return nil
}

func toNumber(v Value) (string, error) {
	n, err := number(scalarOf(v))
	if err != nil {
		return "", want("a number", err)
	}
	if s := v.String(); v.IsString() && json.Valid([]byte(s)) {
		return s, nil // with all its digits
	}
	if n.Kind() != KindFloat {
		return n.String(), nil
	}
	if f := n.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
		return "", want("a number", errRange)
	}
	return FormatFloatExact(n.Float()), nil
}

// The seconds of the years 1 to 9999, which RFC 3339 can say.
const firstSecond, lastSecond = -62_135_596_800, 253_402_300_799

func toTime(v Value) (time.Time, error) {
	if v.IsString() {
		if t, err := time.Parse(time.RFC3339, v.Str()); err == nil {
			return t, nil
		}
	}
	const what = "RFC 3339 or Unix seconds"
	n, err := number(v)
	if err != nil {
		if err == errNotNumber {
			err = errors.New("another string")
		}
		return time.Time{}, want(what, err)
	}
	f := n.AsFloat()
	if !(firstSecond <= f && f <= lastSecond) {
		return time.Time{}, want(what, errRange)
	}
	if n.Kind() == KindInt {
		return time.Unix(n.Int(), 0).UTC(), nil
	}
	sec := math.Floor(f)
	return time.Unix(int64(sec), int64(math.Round((f-sec)*1e9))).UTC(), nil
}

// toKey stores the key of a hash in the key of a map.
func toKey(key string, dst reflect.Value) error {
	if !utf8.ValidString(key) {
		return want("a key", errNotUnicode)
	}
	t := dst.Type()
	if infoOf(t).unmarsh {
		if err := dst.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(key)); err != nil {
			return hidden("want a key for "+t.String()+", found another", err)
		}
		return nil
	}
	bad := want("a key for "+t.String(), errors.New("another"))
	switch {
	case dst.Kind() == reflect.String:
		dst.SetString(key)
	case dst.CanInt():
		i, err := strconv.ParseInt(key, 10, 64)
		if err != nil || dst.OverflowInt(i) || strconv.FormatInt(i, 10) != key {
			return bad
		}
		dst.SetInt(i)
	case dst.CanUint():
		u, err := strconv.ParseUint(key, 10, 64)
		if err != nil || dst.OverflowUint(u) || strconv.FormatUint(u, 10) != key {
			return bad
		}
		dst.SetUint(u)
	default:
		return fmt.Errorf("map with keys of type %v cannot be decoded into", t)
	}
	return nil
}
