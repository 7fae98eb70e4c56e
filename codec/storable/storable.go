// Package storable reads and writes the binary format of Perl's Storable, without
// Perl: what freeze, nfreeze and store make of a value, and thaw and retrieve read.
// It is the serializer Storable of Data::Session, CGI::Session and Apache::Session.
//
// Reading runs and loads nothing: a class is a name. What Perl needs code for is
// refused with a [codec.UnsupportedError] that tells where it is: code itself, tied
// variables, and objects that a hook of their class froze (STORABLE_freeze). Damage
// is a [codec.SyntaxError], where Perl's thaw returns undef or trusts the data.
//
// # What is read
//
// Images of major version 2, which Storable has written since 2002, of any minor
// version: in network order, and in the native order of any machine with 4-byte int
// and 8-byte double: big-endian or little-endian, with integers of 32 or 64 bits.
// Files of store and nstore are for [DecodeFile].
//
// Every type of Storable 3 that data can have: shared and cyclic things, weak
// references, objects, elements that something refers to, both kinds of strings and
// keys, version strings, patterns, restricted hashes, the booleans of perl 5.38.
// If a key occurs twice, the last one counts, and bytes after the value are
// ignored, both as in Perl. Text that is not UTF-8 is refused.
//
// # What is written
//
// The bytes of Storable 3.26 with $Storable::canonical set, which sorts keys. They
// differ where Go has one value for two of Perl's:
//
//   - undef is always one that can be assigned to. Perl has another one for \undef,
//     which is read-only, and for elements of an array that do not exist.
//   - A hash is not restricted, and has flags for its keys only if a key has one.
//   - The mark that a class overloads operators, which makes Perl load that class,
//     is written for JSON::PP::Boolean and no other class. Perl reads the object
//     all the same.
//   - A pattern with the UTF-8 flag is written with \x{...} beyond ASCII. Perl
//     writes its UTF-8 and reads that as other characters.
//
// As in Perl, an integral float is written as an integer, an integer above
// 2^63-1 and a boolean as strings, and in network order an integer beyond 32 bits
// and a float, with 15 digits, as strings too.
//
// What Perl 5.36 itself cannot read is read here: the native order of other
// machines, the booleans of perl 5.38, and objects of overloading classes that are
// not installed. What it reads and was written by no Storable is refused: a class
// without a name, a key that is a scalar, a container that is an element.
package storable

import (
	"strings"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/internal/perlpath"
	"github.com/go-datasession/datasession/perl"
)

// Codec is the codec. The zero Codec is what Data::Session and CGI::Session use.
type Codec struct {
	// Network makes it write network order, as Apache::Session does: with nfreeze.
	// Both orders are read in any case.
	Network bool
}

// Name returns "Storable", or "nfreeze" if c writes network order.
func (c Codec) Name() string {
	if c.Network {
		return "nfreeze"
	}
	return "Storable"
}

// What an image begins with: the version, and in native order what the machine is
// like, which here is one with 64 bits, little-endian.
const (
	networkHeader = "\x05\x0b"
	nativeHeader  = "\x04\x0b\x0812345678\x04\x08\x08\x08"
	fileHeader    = "pst0"
)

// Append implements [codec.Codec]. What cannot be written is a value that is no
// reference, a pattern with flags that Perl has not, and text that is not UTF-8.
//
// Depth counts arrays, hashes and scalars that are referred to. Storable itself
// writes no more than about 250 hashes within each other, and reads any number.
func (c Codec) Append(dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
	e := encoder{codec: c.Name(), network: c.Network, dst: dst, start: len(dst), lim: lim.WithDefaults(), memory: memories.Get().(*memory)}
	defer e.release()
	if err := e.image(v); err != nil {
		return dst, perlpath.Located(err, e.codec)
	}
	return e.dst, nil
}

// Decode implements [codec.Codec]. It takes time in proportion to len(data).
//
// Strings are parts of one copy of data: a value taken out of a decoded session
// keeps that copy in memory.
func (c Codec) Decode(data []byte, lim codec.Limits) (perl.Value, error) {
	return decode(c.Name(), data, 0, lim.WithDefaults())
}

// DecodeFile returns the value in a file that Storable's store or nstore wrote. Its
// errors are those of [Codec.Decode].
func DecodeFile(data []byte, lim codec.Limits) (perl.Value, error) {
	return decode(Codec{}.Name(), data, len(fileHeader), lim.WithDefaults())
}

func decode(name string, data []byte, skip int, lim codec.Limits) (perl.Value, error) {
	if len(data) > lim.Bytes {
		return perl.Value{}, &codec.LimitError{Codec: name, What: "bytes", Max: lim.Bytes}
	}
	d := decoder{codec: name, lim: lim, s: string(data)}
	if file := strings.HasPrefix(d.s, fileHeader); file != (skip > 0) {
		if file {
			return perl.Value{}, d.errorf("a file of Storable's store, want what freeze makes")
		}
		return perl.Value{}, d.errorf("no file of Storable's store, want %q", fileHeader)
	}
	v, err := d.image(skip)
	if err != nil {
		return perl.Value{}, perlpath.Located(err, name)
	}
	return v, nil
}
