package perl

import (
	"cmp"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// typeInfo is what conversion has to know about a Go type.
type typeInfo struct {
	role    role
	marshal bool // the type, or a pointer to it, is an encoding.TextMarshaler
	unmarsh bool // a pointer to the type is an encoding.TextUnmarshaler
	fields  []field
}

// role says which types are not converted by their kind.
type role uint8

const (
	byKind role = iota
	isValue
	isThing // *Hash and so on, and Thing itself
	isBare  // Hash and so on, which cannot be copied
	isTime
	isNumber
)

// isBareType reports whether t is Hash, Array, Scalar or Regexp itself.
func isBareType(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[Hash](), reflect.TypeFor[Array](), reflect.TypeFor[Scalar](), reflect.TypeFor[Regexp]():
		return true
	}
	return false
}

// field is a field of a struct, or of a struct embedded in it.
type field struct {
	key       Key
	index     []int
	omitEmpty bool
	omitZero  bool
	tagged    bool
}

var (
	valueType       = reflect.TypeFor[Value]()
	thingType       = reflect.TypeFor[Thing]()
	marshalerType   = reflect.TypeFor[encoding.TextMarshaler]()
	unmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
	timeType        = reflect.TypeFor[time.Time]()
	numberType      = reflect.TypeFor[json.Number]()
)

var typeInfos sync.Map // reflect.Type to *typeInfo

func infoOf(t reflect.Type) *typeInfo {
	if info, ok := typeInfos.Load(t); ok {
		return info.(*typeInfo)
	}
	pointer := reflect.PointerTo(t)
	info := &typeInfo{
		marshal: pointer.Implements(marshalerType),
		unmarsh: pointer.Implements(unmarshalerType),
	}
	switch {
	case t == valueType:
		info.role = isValue
	case t == thingType, t.Kind() == reflect.Pointer && isBareType(t.Elem()):
		info.role = isThing
	case isBareType(t):
		info.role = isBare
	case t == timeType:
		info.role = isTime
	case t == numberType:
		info.role = isNumber
	case t.Kind() == reflect.Struct:
		info.fields = fieldsOf(t)
	}
	actual, _ := typeInfos.LoadOrStore(t, info)
	return actual.(*typeInfo)
}

// fieldsOf returns the exported fields of a struct and of those embedded in it.
// Of several with one name the least deeply embedded counts, of those the one
// with a tag, and none if that leaves a choice, as in encoding/json.
func fieldsOf(t reflect.Type) []field {
	type embedded struct {
		t     reflect.Type
		index []int
		twice bool // more than once at its depth: its fields hide each other
	}
	var fields []field
	visited := map[reflect.Type]bool{}
	for level := []embedded{{t: t}}; len(level) > 0; {
		var next []embedded
		for _, e := range level {
			if visited[e.t] {
				continue
			}
			visited[e.t] = true
			for i := range e.t.NumField() {
				sf := e.t.Field(i)
				f, ok := parseField(sf)
				if !ok {
					continue
				}
				f.index = append(slices.Clone(e.index), i)
				if in := structIn(sf); in != nil && !f.tagged {
					if at := slices.IndexFunc(next, func(e embedded) bool { return e.t == in }); at >= 0 {
						next[at].twice = true
					} else {
						next = append(next, embedded{t: in, index: f.index})
					}
					continue
				}
				fields = append(fields, f)
				if e.twice {
					fields = append(fields, f)
				}
			}
		}
		level = next
	}
	return dominant(fields)
}

// parseField reads the tags of a field. ok is false if it is left out.
func parseField(sf reflect.StructField) (f field, ok bool) {
	if !sf.IsExported() && (!sf.Anonymous || structIn(sf) == nil) {
		return field{}, false
	}
	tag, own := sf.Tag.Lookup("session")
	fallback := sf.Tag.Get("json")
	if !own {
		tag = fallback
	}
	if tag == "-" {
		return field{}, false
	}
	name, options, _ := strings.Cut(tag, ",")
	if name == "" && fallback != "-" {
		name, _, _ = strings.Cut(fallback, ",")
	}
	for option := range strings.SplitSeq(options, ",") {
		f.omitEmpty = f.omitEmpty || option == "omitempty"
		f.omitZero = f.omitZero || option == "omitzero"
	}
	f.tagged = name != ""
	f.key = StringKey(cmp.Or(name, sf.Name))
	return f, sf.IsExported() || !f.tagged
}

// structIn returns the struct whose fields an embedded field brings in, or nil.
func structIn(sf reflect.StructField) reflect.Type {
	t := sf.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if !sf.Anonymous || t.Kind() != reflect.Struct || t == valueType || isBareType(t) {
		return nil
	}
	return t
}

func dominant(fields []field) []field {
	slices.SortFunc(fields, func(a, b field) int {
		return cmp.Or(
			strings.Compare(a.key.s, b.key.s),
			cmp.Compare(len(a.index), len(b.index)),
			cmp.Compare(btoi(b.tagged), btoi(a.tagged)),
		)
	})
	var chosen []field
	for len(fields) > 0 {
		n := 1
		for n < len(fields) && fields[n].key.s == fields[0].key.s {
			n++
		}
		if n == 1 || len(fields[0].index) != len(fields[1].index) || fields[0].tagged != fields[1].tagged {
			chosen = append(chosen, fields[0])
		}
		fields = fields[n:]
	}
	slices.SortFunc(chosen, func(a, b field) int { return slices.Compare(a.index, b.index) })
	return chosen
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// omit reports whether a field with this value is left out.
func (f *field) omit(v reflect.Value) bool {
	if f.omitEmpty {
		switch v.Kind() {
		case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
			if v.Len() == 0 {
				return true
			}
		case reflect.Struct:
		default:
			if v.IsZero() {
				return true
			}
		}
	}
	return f.omitZero && isZero(v)
}

func isZero(v reflect.Value) bool {
	for v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	if k := v.Kind(); (k == reflect.Interface || k == reflect.Pointer) && v.IsNil() {
		return true
	}
	if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
		return z.IsZero()
	}
	return v.IsZero()
}

// fieldByIndex returns a field of a struct, or of one embedded in it. The result
// is not valid if an embedded pointer on the way is nil.
func fieldByIndex(v reflect.Value, index []int) reflect.Value {
	for i, n := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v
}
