// Package bdbstore keeps sessions in Berkeley DB, together with Perl's BerkeleyDB and
// DB_File. The id is the key, the session's text the value.
//
//   - [New] joins a Concurrent Data Store, an environment as Data::Session wants it, in
//     which programs in Perl and Go work at the same time: libdb's own locks keep them
//     apart. Every save reads, compares and writes under its write lock.
//   - [NewDBFile] is for a file without an environment, as CGI::Session's db_file has it
//     (ikiwiki, GBrowse): a lock on a file beside it lets one program at a time open it.
//   - [ReadOnly] reads a file that nobody writes to.
//
// To write, and to join an environment, needs libdb 5.3, cgo and the build tag bdb;
// without them [Linked] is false and such calls report [ErrNotLinked]. To read a
// DB_File needs neither: see package bdbfile.
//
// # A program that dies
//
// The locks of an environment are in shared memory, in files __db.* in its directory,
// and libdb does not take them from a program that was killed: whoever wants to write
// waits for ever. Here every wait ends with the context, or after [Options].Wait, with
// an error that tells what to do: stop every program that uses the environment, remove
// its __db.* files, and start them again. On Linux that is done here, by the first call
// that finds that nobody else has the environment open any more. So that two
// programs do not do it at once, each holds a lock on the file .lock in the
// directory; Perl programs know nothing of it, but are seen by what they have mapped.
//
// Nothing is promised when the machine dies: libdb has no journal here, and a file that
// was being written may be damaged. For new work there are better stores.
package bdbstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/go-datasession/datasession/store"
)

// ErrNotLinked reports a program that was built without libdb.
var ErrNotLinked = errors.New("built without Berkeley DB, want the build tag bdb, cgo and libdb 5.3")

// ErrReadOnly reports a write to a store that only reads.
var ErrReadOnly = errors.New("the store is read only")

// Type is the access method of a database.
type Type int

const (
	// Hash is BerkeleyDB::Hash and DB_HASH.
	Hash Type = iota
	// Btree is BerkeleyDB::Btree.
	Btree
)

// Options says how a database is opened. The zero value takes one that is there.
type Options struct {
	// Create makes the database if it is not there, of type Type. Migrate does so
	// anyway.
	Create bool
	Type   Type

	// Mode is that of new files, less the process's umask. Zero means 0660.
	Mode fs.FileMode

	// MaxBytes limits the data of one session, read or written. Zero means
	// store.MaxBytes.
	MaxBytes int

	// Wait is for how long a call waits for the lock of another program if the
	// context has no deadline. Zero means 10 seconds.
	Wait time.Duration

	// Sync has every write wait for the disk, as DB_File does. Without it what was
	// saved outlives this process, but not the machine.
	Sync bool

	// LockDirectory is the directory of Apache::Session's lock files, for NewDBFile: one
	// for each session, which is locked as Apache::Session::Lock::File does. It keeps
	// two programs from one session, but not from the file as a whole: see NewDBFile.
	LockDirectory string
}

func (o *Options) withDefaults() (Options, error) {
	var r Options
	if o != nil {
		r = *o
	}
	r.Mode = or(r.Mode, 0o660)
	r.MaxBytes = or(r.MaxBytes, store.MaxBytes)
	r.Wait = or(r.Wait, 10*time.Second)
	if r.MaxBytes < 0 || r.Wait < 0 || r.Type < Hash || r.Type > Btree {
		return r, errors.New("bdbstore: an option is out of range")
	}
	return r, nil
}

func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// maxID is the longest id. Berkeley DB would take more.
const maxID = 1024

func checkID(id string) error {
	if id == "" || len(id) > maxID {
		return fmt.Errorf("%w: want 1 to %d bytes", store.ErrInvalidID, maxID)
	}
	return nil
}

// revOf returns the version of data: its digest, for there is no room for a number.
func revOf(data []byte) store.Rev {
	sum := sha256.Sum256(data)
	return store.DataRev(sum[:])
}

// change is what becomes of a record.
type change struct {
	put    []byte // stored, if not nil
	remove bool
}

// decision is made under the lock, with what is stored then; nil is nothing.
type decision func(now []byte) (change, error)

// saving decides on a save.
func saving(data []byte, old store.Rev) decision {
	if data == nil {
		data = []byte{}
	}
	return func(now []byte) (change, error) {
		switch {
		case old.IsAny():
		case old.IsZero() && now != nil:
			return change{}, store.ErrConflict
		case old.IsZero():
		case now == nil:
			return change{}, store.ErrNotFound
		default:
			if err := same(now, old); err != nil {
				return change{}, err
			}
		}
		return change{put: data}, nil
	}
}

// deleting decides on a delete.
func deleting(old store.Rev) decision {
	return func(now []byte) (change, error) {
		if !old.IsAny() && now != nil {
			if err := same(now, old); err != nil {
				return change{}, err
			}
		}
		return change{remove: now != nil}, nil
	}
}

func same(now []byte, old store.Rev) error {
	digest, ok := old.Data()
	if !ok && !old.IsZero() {
		return errors.New("version is not one of Berkeley DB")
	}
	if is, _ := revOf(now).Data(); !bytes.Equal(is, digest) {
		return store.ErrConflict
	}
	return nil
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s Berkeley DB: %w", doing, err)
}

// bounded returns a context that ends after Wait if it has no end of its own.
func (o *Options) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, o.Wait)
}

// waited is the error of a wait that the context has ended. What is to be done about it
// is said if time is what ran out.
func waited(ctx context.Context, remedy string) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w: %s", store.ErrUnavailable, ctx.Err(), remedy)
	}
	return ctx.Err()
}
