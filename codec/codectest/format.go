package codectest

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/go-datasession/datasession/perl"
)

// Format returns v in the notation of the vectors: hashes sorted by key,
// identities numbered in the order in which they appear. Two values have the
// same text exactly if no Perl program could tell them apart; the UTF-8 flag of a
// key that is ASCII does not count.
func Format(v perl.Value) string {
	return format(v, false)
}

// format is Format. If it is loose, every plain scalar but undef is written as
// the characters that Perl prints.
func format(v perl.Value, loose bool) string {
	f := formatter{loose: loose, uses: map[perl.Thing]int{}, ids: map[perl.Thing]int{}}
	f.count(v)
	return string(f.value(nil, v))
}

type formatter struct {
	loose bool
	uses  map[perl.Thing]int
	ids   map[perl.Thing]int
}

// count notes how often each thing is met, and goes into each once.
func (f *formatter) count(v perl.Value) {
	if s := v.Slot(); s != nil {
		f.thing(s)
	} else if t := v.Thing(); t != nil {
		f.thing(t)
	}
}

func (f *formatter) thing(t perl.Thing) {
	if f.uses[t]++; f.uses[t] > 1 {
		return
	}
	switch t := t.(type) {
	case *perl.Hash:
		for _, v := range t.Sorted() {
			f.count(v)
		}
	case *perl.Array:
		for _, v := range t.All() {
			f.count(v)
		}
	case *perl.Scalar:
		f.count(t.Get())
	}
}

// named returns the number of a thing that needs one, and whether it had one.
func (f *formatter) named(t perl.Thing) (id int, again bool) {
	if f.uses[t] < 2 {
		return 0, false
	}
	if id, again = f.ids[t]; !again {
		id = len(f.ids) + 1
		f.ids[t] = id
	}
	return id, again
}

func (f *formatter) value(b []byte, v perl.Value) []byte {
	kind := v.Kind()
	if f.loose && kind != perl.KindUndef && kind != perl.KindRef {
		return appendString(b, perl.Text(perl.Upgrade(v)))
	}
	switch kind {
	case perl.KindUndef:
		return append(b, "null"...)
	case perl.KindBytes, perl.KindText:
		return appendString(b, v)
	case perl.KindInt, perl.KindUint:
		return fmt.Appendf(b, `{"i":"%s"}`, v)
	case perl.KindFloat:
		return fmt.Appendf(b, `{"n":"%s","bits":"%016x"}`, v, math.Float64bits(v.Float()))
	case perl.KindBool:
		return fmt.Appendf(b, `{"bool":%t}`, v.Truth())
	case perl.KindVString:
		return appendVersion(b, v)
	}
	return f.ref(b, v)
}

func (f *formatter) ref(b []byte, v perl.Value) []byte {
	t := v.Thing()
	id, again := f.named(t)
	if again {
		b = fmt.Appendf(b, `{"same":%d`, id)
		if v.IsWeak() {
			b = append(b, `,"weak":true`...)
		}
		return append(b, '}')
	}
	b = append(b, '{')
	if id > 0 {
		b = fmt.Appendf(b, `"id":%d,`, id)
	}
	if v.IsWeak() {
		b = append(b, `"weak":true,`...)
	}
	_, isRegexp := t.(*perl.Regexp)
	if class := t.Class(); class == "" || isRegexp && class == "Regexp" {
		b = f.content(b, t)
	} else {
		b = appendQuoted(append(b, `"bless":`...), class)
		b = append(f.content(append(b, `,"of":{`...), t), '}')
	}
	return append(b, '}')
}

func (f *formatter) content(b []byte, t perl.Thing) []byte {
	switch t := t.(type) {
	case *perl.Hash:
		b = append(b, `"hash":[`...)
		first := true
		for k, v := range t.Sorted() {
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(f.key(append(b, '['), k), ',')
			b = append(f.element(b, v), ']')
		}
		return append(b, ']')
	case *perl.Array:
		b = append(b, `"list":[`...)
		for i, v := range t.All() {
			if i > 0 {
				b = append(b, ',')
			}
			b = f.element(b, v)
		}
		return append(b, ']')
	case *perl.Scalar:
		return f.value(append(b, `"ref":`...), t.Get())
	case *perl.Regexp:
		b = appendQuoted(append(b, `"regexp":`...), perl.Upgrade(t.Pattern))
		b = appendQuoted(append(b, `,"flags":`...), t.Flags)
		if t.Pattern.Kind() == perl.KindText {
			b = append(b, `,"utf8":true`...)
		}
	}
	return b
}

func (f *formatter) key(b []byte, k perl.Key) []byte {
	v := k.Value()
	if f.loose {
		return appendString(b, perl.Text(k.String()))
	}
	if s, ok := perl.Downgrade(v); ok && len(s) == len(k.String()) {
		v = perl.Bytes(s)
	}
	return appendString(b, v)
}

func (f *formatter) element(b []byte, v perl.Value) []byte {
	s := v.Slot()
	if s == nil {
		return f.value(b, v)
	}
	id, again := f.named(s)
	switch {
	case again:
		return fmt.Appendf(b, `{"alias":%d}`, id)
	case id > 0:
		return append(f.value(fmt.Appendf(b, `{"id":%d,"elem":`, id), s.Get()), '}')
	}
	return f.value(b, s.Get())
}

// appendString appends the model of a string.
func appendString(b []byte, v perl.Value) []byte {
	s := perl.Upgrade(v)
	flag := ""
	if v.Kind() == perl.KindText {
		flag = `,"utf8":true`
	}
	for i := 0; i < len(s); {
		r, n, ok := perl.DecodeRune(s[i:])
		if !ok || r > 0x10FFFF || r >= 0xD800 && r < 0xE000 {
			return append(append(appendRunes(b, s), flag...), '}')
		}
		i += n
	}
	b = appendQuoted(append(b, `{"s":`...), s)
	return append(append(b, flag...), '}')
}

func appendVersion(b []byte, v perl.Value) []byte {
	literal, str, _ := v.Literal()
	digits := strings.TrimPrefix(literal, "v")
	b = appendQuoted(append(b, `{"vstring":`...), digits)
	if meant, err := versionString(digits); err != nil || meant.Str() != str.Str() {
		b = appendString(append(b, `,"contains":`...), str)
	}
	return append(b, '}')
}

// appendRunes appends the beginning of a model with code points. A byte that is
// no part of UTF-8 is shown as a negative number: no string should hold one.
func appendRunes(b []byte, s string) []byte {
	b = append(b, `{"cps":[`...)
	for i := 0; i < len(s); {
		r, n, ok := perl.DecodeRune(s[i:])
		if i > 0 {
			b = append(b, ',')
		}
		if !ok {
			b = append(b, '-')
		}
		b = strconv.AppendUint(b, uint64(r), 10)
		i += n
	}
	return append(b, ']')
}

func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20 || c == 0x7F:
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
