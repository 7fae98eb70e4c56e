package filestore

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/go-datasession/datasession/store"
)

// load returns what the session's file holds.
func (f *files) load(ctx context.Context) ([]byte, error) {
	for wait := time.Millisecond; ; wait *= 2 {
		data, info, err := f.loadOnce(ctx)
		if err != nil || len(data) > 0 || wait > maxFillWait || time.Since(info.ModTime()) > justMade {
			return data, err
		}
		if err := pause(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// Perl makes an empty file, locks it and then fills it. An empty file that was
// changed within justMade is looked at again until the wait passes maxFillWait:
// for about 30 ms in all.
const (
	justMade    = time.Second
	maxFillWait = 16 * time.Millisecond
)

func (f *files) loadOnce(ctx context.Context) ([]byte, fs.FileInfo, error) {
	how := sharedLock
	if f.opts.GoOnly {
		how = noLock
	}
	file, info, err := f.openLocked(ctx, f.data, os.O_RDONLY, how)
	if err != nil {
		return nil, nil, err
	}
	defer func() { file.Close() }()
	if !f.opts.GoOnly {
		if _, err := f.dir.Lstat(f.journal); err == nil {
			file.Close()
			var data []byte
			file, data, err = f.openSettled(ctx, false)
			return data, info, err
		}
	}
	data, err := read(file, info, f.opts.MaxBytes)
	return data, info, err
}

// openSettled opens the session's file with the exclusive lock and returns what
// it holds once the write of a process that died is finished. If the file may
// only be read, and mustWrite is false, so it is opened, and the write is not
// finished on disk but only in what is returned.
func (f *files) openSettled(ctx context.Context, mustWrite bool) (file *os.File, data []byte, err error) {
	flag := os.O_RDWR
	file, info, err := f.openLocked(ctx, f.data, flag, exclusiveLock)
	if readOnly(err) && !mustWrite {
		flag = os.O_RDONLY
		file, info, err = f.openLocked(ctx, f.data, flag, exclusiveLock)
	}
	if err != nil {
		return nil, nil, err
	}
	data, err = read(file, info, f.opts.MaxBytes)
	if err == nil {
		data, err = f.settle(ctx, file, data, flag == os.O_RDWR)
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, data, nil
}

// settle finishes or dismisses the write that a journal is about, if there is
// one, and returns what the file then holds. The package comment has the rules.
func (f *files) settle(ctx context.Context, file *os.File, now []byte, mayWrite bool) ([]byte, error) {
	if _, err := f.dir.Lstat(f.journal); errors.Is(err, fs.ErrNotExist) {
		return now, nil
	}
	j, found, err := f.readJournal(ctx)
	if err != nil || !found {
		return now, err
	}
	torn := j.torn(now)
	if torn {
		now = append([]byte{}, j.new...)
	}
	if !mayWrite {
		return now, nil
	}
	if torn {
		err = f.writeOver(file, max(len(j.old), len(j.new)), now)
	} else if bytes.Equal(now, j.new) {
		err = f.sync(file) // its writer may have died before it did
	}
	if err != nil {
		return nil, err
	}
	if err := f.dir.Remove(f.journal); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, failed("remove a journal", err)
	}
	return now, nil
}

// readJournal returns the session's journal; one without content if it is damaged.
func (f *files) readJournal(ctx context.Context) (j journal, found bool, err error) {
	file, info, err := f.openLocked(ctx, f.journal, os.O_RDONLY, noLock)
	if errors.Is(err, store.ErrNotFound) {
		return journal{}, false, nil
	}
	if err != nil {
		return journal{}, false, err
	}
	defer file.Close()
	b, err := read(file, info, journalSize(2*f.opts.MaxBytes))
	if err != nil {
		return journal{}, false, err
	}
	j, _ = decodeJournal(b)
	return j, true, nil
}

// rewrite saves data in place, or in a new file where there is none.
func (f *files) rewrite(ctx context.Context, data []byte, old store.Rev) error {
	for {
		if old.IsZero() || old.IsAny() {
			err := f.create(ctx, data)
			if old.IsZero() || !errors.Is(err, store.ErrConflict) {
				return err
			}
		}
		file, now, err := f.openSettled(ctx, true)
		if old.IsAny() && errors.Is(err, store.ErrNotFound) {
			continue // it was deleted since create found it
		}
		if err != nil {
			return err
		}
		if err = matches(old, now); err == nil {
			err = f.overwrite(file, now, data)
		}
		file.Close()
		return err
	}
}

// matches reports ErrConflict unless now is the version old.
func matches(old store.Rev, now []byte) error {
	if was, ok := old.Data(); !old.IsAny() && (!ok || !bytes.Equal(was, now)) {
		return store.ErrConflict
	}
	return nil
}

// overwrite makes data of what a locked file holds. If it cannot, it puts back
// what there was; if not even that, the journal stays for the next one.
func (f *files) overwrite(file *os.File, now, data []byte) error {
	if bytes.Equal(now, data) {
		return f.writeOver(file, len(now), data) // nothing to tear, but a new modification time
	}
	journal, err := f.writeJournal(journal{old: now, new: data})
	if err != nil {
		return err
	}
	if err := f.writeOver(file, len(now), data); err != nil {
		if f.writeOver(file, max(len(now), len(data)), now) == nil {
			f.removeJournal(journal)
		}
		return err
	}
	f.removeJournal(journal)
	return nil
}

// writeOver writes data over a file of so many bytes. It shortens the file last,
// so that there is no moment at which it is empty.
func (f *files) writeOver(file *os.File, size int, data []byte) error {
	if plantTruncateFirst {
		if err := file.Truncate(0); err != nil {
			return err
		}
	}
	if _, err := file.WriteAt(data, 0); err != nil {
		return failed("write a session file", err)
	}
	if size > len(data) {
		if err := file.Truncate(int64(len(data))); err != nil {
			return failed("shorten a session file", err)
		}
	}
	return f.sync(file)
}

// writeJournal writes the session's journal and returns which file it is. The
// checksum tells whether it is whole, so that it needs no rename.
func (f *files) writeJournal(j journal) (info fs.FileInfo, err error) {
	file, err := f.dir.OpenFile(f.journal, os.O_WRONLY|os.O_CREATE|os.O_EXCL|openFlags, f.opts.Mode)
	if err != nil {
		return nil, failed("make a journal", err)
	}
	defer func() {
		file.Close()
		if err != nil {
			f.dir.Remove(f.journal)
		}
	}()
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	*buf = j.appendTo((*buf)[:0])
	if _, err = file.Write(*buf); err != nil {
		return nil, failed("write a journal", err)
	}
	if info, err = file.Stat(); err != nil {
		return nil, failed("look at a journal", err)
	}
	if err = f.sync(file); err != nil {
		return nil, err
	}
	return info, f.syncDir()
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// removeJournal removes the journal of this writer. If the file was removed and
// made again meanwhile, as Perl does without a lock, another writer may have put
// its own there. A journal that stays does no harm: see settle.
func (f *files) removeJournal(mine fs.FileInfo) {
	if there, err := f.dir.Lstat(f.journal); err == nil && os.SameFile(there, mine) {
		f.dir.Remove(f.journal)
	}
}

// remove deletes the session's file, then its journal: a journal without a file
// is never followed.
func (f *files) remove(ctx context.Context, old store.Rev) error {
	var file *os.File
	var err error
	if old.IsAny() {
		file, _, err = f.openLocked(ctx, f.data, os.O_RDONLY, exclusiveLock)
	} else {
		var now []byte
		file, now, err = f.openSettled(ctx, false)
		if err == nil {
			err = matches(old, now)
		}
	}
	if file != nil {
		defer file.Close()
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, name := range []string{f.data, f.journal} {
		if err := f.dir.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return failed("remove a session file", err)
		}
	}
	return f.syncDir()
}
