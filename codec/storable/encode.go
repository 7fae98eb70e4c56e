package storable

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/internal/perlpath"
	"github.com/go-datasession/datasession/perl"
)

// encoder writes an image.
type encoder struct {
	codec   string
	network bool
	dst     []byte
	start   int // of the image in dst
	lim     codec.Limits
	depth   int
	nodes   int
	next    int // number of the next value

	*memory // of what has been written
}

func (e *encoder) image(v perl.Value) error {
	t := v.Thing()
	if t == nil {
		return perlpath.Refuse("value that is no reference")
	}
	header := nativeHeader
	if e.network {
		header = networkHeader
	}
	e.dst = append(e.dst, header...)
	if err := e.claim(1); err != nil {
		return err
	}
	if err := e.thing(t); err != nil {
		return err
	}
	return e.room(0)
}

// room reports an error if n more bytes are too many.
func (e *encoder) room(n int) error {
	if len(e.dst)-e.start+n > e.lim.Bytes {
		return &codec.LimitError{Codec: e.codec, What: "bytes", Max: e.lim.Bytes}
	}
	if n > math.MaxInt32 {
		return perlpath.Refuse("more than 2 GiB in one value")
	}
	return nil
}

// claim counts n values.
func (e *encoder) claim(n int) error {
	if e.nodes += n; e.nodes > e.lim.Nodes {
		return &codec.LimitError{Codec: e.codec, What: "nodes", Max: e.lim.Nodes}
	}
	return nil
}

// enter goes one level deeper, to n values.
func (e *encoder) enter(n int) error {
	if e.depth++; e.depth > e.lim.Depth {
		return &codec.LimitError{Codec: e.codec, What: "depth", Max: e.lim.Depth}
	}
	return e.claim(n)
}

// appendLength appends a length or a number.
func (e *encoder) appendLength(dst []byte, n int) []byte {
	if e.network {
		return binary.BigEndian.AppendUint32(dst, uint32(n))
	}
	return binary.LittleEndian.AppendUint32(dst, uint32(n))
}

// begin writes the number of t if it has been written before, or else its class.
func (e *encoder) begin(t perl.Thing) (again bool) {
	number, again := e.seen(t, e.next)
	if again {
		e.dst = binary.BigEndian.AppendUint32(append(e.dst, tagObject), uint32(number))
		return true
	}
	e.next++
	class := t.Class()
	if _, ok := t.(*perl.Regexp); ok && class == "" {
		class = "Regexp"
	}
	if class == "" {
		return false
	}
	n, again := e.class(class)
	if again {
		e.short(tagBlessAgain, n)
	} else {
		e.short(tagBless, len(class))
		e.dst = append(e.dst, class...)
	}
	return false
}

// short appends a type and a length or number, in one byte if it is not above maxShort.
func (e *encoder) short(tag byte, n int) {
	if n > maxShort {
		e.dst = e.appendLength(append(e.dst, tag, maxShort+1), n)
	} else {
		e.dst = append(e.dst, tag, byte(n))
	}
}

// thing writes what a reference refers to.
func (e *encoder) thing(t perl.Thing) error {
	if err := e.room(len(t.Class())); err != nil {
		return err
	}
	if e.begin(t) {
		return nil
	}
	switch t := t.(type) {
	case *perl.Hash:
		return e.hash(t)
	case *perl.Array:
		return e.array(t)
	case *perl.Regexp:
		return e.regexp(t)
	case *perl.Scalar:
		if err := e.enter(1); err != nil {
			return err
		}
		err := e.content(t.Get())
		e.depth--
		return perlpath.Within(err, perlpath.Content())
	}
	return nil
}

func (e *encoder) array(a *perl.Array) error {
	if err := e.enter(a.Len()); err != nil {
		return err
	}
	e.dst = e.appendLength(append(e.dst, tagArray), a.Len())
	for i, v := range a.All() {
		if err := e.element(v); err != nil {
			return perlpath.Within(err, perlpath.Element(i))
		}
	}
	e.depth--
	return nil
}

func (e *encoder) hash(h *perl.Hash) error {
	if err := e.enter(h.Len()); err != nil {
		return err
	}
	flagged := h.HasText()
	if flagged {
		e.dst = append(e.dst, tagFlagHash, 0)
	} else {
		e.dst = append(e.dst, tagHash)
	}
	e.dst = e.appendLength(e.dst, h.Len())
	for key, v := range h.Sorted() {
		if err := e.element(v); err != nil {
			return perlpath.Within(err, perlpath.Entry(key))
		}
		if err := e.key(key, flagged); err != nil {
			return err
		}
	}
	e.depth--
	return nil
}

func (e *encoder) key(key perl.Key, flagged bool) error {
	s, flags := key.String(), byte(0)
	switch {
	case key.IsText():
		if bytes, ok := perl.Downgrade(perl.Text(s)); ok {
			s, flags = bytes, keyWasUTF8
		} else if flags = keyUTF8; !isUTF8(s) {
			return perlpath.Refuse("key that is not UTF-8")
		}
	case !isASCII(s):
		s = key.Value().Str()
	}
	if err := e.room(len(s)); err != nil {
		return err
	}
	if flagged {
		e.dst = append(e.dst, flags)
	}
	e.dst = append(e.appendLength(e.dst, len(s)), s...)
	return nil
}

func isASCII(s string) bool {
	for len(s) >= 8 {
		if littleEndian(s)&0x8080808080808080 != 0 {
			return false
		}
		s = s[8:]
	}
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// element writes an element, which may be a scalar that something refers to.
func (e *encoder) element(v perl.Value) error {
	s := v.Slot()
	if s == nil {
		e.next++
		if v.Kind() == perl.KindBytes {
			return e.str(v.Str(), tagBytes, tagLongBytes)
		}
		return e.content(v)
	}
	if e.begin(s) {
		return nil
	}
	return e.content(s.Get())
}

// content writes what a scalar contains.
func (e *encoder) content(v perl.Value) error {
	switch v.Kind() {
	case perl.KindUndef:
		e.dst = append(e.dst, tagUndef)
	case perl.KindBytes:
		return e.str(v.Str(), tagBytes, tagLongBytes)
	case perl.KindText:
		s := v.Str()
		if !isUTF8(s) {
			return perlpath.Refuse("text that is not UTF-8")
		}
		return e.str(s, tagText, tagLongText)
	case perl.KindInt:
		e.integer(v.Int())
	case perl.KindFloat:
		return e.float(v)
	case perl.KindVString:
		literal, str, _ := v.Literal()
		if err := e.str(literal, tagVString, tagLongVString); err != nil {
			return err
		}
		return e.content(str)
	case perl.KindRef:
		t := v.Thing()
		tag := byte(tagRef)
		switch overload := t.Class() == boolean; {
		case overload && v.IsWeak():
			tag = tagWeakOverload
		case overload:
			tag = tagOverload
		case v.IsWeak():
			tag = tagWeakRef
		}
		e.dst = append(e.dst, tag)
		return e.thing(t)
	default: // a boolean, or an integer above the largest that has a type
		return e.str(v.String(), tagBytes, tagLongBytes)
	}
	return nil
}

// str writes a string.
func (e *encoder) str(s string, short, long byte) error {
	if err := e.room(len(s)); err != nil {
		return err
	}
	if len(s) < 256 {
		e.dst = append(append(e.dst, short, byte(len(s))), s...)
	} else {
		e.dst = append(e.appendLength(append(e.dst, long), len(s)), s...)
	}
	return nil
}

func (e *encoder) integer(i int64) {
	switch {
	case -128 <= i && i <= 127:
		e.dst = append(e.dst, tagByte, byte(i+128))
	case !e.network:
		e.dst = binary.LittleEndian.AppendUint64(append(e.dst, tagInteger), uint64(i))
	case math.MinInt32 <= i && i <= math.MaxInt32:
		e.dst = binary.BigEndian.AppendUint32(append(e.dst, tagNetInt), uint32(i))
	default:
		at := len(e.dst) + 1
		e.dst = strconv.AppendInt(append(e.dst, tagBytes, 0), i, 10)
		e.dst[at] = byte(len(e.dst) - at - 1)
	}
}

// float writes a float, as an integer if that is exact.
func (e *encoder) float(v perl.Value) error {
	f := v.Float()
	if math.Abs(f) < 1<<53 && f == math.Trunc(f) {
		e.integer(int64(f))
		return nil
	}
	if e.network {
		return e.str(v.String(), tagBytes, tagLongBytes)
	}
	e.dst = binary.LittleEndian.AppendUint64(append(e.dst, tagDouble), math.Float64bits(f))
	return nil
}

func (e *encoder) regexp(re *perl.Regexp) error {
	if !areFlags(re.Flags) || len(re.Flags) > 255 {
		return perlpath.Refuse("pattern with unknown flags")
	}
	pattern := re.Pattern.String()
	if re.Pattern.Kind() == perl.KindText {
		pattern = escaped(pattern)
	}
	if err := e.room(len(pattern)); err != nil {
		return err
	}
	if len(pattern) < 256 {
		e.dst = append(e.dst, tagRegexp, 0, byte(len(pattern)))
	} else {
		e.dst = e.appendLength(append(e.dst, tagRegexp, 1), len(pattern))
	}
	e.dst = append(e.dst, pattern...)
	e.dst = append(append(e.dst, byte(len(re.Flags))), re.Flags...)
	return nil
}

// escaped returns a pattern with \x{...} for characters beyond ASCII, which need
// no backslash before them.
func escaped(pattern string) string {
	if isASCII(pattern) {
		return pattern
	}
	var b []byte
	for pattern != "" {
		c := pattern[0]
		r, n, _ := perl.DecodeRune(pattern)
		switch {
		case c >= 0x80:
			b = append(strconv.AppendUint(append(b, `\x{`...), uint64(r), 16), '}')
		case c == '\\' && len(pattern) > 1 && pattern[1] < 0x80:
			b = append(b, c, pattern[1])
			n = 2
		case c != '\\':
			b = append(b, c)
		}
		pattern = pattern[n:]
	}
	return string(b)
}
