package perl

import (
	"math/bits"
	"unsafe"
)

// entry is a key of a hash and its value. It holds the key in 16 bytes: where its
// characters are, and how many, with a mark by which most keys are told apart.
type entry struct {
	at  *byte
	tag uint64
	val Value
}

// What a tag has: the length, the mark, and the flags of a Key.
const (
	tagLength = 1<<40 - 1
	tagMark   = 40
	tagFlags  = 56
	tagText   = 1 << tagFlags
	tagLatin1 = 2 << tagFlags
)

// tagOf returns the tag of a key, without flags.
func tagOf(s string) uint64 {
	var a, b uint64
	switch n := len(s); {
	case n >= 8:
		a, b = uint64(word4(s))|uint64(word4(s[4:]))<<32, uint64(word4(s[n-8:]))|uint64(word4(s[n-4:]))<<32
	case n >= 4:
		a, b = uint64(word4(s)), uint64(word4(s[n-4:]))
	case n > 0:
		a, b = uint64(s[0]), uint64(s[n/2])<<8|uint64(s[n-1])
	}
	mark := (a ^ bits.RotateLeft64(b, 29)) * 0x9E3779B97F4A7C15 >> (64 - tagFlags + tagMark)
	return mark<<tagMark | uint64(len(s))
}

func word4(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// entryOf returns an entry. tag is what tagOf returns of the key.
func entryOf(key Key, tag uint64, v Value) entry {
	if key.text {
		tag |= tagText
	}
	if key.latin1 {
		tag |= tagLatin1
	}
	return entry{at: unsafe.StringData(key.s), tag: tag, val: v}
}

// str returns the characters of the key in UTF-8.
func (e *entry) str() string { return unsafe.String(e.at, e.tag&tagLength) }

func (e *entry) isText() bool { return e.tag&tagText != 0 }

func (e *entry) key() Key { return Key{e.str(), e.isText(), e.tag&tagLatin1 != 0} }

// is reports whether the key is s, of which tag is the tag.
func (e *entry) is(s string, tag uint64) bool {
	return (e.tag^tag)&(1<<tagFlags-1) == 0 && e.str() == s
}
