// Package sealed encrypts what another codec writes, so that who reads the store
// learns nothing and who writes to it cannot forge or swap sessions.
//
//	c, err := sealed.New(perljson.Codec{}, sealed.Key{ID: 2, Secret: new}, sealed.Key{ID: 1, Secret: old})
//
// The first key seals; all of them open, so a key is changed by putting a new one in
// front and taking the old one away when its sessions have expired. The session's id
// is a part of what is authenticated: bytes that are copied to another id do not open.
// It is for new work; Perl's modules cannot read it.
//
// On disk: a byte 0xD1 for the format, a byte for the key's ID, 24 random bytes, then
// AES-256-GCM of the inner codec's bytes. Its key and nonce are derived with
// HKDF-SHA-256 from the secret and the random bytes, fresh for each write, so that
// there is no limit on how many writes one secret may see.
package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// Key is one secret of a key ring.
type Key struct {
	ID     byte   // stored with what the key has sealed; different for each key
	Secret []byte // at least 32 random bytes
}

// Format keeps the secret out of logs.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "sealed.Key(%d)", k.ID) }

// Codec is a [codec.Codec] over another. It is safe for use by several goroutines.
type Codec struct {
	inner codec.Codec
	keys  []Key
	id    string
}

var _ codec.Binder = (*Codec)(nil)

// ErrOpen reports data that no key opens: it was sealed with another key or under
// another id, or was changed.
var ErrOpen = errors.New("cannot be opened with these keys under this id")

const (
	format    = 0xD1
	saltSize  = 24
	headSize  = 2 + saltSize
	tagSize   = 16
	overhead  = headSize + tagSize
	leastSize = 32
)

// New returns a codec that seals what inner writes with the first key, and opens what
// any of the keys has sealed.
func New(inner codec.Codec, keys ...Key) (*Codec, error) {
	if inner == nil || len(keys) == 0 {
		return nil, errors.New("sealed: want a codec and at least one key")
	}
	seen := map[byte]bool{}
	for _, k := range keys {
		if len(k.Secret) < leastSize {
			return nil, fmt.Errorf("sealed: key %d has %d bytes, want at least %d", k.ID, len(k.Secret), leastSize)
		}
		if seen[k.ID] {
			return nil, fmt.Errorf("sealed: two keys have the ID %d", k.ID)
		}
		seen[k.ID] = true
	}
	return &Codec{inner: inner, keys: keys}, nil
}

// Name returns the inner codec's name with "+sealed" behind it.
func (c *Codec) Name() string { return c.inner.Name() + "+sealed" }

// Bind returns the codec for the session of that id. A Manager does this by itself.
func (c *Codec) Bind(id string) codec.Codec {
	return &Codec{inner: codec.Bind(c.inner, id), keys: c.keys, id: id}
}

// Append implements [codec.Codec]. The same value gives other bytes each time. Limits
// are those of the inner codec; what is stored has 42 bytes more.
func (c *Codec) Append(dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
	plain, err := c.inner.Append(nil, v, lim)
	if err != nil {
		return dst, err
	}
	head := make([]byte, headSize, headSize+len(plain)+tagSize)
	head[0], head[1] = format, c.keys[0].ID
	if _, err := rand.Read(head[2:]); err != nil {
		return dst, fmt.Errorf("%s: no randomness: %w", c.Name(), err)
	}
	aead, nonce, err := c.cipher(c.keys[0], head)
	if err != nil {
		return dst, err
	}
	return append(dst, aead.Seal(head, nonce, plain, c.bound(head))...), nil
}

// Decode implements [codec.Codec]. Data that does not open is a [*codec.SyntaxError]
// that is [ErrOpen].
func (c *Codec) Decode(data []byte, lim codec.Limits) (perl.Value, error) {
	most := lim.WithDefaults().Bytes
	if len(data)-overhead > most {
		return perl.Value{}, &codec.LimitError{Codec: c.Name(), What: "bytes", Max: most}
	}
	if len(data) < overhead || data[0] != format {
		return perl.Value{}, c.refuse(errors.New("want sealed data, found something else"))
	}
	for _, key := range c.keys {
		if key.ID != data[1] {
			continue
		}
		head := data[:headSize]
		aead, nonce, err := c.cipher(key, head)
		if err != nil {
			return perl.Value{}, err
		}
		plain, err := aead.Open(nil, nonce, data[headSize:], c.bound(head))
		if err != nil {
			return perl.Value{}, c.refuse(ErrOpen)
		}
		return c.inner.Decode(plain, lim)
	}
	return perl.Value{}, c.refuse(ErrOpen)
}

func (c *Codec) refuse(err error) error { return &codec.SyntaxError{Codec: c.Name(), Err: err} }

// cipher derives the key and the nonce of one write from the salt in its head.
func (c *Codec) cipher(key Key, head []byte) (cipher.AEAD, []byte, error) {
	const keySize, nonceSize = 32, 12
	derived, err := hkdf.Key(sha256.New, key.Secret, head[2:], "datasession sealed 1", keySize+nonceSize)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(derived[:keySize])
	if err != nil {
		return nil, nil, err
	}
	aead, err := cipher.NewGCM(block)
	return aead, derived[keySize:], err
}

// bound is what is authenticated beside the data: the head, and whose data it is.
func (c *Codec) bound(head []byte) []byte {
	return append(append(make([]byte, 0, len(head)+len(c.id)), head...), c.id...)
}
