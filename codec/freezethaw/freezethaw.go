// Package freezethaw reads and writes what Perl's FreezeThaw makes of a session:
// Data::Session's serializer FreezeThaw and CGI::Session's freezethaw.
//
// A record is text with lengths and counts, FrT;@1|%2|$4|user$3|ann, and in it each
// shared thing comes once, before the session, and has a number. Nothing of it runs:
// classes are names, and code is refused with a [codec.UnsupportedError].
//
// # What is read
//
// What FreezeThaw 0.5001 writes. Numbers come back as strings, as in Perl. It is
// stricter than Perl where Perl would take spoilt records: the signature must be there,
// the record hold one value, a hash as many values as keys, and its keys be strings; a
// reference must be to a shared thing that there is, which is filled with what it was
// announced as. If a key occurs twice, the last value counts, as in Perl. The stamps
// that only safeFreeze writes are refused.
//
// # What is written
//
// The bytes of FreezeThaw 0.5001, which sorts keys. A reference to an element becomes
// one to a copy of it, and weak references become strong, as in Perl.
//
// Patterns are the exception. FreezeThaw takes patterns of the same text for one
// shared thing, and loses its text in thawing. So here each is written where it is, and
// where Perl wrote a shared one it is read as several that have the text. In thawing, Perl
// puts a pattern into (?^:...) once more each time; a pattern that is already in a
// group with flags is written as it was read. A pattern's own class is kept. One that contains
// code is refused.
//
// # Characters
//
// FreezeThaw counts the characters of Perl's strings, and does not say whether they
// have the UTF-8 flag. The zero [Codec] has a byte for each: byte strings as they
// are, text in Latin-1. A byte that is read is therefore a byte string's, and
// Perl reads it as the character. Text with a character above U+00FF is refused:
// Perl writes such a record in UTF-8 but with the number of characters, and cannot
// read it any more. Both ways [Codec.UTF8] is for columns that hold characters, and
// [Codec.Recover] gets at records that Perl cannot read.
package freezethaw

import (
	"errors"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/internal/perlpath"
	"github.com/go-datasession/datasession/perl"
)

const name = "FreezeThaw"

// Codec is the codec. The zero Codec is for stores that hold bytes: Data::Session's
// drivers File, SQLite, Pg with a bytea column, and for all that is ASCII any store.
// Several goroutines may share it.
type Codec struct {
	// UTF8 says that the store holds characters, which come here in UTF-8: a text
	// column of PostgreSQL, or one that Perl reads with mysql_enable_utf8. Lengths
	// count characters, and all characters can be written.
	UTF8 bool

	// Recover has Decode read a record the other way, as characters in UTF-8 or as
	// bytes, if it cannot be read the way that UTF8 says. So are read the records
	// that Perl's drivers for MySQL, BerkeleyDB and memcached made of strings with the
	// UTF-8 flag, and the files it made of characters above U+00FF. Perl reads none of
	// them, and which of two ways was meant is a guess that a record which is cut may
	// mislead: it is for stores that hold both and do not cut, for moving to another
	// store, and for looking at what there is.
	Recover bool
}

// Name returns "FreezeThaw".
func (Codec) Name() string { return name }

// Append implements [codec.Codec]. What cannot be written is a pattern that contains
// code, or whose flags Perl has not, and, unless c.UTF8 is set, a character above U+00FF.
//
// Depth counts lists, hashes and references to scalars, along the way by which each
// is met first.
func (c Codec) Append(dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
	e := encoder{utf8: c.UTF8, dst: dst, start: len(dst), lim: lim.WithDefaults(), memory: memories.Get().(*memory)}
	defer e.release()
	if err := e.record(v); err != nil {
		return dst, perlpath.Located(err, name)
	}
	return e.dst, nil
}

// Decode implements [codec.Codec]. It takes time in proportion to len(data).
//
// Strings are parts of one copy of data: a value taken out of a decoded session
// keeps that copy in memory.
func (c Codec) Decode(data []byte, lim codec.Limits) (perl.Value, error) {
	lim = lim.WithDefaults()
	if len(data) > lim.Bytes {
		return perl.Value{}, limit("bytes", lim.Bytes)
	}
	s := string(data)
	v, err := decode(s, c.UTF8, lim)
	if syntax := (*codec.SyntaxError)(nil); c.Recover && errors.As(err, &syntax) {
		if v, err := decode(s, !c.UTF8, lim); err == nil {
			return v, nil
		}
	}
	return v, err
}

func limit(what string, most int) error {
	return &codec.LimitError{Codec: name, What: what, Max: most}
}
