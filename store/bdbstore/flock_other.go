//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package bdbstore

import (
	"context"
	"errors"
	"os"
)

type lockKind int

const (
	sharedLock    lockKind = 1
	exclusiveLock lockKind = 2
)

var errNoLocks = errors.New("file locks are not supported on this system")

func lockFile(context.Context, string, lockKind, string) (unlock func(), err error) {
	return nil, errNoLocks
}

func openLock(string) (*os.File, error) { return nil, errNoLocks }

func tryLock(*os.File, lockKind) (bool, error) { return false, errNoLocks }
