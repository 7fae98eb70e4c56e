// Package hstore is the serializer Hstore of Perl's Apache::Session::Browseable, for
// columns of PostgreSQL's type hstore: "user" => "ann","cart" => "_json://[1,2]".
//
// What is a reference is written as JSON with _json:// before it, by codec/perljson,
// everything else as a string. Undef becomes the empty string, numbers strings, and
// the session's own class is lost, as in Perl. A quote in a value is written as #%22.
//
// [Codec.Decode] reads pairs of quoted strings, with white space as Perl allows and
// as PostgreSQL prints them. It is stricter than Perl, which skips what it does not
// understand: there must be nothing but pairs and commas between them, and what is
// written as JSON must be a list, a hash or a boolean. Of pairs with the same key, the
// last one counts. An empty record is an empty session.
//
// [Codec.Append] sorts keys. It refuses, with a [codec.UnsupportedError], what would
// not come back: a backslash, of which PostgreSQL takes one and Perl reads two, and so
// all that has one in JSON: quotes and control characters in a list or hash; a
// quote in a key; NUL, which PostgreSQL has not; a string that contains #%22 or
// begins with _json://. Perl writes all of them, and reads something else or nothing.
// What JSON cannot say is refused as in codec/perljson, and Perl's own booleans
// are true and false in JSON.
package hstore

import (
	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/perl"
)

// MaxDepth is how many containers within containers there may be: a session and
// what JSON may hold in it. A smaller [codec.Limits] counts, a greater one does not.
const MaxDepth = 1 + perljson.MaxDepth

const (
	name   = "Hstore"
	quote  = "#%22"
	isJSON = "_json://"
)

// Codec is the codec. Several goroutines may share it.
type Codec struct {
	// UTF8 says that the record is in UTF-8, as what a Go program gets from PostgreSQL
	// is. Otherwise each byte is one character, and characters above U+00FF are refused;
	// Perl then writes all of the record in UTF-8 and reads it as other characters.
	UTF8 bool
}

// Name returns "Hstore".
func (Codec) Name() string { return name }

// Append implements [codec.Codec]. What it refuses is described at the package.
func (c Codec) Append(dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
	h := v.Hash()
	if h == nil {
		return dst, &codec.UnsupportedError{Codec: name, Path: "$D", What: "session that is not a hash"}
	}
	e := encoder{codec: c, budget: newBudget(lim), dst: dst, start: len(dst)}
	if err := e.spend(1); err != nil {
		return dst, err
	}
	for key, v := range h.Sorted() {
		if err := e.pair(key, v); err != nil {
			return dst, within(err, key.String())
		}
	}
	return e.dst, nil
}

// Decode implements [codec.Codec]. It takes time in proportion to len(data).
func (c Codec) Decode(data []byte, lim codec.Limits) (perl.Value, error) {
	d := decoder{codec: c, budget: newBudget(lim), s: string(data)}
	if len(data) > d.lim.Bytes {
		return perl.Value{}, limit("bytes", d.lim.Bytes)
	}
	h, err := d.record()
	if err != nil {
		return perl.Value{}, err
	}
	return perl.NewRef(h), nil
}

// json returns the codec of what is written as JSON.
func (c Codec) json() perljson.Codec { return perljson.Codec{UTF8: c.UTF8, Raw: true} }
