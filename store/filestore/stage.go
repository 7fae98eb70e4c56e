package filestore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/go-datasession/datasession/store"
)

// A new file is staged: it is written under a name of its own and given the
// session's name when it is complete. The lock on the staged file keeps other
// stagers of the same session off. A stage that a dead process left has no lock
// and is used again.

// create saves a session that is not there yet, or reports ErrConflict. The lock
// on the stage is that on the new file, so whoever opens the file by its new name
// waits until its other name is gone.
func (f *files) create(ctx context.Context, data []byte) error {
	switch info, err := f.dir.Lstat(f.data); {
	case err == nil && links(info) == 0: // it was deleted while it was looked at
	case err == nil && links(info) == 2 && f.unstage(info):
		return store.ErrConflict
	case err == nil:
		return cmp.Or(f.usable(info), store.ErrConflict)
	case !errors.Is(err, fs.ErrNotExist):
		return f.openFailed(f.data, err)
	}
	file, err := f.openStage(ctx)
	if err != nil {
		return err
	}
	defer file.Close()
	if err = f.fill(file, data); err == nil {
		if err = f.dir.Link(f.stage, f.data); errors.Is(err, fs.ErrExist) {
			err = store.ErrConflict
		} else if err != nil {
			err = failed("name a new session file", err)
		}
	}
	if e := f.dir.Remove(f.stage); e != nil && err == nil && !errors.Is(e, fs.ErrNotExist) {
		err = failed("remove a staged file", e)
	}
	if err != nil {
		return err
	}
	return f.syncDir()
}

// replace saves data by renaming a new file over the old one.
func (f *files) replace(ctx context.Context, data []byte, old store.Rev) error {
	file, err := f.openStage(ctx)
	if err != nil {
		return err
	}
	defer file.Close()
	if err = f.check(ctx, old); err == nil {
		err = f.fill(file, data)
	}
	if err == nil {
		if err = f.dir.Rename(f.stage, f.data); err == nil {
			return f.syncDir()
		}
		err = failed("rename a new session file", err)
	}
	f.dir.Remove(f.stage)
	return err
}

// discard deletes the session where files are replaced.
func (f *files) discard(ctx context.Context, old store.Rev) error {
	file, err := f.openStage(ctx)
	if err != nil {
		return err
	}
	defer file.Close()
	defer f.dir.Remove(f.stage)
	switch err := f.check(ctx, old); {
	case errors.Is(err, store.ErrNotFound), err == nil && old.IsZero():
		return nil
	case err != nil:
		return err
	}
	if err := f.dir.Remove(f.data); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed("remove a session file", err)
	}
	return f.syncDir()
}

// check reports whether old is what is stored: ErrConflict, or ErrNotFound if
// something should be there. The stage is locked, so it remains true.
func (f *files) check(ctx context.Context, old store.Rev) error {
	file, info, err := f.openLocked(ctx, f.data, os.O_RDONLY, noLock)
	if errors.Is(err, store.ErrNotFound) && (old.IsZero() || old.IsAny()) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	switch {
	case old.IsAny():
		return nil
	case old.IsZero():
		return store.ErrConflict
	}
	now, err := read(file, info, f.opts.MaxBytes)
	if err != nil {
		return err
	}
	return matches(old, now)
}

// fill writes data to a staged file and waits until it is on disk.
func (f *files) fill(file *os.File, data []byte) error {
	if _, err := file.WriteAt(data, 0); err != nil {
		return failed("write a new session file", err)
	}
	return f.sync(file)
}

// openStage makes the staged file, or takes over that of a dead process.
func (f *files) openStage(ctx context.Context) (*os.File, error) {
	for {
		file, err := f.dir.OpenFile(f.stage, os.O_RDWR|os.O_CREATE|os.O_EXCL|openFlags, f.opts.Mode)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%w: the session directory is gone", store.ErrUnavailable)
		case err == nil:
			_, err = f.lockOpened(ctx, file, f.stage, exclusiveLock)
			if err != nil {
				file.Close()
			}
		case errors.Is(err, fs.ErrExist):
			if file, _, err = f.openLocked(ctx, f.stage, os.O_RDWR, exclusiveLock); err == nil {
				if err = file.Truncate(0); err != nil {
					file.Close()
				}
			}
		case tooLong(err):
			return nil, fmt.Errorf("%w: too long for a file name", store.ErrInvalidID)
		}
		switch {
		case err == nil:
			return file, nil
		case errors.Is(err, errMoved), errors.Is(err, store.ErrNotFound):
			continue // another stager has just ended
		default:
			return nil, failed("stage a new session file", err)
		}
	}
}

// unstage takes the stage name away from a file that its writer had given the
// session's name before it died, and reports whether that was it.
func (f *files) unstage(info fs.FileInfo) bool {
	for _, name := range []string{f.data, f.stage} {
		if named, err := f.dir.Lstat(name); err != nil || !os.SameFile(named, info) {
			return false
		}
	}
	return f.dir.Remove(f.stage) == nil
}
