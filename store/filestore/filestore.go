// Package filestore keeps each session in a file of a directory that Go and
// Perl processes may share: the files of Data::Session's and CGI::Session's file
// drivers, byte for byte, under the same locks.
//
//	st, err := filestore.New("/var/lib/app/sessions", nil)
//	if err != nil { … }
//	err = st.Migrate(ctx) // makes the directory, if it is not there
//
// # Sharing with Perl
//
// Session x is in the file cgisess_x (see [Options.FileName]). Perl takes a
// flock(2) on that file around every read and every write, and rewrites it in
// place. Replacing the file by a rename would leave a Perl process that waits for
// the lock with a file that has no name any more, and its write would be lost.
// So this store, too, locks the file, looks whether it is still the one with the
// name, and rewrites it in place, without giving it a new inode.
//
// Perl truncates first and writes then; killed in between, it leaves an empty or
// cut file. This store first writes a journal with the old and the new bytes
// beside the file, waits until it is on disk, writes over the file, shortens it,
// waits for that, and removes the journal. The journal of cgisess_x is named
// .cgisess_x.j: Perl's listings skip it (those of CGI::Session only if FileName
// does not begin with %s).
//
// Whoever locks a file and finds a journal knows that its writer is dead, since
// a living one would hold the lock. Perl knows nothing of journals and may have
// written since, so a journal is only followed when the file's bytes are what an
// interrupted write makes of its old and its new bytes:
//
//   - the old bytes: nothing was written, or Perl wrote the same again; they stay;
//   - the new bytes: the write was complete; they stay;
//   - a mixture, block by block: the write is finished;
//   - anything else: somebody wrote since, and that stays.
//
// In every case the journal is removed. A journal without a checksum that holds,
// or without a file, is never followed, so a deleted session stays deleted. A
// write is acknowledged when it is on disk, and then no journal of it brings
// back what was there before.
//
// New files appear under their names complete: they are written under another
// name (.cgisess_x.t), which is locked meanwhile, and then linked. Perl, which
// makes an empty file first, may meet it as an existing one, as it may meet one of
// another Perl process. An empty file that Perl has just made is given a moment
// to be filled, and is an empty record after that.
//
// What Perl does between its locks this store cannot mend: Data::Session and
// CGI::Session write without looking whether the session changed since they read
// it. Among the users of this package no update is lost.
//
// # A directory of Go's own
//
// With [Options.GoOnly] a save is a new file that is renamed over the old one. No
// reader waits for anything. No Perl process may write in such a directory.
//
// # Safety
//
// Ids that would name another file are refused before anything is touched. All
// names are looked up in the directory that was opened, never outside. What is
// not a regular file with one name and the expected owner is refused with
// [store.ErrUnsafe], without waiting for it and without reading it; Perl's
// drivers remove symbolic links, this store never removes what it refuses. Files
// over the size limit are not read.
//
// The directory must be on a local file system that tells upper case from lower:
// over NFS flock excludes nobody, or is something else.
package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/go-datasession/datasession/store"
)

// Options says how a Store differs from the default.
type Options struct {
	// FileName makes a file's name of an id, which takes the place of %s; %% is
	// a percent sign. Empty means cgisess_%s, as in Perl. Apache::Session's File
	// store has %s.
	FileName string

	// Mode is the mode of new session files, of which the process's umask is
	// taken away. Zero means 0600. Perl's is 0660. Files that are there keep
	// theirs, except under GoOnly.
	Mode fs.FileMode

	// DirMode is the mode of the directories that Migrate makes. Zero means 0700.
	DirMode fs.FileMode

	// MaxBytes is the largest file that is read and the largest data that is
	// saved. Zero means [store.MaxBytes].
	MaxBytes int

	// GoOnly replaces files by rename. It is for directories where only this
	// package writes, and all of its users with GoOnly.
	GoOnly bool

	// NoFlock takes no locks on files, for file systems that have none. Then only
	// one process may write, and Perl's must have NoFlock too.
	NoFlock bool

	// NoSync acknowledges a save before it is on disk. Sessions survive the
	// death of the process all the same, but not that of the machine.
	NoSync bool

	// ForeignOwner accepts files of other users, such as those of a Perl
	// application that shares the directory through its group. By default only
	// files of the process's effective user are read and written; a process of
	// root accepts all.
	ForeignOwner bool
}

// Store is a [store.Store] in a directory, with [store.Lister],
// [store.Migrator] and [store.Pinger]. It is safe for use by several goroutines,
// and several Stores and processes may use one directory.
//
// A version is the bytes of the session: saving what somebody else has changed
// and changed back is no conflict. TTLs are ignored.
type Store struct {
	path    string
	name    pattern
	opts    Options
	waiting keyed

	mu     sync.Mutex
	dir    *directory // once it was opened
	closed bool
}

// directory is the opened session directory.
type directory struct {
	*os.Root
	self *os.File // to sync and to list
}

var (
	_ store.Store    = (*Store)(nil)
	_ store.Lister   = (*Store)(nil)
	_ store.Migrator = (*Store)(nil)
	_ store.Pinger   = (*Store)(nil)
)

// New returns a Store on the directory dir. A nil opts is the zero Options.
//
// A directory that is not there is no error yet, and New does not make it. Until
// [Store.Migrate] has, calls report an error that is both
// [store.ErrUnavailable] and [fs.ErrNotExist].
//
// New works on systems with flock(2); on others it returns [errors.ErrUnsupported].
func New(dir string, opts *Options) (*Store, error) {
	if !supported {
		return nil, fmt.Errorf("file store: no flock on this system: %w", errors.ErrUnsupported)
	}
	if dir == "" {
		return nil, errors.New("file store: no directory given")
	}
	s := &Store{path: dir}
	if opts != nil {
		s.opts = *opts
	}
	o := &s.opts
	if o.FileName == "" {
		o.FileName = "cgisess_%s"
	}
	if o.Mode == 0 {
		o.Mode = 0o600
	}
	if o.DirMode == 0 {
		o.DirMode = 0o700
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = store.MaxBytes
	}
	if o.Mode&^0o777 != 0 || o.DirMode&^0o777 != 0 {
		return nil, errors.New("file store: a mode has more than permission bits")
	}
	var err error
	if s.name, err = parsePattern(o.FileName); err != nil {
		return nil, fmt.Errorf("file store: %w", err)
	}
	if _, err := s.open(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return s, nil
}

// Load returns the bytes of the session's file, or ErrNotFound. It needs
// permission to read it only.
func (s *Store) Load(ctx context.Context, id string) (store.Record, error) {
	f, done, err := s.begin(ctx, id)
	if err != nil {
		return store.Record{}, err
	}
	defer done()
	data, err := f.load(ctx)
	if err != nil {
		return store.Record{}, err
	}
	return store.Record{Data: data, Rev: store.DataRev(data)}, nil
}

// Save stores data, as [store.Store] says. Unless there is the option NoSync, it
// is on disk when Save returns without an error; with an error, either the
// old or the new data is.
func (s *Store) Save(ctx context.Context, id string, data []byte, old store.Rev, _ store.SaveOptions) (store.Rev, error) {
	f, done, err := s.begin(ctx, id)
	if err != nil {
		return store.Rev{}, err
	}
	defer done()
	if len(data) > s.opts.MaxBytes {
		return store.Rev{}, fmt.Errorf("%w: %d bytes, want at most %d", store.ErrTooLarge, len(data), s.opts.MaxBytes)
	}
	if s.opts.GoOnly || plantRename {
		err = f.replace(ctx, data, old)
	} else {
		err = f.rewrite(ctx, data, old)
	}
	if err != nil {
		return store.Rev{}, err
	}
	return store.DataRev(append([]byte{}, data...)), nil
}

// Delete removes the session's file, as [store.Store] says. Perl's drivers
// remove it without taking its lock.
func (s *Store) Delete(ctx context.Context, id string, old store.Rev) error {
	f, done, err := s.begin(ctx, id)
	if err != nil {
		return err
	}
	defer done()
	if s.opts.GoOnly {
		return f.discard(ctx, old)
	}
	return f.remove(ctx, old)
}

// Ping reports whether the directory is there and can be listed.
func (s *Store) Ping(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	dir, err := s.open()
	if err != nil {
		return err
	}
	if _, err := dir.Stat("."); err != nil {
		return failed("look at the session directory", err)
	}
	return nil
}

// Migrate makes the directory, and those above it, if they are not there.
func (s *Store) Migrate(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := os.MkdirAll(s.path, s.opts.DirMode); err != nil {
		return failed("make the session directory", err)
	}
	_, err := s.open()
	return err
}

// Close closes the directory. Calls after it report [store.ErrUnavailable].
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.dir == nil {
		return nil
	}
	dir := s.dir
	s.dir = nil
	return errors.Join(dir.self.Close(), dir.Root.Close())
}

// open returns the directory, which it opens the first time.
func (s *Store) open() (*directory, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("%w: the store is closed", store.ErrUnavailable)
	}
	if s.dir != nil {
		return s.dir, nil
	}
	root, err := os.OpenRoot(s.path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrUnavailable, failed("open the session directory", err))
	}
	self, err := root.Open(".")
	if err != nil {
		root.Close()
		return nil, fmt.Errorf("%w: %w", store.ErrUnavailable, failed("open the session directory", err))
	}
	s.dir = &directory{root, self}
	return s.dir, nil
}

// begin returns the files of a session, for this goroutine alone among those that
// use this Store, until done is called.
func (s *Store) begin(ctx context.Context, id string) (f files, done func(), err error) {
	if err := ctx.Err(); err != nil {
		return files{}, nil, err
	}
	name, err := s.name.file(id)
	if err != nil {
		return files{}, nil, err
	}
	dir, err := s.open()
	if err != nil {
		return files{}, nil, err
	}
	if done, err = s.waiting.lock(ctx, name); err != nil {
		return files{}, nil, err
	}
	return files{s, dir, name, "." + name + journalSuffix, "." + name + stageSuffix}, done, nil
}

// files are the names that a session may have in the directory.
type files struct {
	*Store
	dir     *directory
	data    string
	journal string
	stage   string
}

// syncDir waits until the names in the directory are on disk.
func (f *files) syncDir() error {
	if f.opts.NoSync {
		return nil
	}
	if err := f.dir.self.Sync(); err != nil && !noDirSync(err) {
		return failed("sync the session directory", err)
	}
	return nil
}

// sync waits until what was written to a file is on disk.
func (f *files) sync(file *os.File) error {
	if f.opts.NoSync {
		return nil
	}
	if err := file.Sync(); err != nil {
		return failed("sync a session file", err)
	}
	return nil
}

// failed says what could not be done. It leaves out the file's name, which tells
// the session's id.
func failed(what string, err error) error {
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	switch {
	case errors.As(err, &pathErr):
		err = pathErr.Err
	case errors.As(err, &linkErr):
		err = linkErr.Err
	}
	return fmt.Errorf("cannot %s: %w", what, err)
}
