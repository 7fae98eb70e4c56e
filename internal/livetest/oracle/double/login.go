package double

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// capabilities are what this side says it was compiled with: version 6 of the call
// protocol, a password verifier of Oracle 11g without PBKDF2, and big chunks.
func capabilities() []byte {
	caps := make([]byte, 38)
	caps[4], caps[7], caps[37] = 2, 6, 32
	return caps
}

// negotiate answers the two messages that agree on versions and types.
func (c *conn) negotiate() error {
	if head := c.r.bytes(3); head[0] != 1 {
		return fmt.Errorf("message %d, want the protocol's", head[0])
	}
	for c.r.byte() != 0 { // the client's name
	}
	w := &writer{}
	w.bytes(1, 6, 0)
	w.bytes([]byte("Oracle double\x00")...)
	w.bytes(0x69, 3, 1, 0, 0)                             // AL32UTF8, flags, no conversions
	w.bytes(0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x07, 0xd0) // AL16UTF16
	caps := capabilities()
	w.bytes(byte(len(caps)))
	w.bytes(caps...)
	w.bytes(7, 2, 1, 0, 0, 0, 0, 0)
	if err := c.send(w); err != nil {
		return err
	}

	if head := c.r.bytes(6); head[0] != 2 {
		return fmt.Errorf("message %d, want that of the data types", head[0])
	}
	client := c.r.bytes(int(c.r.byte()))
	runtime := c.r.bytes(int(c.r.byte()))
	if runtime[1]&1 == 1 {
		c.r.skip(11)
		if client[37]&2 == 2 {
			c.r.skip(4)
		}
	}
	c.r.skip(2)
	for c.r.byte() != 0 { // a type, and unless nothing, what it is represented by
		if c.r.byte() != 0 {
			c.r.skip(2)
		}
	}
	w = &writer{}
	w.bytes(2)
	w.bytes(128, 0, 0, 0, 60, 60, 60, 128, 0, 0, 0) // UTC
	w.bytes(0, 0, 0, 1)
	w.bytes(0)
	return c.send(w)
}

// login checks the password as an Oracle 11g does (O5LOGON): both sides send half of a key,
// encrypted with what follows from the password, and the password comes encrypted with
// the whole.
func (c *conn) login() error {
	if call := c.r.bytes(3); call[0] != 3 || call[1] != 0x76 {
		return fmt.Errorf("call %x, want the first of the login", call)
	}
	c.r.skip(1)
	c.r.skipInts(2)
	c.r.skip(1)
	c.r.int()
	c.r.skip(2)
	user := string(c.r.clr())
	for range 5 {
		c.r.keyValue()
	}
	salt, server := make([]byte, 10), make([]byte, 48)
	rand.Read(salt)
	rand.Read(server)
	hash := sha1.Sum(append([]byte(c.server.password), salt...))
	key := append(hash[:], 0, 0, 0, 0)
	w := &writer{}
	w.bytes(8)
	w.ints(2)
	w.keyValue("AUTH_SESSKEY", hexText(encrypt(key, server)), 0)
	w.keyValue("AUTH_VFR_DATA", hexText(salt), 6949)
	c.summary(w, 0, 0, nil)
	if err := c.send(w); err != nil {
		return err
	}

	if call := c.r.bytes(3); call[0] != 3 || call[1] != 0x73 {
		return fmt.Errorf("call %x, want the second of the login", call)
	}
	c.r.skip(1)
	c.r.skipInts(2)
	c.r.skip(1)
	n := c.r.int()
	c.r.skip(2)
	c.r.clr()
	values := map[string]string{}
	for range n {
		name, v := c.r.keyValue()
		values[name] = v
	}
	w = &writer{}
	if !strings.EqualFold(user, c.server.user) || !c.rightPassword(key, server, values) {
		c.summary(w, 0, 0, &oraError{1017, "invalid username/password; logon denied"})
		return errors.Join(c.send(w), errors.New("wrong user or password"))
	}
	w.bytes(8)
	w.ints(2)
	w.keyValue("AUTH_SESSION_ID", "7", 0)
	w.keyValue("AUTH_SERIAL_NUM", "1", 0)
	w.bytes(23, 5) // and the language, which the driver would ask PL/SQL for
	w.ints(0)
	w.bytes(0)
	w.ints(1)
	w.bytes(0)
	w.keyValue("AUTH_NLS_LXLAN", "AMERICAN", 16)
	w.ints(0)
	c.summary(w, 0, 0, nil)
	return c.send(w)
}

func (c *conn) rightPassword(key, server []byte, values map[string]string) bool {
	half, err := hex.DecodeString(values["AUTH_SESSKEY"])
	if err != nil || len(half) != 48 {
		return false
	}
	client := decrypt(key, half)
	whole := make([]byte, 24)
	for i := range whole {
		whole[i] = server[16+i] ^ client[16+i]
	}
	first, second := md5.Sum(whole[:16]), md5.Sum(whole[16:])
	sealed, err := hex.DecodeString(values["AUTH_PASSWORD"])
	if err != nil || len(sealed) < 32 || len(sealed)%aes.BlockSize != 0 {
		return false
	}
	plain := decrypt(append(first[:], second[:8]...), sealed)[16:]
	pad := int(plain[len(plain)-1])
	if pad > len(plain) || !bytes.Equal(plain[len(plain)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		return false
	}
	return subtle.ConstantTimeCompare(plain[:len(plain)-pad], []byte(c.server.password)) == 1
}

func encrypt(key, b []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the key is of a fixed length
	}
	out := make([]byte, len(b))
	cipher.NewCBCEncrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(out, b)
	return out
}

func decrypt(key, b []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	out := make([]byte, len(b))
	cipher.NewCBCDecrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(out, b)
	return out
}

func hexText(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }
