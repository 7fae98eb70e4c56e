//go:build !windows && !((linux && !android && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && !ios && (amd64 || arm64)) || (cgo && (freebsd || netbsd) && (amd64 || arm64)))

package odbc

import (
	"errors"
	"runtime"
)

var libraryNames = []string{"libodbc"}

const libraryHint = "shared libraries cannot be loaded without cgo on " + runtime.GOOS + "/" + runtime.GOARCH

func openLibrary(string) (symbol func(string) (uintptr, error), err error) {
	return nil, errors.ErrUnsupported
}

func call(uintptr, ...uintptr) ret { return -1 } // there is no function to call
