//go:build bdb && cgo

package bdbstore

/*
#cgo LDFLAGS: -ldb-5.3
#include "libdb.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"

	"github.com/go-datasession/datasession/store"
)

// Linked reports whether this program has libdb.
const Linked = true

// handle is an open database. Goroutines may share one that is in an environment.
type handle struct {
	c    *C.ds_db
	sync bool
}

// openHandle opens a database in an environment, or without one if home is empty.
func openHandle(home, file string, create bool, o *Options) (*handle, error) {
	h := &handle{c: (*C.ds_db)(C.calloc(1, C.sizeof_ds_db)), sync: o.Sync}
	var chome *C.char
	if home != "" {
		chome = C.CString(home)
		defer C.free(unsafe.Pointer(chome))
	}
	cfile := C.CString(file)
	defer C.free(unsafe.Pointer(cfile))
	kind := C.int(C.DB_HASH)
	if o.Type == Btree {
		kind = C.DB_BTREE
	}
	open := func(create C.int) C.int { return C.ds_open(h.c, chome, cfile, kind, create, C.int(o.Mode.Perm())) }
	code := open(0)
	if create && code == C.int(syscall.ENOENT) {
		code = open(1)
	}
	if code != 0 {
		C.free(unsafe.Pointer(h.c))
		return nil, openError(code, home != "")
	}
	return h, nil
}

// openError explains why something could not be opened.
func openError(code C.int, env bool) error {
	err := explain(code)
	if code == C.int(syscall.EINVAL) && env {
		err = fmt.Errorf("%w; is it a Concurrent Data Store, made with DB_INIT_CDB and DB_INIT_MPOOL?", err)
	}
	if errors.Is(err, store.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}

// explain returns the error of a number.
func explain(code C.int) error {
	switch code {
	case 0:
		return nil
	case C.DB_NOTFOUND:
		return store.ErrNotFound
	case C.DB_RUNRECOVERY:
		return fmt.Errorf("%w: the environment is damaged; %s", store.ErrUnavailable, remedy)
	}
	if code > 0 {
		return fmt.Errorf("libdb: %w", syscall.Errno(code))
	}
	return fmt.Errorf("libdb: %s", C.GoString(C.db_strerror(code)))
}

func pointer(b []byte) (unsafe.Pointer, C.u_int32_t) {
	return unsafe.Pointer(unsafe.SliceData(b)), C.u_int32_t(len(b))
}

// taken turns what libdb has allocated into Go's. It is nil if nothing was found.
func taken(code C.int, data unsafe.Pointer, n C.u_int32_t) ([]byte, error) {
	defer C.free(data)
	switch {
	case code == C.DB_NOTFOUND:
		return nil, nil
	case code != 0:
		return nil, explain(code)
	case n == 0:
		return []byte{}, nil
	}
	return C.GoBytes(data, C.int(n)), nil
}

// locked runs f with a cursor, under the write lock. It does nothing if over reports,
// once the lock is there, that nobody waits for it any more.
func (h *handle) locked(over func() bool, f func(c *C.DBC) error) (err error) {
	var c *C.DBC
	if code := C.ds_cursor(h.c, &c); code != 0 {
		return explain(code)
	}
	defer func() { err = errors.Join(err, explain(C.ds_cursor_close(c))) }()
	if over() {
		return errOver
	}
	return f(c)
}

// find moves a cursor to a key and returns what is stored, nil if nothing is. Of what is
// over the limit it returns one byte more than that.
func find(c *C.DBC, key []byte, limit int) ([]byte, error) {
	var data unsafe.Pointer
	var n C.u_int32_t
	k, klen := pointer(key)
	code := C.ds_cursor_get(c, k, klen, C.u_int32_t(limit), &data, &n)
	return taken(code, data, n)
}

// get is find, under the write lock.
func (h *handle) get(key []byte, limit int, over func() bool) (data []byte, err error) {
	err = h.locked(over, func(c *C.DBC) (err error) {
		data, err = find(c, key, limit)
		return err
	})
	return data, err
}

// update changes the record of a key as decide says, under the write lock. What is over
// the limit is no version that anybody has read.
func (h *handle) update(key []byte, limit int, decide decision, over func() bool) error {
	changed := false
	err := h.locked(over, func(c *C.DBC) error {
		now, err := find(c, key, limit)
		if err != nil {
			return err
		}
		change, err := decide(now)
		if err != nil {
			return err
		}
		changed = change.remove || change.put != nil
		switch {
		case change.remove:
			return explain(C.ds_cursor_del(c))
		case change.put != nil:
			there := C.int(0)
			if now != nil {
				there = 1
			}
			k, klen := pointer(key)
			d, dlen := pointer(change.put)
			return explain(C.ds_cursor_put(c, there, k, klen, d, dlen))
		}
		return nil
	})
	if err == nil && changed && h.sync && h.c.env != nil {
		err = h.flush()
	}
	return err
}

// probe takes the write lock and lets it go.
func (h *handle) probe() error {
	return h.locked(func() bool { return false }, func(*C.DBC) error { return nil })
}

// keys returns every key, as long as over does not report that nobody waits for them.
func (h *handle) keys(over func() bool) (ids []string, err error) {
	err = h.locked(over, func(c *C.DBC) error {
		for !over() {
			var key unsafe.Pointer
			var n C.u_int32_t
			code := C.ds_cursor_next(c, &key, &n)
			if code == C.DB_NOTFOUND {
				return nil
			}
			if code != 0 {
				return explain(code)
			}
			ids = append(ids, C.GoStringN((*C.char)(key), C.int(n)))
			C.free(key)
		}
		return errOver
	})
	return ids, err
}

// flush writes what is in memory to the disk.
func (h *handle) flush() error { return explain(C.ds_flush(h.c)) }

func (h *handle) close() error {
	sync := C.int(0)
	if h.sync {
		sync = 1
	}
	code := C.ds_close(h.c, sync)
	C.free(unsafe.Pointer(h.c))
	return explain(code)
}
