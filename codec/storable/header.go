package storable

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// image reads all of it, from the header on.
func (d *decoder) image(start int) (perl.Value, error) {
	d.i = start
	if err := d.header(); err != nil {
		return perl.Value{}, err
	}
	start = d.i
	d.due = never
	root, err := d.root()
	if err == nil && len(d.shared) > 0 {
		slices.SortFunc(d.shared, func(a, b shared) int { return a.number - b.number })
		d.shared = slices.CompactFunc(d.shared, func(a, b shared) bool { return a.number == b.number })
		*d = decoder{
			codec: d.codec, lim: d.lim, s: d.s, i: start, network: d.network, big: d.big, narrow: d.narrow,
			again: true, shared: d.shared, due: d.shared[0].number,
		}
		root, err = d.root()
	}
	if err == nil && d.refused != nil {
		err = d.refused
	}
	if err != nil {
		return perl.Value{}, err
	}
	return perl.NewRef(root), nil
}

func (d *decoder) root() (perl.Thing, error) {
	if err := d.claim(1); err != nil {
		return nil, err
	}
	return d.thing()
}

// header reads the version, and in native order what the machine was like.
func (d *decoder) header() error {
	const major = 2
	c, err := d.byte()
	if err != nil {
		return err
	}
	if c>>1 != major {
		return d.errorAt(d.i-1, "version %d of the format, want %d", c>>1, major)
	}
	if d.network = c&1 == 1; d.network {
		d.big = true
	}
	minor, err := d.byte()
	if err != nil || d.network {
		return err
	}
	at := d.i
	order, err := d.short()
	if err != nil {
		return err
	}
	switch order {
	case "12345678":
	case "87654321":
		d.big = true
	case "1234":
		d.narrow = true
	case "4321":
		d.big, d.narrow = true, true
	default:
		return d.errorAt(at, "unknown order of bytes")
	}
	for i, size := range sizes {
		if minor < 2 && i == 3 {
			break
		}
		if c, err = d.byte(); err != nil {
			return err
		}
		if c != size.want && c != size.or {
			return d.errorAt(d.i-1, "%s of %d bytes, want %s", size.what, c, size.wanted)
		}
	}
	return nil
}

// sizes are what the machine may have had.
var sizes = [...]struct {
	what, wanted string
	want, or     byte
}{{"int", "[4]", 4, 4}, {"long", "[4 8]", 4, 8}, {"pointer", "[4 8]", 4, 8}, {"double", "[8]", 8, 8}}

func (d *decoder) errorf(format string, args ...any) error {
	return d.errorAt(d.i, format, args...)
}

func (d *decoder) errorAt(i int, format string, args ...any) error {
	return &codec.SyntaxError{Codec: d.codec, Offset: int64(i), Err: fmt.Errorf(format, args...)}
}

// byte reads one byte.
func (d *decoder) byte() (byte, error) {
	if d.i >= len(d.s) {
		return 0, d.errorf("unexpected end")
	}
	d.i++
	return d.s[d.i-1], nil
}

// take reads n bytes.
func (d *decoder) take(n uint64) (string, error) {
	if n > uint64(len(d.s)-d.i) {
		return "", d.ended(n)
	}
	s := d.s[d.i : d.i+int(n)]
	d.i += int(n)
	return s, nil
}

func (d *decoder) ended(n uint64) error {
	return d.errorf("unexpected end, want %d bytes more", n)
}

// short reads a string after its length in one byte, and long after four.
func (d *decoder) short() (string, error) {
	n, err := d.byte()
	if err != nil {
		return "", err
	}
	return d.take(uint64(n))
}

func (d *decoder) long() (string, error) {
	n, err := d.length()
	if err != nil {
		return "", err
	}
	return d.take(uint64(n))
}

// length reads a length or a number in the order of the image.
func (d *decoder) length() (uint32, error) {
	if len(d.s)-d.i < 4 {
		return 0, d.ended(4)
	}
	s := d.s[d.i : d.i+4]
	d.i += 4
	n := uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
	if d.big {
		n = bits.ReverseBytes32(n)
	}
	return n, nil
}

// word reads an integer of n bytes, 4 or 8, or the bits of a double, in the order
// of the machine.
func (d *decoder) word(n int) (uint64, error) {
	if d.network {
		return 0, d.errorAt(d.i-1, "number in native order, want network order")
	}
	s, err := d.take(uint64(n))
	if err != nil || d.big {
		return bigEndian(s), err
	}
	if n == 8 {
		return littleEndian(s), nil
	}
	var w uint64
	for i := range len(s) {
		w |= uint64(s[i]) << (8 * i)
	}
	return w, nil
}

// littleEndian returns the first 8 bytes of s as a number.
func littleEndian(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func bigEndian(s string) (n uint64) {
	for i := range len(s) {
		n = n<<8 | uint64(s[i])
	}
	return n
}
