// Package perlyaml reads and writes the YAML of Perl's sessions, in the dialect of
// each module that Perl's session modules use.
//
// They are not one format. [Tiny] is YAML::Tiny, Data::Session's serializer YAML, to
// which everything is a string and which knows neither references nor objects. [XS]
// is YAML::XS, in Koha's serializer yamlxs for CGI::Session: libyaml, with numbers,
// objects, shared and cyclic references. [Syck] and [PM] are YAML::Syck and YAML.pm,
// CGI::Session's serializer yaml: the same, but that all scalars are strings.
//
// # What is read
//
// One document of the blocks that the module writes: lists and hashes in lines,
// scalars plain, in single or double quotes and, with |, in lines; [] and {} when
// empty; comments; but for Tiny also anchors and aliases, and Perl's tags for hashes,
// arrays, scalars, references and patterns. An alias is a reference to the same
// thing, so that no document is larger than it looks. Code and globs are refused
// with a [codec.UnsupportedError]; other tags, filled lists and hashes in brackets,
// second documents and tabs for indentation with a [codec.SyntaxError].
//
// A plain scalar means what it means to the module. ~ is undef and null a string, but
// to YAML::XS null and nothing are undef as well, true and false are Perl's own
// booleans, and what looks like a number is one: here it is one if it would be
// written with the same characters, and a string otherwise (1e3, 007). In Perl a number
// is a string as well, and written without quotes since it is a number; one that began
// as a string and was then used as a number is a string here. Dates, yes
// and no, 0x1f are strings to all of them. If a key occurs twice, the last one counts,
// with PM the first, as in Perl. Objects keep their class, as they do in Perl with
// $LoadBlessed only, which CGI::Session sets for Syck and PM.
//
// # What is written
//
// The bytes of YAML::Tiny 1.73, of YAML::XS 0.86 with libyaml 0.2.5, to the place
// where a line is folded, of YAML::Syck 1.34 and of YAML 1.30, with sorted keys and
// anchors in the order in which they appear. They differ where Perl could not read
// those bytes as they were meant, or lost something:
//
//   - Tiny: a number and a line break ("1\n") is put in double quotes; a string with
//     U+00A0, and a key that begins with a dash or three dots, in single quotes.
//   - XS and Syck: a shared object that is a scalar has an anchor.
//   - Syck: a string that ends in a carriage return, and a number with one before a line
//     break, is put in double quotes, as is a key that begins with three dashes and a
//     blank; a pattern without flags is written as it is, since what is read is always
//     one.
//   - PM: a key with line breaks, or with a colon first or behind an equals sign, is
//     put in quotes; as is a string that ends in >0 or |0 after a blank; a quote
//     in a key in double quotes is \x22, as is the first one before a colon.
//
// Refused is what would be lost. With Tiny that is objects, references to scalars,
// patterns and second references to one thing unless it is empty; with the others
// classes whose name is no tag; with XS and PM objects that are undef; with XS objects
// that are references; with PM a reference within what it refers to; with Syck strings
// that begin with = and NUL, and two references to a reference to something shared.
// As in Perl, a reference to an element becomes one to a copy of it, floats have 15
// digits, weak references become strong ones, Perl's booleans 1 and the empty string.
//
// # Characters
//
// YAML::XS's documents are UTF-8; its strings beyond ASCII are text. YAML::Syck writes
// text as its UTF-8, and reads bytes. YAML::Tiny and YAML.pm make characters, and it is
// the driver that makes them bytes: see [Codec]. What YAML::Tiny reads is text, what
// YAML.pm reads bytes, or text with UTF8.
package perlyaml

import (
	"unicode/utf8"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// Codec reads and writes one dialect. It is a codec.Codec, safe for use by several
// goroutines. The zero Codec is Tiny.
type Codec struct {
	// Dialect is the Perl module whose YAML it is.
	Dialect Dialect

	// UTF8 says, for the dialects Tiny and PM, that the bytes are UTF-8: for MySQL,
	// Memcached, BerkeleyDB and text columns of PostgreSQL. Otherwise each byte is one
	// character, as Perl's drivers File, SQLite and Pg with a bytea column hold it, and
	// characters above U+00FF are refused: Perl would write a document that it reads
	// back as other characters, or die. The other dialects have one encoding only.
	UTF8 bool

	// Recover has Decode read a document that is not UTF-8, where UTF8 says that it is,
	// with a byte for each character: as Perl's drivers for MySQL, BerkeleyDB and
	// memcached hold what was made of byte strings alone.
	Recover bool
}

// The codecs, each named for its Perl module, with bytes as Perl's File driver
// holds them.
var (
	Tiny = Codec{Dialect: DialectTiny} // Data::Session's serializer YAML
	XS   = Codec{Dialect: DialectXS}   // Koha's serializer yamlxs for CGI::Session
	Syck = Codec{Dialect: DialectSyck} // CGI::Session's serializer yaml, where YAML::Syck is installed
	PM   = Codec{Dialect: DialectPM}   // CGI::Session's serializer yaml, where it is not
)

// Dialect is the YAML of one Perl module.
type Dialect uint8

// The dialects.
const (
	DialectTiny Dialect = iota // YAML::Tiny
	DialectXS                  // YAML::XS
	DialectSyck                // YAML::Syck
	DialectPM                  // YAML.pm
)

var names = [...]string{"YAML", "yamlxs", "yaml-syck", "yaml-pm"}

// Name returns "YAML", "yamlxs", "yaml-syck" or "yaml-pm". In Perl, the last two are
// one, yaml.
func (c Codec) Name() string { return names[c.Dialect] }

// Append is described at [codec.Codec] and, for what is written and what is
// refused, at the package.
func (c Codec) Append(dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
	e := encoders.Get().(*encoder)
	defer e.free()
	e.codec, e.buf, e.from, e.lim = c, dst, len(dst), lim.WithDefaults()
	if err := e.document(v); err != nil {
		return dst, e.placed(err)
	}
	return e.buf, nil
}

// Decode is described at [codec.Codec] and, for what is read and what is refused,
// at the package. It takes time in proportion to len(data).
//
// Strings without escapes are parts of one copy of data: a value taken out of a
// decoded session keeps that copy in memory.
func (c Codec) Decode(data []byte, lim codec.Limits) (perl.Value, error) {
	if c.UTF8 && c.Recover && !utf8.Valid(data) {
		c.UTF8 = false
	}
	p := parsers.Get().(*parser)
	defer p.free()
	p.codec, p.lim = c, lim.WithDefaults()
	if len(data) > p.lim.Bytes {
		return perl.Value{}, p.limit("bytes", p.lim.Bytes)
	}
	p.s = string(data)
	v, err := p.document()
	if err != nil {
		return perl.Value{}, err
	}
	return v, nil
}
