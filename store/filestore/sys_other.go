//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package filestore

import (
	"errors"
	"io/fs"
	"os"
)

// Without flock there is no Store, so what follows is never called.
const supported = false

const openFlags = 0

type lockKind int

const (
	noLock lockKind = iota
	sharedLock
	exclusiveLock
)

func tryLock(*os.File, lockKind) (bool, error) { return false, errors.ErrUnsupported }
func links(fs.FileInfo) uint64                 { return 1 }
func owned(fs.FileInfo) bool                   { return false }
func readOnly(error) bool                      { return false }
func tooLong(error) bool                       { return false }
func noDirSync(error) bool                     { return false }
