// Package apache is the text that Apache::Session puts around Storable, for stores
// that do not take bytes: its serializers Base64, UUEncode and Sybase. What is
// within is written by nfreeze, in network order; package storable has its rules,
// and is itself Apache::Session's serializer Storable.
//
// Reading takes what Perl takes, but for what Perl reads as other bytes than were
// written: digits that are none, half a byte, lines of UUEncode that are too short.
//
//   - [Base64] has lines of 76 characters, with a newline at the end. Reading skips
//     all characters that are not of the alphabet, and ends at "=".
//   - [UUEncode] has lines of 45 bytes, which begin with their length, with "`" for
//     zero. There is no line begin and no line end. Reading ends at the first
//     line that begins with a blank, or with what is no length.
//   - [Sybase] has hexadecimal digits in one line, in lower case. Reading takes upper
//     case as well, and blanks at the end.
package apache

import (
	"errors"
	"fmt"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/storable"
	"github.com/go-datasession/datasession/perl"
)

// Base64 is Apache::Session's serializer Base64.
type Base64 struct{}

// UUEncode is Apache::Session's serializer UUEncode.
type UUEncode struct{}

// Sybase is Apache::Session's serializer Sybase.
type Sybase struct{}

// Name returns "Base64".
func (Base64) Name() string { return base64Text.codec }

// Name returns "UUEncode".
func (UUEncode) Name() string { return uuText.codec }

// Name returns "Sybase".
func (Sybase) Name() string { return hexText.codec }

// Append implements [codec.Codec]. See [storable.Codec.Append]; the limit on bytes
// is on the text.
func (Base64) Append(dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
	return base64Text.append(dst, v, lim)
}

// Append implements [codec.Codec] as [Base64.Append] does.
func (UUEncode) Append(dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
	return uuText.append(dst, v, lim)
}

// Append implements [codec.Codec] as [Base64.Append] does.
func (Sybase) Append(dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
	return hexText.append(dst, v, lim)
}

// Decode implements [codec.Codec]. See [storable.Codec.Decode]; an offset in an
// error is one in the text.
func (Base64) Decode(data []byte, lim codec.Limits) (perl.Value, error) {
	return base64Text.decode(data, lim)
}

// Decode implements [codec.Codec] as [Base64.Decode] does.
func (UUEncode) Decode(data []byte, lim codec.Limits) (perl.Value, error) {
	return uuText.decode(data, lim)
}

// Decode implements [codec.Codec] as [Base64.Decode] does.
func (Sybase) Decode(data []byte, lim codec.Limits) (perl.Value, error) {
	return hexText.decode(data, lim)
}

var nfreeze = storable.Codec{Network: true}

// text is a way to write bytes as text.
type text struct {
	codec string

	// size is how long the text of n bytes is.
	size func(n int) int

	// write appends the text of image.
	write func(dst, image []byte) []byte

	// read returns the bytes that data is the text of. It may leave off where the
	// characters begin that stand for byte number most, and tells where that is.
	read func(data []byte, most int) (image []byte, at int, err error)
}

func (t *text) append(dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
	lim = lim.WithDefaults()
	image, err := nfreeze.Append(nil, v, lim)
	if err != nil {
		return dst, t.named(err, nil)
	}
	if t.size(len(image)) > lim.Bytes {
		return dst, &codec.LimitError{Codec: t.codec, What: "bytes", Max: lim.Bytes}
	}
	return t.write(dst, image), nil
}

func (t *text) decode(data []byte, lim codec.Limits) (perl.Value, error) {
	lim = lim.WithDefaults()
	if len(data) > lim.Bytes {
		return perl.Value{}, &codec.LimitError{Codec: t.codec, What: "bytes", Max: lim.Bytes}
	}
	image, at, err := t.read(data, len(data)+3)
	if err != nil {
		return perl.Value{}, &codec.SyntaxError{Codec: t.codec, Offset: int64(at), Err: err}
	}
	v, err := nfreeze.Decode(image, lim)
	if err != nil {
		return perl.Value{}, t.named(err, data)
	}
	return v, nil
}

// named returns an error of nfreeze as one of this codec, which was given data.
func (t *text) named(err error, data []byte) error {
	var (
		syntax      *codec.SyntaxError
		unsupported *codec.UnsupportedError
		limit       *codec.LimitError
	)
	switch {
	case errors.As(err, &syntax):
		_, at, _ := t.read(data, int(syntax.Offset))
		return &codec.SyntaxError{Codec: t.codec, Offset: int64(at), Err: fmt.Errorf("in Storable: %w", syntax.Err)}
	case errors.As(err, &unsupported):
		return &codec.UnsupportedError{Codec: t.codec, Path: unsupported.Path, What: unsupported.What}
	case errors.As(err, &limit):
		return &codec.LimitError{Codec: t.codec, What: limit.What, Max: limit.Max}
	}
	return err
}
