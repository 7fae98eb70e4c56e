// Package packed compresses what another codec writes, if that saves something.
//
//	c := packed.New(perljson.Codec{}, nil)
//
// It is for new work; Perl's modules cannot read it. To compress and encrypt, seal what
// is packed: sealed.New(packed.New(inner, nil), key). (What an attacker can choose a part
// of, and see the length of, tells something of the rest when it is compressed first.)
//
// On disk: a byte 0xC0 and the inner codec's bytes, or a byte 0xC1 and their DEFLATE
// form of RFC 1951.
package packed

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"sync"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// Options are the choices of a [Codec]; nil means the defaults.
type Options struct {
	// Least is the size from which on it is tried to compress. Zero means 1,024 bytes.
	Least int
	// Level is one of compress/flate's. Zero means flate.BestSpeed.
	Level int
}

// Codec is a [codec.Codec] over another. It is safe for use by several goroutines.
type Codec struct {
	inner   codec.Codec
	least   int
	level   int
	writers *sync.Pool
}

var _ codec.Binder = (*Codec)(nil)

const (
	plain    = 0xC0
	deflated = 0xC1
)

// New returns a codec that compresses what inner writes.
func New(inner codec.Codec, opts *Options) *Codec {
	c := &Codec{inner: inner, least: 1024, level: flate.BestSpeed, writers: new(sync.Pool)}
	if opts != nil && opts.Least > 0 {
		c.least = opts.Least
	}
	if opts != nil && opts.Level != 0 {
		c.level = opts.Level
	}
	return c
}

// Name returns the inner codec's name with "+packed" behind it.
func (c *Codec) Name() string { return c.inner.Name() + "+packed" }

// Bind returns the codec for the session of that id. A Manager does this by itself.
func (c *Codec) Bind(id string) codec.Codec {
	bound := *c
	bound.inner = codec.Bind(c.inner, id)
	return &bound
}

// Append implements [codec.Codec].
func (c *Codec) Append(dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
	start := len(dst)
	out, err := c.inner.Append(append(dst, plain), v, lim)
	if err != nil {
		return dst, err
	}
	data := out[start+1:]
	if len(data) < c.least {
		return out, nil
	}
	small, err := c.deflate(data)
	if err != nil {
		return dst, err
	}
	if len(small) >= len(data) {
		return out, nil
	}
	out[start] = deflated
	return append(out[:start+1], small...), nil
}

func (c *Codec) deflate(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w, _ := c.writers.Get().(*flate.Writer)
	if w == nil {
		var err error
		if w, err = flate.NewWriter(&b, c.level); err != nil {
			return nil, err
		}
	} else {
		w.Reset(&b)
	}
	defer c.writers.Put(w)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	err := w.Close()
	return b.Bytes(), err
}

// Decode implements [codec.Codec]. The limit on bytes holds for what is stored and for
// what comes out of it, and is looked at while that comes.
func (c *Codec) Decode(data []byte, lim codec.Limits) (perl.Value, error) {
	most := lim.WithDefaults().Bytes
	switch {
	case len(data) > most+1:
		return perl.Value{}, c.tooLong(most)
	case len(data) > 0 && data[0] == plain:
		return c.inner.Decode(data[1:], lim)
	case len(data) == 0 || data[0] != deflated:
		return perl.Value{}, c.refuse(0, errors.New("want packed data, found something else"))
	}
	src := bytes.NewReader(data[1:])
	r := flate.NewReader(src)
	defer r.Close()
	full, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	switch {
	case err != nil:
		return perl.Value{}, c.refuse(len(data)-src.Len(), errors.New("damaged or cut DEFLATE data"))
	case len(full) > most:
		return perl.Value{}, c.tooLong(most)
	case src.Len() > 0:
		return perl.Value{}, c.refuse(len(data)-src.Len(), errors.New("want the end of the data, found more"))
	}
	return c.inner.Decode(full, lim)
}

func (c *Codec) tooLong(most int) error {
	return &codec.LimitError{Codec: c.Name(), What: "bytes", Max: most}
}

func (c *Codec) refuse(at int, err error) error {
	return &codec.SyntaxError{Codec: c.Name(), Offset: int64(at), Err: err}
}
