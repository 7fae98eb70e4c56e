package odbc

import "syscall"

var libraryNames = []string{"odbc32.dll"}

const libraryHint = "it is part of Windows"

func openLibrary(name string) (symbol func(string) (uintptr, error), err error) {
	lib, err := syscall.LoadDLL(name)
	if err != nil {
		return nil, err
	}
	return func(name string) (uintptr, error) {
		p, err := lib.FindProc(name)
		if err != nil {
			return 0, err
		}
		return p.Addr(), nil
	}, nil
}

// call is as that of load_unix.go.
//
//go:uintptrescapes
func call(function uintptr, args ...uintptr) ret {
	r, _, _ := syscall.SyscallN(function, args...)
	return ret(int16(r))
}
