//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package filestore

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

const supported = true

// openFlags keep an open from waiting at a pipe, and from following a link.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_CLOEXEC

type lockKind int

const (
	noLock        lockKind = 0
	sharedLock    lockKind = syscall.LOCK_SH
	exclusiveLock lockKind = syscall.LOCK_EX
)

// tryLock takes the lock on a file if it is free.
func tryLock(file *os.File, how lockKind) (free bool, err error) {
	if how == noLock {
		return true, nil
	}
	conn, err := file.SyscallConn()
	if err != nil {
		return false, err
	}
	var lockErr error
	err = conn.Control(func(fd uintptr) {
		for {
			if lockErr = syscall.Flock(int(fd), int(how)|syscall.LOCK_NB); lockErr != syscall.EINTR {
				return
			}
		}
	})
	if err == nil {
		err = lockErr
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// links returns how many names a file has.
func links(info fs.FileInfo) uint64 {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return uint64(st.Nlink)
}

// owned reports whether a file belongs to the effective user, or that is root.
func owned(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && (int(st.Uid) == os.Geteuid() || os.Geteuid() == 0)
}

// readOnly reports whether a file could not be opened because it may only be read.
func readOnly(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

func tooLong(err error) bool { return errors.Is(err, syscall.ENAMETOOLONG) }

// noDirSync reports whether the file system cannot sync directories.
func noDirSync(err error) bool {
	return errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP)
}
