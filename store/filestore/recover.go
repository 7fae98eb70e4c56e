package filestore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/go-datasession/datasession/store"
)

// Recover finishes or removes what processes that died left in the directory, and
// returns how many leftovers there were. Nobody needs to call it: a session is
// recovered when it is loaded or saved. It is for the disk space of sessions
// that nobody asks for again, and, on a store without GoOnly, for before a
// directory becomes GoOnly.
func (s *Store) Recover(ctx context.Context) (int, error) {
	n := 0
	var failure error
	err := s.eachEntry(ctx, func(e fs.DirEntry) bool {
		name, dot := strings.CutPrefix(e.Name(), ".")
		staged, isStage := strings.CutSuffix(name, stageSuffix)
		journaled, isJournal := strings.CutSuffix(name, journalSuffix)
		recover := (*files).recoverJournal
		switch {
		case !dot || !e.Type().IsRegular():
			return true
		case isStage:
			name, recover = staged, (*files).recoverStage
		case isJournal && !s.opts.GoOnly:
			name = journaled
		default:
			return true
		}
		id, ok := s.name.id(name)
		if !ok {
			return true
		}
		f, done, err := s.begin(ctx, id)
		if err == nil {
			err = recover(&f, ctx)
			done()
		}
		if err == nil {
			n++
			return true
		}
		failure = err
		return errors.Is(err, store.ErrUnsafe) && ctx.Err() == nil
	})
	return n, errors.Join(err, failure)
}

// recoverJournal settles the session, or removes a journal without one.
func (f *files) recoverJournal(ctx context.Context) error {
	file, _, err := f.openSettled(ctx, false)
	if err == nil {
		return file.Close()
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := f.dir.Remove(f.journal); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed("remove a journal", err)
	}
	return nil
}

// recoverStage removes a staged file once nobody has it.
func (f *files) recoverStage(ctx context.Context) error {
	file, _, err := f.openLocked(ctx, f.stage, os.O_RDONLY, exclusiveLock)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	if err := f.dir.Remove(f.stage); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed("remove a staged file", err)
	}
	return nil
}
