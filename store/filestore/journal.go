package filestore

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// A journal is what a write over a session's file makes of which bytes. On disk:
// the magic, the two lengths as big-endian 64-bit numbers, the old bytes, the new
// ones, and the CRC-32C of all that, big-endian.
//
// The checksum has little to do: a write begins when its journal is complete on
// disk, and a journal that tells nonsense is not followed, since no mixture of
// what it tells is in the file.
type journal struct{ old, new []byte }

const (
	journalMagic  = "datasession journal 1\n\n\n"
	journalHeader = len(journalMagic) + 8 + 8
	checksumSize  = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// journalSize returns the size of a journal of so many bytes.
func journalSize(data int) int { return journalHeader + data + checksumSize }

// appendTo appends the journal as it is on disk.
func (j journal) appendTo(b []byte) []byte {
	b = append(b, journalMagic...)
	b = binary.BigEndian.AppendUint64(b, uint64(len(j.old)))
	b = binary.BigEndian.AppendUint64(b, uint64(len(j.new)))
	b = append(b, j.old...)
	b = append(b, j.new...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// decodeJournal returns the journal that b is, unless b is cut or damaged.
func decodeJournal(b []byte) (j journal, ok bool) {
	if len(b) < journalSize(0) || string(b[:len(journalMagic)]) != journalMagic {
		return journal{}, false
	}
	body, sum := b[:len(b)-checksumSize], b[len(b)-checksumSize:]
	if binary.BigEndian.Uint32(sum) != crc32.Checksum(body, castagnoli) {
		return journal{}, false
	}
	n := binary.BigEndian.Uint64(b[len(journalMagic):])
	m := binary.BigEndian.Uint64(b[len(journalMagic)+8:])
	data := body[journalHeader:]
	if n > uint64(len(data)) || m != uint64(len(data))-n {
		return journal{}, false
	}
	return journal{old: data[:n:n], new: data[n:]}, true
}

// block is the least that a disk writes at once.
const block = 512

// torn reports whether now, what the file holds, is what an interrupted write
// left: neither the old bytes nor the new ones, but a mixture of them that no
// other writer would make.
//
// A process that is killed leaves a first part of the new bytes, then the old
// ones. A machine that fails leaves each block old, new, or, where the file
// had grown, zero.
func (j journal) torn(now []byte) bool {
	if bytes.Equal(now, j.old) || bytes.Equal(now, j.new) {
		return false
	}
	if len(now) < min(len(j.old), len(j.new)) || len(now) > max(len(j.old), len(j.new)) {
		return false
	}
	// The write goes over the old bytes and shortens the file afterwards.
	over := append(bytes.Clone(j.new), j.old[min(len(j.new), len(j.old)):]...)
	n := commonPrefix(now, over)
	if bytes.Equal(now[n:], j.old[min(n, len(j.old)):]) {
		return true
	}
	for at := 0; at < len(now); at += block {
		end := min(at+block, len(now))
		b := now[at:end]
		if !bytes.Equal(b, over[at:end]) && !bytes.Equal(b, padded(j.old, at, end)) && !zero(b) {
			return false
		}
	}
	return true
}

func commonPrefix(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// padded returns b[at:end], as if zeros followed b.
func padded(b []byte, at, end int) []byte {
	if end <= len(b) {
		return b[at:end]
	}
	p := make([]byte, end-at)
	if at < len(b) {
		copy(p, b[at:])
	}
	return p
}

func zero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }
