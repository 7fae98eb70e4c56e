package datasession

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
	"github.com/go-datasession/datasession/store"
)

// Flush stores the session if it was changed, or if its access time is due to be
// written. A new session in which nothing was set is not stored.
//
// If somebody stored the session since it was loaded, Flush applies this session's
// edits to the newer one. It reports ErrDeleted if the session was deleted or has
// expired meanwhile, and then stores nothing, now or later; ErrConflict if
// Options.Resolve rejects, or the tries run out; ErrTooLarge for data over a limit.
// After an error of the store the edits are kept, and Flush can be called again.
//
// A thing that two parameters refer to stays one thing, unless only one of the two was
// changed and meets a newer session: then each has its own.
//
// Perl's flush stores the whole session over whatever is there.
func (s *Session) Flush(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return wrap("flush", s.key, s.flush(ctx, s.m.opts.Tries))
}

func (s *Session) flush(ctx context.Context, tries int) error {
	if s.deleted || s.ignored {
		return nil
	}
	if _, err := s.collect(); err != nil {
		return err
	}
	edited := s.edited()
	if s.readOnly {
		s.aged, s.touch = nil, false
		edited = s.edited()
	}
	switch {
	case !edited && !s.touch:
		return nil
	case s.readOnly:
		return ErrReadOnly
	}
	for try := 1; ; try++ {
		err := s.store(ctx, edited)
		switch {
		case err == nil:
			s.settle()
			return nil
		case errors.Is(err, ErrNotFound):
			s.bury()
			return ErrDeleted
		case try >= tries:
			return err
		case s.drawsAgain(err):
			err = s.drawAgain(ctx)
		case !errors.Is(err, ErrConflict):
			return err
		case !edited: // somebody else has used it, and has written that
			s.touch = false
			return nil
		default:
			s.retry()
			if err = pause(ctx, try); err == nil {
				err = s.catchUp(ctx)
			}
		}
		if err != nil {
			return err
		}
	}
}

// store makes one attempt to store the session, or that it was used.
func (s *Session) store(ctx context.Context, edited bool) error {
	if !edited {
		if done, err := s.storeTouch(ctx); done || err != nil {
			return err
		}
	}
	return s.save(ctx)
}

// save makes one attempt to store the session as it is in memory.
func (s *Session) save(ctx context.Context) error {
	f := &s.m.opts.Family
	if f.atime != "" && (s.used || s.times.atime) {
		s.root.Set(f.atime, perl.Int(s.accessed))
	}
	const room = 128 // for a new session, or what was set since
	data := make([]byte, 0, s.work.Loaded+room)
	data, err := codec.Bind(s.m.codec, s.key).Append(data, perl.NewRef(s.root), s.m.opts.Limits)
	if errors.Is(err, codec.ErrLimit) {
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	if err != nil {
		return err
	}
	rev, err := s.m.store.Save(ctx, s.key, data, s.rev, store.SaveOptions{TTL: s.ttl(), Index: s.indexValues()})
	if err != nil {
		return err
	}
	s.rev, s.touchable = rev, false // a load will tell
	s.work.Saves++
	s.work.Stored = len(data)
	s.m.stats.saves.Add(1)
	s.m.debug(ctx, "session stored", s.key, len(data))
	return nil
}

func (s *Session) retry() {
	s.work.Retries++
	s.m.stats.retries.Add(1)
}

// catchUp loads what is stored now and applies the edits to it.
func (s *Session) catchUp(ctx context.Context) error {
	rec, err := s.m.store.Load(ctx, s.key)
	if errors.Is(err, ErrNotFound) {
		if s.rev.IsZero() {
			return nil // it came and went: the next try creates it
		}
		s.bury()
		return ErrDeleted
	}
	if err != nil {
		return err
	}
	root, err := s.m.decode(s.key, rec.Data)
	if err != nil {
		return err
	}
	f, now := &s.m.opts.Family, s.m.now()
	touchable := s.m.addTouch(root, rec)
	ended, err := s.m.ended(ctx, root, now)
	if err != nil {
		return err
	}
	if ended {
		s.bury()
		s.expired = true
		return ErrDeleted
	}
	stored := f.seconds(root, f.atime)
	if err := s.rebase(ctx, root); err != nil {
		return err
	}
	s.rev, s.touchable = rec.Rev, touchable
	if !s.times.atime {
		if s.used {
			s.expireParams(stored, now)
		}
		s.accessed = max(s.accessed, stored)
	}
	return nil
}

// drawsAgain reports whether a new session wants another id: the one it drew is taken,
// or is one that the store cannot hold, as a UUID64 with a slash is to a directory.
func (s *Session) drawsAgain(err error) bool {
	return s.generated && s.rev.IsZero() && (errors.Is(err, ErrConflict) || errors.Is(err, ErrInvalidID))
}

// drawAgain gives a new session another id.
func (s *Session) drawAgain(ctx context.Context) error {
	id, err := s.m.opts.NewID.New(ctx)
	if err != nil {
		return err
	}
	s.setID(id)
	return nil
}

func (s *Session) setID(id string) {
	s.id, s.key = id, s.m.key(id)
	s.root.Set(s.m.opts.Family.id, s.m.idValue(s.key))
}
