package hstore

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// decoder reads a record. Its methods start at the first byte of what they read,
// after white space, and leave off right behind it.
type decoder struct {
	codec Codec
	budget
	s string
	i int
}

func (d *decoder) record() (*perl.Hash, error) {
	if d.codec.UTF8 {
		if err := d.valid(); err != nil {
			return nil, err
		}
	}
	if err := d.spend(1); err != nil {
		return nil, err
	}
	h := &perl.Hash{}
	if d.space(); d.i == len(d.s) {
		return h, nil
	}
	for {
		if err := d.pair(h); err != nil {
			return nil, err
		}
		if d.space(); d.i == len(d.s) {
			return h, nil
		}
		if !d.take(",") {
			return nil, d.errorAt(d.i, `want "," or the end`)
		}
	}
}

// valid reports where the record is not UTF-8.
func (d *decoder) valid() error {
	if utf8.ValidString(d.s) {
		return nil
	}
	for i, r := range d.s {
		if r != utf8.RuneError {
			continue
		}
		if _, n := utf8.DecodeRuneInString(d.s[i:]); n == 1 {
			return d.errorAt(i, "want UTF-8")
		}
	}
	return nil
}

func (d *decoder) errorAt(i int, format string, args ...any) error {
	return &codec.SyntaxError{Codec: name, Offset: int64(i), Err: fmt.Errorf(format, args...)}
}

// space skips white space.
func (d *decoder) space() {
	for d.i < len(d.s) && (d.s[d.i] == ' ' || '\t' <= d.s[d.i] && d.s[d.i] <= '\r') {
		d.i++
	}
}

// take skips white space and then token, if it is next.
func (d *decoder) take(token string) bool {
	d.space()
	if !strings.HasPrefix(d.s[d.i:], token) {
		return false
	}
	d.i += len(token)
	return true
}

// pair reads a key and its value into h.
func (d *decoder) pair(h *perl.Hash) error {
	if err := d.spend(1); err != nil {
		return err
	}
	key, err := d.quoted("a key")
	if err != nil {
		return err
	}
	if !d.take("=>") {
		return d.errorAt(d.i, `want "=>"`)
	}
	v, err := d.value()
	if err != nil {
		return err
	}
	h.SetKey(d.str(key), v)
	return nil
}

// quoted reads a quoted string.
func (d *decoder) quoted(what string) (string, error) {
	if !d.take(`"`) {
		return "", d.errorAt(d.i, "want %s in quotes", what)
	}
	n := strings.IndexByte(d.s[d.i:], '"')
	if n < 0 {
		return "", d.errorAt(d.i-1, "string without an end")
	}
	s := d.s[d.i : d.i+n]
	d.i += n + 1
	return s, nil
}

func (d *decoder) value() (perl.Value, error) {
	s, err := d.quoted("a value")
	if err != nil {
		return perl.Value{}, err
	}
	at := d.i - 1 - len(s)
	s = strings.ReplaceAll(s, quote, `"`)
	document, ok := strings.CutPrefix(s, isJSON)
	if !ok {
		return d.str(s).Value(), nil
	}
	in, err := d.inner(d.lim.Bytes)
	if err != nil {
		return perl.Value{}, err
	}
	v, err := d.codec.json().Decode([]byte(document), in)
	switch {
	case err != nil:
		return v, d.outer(err, at+len(isJSON))
	case v.Kind() != perl.KindRef:
		return v, d.errorAt(at, "want a list, a hash or a boolean as JSON, found %s", v.Kind())
	}
	return v, d.spend(nodes(v) - 1)
}

// str returns characters as a key, or a value, that has the UTF-8 flag if it needs it.
func (d *decoder) str(s string) perl.Key {
	if d.codec.UTF8 {
		return perl.StringKey(s)
	}
	return perl.BytesKey(s)
}
