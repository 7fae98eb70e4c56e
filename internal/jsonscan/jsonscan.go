// Package jsonscan takes JSON apart into tokens: strictly as RFC 8259 has it,
// without recursion, and within limits that hold before memory is taken.
//
// It is shared by the codecs whose format is JSON. What a token means, a Perl
// value or a tag, is theirs to say; here are the grammar, the escapes and the
// two ways in which bytes can stand for characters.
package jsonscan

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-datasession/datasession/codec"
)

// Kind is the kind of a token. Commas and colons are no tokens.
type Kind uint8

// The kinds of tokens.
const (
	End       Kind = iota // nothing is left but white space
	Object                // {
	ObjectEnd             // }
	Array                 // [
	ArrayEnd              // ]
	Key                   // the name of a member; its value is next
	String
	Int   // a number without fraction and exponent
	Float // any other number
	True
	False
	Null
)

// Charset says how the bytes of a document stand for characters.
type Charset uint8

// The charsets.
const (
	UTF8   Charset = iota // invalid UTF-8 is a syntax error
	Latin1                // each byte is one character
)

// Scanner reads the tokens of one document. The zero Scanner is not of use
// before [Scanner.Reset], and a Scanner is not safe for use by several
// goroutines.
type Scanner struct {
	codec   string
	charset Charset
	lim     codec.Limits

	text  string // all of the document
	pos   int    // where to read on
	start int    // where the last token began
	want  state
	nest  []byte // the containers that are open: '{' or '['
	nodes int

	str    string
	ascii  bool
	buf    []byte          // a string that differs from its text
	pieces strings.Builder // what the last of such strings are parts of

	digits   uint64 // of a number, without its point
	count    int    // how many these are
	fraction int    // how many of them come after the point; -1 if there is an exponent
}

// state is what may come next.
type state uint8

const (
	wantValue state = iota
	wantFirst       // a value or ]
	wantName        // a name or }
	wantMore        // a comma, the end of the container, or of the document
)

// Reset makes s read data, which it copies. The name of a codec is for the
// errors, lim bounds the containers within containers, the values and the
// bytes; its fields must be set ([codec.Limits.WithDefaults]). A document that is
// too long is a *codec.LimitError.
func (s *Scanner) Reset(name string, data []byte, charset Charset, lim codec.Limits) error {
	s.Free()
	s.codec, s.charset, s.lim = name, charset, lim
	if len(data) > lim.Bytes {
		return s.limit("bytes", lim.Bytes)
	}
	s.text = string(data)
	return nil
}

// Free makes s forget the document.
func (s *Scanner) Free() { *s = Scanner{nest: s.nest[:0], buf: s.buf[:0]} }

// Next returns the kind of the next token. After an error, a *codec.SyntaxError
// or a *codec.LimitError, and after End there is nothing more to read.
func (s *Scanner) Next() (Kind, error) {
	c := s.space()
	switch s.want {
	case wantValue:
		return s.value(c, "a value")
	case wantMore:
		if len(s.nest) == 0 {
			if s.pos < len(s.text) {
				return End, s.unexpected("the end")
			}
			return End, nil
		}
		inObject := s.nest[len(s.nest)-1] == '{'
		switch {
		case c == ',' && inObject:
			s.pos++
			s.space()
			return s.name("a name")
		case c == ',':
			s.pos++
			return s.value(s.space(), "a value")
		case c == '}' && inObject:
			return s.close(ObjectEnd)
		case c == ']' && !inObject:
			return s.close(ArrayEnd)
		case inObject:
			return End, s.unexpected("',' or '}'")
		}
		return End, s.unexpected("',' or ']'")
	case wantFirst:
		if c == ']' {
			return s.close(ArrayEnd)
		}
		return s.value(c, "a value or ']'")
	case wantName:
		if c == '}' {
			return s.close(ObjectEnd)
		}
	}
	return s.name("a name or '}'")
}

// Str returns the characters of a Key or String token in UTF-8, and whether all
// of them are ASCII. Of a number it is the text as it stands in the document.
//
// The string is part of a copy of the document or, where the document has escapes or
// is in Latin-1, of a piece of some kilobytes.
func (s *Scanner) Str() (str string, ascii bool) { return s.str, s.ascii }

// Offset returns where the last token began, in bytes.
func (s *Scanner) Offset() int64 { return int64(s.start) }

// Left returns how many bytes are left to be read.
func (s *Scanner) Left() int { return len(s.text) - s.pos }

// space skips white space and returns the byte after it, or 0 at the end.
func (s *Scanner) space() byte {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// name reads a name and the colon after it.
func (s *Scanner) name(wanted string) (Kind, error) {
	if s.pos == len(s.text) || s.text[s.pos] != '"' {
		return End, s.unexpected(wanted)
	}
	if err := s.quoted(); err != nil {
		return End, err
	}
	if s.space() != ':' {
		return End, s.unexpected("':'")
	}
	s.pos++
	s.want = wantValue
	return Key, nil
}

// value reads a value that begins with c, or the beginning of one.
func (s *Scanner) value(c byte, wanted string) (Kind, error) {
	if s.nodes++; s.nodes > s.lim.Nodes {
		return End, s.limit("nodes", s.lim.Nodes)
	}
	s.want = wantMore
	switch c {
	case '"':
		return String, s.quoted()
	case '{':
		s.want = wantName
		return Object, s.open(c)
	case '[':
		s.want = wantFirst
		return Array, s.open(c)
	case 't':
		return True, s.literal("true", wanted)
	case 'f':
		return False, s.literal("false", wanted)
	case 'n':
		return Null, s.literal("null", wanted)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return s.number()
	}
	return End, s.unexpected(wanted)
}

func (s *Scanner) open(c byte) error {
	if len(s.nest) >= s.lim.Depth {
		return s.limit("depth", s.lim.Depth)
	}
	s.nest = append(s.nest, c)
	s.start = s.pos
	s.pos++
	return nil
}

func (s *Scanner) close(k Kind) (Kind, error) {
	s.nest = s.nest[:len(s.nest)-1]
	s.start = s.pos
	s.pos++
	s.want = wantMore
	return k, nil
}

func (s *Scanner) literal(word, wanted string) error {
	if end := s.pos + len(word); end > len(s.text) || s.text[s.pos:end] != word {
		return s.unexpected(wanted)
	}
	s.start = s.pos
	s.pos += len(word)
	return nil
}

var errEnd = errors.New("unexpected end of data")

// unexpected reports what was found at s.pos.
func (s *Scanner) unexpected(wanted string) error {
	if s.pos >= len(s.text) {
		return s.syntax(len(s.text), fmt.Errorf("%w, want %s", errEnd, wanted))
	}
	return s.syntax(s.pos, fmt.Errorf("unexpected byte 0x%02x, want %s", s.text[s.pos], wanted))
}

func (s *Scanner) syntax(at int, err error) error {
	return &codec.SyntaxError{Codec: s.codec, Offset: int64(at), Err: err}
}

func (s *Scanner) limit(what string, most int) error {
	return &codec.LimitError{Codec: s.codec, What: what, Max: most}
}
