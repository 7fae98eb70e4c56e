//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package bdbstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/go-datasession/datasession/store"
)

type lockKind int

const (
	sharedLock    lockKind = syscall.LOCK_SH
	exclusiveLock lockKind = syscall.LOCK_EX
)

// waiting bounds how many calls of this process wait for a lock in the system, where
// nothing can call them back: if the holder hangs, they do.
var waiting = make(chan struct{}, 32)

// lockFile opens a lock file, making it if it is not there, and waits for its lock. A
// file that is there may be read only. What names the lock in an error.
//
// It waits in the system's queue, as Perl does: whoever only looks now and then would
// never find the lock free while others queue for it.
func lockFile(ctx context.Context, name string, how lockKind, what string) (unlock func(), err error) {
	file, err := openLock(name)
	if err != nil {
		return nil, err
	}
	free, err := tryLock(file, how)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("lock: %w", err)
	}
	if free {
		return func() { file.Close() }, nil
	}
	late := func() error {
		return waited(ctx, "another program holds the lock on "+what+
			" and does not let it go; lslocks or fuser tells which, and the lock is free when it ends")
	}
	select {
	case waiting <- struct{}{}:
	case <-ctx.Done():
		file.Close()
		return nil, late()
	}
	locked, over := make(chan error), make(chan struct{})
	defer close(over)
	go func() {
		err := flock(file, int(how))
		<-waiting
		select {
		case locked <- err:
		case <-over:
			file.Close()
		}
	}()
	select {
	case err := <-locked:
		if err != nil {
			file.Close()
			return nil, fmt.Errorf("lock: %w", err)
		}
		return func() { file.Close() }, nil
	case <-ctx.Done():
		return nil, late()
	}
}

func openLock(name string) (*os.File, error) {
	const flags = syscall.O_NOFOLLOW | syscall.O_CLOEXEC | syscall.O_NONBLOCK
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|flags, 0o666)
	if errors.Is(err, fs.ErrPermission) {
		file, err = os.OpenFile(name, os.O_RDONLY|flags, 0)
	}
	var path *fs.PathError
	switch {
	case errors.Is(err, syscall.ELOOP):
		return nil, fmt.Errorf("%w: the lock file is a link", store.ErrUnsafe)
	case errors.As(err, &path): // its name may have an id in it
		return nil, fmt.Errorf("%w: open the lock file: %w", store.ErrUnavailable, path.Err)
	}
	return file, err
}

// tryLock takes or changes the lock on a file if that needs no waiting.
func tryLock(file *os.File, how lockKind) (free bool, err error) {
	err = flock(file, int(how)|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

func flock(file *os.File, how int) error {
	fd := int(file.Fd())
	for {
		if err := syscall.Flock(fd, how); err != syscall.EINTR {
			return err
		}
	}
}
