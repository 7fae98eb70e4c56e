// Package bdbfile reads Berkeley DB files, hash and btree, in pure Go.
//
// It reads what the libraries of version 4 and 5 write, in either byte order, with
// values of any length: files of Perl's BerkeleyDB and DB_File. It does not write, and
// takes no locks: while somebody writes to a file, whoever reads it has to keep
// them off, or gets an error, or what was there before.
//
// Not read are files with duplicates, several databases, checksums or encryption.
//
// A file is not trusted. Whatever is in it, there is no panic, no endless loop, and no
// more memory than a page and the value that was asked for.
package bdbfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// Errors that a program may decide on.
var (
	// ErrNotFound reports that there is no such key.
	ErrNotFound = errors.New("no such key")
	// ErrFormat reports a file that is damaged, or none that can be read.
	ErrFormat = errors.New("not a Berkeley DB file that can be read")
	// ErrTooLarge reports a value over the limit.
	ErrTooLarge = errors.New("value too large")
)

// maxKey is the longest key that is read.
const maxKey = 64 << 10

// File is an open file. Goroutines may share it.
type File struct {
	r     io.ReaderAt
	size  int64
	close func() error

	order    binary.ByteOrder
	pageSize int
	last     uint32 // the number of the last page
	access   access
}

// access is what hash and btree do differently.
type access interface {
	// find returns the item that holds the value of a key, or ErrNotFound.
	find(f *File, key []byte) (item, error)
	// pages yields the pages that hold keys and values.
	pages(f *File) iter.Seq2[page, error]
}

// Open opens the file of that name.
func Open(name string) (*File, error) {
	r, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	f, err := FromFile(r)
	if err != nil {
		r.Close()
		return nil, err
	}
	f.close = r.Close
	return f, nil
}

// FromFile reads a file that stays the caller's.
func FromFile(r *os.File) (*File, error) {
	info, err := r.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: want a regular file, found %v", ErrFormat, info.Mode().Type())
	}
	return New(r, info.Size())
}

// New reads a file of that size from r.
func New(r io.ReaderAt, size int64) (*File, error) {
	f := &File{r: r, size: size, close: func() error { return nil }}
	meta := make([]byte, 512) // the smallest page
	if _, err := r.ReadAt(meta, 0); errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: it has %d bytes", ErrFormat, size)
	} else if err != nil {
		return nil, err
	}
	if err := f.readMeta(meta); err != nil {
		return nil, err
	}
	return f, nil
}

// Close closes what Open opened.
func (f *File) Close() error { return f.close() }

const (
	hashMagic  = 0x00061561
	btreeMagic = 0x00053162

	hashMeta  = 8
	btreeMeta = 9
)

// readMeta reads what the first page says of the others.
func (f *File) readMeta(p []byte) error {
	var hash bool
	for _, f.order = range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		magic := f.order.Uint32(p[12:])
		if hash = magic == hashMagic; hash || magic == btreeMagic {
			break
		}
	}
	magic, version, size := f.order.Uint32(p[12:]), f.order.Uint32(p[16:]), f.order.Uint32(p[20:])
	switch f.last = f.order.Uint32(p[32:]); {
	case magic != hashMagic && magic != btreeMagic:
		return fmt.Errorf("%w: neither a hash nor a btree", ErrFormat)
	case version != 8 && version != 9:
		return fmt.Errorf("%w: version %d, want 8 or 9", ErrFormat, version)
	case size < 512 || size > 64<<10 || size&(size-1) != 0:
		return fmt.Errorf("%w: pages of %d bytes", ErrFormat, size)
	case p[24] != 0:
		return fmt.Errorf("%w: it is encrypted", ErrFormat)
	case p[26] != 0:
		return fmt.Errorf("%w: it has checksums or parts", ErrFormat)
	case f.order.Uint32(p[48:]) != 0:
		return fmt.Errorf("%w: it has duplicates or several databases", ErrFormat)
	case int64(f.last)+1 > f.size/int64(size):
		return fmt.Errorf("%w: it ends before page %d", ErrFormat, f.last)
	case hash && p[25] != hashMeta, !hash && p[25] != btreeMeta:
		return fmt.Errorf("%w: its first page is of type %d", ErrFormat, p[25])
	}
	f.pageSize = int(size)
	var err error
	if hash {
		f.access, err = newHash(f, p)
	} else {
		f.access = btree{root: f.order.Uint32(p[88:])}
	}
	return err
}

// Get returns the value of a key, or ErrNotFound, or ErrTooLarge.
func (f *File) Get(key []byte, limit int) ([]byte, error) {
	it, err := f.access.find(f, key)
	if err != nil {
		return nil, err
	}
	return f.data(it, limit)
}

// Keys yields every key once, in no particular order. An error ends it.
func (f *File) Keys() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		long := int64(0) // bytes of keys on pages of their own, of which there cannot be more than there are
		for p, err := range f.access.pages(f) {
			for i := 0; err == nil && i+1 < p.entries; i += 2 {
				var it item
				if it, err = p.item(i); err != nil {
					break
				}
				if long += int64(it.length); it.inline == nil && long > f.size {
					err = f.damaged(p.number, "keys that share pages")
					break
				}
				var key []byte
				if key, err = f.data(it, maxKey); err == nil && !yield(key, nil) {
					return
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

func (f *File) damaged(page uint32, format string, args ...any) error {
	return fmt.Errorf("%w: page %d: %s", ErrFormat, page, fmt.Sprintf(format, args...))
}
