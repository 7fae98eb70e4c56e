package perljson

import (
	"errors"
	"strconv"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

func unsupported(what string) error {
	return &codec.UnsupportedError{Codec: name, What: what}
}

func limit(what string, most int) error {
	return &codec.LimitError{Codec: name, What: what, Max: most}
}

// placed tells an *UnsupportedError where it happened.
func (e *encoder) placed(err error) error {
	var u *codec.UnsupportedError
	if errors.As(err, &u) {
		u.Path = e.where()
	}
	return err
}

// where returns the path to the value at hand, as Perl would write it.
func (e *encoder) where() string {
	b := []byte("$D")
	for i, s := range e.path {
		if i == 0 {
			b = append(b, "->"...)
		}
		if _, ok := s.thing.(*perl.Hash); ok {
			b = append(appendKey(append(b, '{'), s.key.String()), '}')
		} else {
			b = append(strconv.AppendInt(append(b, '['), int64(s.index), 10), ']')
		}
	}
	return string(b)
}

// appendKey appends a key as it is if Perl would take it for a word, and quoted
// otherwise.
func appendKey(b []byte, key string) []byte {
	for i := range len(key) {
		c := key[i]
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return strconv.AppendQuoteToASCII(b, key)
		}
	}
	if key == "" {
		return append(b, `""`...)
	}
	return append(b, key...)
}
