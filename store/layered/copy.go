package layered

import (
	"encoding/binary"
	"time"

	"github.com/go-datasession/datasession/store"
)

// What is in the cache, numbers big endian:
//
//	0  1  kind
//	1  8  when its mark was put there, in Unix nanoseconds
//
// In a mark 16 random bytes follow. In a copy, which ends with the data:
//
//	9   8  when the session expires, in Unix nanoseconds, 0 if the database did not say
//	17  8  the number that is the database's version, or the length of the bytes that are
//	25     these bytes, and the data
//
// The kinds tell copies whose version is a number, bytes, or the data itself.
const (
	kindMark    = 'm'
	kindNumber  = 'n'
	kindBytes   = 'b'
	kindTheData = 'd'

	headLength = 9
	copyLength = 25
)

type cached struct {
	store.Record
	mark bool
	made time.Time
}

func appendHead(b []byte, kind byte, made time.Time) []byte {
	return binary.BigEndian.AppendUint64(append(b, kind), uint64(made.UnixNano()))
}

func appendCopy(b []byte, rec store.Record, made time.Time) []byte {
	kind, number := byte(kindNumber), uint64(0)
	bytes, isBytes := rec.Rev.Data()
	switch n, isNumber := rec.Rev.Num(); {
	case isNumber:
		number = n
	case isBytes && rec.Rev.Equal(store.DataRev(rec.Data)):
		kind, bytes = kindTheData, nil
	default:
		kind, number = kindBytes, uint64(len(bytes))
	}
	b = appendHead(b, kind, made)
	expires := uint64(0)
	if !rec.Expires.IsZero() {
		expires = uint64(rec.Expires.UnixNano())
	}
	b = binary.BigEndian.AppendUint64(b, expires)
	b = binary.BigEndian.AppendUint64(b, number)
	return append(append(b, bytes...), rec.Data...)
}

// parse takes apart what is in the cache. It keeps b.
func parse(b []byte) (c cached, ok bool) {
	if len(b) < headLength {
		return c, false
	}
	c.made = time.Unix(0, int64(binary.BigEndian.Uint64(b[1:])))
	if b[0] == kindMark {
		c.mark = true
		return c, true
	}
	if len(b) < copyLength {
		return c, false
	}
	if ns := binary.BigEndian.Uint64(b[9:]); ns != 0 {
		c.Expires = time.Unix(0, int64(ns))
	}
	number, data := binary.BigEndian.Uint64(b[17:]), b[copyLength:]
	switch b[0] {
	case kindNumber:
		c.Rev = store.NumRev(number)
	case kindTheData:
		c.Rev = store.DataRev(data)
	case kindBytes:
		if number > uint64(len(data)) {
			return c, false
		}
		c.Rev, data = store.DataRev(data[:number:number]), data[number:]
	default:
		return c, false
	}
	c.Data = data
	return c, true
}
