package memcachestore

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/go-datasession/datasession/store"
)

// ErrFlags reports an item whose flags say that it is no text of a session: a
// structure that Cache::Memcached froze by itself, or the work of another client.
var ErrFlags = errors.New("memcached item is not a plain value")

// The flags of Cache::Memcached.
const (
	flagStorable = 1 << 0 // a reference, frozen by Storable
	flagGzip     = 1 << 1
)

// plain returns the value of an item, inflated if it was compressed.
func plain(it *memcache.Item, limit int) ([]byte, error) {
	switch {
	case it.Flags&flagStorable != 0:
		return nil, fmt.Errorf("%w: Cache::Memcached was given a reference to store, want the session's text (flags %d)", ErrFlags, it.Flags)
	case it.Flags == flagGzip:
		return inflate(it.Value, limit)
	case it.Flags != 0:
		return nil, fmt.Errorf("%w: unknown flags %d", ErrFlags, it.Flags)
	case len(it.Value) > limit:
		return nil, store.ErrTooLarge
	}
	return it.Value, nil
}

// inflate returns what one gzip member holds, if that is not over the limit.
func inflate(packed []byte, limit int) ([]byte, error) {
	in := bytes.NewReader(packed)
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("inflate: %w", err)
	}
	z.Multistream(false)
	data, err := io.ReadAll(io.LimitReader(z, int64(limit)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("inflate: %w", err)
	case len(data) > limit:
		return nil, fmt.Errorf("%w when inflated", store.ErrTooLarge)
	case in.Len() > 0:
		return nil, fmt.Errorf("inflate: %d bytes after the end", in.Len())
	}
	return data, nil
}

// rev returns the version of an item on this connection's server. The number of the
// server is mixed in: each counts for itself, and a session may move to another.
func (c *conn) rev(cas uint64) store.Rev { return store.NumRev(cas ^ c.srv.salt) }

const writtenPrefix = "memcached:written:"

// writtenRev returns the version of what Save stored: its digest, for the server does
// not tell its number.
func writtenRev(data []byte) store.Rev {
	sum := sha256.Sum256(data)
	return store.DataRev(append([]byte(writtenPrefix), sum[:]...))
}

var errRev = errors.New("version is not one of memcached")

// match finds the cas number by which it replaces the version old, and reports
// whether there is nothing to replace, which is right for AnyRev only.
func (c *conn) match(it *memcache.Item, old store.Rev, limit int) (create bool, err error) {
	if cas, ok := old.Num(); ok {
		it.CasID = cas ^ c.srv.salt
		return false, nil
	}
	digest, ok := old.Data()
	if !old.IsAny() && (!ok || !bytes.HasPrefix(digest, []byte(writtenPrefix))) {
		return false, errRev
	}
	now, err := c.get(it.Key)
	if old.IsAny() {
		if errors.Is(err, store.ErrNotFound) {
			return true, nil
		}
		if errors.Is(err, store.ErrTooLarge) {
			err = fmt.Errorf("what is stored is over the limit: %w", err)
		}
	}
	if err != nil {
		return false, err
	}
	it.CasID = now.CasID
	if !old.IsAny() {
		data, err := plain(now, limit)
		if err != nil {
			return false, err
		}
		if is, _ := writtenRev(data).Data(); !bytes.Equal(is, digest) {
			return false, store.ErrConflict
		}
	}
	return false, nil
}
