package bdbstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/bdbstore/bdbfile"
)

// DBFile keeps sessions in a file without an environment. It implements [store.Store],
// [store.Lister], [store.Pinger] and [store.Migrator], and is safe for use by several
// goroutines. It holds nothing open between two calls.
type DBFile struct {
	name     string
	opts     Options
	readOnly bool // and nobody writes
}

var _ interface {
	store.Store
	store.Lister
	store.Pinger
	store.Migrator
} = (*DBFile)(nil)

// NewDBFile returns a store on a hash file of Perl's DB_File, under CGI::Session's lock:
// a shared one on the file NAME.lck to read, an exclusive one to write. New does no I/O.
//
// Apache::Session::DB_File does not know that lock, nor any other for the file as a
// whole, and keeps the file open, with parts of it in memory, while it holds a session.
// Programs that use it at the same time, in whatever language, damage the file. Let only
// one write at a time: Go may read and write while the Perl program does not run. Nothing
// in here can make more of it; Options.LockDirectory keeps two off one session, no more.
func NewDBFile(name string, opts *Options) (*DBFile, error) {
	if name == "" {
		return nil, errors.New("bdbstore: no file")
	}
	o, err := opts.withDefaults()
	return &DBFile{name: name, opts: o}, err
}

// ReadOnly returns a store that only reads a file, hash or btree, to which nobody writes
// meanwhile. It takes no lock.
func ReadOnly(name string, opts *Options) (*DBFile, error) {
	s, err := NewDBFile(name, opts)
	if err == nil {
		s.readOnly = true
	}
	return s, err
}

// lockSuffix is what CGI::Session::Driver::db_file appends.
const lockSuffix = ".lck"

// locked runs f with the locks on the file, and on the session if id is not empty.
func (s *DBFile) locked(ctx context.Context, id string, how lockKind, f func() error) error {
	ctx, cancel := s.opts.bounded(ctx)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.readOnly {
		if how == exclusiveLock {
			return ErrReadOnly
		}
		return f()
	}
	if dir := s.opts.LockDirectory; dir != "" && id != "" {
		if filepath.Base(id) != id || id == "." || id == ".." {
			return fmt.Errorf("%w: a lock file cannot have its name", store.ErrInvalidID)
		}
		unlock, err := lockFile(ctx, filepath.Join(dir, "Apache-Session-"+id+".lock"), how, "a session")
		if err != nil {
			return err
		}
		defer unlock()
	}
	unlock, err := lockFile(ctx, s.name+lockSuffix, how, s.name+lockSuffix)
	if err != nil {
		return err
	}
	defer unlock()
	return f()
}

// check reports whether the file is there, and refuses what is none. A link is
// removed by CGI::Session, and followed by DB_File.
func (s *DBFile) check() (there bool, err error) {
	info, err := os.Lstat(s.name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && s.opts.Create:
		return false, nil
	case err != nil:
		return false, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("%w: want a regular file, found %v", store.ErrUnsafe, info.Mode().Type())
	}
	return true, nil
}

// read runs f on the file, under the shared lock. f is not run if there is no file yet.
func (s *DBFile) read(ctx context.Context, id string, f func(*bdbfile.File) error) error {
	if there, err := s.check(); !there {
		return err
	}
	return s.locked(ctx, id, sharedLock, func() error {
		if there, err := s.check(); !there {
			return err
		}
		file, err := bdbfile.Open(s.name)
		if err != nil {
			return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
		defer file.Close()
		return f(file)
	})
}

// Load returns the data stored under id.
func (s *DBFile) Load(ctx context.Context, id string) (store.Record, error) {
	data, err := []byte(nil), checkID(id)
	if err == nil {
		err = s.read(ctx, id, func(f *bdbfile.File) (err error) {
			data, err = get(f, id, s.opts.MaxBytes)
			return err
		})
	}
	if err == nil && data == nil {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Record{}, wrap("load from", err)
	}
	return store.Record{Data: data, Rev: revOf(data)}, nil
}

// get returns what is stored under a key, nil if nothing is.
func get(f *bdbfile.File, id string, limit int) ([]byte, error) {
	data, err := f.Get([]byte(id), limit)
	switch {
	case errors.Is(err, bdbfile.ErrNotFound):
		return nil, nil
	case errors.Is(err, bdbfile.ErrTooLarge):
		return nil, store.ErrTooLarge
	case errors.Is(err, bdbfile.ErrFormat):
		return nil, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	case err == nil && data == nil:
		data = []byte{}
	}
	return data, err
}

// Save stores data. The file is opened, read, written and closed under the exclusive
// lock, so that the next program reads it anew.
func (s *DBFile) Save(ctx context.Context, id string, data []byte, old store.Rev, _ store.SaveOptions) (store.Rev, error) {
	err := s.write(ctx, id, len(data), saving(data, old))
	if err != nil {
		return store.Rev{}, wrap("save to", err)
	}
	return revOf(data), nil
}

// Delete removes the session.
func (s *DBFile) Delete(ctx context.Context, id string, old store.Rev) error {
	return wrap("delete from", s.write(ctx, id, 0, deleting(old)))
}

func (s *DBFile) write(ctx context.Context, id string, size int, decide decision) error {
	if err := checkID(id); err != nil {
		return err
	}
	if size > s.opts.MaxBytes {
		return store.ErrTooLarge
	}
	if _, err := s.check(); err != nil {
		return err
	}
	return s.locked(ctx, id, exclusiveLock, func() error {
		there, err := s.check()
		if err != nil {
			return err
		}
		if !there {
			if c, err := decide(nil); err != nil || c.put == nil {
				return err // and no file is made
			}
		}
		h, err := openHandle("", s.name, !there, &s.opts)
		if err != nil {
			return err
		}
		err = h.update([]byte(id), s.opts.MaxBytes, decide, func() bool { return false })
		return errors.Join(err, h.close())
	})
}

// IDs yields every id. They are held in memory: what is to be changed in the loop needs
// the lock.
func (s *DBFile) IDs(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var ids []string
		err := s.read(ctx, "", func(f *bdbfile.File) error {
			for key, err := range f.Keys() {
				if err == nil {
					err = ctx.Err()
				}
				if err != nil {
					return err
				}
				ids = append(ids, string(key))
			}
			return nil
		})
		if err == nil {
			err = ctx.Err()
		}
		yieldAll(ctx, ids, err, yield)
	}
}

// yieldAll yields ids, and then err or the error of a context that has ended.
func yieldAll(ctx context.Context, ids []string, err error, yield func(string, error) bool) {
	if err != nil {
		yield("", wrap("list", err))
		return
	}
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			yield("", wrap("list", err))
			return
		}
		if checkID(id) == nil && !yield(id, nil) {
			return
		}
	}
}

// Ping reports whether the file can be read.
func (s *DBFile) Ping(ctx context.Context) error {
	err := s.read(ctx, "", func(*bdbfile.File) error { return nil })
	if err == nil {
		err = ctx.Err()
	}
	return wrap("ping", err)
}

// Migrate makes the file if it is not there.
func (s *DBFile) Migrate(ctx context.Context) error {
	return wrap("make", s.locked(ctx, "", exclusiveLock, func() error {
		if _, err := os.Lstat(s.name); err == nil {
			_, err = s.check()
			return err
		}
		h, err := openHandle("", s.name, true, &s.opts)
		if err != nil {
			return err
		}
		return h.close()
	}))
}

// Close does nothing.
func (s *DBFile) Close() error { return nil }
