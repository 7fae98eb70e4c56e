package datasession

import (
	"context"
	"errors"
	"time"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
	"github.com/go-datasession/datasession/store"
)

// Rename moves the session to another id, with its edits, which are stored under
// the new id only. An empty id stands for a generated one. When Rename returns, the
// old id is gone from the store, and what others still try to store under it is
// refused; but see [Options].RenameGrace. It reports ErrConflict, and changes nothing, if there is a session of the
// new id already.
//
// Do this when somebody signs in. Perl's id setter leaves the old record in place.
func (s *Session) Rename(ctx context.Context, newID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return wrap("rename", s.key, s.rename(ctx, newID))
}

func (s *Session) rename(ctx context.Context, newID string) error {
	generate := newID == ""
	switch {
	case s.deleted:
		return ErrDeleted
	case s.readOnly:
		return ErrReadOnly
	case newID == s.id:
		return nil
	case !generate:
		if err := checkID(newID); err != nil {
			return err
		}
	}
	oldID, oldRev, wasGenerated := s.id, s.rev, s.generated
	back := func() { s.setID(oldID); s.rev, s.generated = oldRev, wasGenerated }
	for try := 1; ; try++ {
		if _, err := s.collect(); err != nil {
			return err
		}
		if generate {
			id, err := s.m.opts.NewID.New(ctx)
			if err != nil {
				return err
			}
			newID = id
		}
		s.setID(newID)
		s.generated = generate
		if oldRev.IsZero() {
			return nil // nothing is stored yet
		}
		s.rev = store.Rev{}
		err := s.save(ctx)
		if s.drawsAgain(err) && try < s.m.opts.Tries {
			back()
			continue
		}
		if err != nil {
			back()
			return err
		}
		newRev := s.rev
		err = s.leave(ctx, s.m.key(oldID), oldRev, generate)
		if err == nil {
			s.settle()
			return nil
		}
		// The old record changed, or went, after it was read: undo.
		_ = s.m.store.Delete(context.WithoutCancel(ctx), s.m.key(newID), newRev)
		back()
		if !errors.Is(err, ErrConflict) || try >= s.m.opts.Tries {
			return err
		}
		s.retry()
		if err := pause(ctx, try); err != nil {
			return err
		}
		if err := s.catchUp(ctx); err != nil {
			return err
		}
		oldRev = s.rev
	}
}

// leave kills the record that a rename left behind, if it is still the one that was
// copied, and removes it. It is first overwritten by an empty session that has
// expired, because to overwrite tells a record that somebody deleted from one that
// is there, which to delete does not. With a grace, that session stays for as long and
// says where to go.
func (s *Session) leave(ctx context.Context, id string, rev store.Rev, generated bool) error {
	dead := s.m.opts.Family.newRoot(s.m.idValue(id), s.m.now()-1, -1, "")
	ttl, grace := time.Second, toSeconds(s.m.opts.RenameGrace)
	if grace > 0 && generated && s.m.opts.Family.etime != "" {
		dead.Set(movedKey, s.m.idValue(s.key))
		dead.Set(movedUntilKey, perl.Int(s.m.now()+grace))
		ttl = toDuration(grace + 2)
	}
	data, err := codec.Bind(s.m.codec, id).Append(nil, perl.NewRef(dead), s.m.opts.Limits)
	if err != nil {
		return err
	}
	_, err = s.m.store.Save(ctx, id, data, rev, store.SaveOptions{TTL: ttl})
	if errors.Is(err, ErrNotFound) {
		s.bury()
		return ErrDeleted
	}
	if err != nil || ttl > time.Second {
		return err
	}
	if err := s.m.store.Delete(ctx, id, store.AnyRev); err != nil {
		s.m.opts.Logger.WarnContext(ctx, "dead session left behind", "session", Fingerprint(id), "error", err)
	}
	return nil
}

// movedTo returns the id that a rename has given to the session of this record, while
// it may be followed.
func (m *Manager) movedTo(root *perl.Hash, now int64) string {
	until := m.opts.Family.seconds(root, movedUntilKey)
	if until == 0 || m.opts.RenameGrace <= 0 || now >= until || until > now+toSeconds(m.opts.RenameGrace) {
		return ""
	}
	v, _ := root.Get(movedKey)
	return text(v)
}
