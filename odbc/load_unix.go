//go:build (linux && !android && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && !ios && (amd64 || arm64)) || (cgo && (freebsd || netbsd) && (amd64 || arm64))

package odbc

import "github.com/ebitengine/purego"

// libraryNames are those of unixODBC and of iODBC. The functions used here take
// bytes and not wide characters, which differ in size between the two.
var libraryNames = []string{
	"libodbc.so.2", "libodbc.so.1", "libodbc.so",
	"libodbc.2.dylib", "/opt/homebrew/lib/libodbc.2.dylib", "/usr/local/lib/libodbc.2.dylib",
	"libiodbc.so.2", "libiodbc.2.dylib",
}

const libraryHint = "install unixODBC; on Debian: apt-get install unixodbc"

func openLibrary(name string) (symbol func(string) (uintptr, error), err error) {
	lib, err := purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, err
	}
	return func(name string) (uintptr, error) { return purego.Dlsym(lib, name) }, nil
}

// call calls a function of the library. What its arguments point to stays where it
// is and alive until the call is over, if they are converted in the call itself.
//
//go:uintptrescapes
func call(function uintptr, args ...uintptr) ret {
	r, _, _ := purego.SyscallN(function, args...)
	return ret(int16(r))
}
