package redisstore

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"

	"github.com/redis/rueidis"

	"github.com/go-datasession/datasession/store"
)

// A value is what is stored under a key:
//
//	offset  bytes
//	0       1      mark
//	1       8      version, a random number
//	9       2      length n of the index block, big endian
//	11      n      index block: what the session is indexed under
//	11+n           data
//
// The version is chosen by who saves, at random. So a session that was deleted and made
// again never has the version of the old one, whichever server counts, and a save that
// is sent a second time knows itself.
type value struct {
	version uint64
	block   string
	data    []byte
}

const (
	mark       = 0xd5
	headLength = 11
)

var errForeign = errors.New("the key holds something else than a session of this store")

func newValue(block string, data []byte) (v string, version uint64) {
	version = rand.Uint64()
	b := make([]byte, 0, headLength+len(block)+len(data))
	b = append(b, mark)
	b = binary.BigEndian.AppendUint64(b, version)
	b = binary.BigEndian.AppendUint16(b, uint16(len(block)))
	b = append(b, block...)
	b = append(b, data...)
	return rueidis.BinaryString(b), version
}

// parse takes a value apart. It keeps b.
func parse(b []byte) (value, error) {
	if len(b) < headLength || b[0] != mark {
		return value{}, errForeign
	}
	data := headLength + int(binary.BigEndian.Uint16(b[9:]))
	if data > len(b) {
		return value{}, errForeign
	}
	return value{binary.BigEndian.Uint64(b[1:]), string(b[headLength:data]), b[data:]}, nil
}

// oldVersion is a Rev as the scripts take it: ” for none, '*' for any, the bytes of
// the version, or what no version is.
func oldVersion(old store.Rev) string {
	switch n, ok := old.Num(); {
	case ok:
		return string(binary.BigEndian.AppendUint64(nil, n))
	case old.IsZero():
		return ""
	case old.IsAny():
		return "*"
	}
	return "?"
}

// maxBlock is the longest index block, so that a session's is read in one short piece.
const maxBlock = 4096 - headLength
