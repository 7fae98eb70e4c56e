package redisstore

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/redis/rueidis"

	"github.com/go-datasession/datasession/store"
)

// A value is what is stored under a key, numbers big endian:
//
//	offset  bytes
//	0       1      mark
//	1       8      version, a random number
//	9       8      when the session expires, in Unix milliseconds; 0 for never
//	17      2      length n of the index block
//	19      n      index block: what the session is indexed under
//	19+n           data
//
// The version is chosen by who saves, at random. So a session that was deleted and made
// again never has the version of the old one, whichever server counts, and a save that
// is sent a second time knows itself. A touch changes the expiry and not the version: a
// save compares the version, but who deletes a session because it has expired compares
// both.
type value struct {
	head    []byte // version and expiry
	expires time.Time
	block   string
	data    []byte
}

const (
	mark       = 0xd5
	headLength = 19
	// maxBlock is the longest index block, so that a session's is read in one short piece.
	maxBlock = 4096 - headLength
)

var errForeign = errors.New("the key holds something else than a session of this store")

// newValue returns a value to be stored, and its Rev.
func newValue(block string, data []byte, expires uint64) (string, store.Rev) {
	b := make([]byte, 0, headLength+len(block)+len(data))
	b = append(b, mark)
	b = binary.BigEndian.AppendUint64(b, rand.Uint64())
	b = binary.BigEndian.AppendUint64(b, expires)
	rev := store.DataRev(append([]byte(nil), b[1:]...))
	b = binary.BigEndian.AppendUint16(b, uint16(len(block)))
	b = append(b, block...)
	b = append(b, data...)
	return rueidis.BinaryString(b), rev
}

// parse takes a value apart. It keeps b.
func parse(b []byte) (v value, err error) {
	if len(b) < headLength || b[0] != mark {
		return value{}, errForeign
	}
	data := headLength + int(binary.BigEndian.Uint16(b[17:]))
	if data > len(b) {
		return value{}, errForeign
	}
	v = value{head: b[1:17:17], block: string(b[headLength:data]), data: b[data:]}
	if ms := binary.BigEndian.Uint64(b[9:]); ms != 0 {
		v.expires = time.UnixMilli(int64(ms))
	}
	return v, nil
}

// oldVersion is a Rev as the scripts take it: ” for none, '*' for any, version and
// expiry, or what no session has.
func oldVersion(old store.Rev) string {
	switch b, ok := old.Data(); {
	case ok && len(b) == 16:
		return rueidis.BinaryString(b)
	case old.IsZero():
		return ""
	case old.IsAny():
		return "*"
	}
	return "?"
}

// expiry returns when a session that is to live for ttl from now expires, as it is
// stored.
func (s *Store) expiry(ttl time.Duration) uint64 {
	if ttl <= 0 {
		return 0
	}
	return uint64(s.now().UnixMilli() + ttl.Milliseconds())
}
