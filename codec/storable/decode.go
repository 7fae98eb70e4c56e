package storable

import (
	"math"
	"slices"
	"unicode/utf8"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/internal/perlpath"
	"github.com/go-datasession/datasession/perl"
)

// decoder reads an image. Every value in it has a number, in the order in which
// their types come, by which a value that comes later can refer to it.
//
// Few images refer to anything that way. So an image is read once without keeping
// in mind what has which number. Where that shows that some are referred to, it is
// read again with those in mind.
type decoder struct {
	codec string
	lim   codec.Limits
	s     string
	i     int

	network bool // there are no words
	big     bool // lengths, and words
	narrow  bool // integers have 4 bytes

	depth   int
	nodes   int
	owed    int // bytes at least that the containers will take that have been begun
	make    perl.Maker
	classes []string

	next   int      // number of the next value
	again  bool     // the image is read for the second time
	shared []shared // what is referred to by its number; by number, in the second time
	passed int      // how many of them come before next
	due    int      // number of the one after these, or never

	scalars   bool                    // there are elements that are scalars by themselves
	immortals [tagNo + 1]*perl.Scalar // by type
	refused   error                   // the first, while its path is not known
}

// shared is a value that another refers to by its number.
type shared struct {
	number int
	thing  perl.Thing
}

const never = -1

// note gives t the next number.
func (d *decoder) note(t perl.Thing) {
	if d.next == d.due {
		d.pass(t)
	}
	d.next++
}

// pass notes that t is the value that is due.
func (d *decoder) pass(t perl.Thing) {
	d.shared[d.passed].thing = t
	d.passed++
	d.due = never
	if d.passed < len(d.shared) {
		d.due = d.shared[d.passed].number
	}
}

// claim counts n values.
func (d *decoder) claim(n int) error {
	if n > d.lim.Nodes-d.nodes {
		return &codec.LimitError{Codec: d.codec, What: "nodes", Max: d.lim.Nodes}
	}
	d.nodes += n
	return nil
}

func (d *decoder) enter() error {
	if d.depth++; d.depth > d.lim.Depth {
		return &codec.LimitError{Codec: d.codec, What: "depth", Max: d.lim.Depth}
	}
	return nil
}

// thing reads what a reference refers to. What is not a container is a scalar.
func (d *decoder) thing() (perl.Thing, error) {
	c, err := d.byte()
	if err != nil {
		return nil, err
	}
	if c == tagObject {
		return d.object()
	}
	var class string
	if c == tagBless || c == tagBlessAgain {
		if class, c, err = d.bless(c); err != nil {
			return nil, err
		}
	}
	var t perl.Thing
	switch c {
	case tagHash, tagFlagHash:
		return d.hash(class, c == tagFlagHash)
	case tagArray:
		return d.array(class)
	case tagRegexp:
		t, err = d.regexp(class)
	case tagImmortal, tagYes, tagNo:
		if class == "" {
			t = d.immortal(c)
			d.note(t)
			break
		}
		t, err = d.scalar(class, c)
	default:
		t, err = d.scalar(class, c)
	}
	return t, err
}

func blessed(t perl.Thing, class string) {
	if class != "" {
		perl.Bless(t, class)
	}
}

// bless reads a class and the type of what is of it.
func (d *decoder) bless(c byte) (class string, next byte, err error) {
	at := d.i
	n, err := d.byte()
	if err != nil {
		return "", 0, err
	}
	long := uint32(n)
	if n > maxShort {
		if long, err = d.length(); err != nil {
			return "", 0, err
		}
	}
	if c == tagBlessAgain {
		if uint64(long) >= uint64(len(d.classes)) {
			return "", 0, d.errorAt(at, "class number %d, of %d so far", long, len(d.classes))
		}
		class = d.classes[long]
	} else {
		if class, err = d.take(uint64(long)); err != nil {
			return "", 0, err
		}
		if class == "" {
			return "", 0, d.errorAt(at, "want a class name, found an empty one")
		}
		d.classes = append(d.classes, class)
	}
	next, err = d.byte()
	if err == nil && (next == tagBless || next == tagBlessAgain || next == tagObject) {
		err = d.errorAt(d.i-1, "unexpected type 0x%02x of an object", next)
	}
	return class, next, err
}

// object reads the number of a thing or scalar that has been read. The first time,
// it returns just any.
func (d *decoder) object() (perl.Thing, error) {
	at := d.i
	s, err := d.take(4)
	if err != nil {
		return nil, err
	}
	number := bigEndian(s)
	if number >= uint64(d.next) {
		return nil, d.errorAt(at, "value number %d again, of %d so far", number, d.next)
	}
	if !d.again {
		d.shared = append(d.shared, shared{number: int(number)})
		return &perl.Scalar{}, nil
	}
	i, _ := slices.BinarySearchFunc(d.shared, int(number), func(s shared, n int) int { return s.number - n })
	return d.shared[i].thing, nil
}

// immortal returns one of Perl's scalars of which there is only one.
func (d *decoder) immortal(c byte) *perl.Scalar {
	if d.immortals[c] == nil {
		d.immortals[c] = perl.NewScalar(immortalValue(c))
	}
	return d.immortals[c]
}

func immortalValue(c byte) perl.Value {
	if c == tagImmortal {
		return perl.Value{}
	}
	return perl.Bool(c == tagYes)
}

// scalar reads the content of a scalar of type c that a reference refers to.
func (d *decoder) scalar(class string, c byte) (perl.Thing, error) {
	if err := d.claim(1); err != nil {
		return nil, err
	}
	if err := d.enter(); err != nil {
		return nil, err
	}
	s := &perl.Scalar{}
	blessed(s, class)
	if d.next == d.due {
		d.pass(s)
	}
	refused := d.refused
	v, err := d.content(c)
	if err != nil {
		return nil, err
	}
	if d.refused != refused && isContent(c) {
		perlpath.Within(d.refused, perlpath.Content())
	}
	s.Set(v)
	d.depth--
	return s, nil
}

// element reads an element: what it contains, and the scalar that it is if
// something refers to it, or it is an object.
func (d *decoder) element() (v perl.Value, s *perl.Scalar, err error) {
	c, err := d.byte()
	if err != nil {
		return v, nil, err
	}
	switch {
	case c == tagObject:
		at := d.i
		t, err := d.object()
		if err != nil {
			return v, nil, err
		}
		s, ok := t.(*perl.Scalar)
		if !ok {
			return v, nil, d.errorAt(at, "a container again, want a scalar")
		}
		d.scalars = true
		return v, s, nil
	case c == tagBless || c == tagBlessAgain:
		var class string
		if class, c, err = d.bless(c); err != nil {
			return v, nil, err
		}
		s = &perl.Scalar{}
		perl.Bless(s, class)
	case d.next != d.due:
		v, err = d.content(c)
		return v, nil, err
	case c == tagImmortal || c == tagNoElement:
		d.note(d.immortal(tagImmortal))
		return v, nil, nil
	case c == tagYes || c == tagNo:
		d.note(d.immortal(c))
		return immortalValue(c), nil, nil
	default:
		s = &perl.Scalar{}
	}
	if d.next == d.due {
		d.pass(s)
	}
	d.scalars = true
	v, err = d.content(c)
	s.Set(v)
	return v, s, err
}

// content reads what a scalar of type c contains.
func (d *decoder) content(c byte) (perl.Value, error) {
	d.next++
	switch c {
	case tagBytes:
		s, err := d.short()
		return perl.Bytes(s), err
	case tagByte:
		n, err := d.byte()
		return perl.Int(int64(n) - 128), err
	case tagRef, tagOverload:
		t, err := d.thing()
		if err != nil {
			return perl.Value{}, err
		}
		return perl.NewRef(t), nil
	case tagWeakRef, tagWeakOverload:
		t, err := d.thing()
		if err != nil {
			return perl.Value{}, err
		}
		return perl.NewWeakRef(t), nil
	case tagUndef, tagImmortal, tagNoElement:
		return perl.Value{}, nil
	case tagInteger:
		if d.narrow {
			n, err := d.word(4)
			return perl.Int(int64(int32(n))), err
		}
		n, err := d.word(8)
		return perl.Int(int64(n)), err
	case tagNetInt:
		s, err := d.take(4)
		return perl.Int(int64(int32(bigEndian(s)))), err
	case tagText, tagLongText:
		return d.text(c)
	case tagDouble:
		n, err := d.word(8)
		return perl.Float(math.Float64frombits(n)), err
	case tagLongBytes:
		s, err := d.long()
		return perl.Bytes(s), err
	case tagYes, tagNo:
		return immortalValue(c), nil
	case tagTrue, tagFalse:
		return perl.Bool(c == tagTrue), nil
	case tagVString, tagLongVString:
		return d.vstring(c)
	}
	d.next--
	return perl.Value{}, d.refuse(c)
}

func (d *decoder) text(c byte) (perl.Value, error) {
	at := d.i
	read := d.short
	if c == tagLongText {
		read = d.long
	}
	s, err := read()
	if err == nil && !isUTF8(s) {
		err = d.errorAt(at, "text that is not UTF-8")
	}
	return perl.Text(s), err
}

// vstring reads how a version string was written, and the string.
func (d *decoder) vstring(c byte) (perl.Value, error) {
	read := d.short
	if c == tagLongVString {
		read = d.long
	}
	literal, err := read()
	if err != nil {
		return perl.Value{}, err
	}
	c, err = d.byte()
	if err != nil {
		return perl.Value{}, err
	}
	var str perl.Value
	switch c {
	case tagBytes, tagLongBytes, tagText, tagLongText:
		d.next--
		str, err = d.content(c)
	default:
		err = d.errorAt(d.i-1, "unexpected type 0x%02x of a version string", c)
	}
	return perl.VString(str, literal), err
}

// regexp reads a pattern, which is of the class Regexp unless of another one.
func (d *decoder) regexp(class string) (perl.Thing, error) {
	long, err := d.byte()
	if err != nil {
		return nil, err
	}
	read := d.short
	if long&1 != 0 {
		read = d.long
	}
	pattern, err := read()
	if err != nil {
		return nil, err
	}
	at := d.i
	flags, err := d.short()
	if err != nil {
		return nil, err
	}
	if !areFlags(flags) {
		return nil, d.errorAt(at, "unknown flags of a pattern")
	}
	re := perl.NewRegexp(perl.Bytes(pattern), flags)
	blessed(re, class)
	d.note(re)
	return re, nil
}

// isUTF8 reports whether s is UTF-8 as Perl extends it.
func isUTF8(s string) bool {
	if utf8.ValidString(s) {
		return true
	}
	for s != "" {
		_, n, ok := perl.DecodeRune(s)
		if !ok {
			return false
		}
		s = s[n:]
	}
	return true
}
