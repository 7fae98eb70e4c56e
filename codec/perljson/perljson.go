// Package perljson is Data::Session's serializer JSON: JSON as Perl's module of
// that name writes and reads it, over JSON::PP 4 or JSON::XS 4.
//
// [Codec.Decode] reads what Perl accepts: strictly, 512 containers deep.
//
//   - true and false become objects of the class JSON::PP::Boolean, as in Perl;
//     null becomes undef.
//   - An integer of up to 64 bits is an integer, a longer one the string of its
//     digits. -0 is 0. A number with a fraction or an exponent is a float, as with
//     JSON::XS (JSON::PP makes an integer of 1e3); 1e400 is infinite.
//   - A string or key has the UTF-8 flag if it has a character beyond ASCII.
//   - Of members with the same name the last one counts. Names are the same only
//     if every character is.
//   - Half of a surrogate pair, and invalid UTF-8 where input is UTF-8, are refused.
//
// [Codec.Append] writes ASCII: everything beyond is \uXXXX, which every driver of
// Data::Session carries and Perl reads back as the same characters; Perl's own
// serializer writes characters that some drivers garble. Keys are sorted, there are
// no blanks, floats have 15 digits. What is shared is written once for each
// reference, as Perl does. Perl's own booleans are written as true and false;
// Perl writes 1 and "", or "1" and "".
//
// Refused is what JSON cannot say: objects other than JSON::PP::Boolean,
// references to scalars (of which Perl turns \1 and \0 into true and false),
// patterns, cycles, infinities and NaN (which Perl writes and cannot read again),
// and characters that are not in Unicode.
package perljson

import (
	"strconv"
	"sync"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/internal/jsonscan"
	"github.com/go-datasession/datasession/perl"
)

// MaxDepth is how many containers within containers Perl writes and reads. A
// smaller [codec.Limits] counts, a greater one does not.
const MaxDepth = 512

const (
	name    = "JSON"
	boolean = "JSON::PP::Boolean" // the class of true and false
)

// Codec reads and writes JSON. It is a codec.Codec, safe for use by several
// goroutines.
type Codec struct {
	// UTF8 says that bytes beyond ASCII in the input are UTF-8: for MySQL,
	// Memcached, BerkeleyDB and text columns of PostgreSQL, if Perl is to blame
	// for them only once (it reads them as Latin-1 and doubles them each time).
	// Otherwise each byte is one character, as Perl reads it and as Perl's drivers
	// File, SQLite and Pg with a bytea column hold it.
	UTF8 bool

	// Raw has Append write characters beyond ASCII as they are, and not as \uXXXX, as
	// Perl does: in UTF-8 with UTF8, and else in one byte each. Then characters above
	// U+00FF are refused.
	Raw bool
}

// Name returns "JSON".
func (Codec) Name() string { return name }

// Decode is described at [codec.Codec] and, for what JSON means, at the package.
//
// Strings are parts of one copy of data, or of pieces of some kilobytes: a value taken
// out of a decoded session keeps these in memory.
func (c Codec) Decode(data []byte, lim codec.Limits) (perl.Value, error) {
	charset := jsonscan.Latin1
	if c.UTF8 {
		charset = jsonscan.UTF8
	}
	d := decoders.Get().(*decoder)
	defer d.free()
	if err := d.scan.Reset(name, data, charset, limits(lim)); err != nil {
		return perl.Value{}, err
	}
	return d.decode()
}

// decoders keeps the stacks of decoders that are done.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

// free gives the stacks of d to another decoder, unless they have become large.
func (d *decoder) free() {
	const large = 1 << 10
	if cap(d.values) > large || cap(d.keys) > large {
		return
	}
	d.rise()
	clear(d.values[:d.most.values])
	clear(d.keys[:d.most.keys])
	d.values, d.keys, d.open, d.most = d.values[:0], d.keys[:0], d.open[:0], mark{}
	d.make, d.yes, d.no = perl.Maker{}, perl.Value{}, perl.Value{}
	d.scan.Free()
	decoders.Put(d)
}

func limits(lim codec.Limits) codec.Limits {
	lim = lim.WithDefaults()
	lim.Depth = min(lim.Depth, MaxDepth)
	return lim
}

// decoder builds values from the inside out: a container takes what came since
// it was opened off the stack, so that it is made in its final size.
type decoder struct {
	scan   jsonscan.Scanner
	values []perl.Value
	keys   []perl.Key
	open   []mark
	most   mark // how high the stacks have been
	make   perl.Maker

	yes, no perl.Value // one thing each in a document, as in a Perl process
}

// mark is how high the stacks were when a container was opened.
type mark struct{ values, keys int }

func (d *decoder) decode() (perl.Value, error) {
	for {
		kind, err := d.scan.Next()
		if err != nil {
			return perl.Value{}, err
		}
		var v perl.Value
		switch kind {
		case jsonscan.Object, jsonscan.Array:
			d.open = append(d.open, mark{len(d.values), len(d.keys)})
			continue
		case jsonscan.Key:
			d.keys = append(d.keys, d.key())
			continue
		case jsonscan.ObjectEnd:
			v = d.hash(d.pop())
		case jsonscan.ArrayEnd:
			v = d.array(d.pop())
		case jsonscan.String:
			v = d.str()
		case jsonscan.Int:
			v = d.integer()
		case jsonscan.Float:
			v = perl.Float(d.scan.Float())
		case jsonscan.True:
			v = object(&d.yes, 1)
		case jsonscan.False:
			v = object(&d.no, 0)
		case jsonscan.Null:
		case jsonscan.End:
			return d.values[0], nil
		}
		d.values = append(d.values, v)
	}
}

// rise notes how high the stacks are.
func (d *decoder) rise() {
	d.most = mark{max(d.most.values, len(d.values)), max(d.most.keys, len(d.keys))}
}

func (d *decoder) pop() mark {
	d.rise()
	m := d.open[len(d.open)-1]
	d.open = d.open[:len(d.open)-1]
	return m
}

// unmade guesses how many bytes hold what is not in a container yet: those to be read,
// and those that the stacks below m came from.
func (d *decoder) unmade(m mark) int {
	const each = 24
	return d.scan.Left() + each*m.values
}

func (d *decoder) hash(m mark) perl.Value {
	keys, values := d.keys[m.keys:], d.values[m.values:]
	d.make.Left(d.unmade(m))
	h := d.make.Hash(0)
	d.make.FillHash(h, keys, values)
	d.keys, d.values = d.keys[:m.keys], d.values[:m.values]
	return perl.NewRef(h)
}

func (d *decoder) array(m mark) perl.Value {
	d.make.Left(d.unmade(m))
	a := d.make.Array(0)
	d.make.FillArray(a, d.values[m.values:])
	d.values = d.values[:m.values]
	return perl.NewRef(a)
}

func (d *decoder) key() perl.Key {
	s, ascii := d.scan.Str()
	if ascii {
		return perl.BytesKey(s)
	}
	return perl.TextKey(s)
}

func (d *decoder) str() perl.Value {
	s, ascii := d.scan.Str()
	if ascii {
		return perl.Bytes(s)
	}
	return perl.Text(s)
}

func (d *decoder) integer() perl.Value {
	if i, ok := d.scan.Int(); ok {
		return perl.Int(i)
	}
	s, _ := d.scan.Str()
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return perl.Int(i)
	}
	if u, err := strconv.ParseUint(s, 10, 64); err == nil {
		return perl.Uint(u)
	}
	return perl.Bytes(s)
}

// object returns the boolean at v, and makes it the first time.
func object(v *perl.Value, i int64) perl.Value {
	if v.IsUndef() {
		s := perl.NewScalar(perl.Int(i))
		perl.Bless(s, boolean)
		*v = perl.NewRef(s)
	}
	return *v
}
