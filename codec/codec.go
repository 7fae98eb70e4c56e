// Package codec defines what a codec (Perl: a serializer) is: something that
// turns a Perl value into bytes and back.
//
// A codec never sees a store. Decoding evaluates nothing, never panics, and
// takes no more memory than its [Limits] allow, whatever the bytes are.
package codec

import (
	"errors"
	"fmt"

	"github.com/go-datasession/datasession/perl"
)

// Codec turns a value into bytes and back. It is safe for use by several
// goroutines.
type Codec interface {
	// Name returns the codec's name as a type string has it, such as "DataDumper".
	Name() string

	// Append appends the encoding of v to dst and returns the extended buffer.
	// The same value gives the same bytes each time: hash keys are sorted. What
	// the format cannot say is an *UnsupportedError, and a value beyond lim a
	// *LimitError; dst is then returned as it was.
	Append(dst []byte, v perl.Value, lim Limits) ([]byte, error)

	// Decode returns the value that data encodes. It keeps no reference to
	// data. Data that is not in the format is a *SyntaxError, data that asks for
	// something refused (code, say) an *UnsupportedError, data beyond lim a
	// *LimitError.
	Decode(data []byte, lim Limits) (perl.Value, error)
}

// Binder is implemented by a codec whose bytes depend on the id of the session that
// they are stored under, so that they are of no use under another.
type Binder interface {
	// Bind returns the codec for the session of that id.
	Bind(id string) Codec
}

// Bind returns c for the session of that id: c itself, unless it is a [Binder].
func Bind(c Codec, id string) Codec {
	if b, ok := c.(Binder); ok {
		return b.Bind(id)
	}
	return c
}

// Limits bounds what a codec accepts. A zero field means the default.
type Limits struct {
	Depth int // containers within containers; default 1,000
	Nodes int // values in all, at any depth; default 100,000
	Bytes int // length of the encoded data; default 1 MiB
}

// The defaults of [Limits].
const (
	DefaultDepth = 1_000
	DefaultNodes = 100_000
	DefaultBytes = 1 << 20
)

// WithDefaults returns l with every zero or negative field replaced by its default.
func (l Limits) WithDefaults() Limits {
	or := func(n, def int) int {
		if n <= 0 {
			return def
		}
		return n
	}
	return Limits{or(l.Depth, DefaultDepth), or(l.Nodes, DefaultNodes), or(l.Bytes, DefaultBytes)}
}

// ErrUnsupported is what every *UnsupportedError is.
var ErrUnsupported = errors.New("unsupported value")

// ErrLimit is what every *LimitError is.
var ErrLimit = errors.New("limit exceeded")

// SyntaxError reports data that is not in the codec's format.
type SyntaxError struct {
	Codec  string // "Storable", "DataDumper", ...
	Offset int64  // bytes from the start of the data
	Err    error  // what was wanted and what was found; never the data itself
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s: at byte %d: %v", e.Codec, e.Offset, e.Err)
}

func (e *SyntaxError) Unwrap() error { return e.Err }

// UnsupportedError reports a value that a codec cannot write, or refuses to
// read: code, globs, ties, references where the format has none.
type UnsupportedError struct {
	Codec string
	Path  string // where in the value, as Perl would write it: $D->{cart}{owner}
	What  string // "CODE", "reference to a scalar", ...
}

func (e *UnsupportedError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("%s: unsupported: %s", e.Codec, e.What)
	}
	return fmt.Sprintf("%s: unsupported: %s at %s", e.Codec, e.What, e.Path)
}

// Is reports whether target is [ErrUnsupported].
func (e *UnsupportedError) Is(target error) bool { return target == ErrUnsupported }

// LimitError reports data or a value that goes beyond a limit.
type LimitError struct {
	Codec string
	What  string // "depth", "nodes" or "bytes"
	Max   int
}

func (e *LimitError) Error() string {
	if e.What == "depth" {
		return fmt.Sprintf("%s: nested more than %d deep", e.Codec, e.Max)
	}
	return fmt.Sprintf("%s: more than %d %s", e.Codec, e.Max, e.What)
}

// Is reports whether target is [ErrLimit].
func (e *LimitError) Is(target error) bool { return target == ErrLimit }
