package hstore

import (
	"strings"
	"unicode/utf8"

	"github.com/go-datasession/datasession/perl"
)

// encoder writes a record.
type encoder struct {
	codec Codec
	budget
	dst   []byte
	start int // of the record in dst
}

// pair writes a key and its value.
func (e *encoder) pair(key perl.Key, v perl.Value) error {
	if err := e.spend(1); err != nil {
		return err
	}
	if len(e.dst) > e.start {
		e.dst = append(e.dst, ',')
	}
	k, err := e.str(key.Value())
	if err != nil {
		return err
	}
	if strings.Contains(k, `"`) {
		return unsupported("quote in a key")
	}
	e.dst = append(append(append(e.dst, '"'), k...), `" => "`...)
	var s string
	if v.Kind() == perl.KindRef {
		s, err = e.reference(v)
	} else if s, err = e.str(v); strings.HasPrefix(s, isJSON) {
		err = unsupported("string that reads as JSON")
	}
	if err != nil {
		return err
	}
	if strings.Contains(s, quote) {
		return unsupported("string that reads as a quote")
	}
	if err := e.room(len(s) + strings.Count(s, `"`)*(len(quote)-1) + 1); err != nil {
		return err
	}
	e.dst = append(append(e.dst, strings.ReplaceAll(s, `"`, quote)...), '"')
	return nil
}

// room reports an error if n more bytes are too many.
func (e *encoder) room(n int) error {
	if len(e.dst)-e.start+n > e.lim.Bytes {
		return limit("bytes", e.lim.Bytes)
	}
	return nil
}

// reference returns a value as JSON.
func (e *encoder) reference(v perl.Value) (string, error) {
	in, err := e.inner(e.lim.Bytes - (len(e.dst) - e.start) - len(isJSON))
	if err != nil {
		return "", err
	}
	b, err := e.codec.json().Append([]byte(isJSON), v, in)
	if err != nil {
		return "", e.outer(err, 0)
	}
	if err := e.spend(nodes(v) - 1); err != nil {
		return "", err
	}
	return storable(string(b))
}

// str returns the characters of what is not a reference.
func (e *encoder) str(v perl.Value) (s string, err error) {
	least := len(v.Str())
	if v.Kind() == perl.KindText && !e.codec.UTF8 {
		least /= 2
	}
	if err := e.room(least); err != nil {
		return "", err
	}
	if e.codec.UTF8 {
		if s = perl.Upgrade(v); !utf8.ValidString(s) {
			return "", unsupported("character that is not in Unicode")
		}
		return storable(s)
	}
	s, ok := perl.Downgrade(v)
	if !ok {
		return "", unsupported("character above U+00FF")
	}
	return storable(s)
}

// storable returns s, or the error that PostgreSQL would not keep it.
func storable(s string) (string, error) {
	switch {
	case strings.Contains(s, `\`):
		return "", unsupported("backslash")
	case strings.Contains(s, "\x00"):
		return "", unsupported("NUL")
	}
	return s, nil
}
