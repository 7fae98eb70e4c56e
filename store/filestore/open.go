package filestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"time"

	"github.com/go-datasession/datasession/store"
)

// openLocked opens one of the session's files, locks it, and makes sure that it
// is then still the file of that name and one that may be used. A missing file
// is ErrNotFound.
func (f *files) openLocked(ctx context.Context, name string, flag int, how lockKind) (*os.File, fs.FileInfo, error) {
	for {
		file, err := f.dir.OpenFile(name, flag|openFlags, 0)
		if err != nil {
			return nil, nil, f.openFailed(name, err)
		}
		info, err := f.lockOpened(ctx, file, name, how)
		if err == nil {
			return file, info, nil
		}
		file.Close()
		if !errors.Is(err, errMoved) {
			return nil, nil, err
		}
	}
}

// errMoved reports that a file that was opened is not the one of that name any more.
var errMoved = errors.New("the file was replaced")

func (f *files) lockOpened(ctx context.Context, file *os.File, name string, how lockKind) (fs.FileInfo, error) {
	if err := f.lock(ctx, file, how); err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, failed("look at a session file", err)
	}
	named, err := f.dir.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errMoved
	case err != nil:
		return nil, failed("look at a session file", err)
	case named.Mode().IsRegular() && (!os.SameFile(info, named) || links(named) == 0):
		return nil, errMoved // without a name, it was replaced while it was looked at
	}
	if links(named) == 2 && f.unstage(named) {
		return nil, errMoved
	}
	if err := f.usable(named); err != nil {
		return nil, err
	}
	return info, nil
}

// usable reports ErrUnsafe for what is not a session's file.
func (f *files) usable(info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: want a regular file, found %s", store.ErrUnsafe, kind(info.Mode()))
	case links(info) != 1:
		return fmt.Errorf("%w: want a file with one name, found %d", store.ErrUnsafe, links(info))
	case !f.opts.ForeignOwner && !owned(info):
		return fmt.Errorf("%w: want a file of our own, found another user's", store.ErrUnsafe)
	}
	return nil
}

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a directory"
	case m&fs.ModeSymlink != 0:
		return "a symbolic link"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	default:
		return "a device"
	}
}

// openFailed turns the error of opening one of the session's files into one of ours.
func (f *files) openFailed(name string, err error) error {
	if tooLong(err) {
		return fmt.Errorf("%w: too long for a file name", store.ErrInvalidID)
	}
	if info, e := f.dir.Lstat(name); e == nil && !info.Mode().IsRegular() {
		return f.usable(info)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return store.ErrNotFound
	}
	return failed("open a session file", err)
}

// The waits between two tries to get a lock that somebody else has.
const (
	firstWait = 50 * time.Microsecond
	lastWait  = 5 * time.Millisecond
)

// lock waits for the lock on a file that was opened. The lock goes with the file.
func (f *files) lock(ctx context.Context, file *os.File, how lockKind) error {
	if f.opts.NoFlock {
		return nil
	}
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		free, err := tryLock(file, how)
		if err != nil {
			return failed("lock a session file", err)
		}
		if free {
			return nil
		}
		if wait == firstWait { // wait for no file that will be refused anyway
			info, err := file.Stat()
			if err != nil {
				return failed("look at a session file", err)
			}
			if !info.Mode().IsRegular() {
				return f.usable(info)
			}
		}
		if err := pause(ctx, wait/2+rand.N(wait)); err != nil {
			return err
		}
	}
}

// pause waits for d, or reports that ctx has ended.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// read returns the bytes of a file, from its beginning, if they are at most so many.
func read(file *os.File, info fs.FileInfo, most int) ([]byte, error) {
	size := info.Size()
	if size > int64(most) {
		return nil, fmt.Errorf("%w: a file of %d bytes, want at most %d", store.ErrTooLarge, size, most)
	}
	data := make([]byte, size)
	n, err := io.ReadFull(io.NewSectionReader(file, 0, size), data)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, failed("read a session file", err)
	}
	return data[:n], nil
}
