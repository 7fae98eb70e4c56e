// Package dumper reads and writes the text that Perl's Data::Dumper makes of a
// session: Data::Session's serializer DataDumper, and CGI::Session's default.
//
// The text is a Perl program, $D = {'user' => 'ann'}; and Perl evaluates it to
// read it. This package evaluates nothing. It parses the language that
// Data::Dumper writes, and what it has written since 2002: values, and the
// statements after them by which things become shared or cyclic,
// $D->{'b'} = $D->{'a'}; Everything else is refused: code and globs with a
// [codec.UnsupportedError], other Perl with a [codec.SyntaxError].
//
// # What is read
//
// Single and double quotes, the latter with Perl's escapes but no interpolation;
// integers, fractions and exponents; undef; lists and hashes, with bare keys, a
// comma at the end and white space between tokens; references; bless; qr//; version
// strings; do{my $o} and do{\(my $o = ...)}; semicolons before and after; the $D
// that CGI::Session puts at the end. There are no comments: no writer writes any.
// If a key occurs twice, the last one counts, as in Perl.
//
// The session is always what $D is. Data::Session itself takes the value of the
// last statement, and so mistakes a shared part for the session.
//
// Where an element and a reference to it are dumped in the wrong order,
// Data::Dumper writes ${$D->{'r'}} in the place of the element, which Perl reads as
// undef. It is read here as what was meant: the element is what $D->{'r'} refers to.
//
// # What is written
//
// The bytes of Data::Dumper 2.184, the compiled one, with sorted keys. It differs
// where Perl could not read those bytes as they were meant:
//
//   - When statements follow the value, ;$D is appended, so that Data::Session
//     reads the session and not what was assigned last.
//   - An element that is referred to keeps its identity even if it holds a reference
//     or comes after the reference to it, by a statement $D->{'r'} = \$D->{'e'};
//   - Where Perl would interpolate a variable into a pattern, what would be taken
//     for one is written as ${\q(@)}, which Data::Dumper does for $ only.
//
// As in Perl, a float is written with 15 digits and comes back as a string, and
// so does an integer of more than 10 characters; the flag of a weak reference and
// the UTF-8 flag of an ASCII string are lost. Code within a pattern is refused.
//
// Perl also loses the UTF-8 flag of text whose characters are all below U+0100: it
// reads "\x{e9}" as a byte string. So it is here, but one made by [perl.Latin1]: the
// same bytes are written again, and a Go string comes back as it was.
package dumper

import (
	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// Codec is the codec. The zero Codec is Data::Session's serializer DataDumper.
type Codec struct {
	// Tail makes it CGI::Session's serializer default, which ends every text with
	// ;$D and reads the same.
	Tail bool
}

// Name returns "DataDumper", or "default" if c is CGI::Session's.
func (c Codec) Name() string {
	if c.Tail {
		return "default"
	}
	return "DataDumper"
}

// Append implements [codec.Codec]. What cannot be written is a pattern that
// contains code, or whose flags Perl has not, and one element that is in two
// places.
//
// Depth counts lists, hashes and references to scalars; the writer of Perl gives
// up beyond 1,000, so a larger limit makes sessions that Perl can read and not
// write.
func (c Codec) Append(dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
	e := encoder{codec: c.Name(), dst: dst, start: len(dst), lim: lim.WithDefaults(), memory: memories.Get().(*memory)}
	defer e.release()
	if err := e.text(v, c.Tail); err != nil {
		return dst, err
	}
	return e.dst, nil
}

// Decode implements [codec.Codec]. It takes time in proportion to len(data).
//
// Strings without escapes are parts of one copy of data: a value taken out of a
// decoded session keeps that copy in memory.
func (c Codec) Decode(data []byte, lim codec.Limits) (perl.Value, error) {
	p := parser{codec: c.Name(), lim: lim.WithDefaults()}
	if len(data) > p.lim.Bytes {
		return perl.Value{}, &codec.LimitError{Codec: p.codec, What: "bytes", Max: p.lim.Bytes}
	}
	p.stacks = stackPool.Get().(*stacks)
	defer p.stacks.release()
	p.s = string(data)
	return p.text()
}
