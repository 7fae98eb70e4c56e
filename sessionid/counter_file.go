package sessionid

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// openPlain opens a file to read and write, and makes it if there is none. It
// follows no link, waits for no pipe, and refuses what is not a plain file with one
// name.
func openPlain(name string, mode fs.FileMode) (*os.File, error) {
	if info, err := os.Lstat(name); err == nil && !isPlain(info) {
		return nil, refuse(name)
	}
	f, err := openOrCreate(name, mode)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !isPlain(info) {
		err = refuse(name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func isPlain(info fs.FileInfo) bool { return info.Mode().IsRegular() && links(info) <= 1 }

func refuse(name string) error {
	return fmt.Errorf("%w: %s: want a plain file without a second name", ErrUnsafe, name)
}

func openOrCreate(name string, mode fs.FileMode) (*os.File, error) {
	const tries = 10 // somebody makes and removes it all the time
	for try := 1; ; try++ {
		f, err := os.OpenFile(name, os.O_RDWR|openFlags, 0)
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
		f, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL|openFlags, mode)
		switch {
		case err == nil:
			if err = syncDir(filepath.Dir(name)); err != nil {
				f.Close()
				return nil, err
			}
			return f, nil
		case !errors.Is(err, fs.ErrExist) || try == tries:
			return nil, err
		}
	}
}

// isAt reports whether f is what is to be found under name.
func isAt(f *os.File, name string) (bool, error) {
	have, err := f.Stat()
	if err != nil {
		return false, err
	}
	want, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(have, want), err
}
