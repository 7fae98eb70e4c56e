package datasession

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/go-datasession/datasession/store"
)

// PurgeOptions are the choices of [Manager.Purge]; nil means none of them.
type PurgeOptions struct {
	// DryRun counts what would be removed and removes nothing.
	DryRun bool

	// Idle also removes sessions that were not used for so long, whatever their
	// own expiry. Zero means that only expired sessions go.
	Idle time.Duration

	// Progress is called after each session with the counts so far.
	Progress func(PurgeResult)
}

// PurgeResult counts what a purge has done.
type PurgeResult struct {
	Seen    int // sessions looked at
	Removed int // those that were expired, and removed
	Failed  int // those that could not be read, and were kept
}

// Purge removes the sessions that have expired, one after the other. A session that
// is used between its reading and its removal stays. A session that is corrupt, too
// large, or not to be touched, is counted, kept, and left to be looked at. A store that
// can itself remove sessions past their time does that first.
//
// The error is that of a store that failed; the counts are what was done until then.
func (m *Manager) Purge(ctx context.Context, opts *PurgeOptions) (PurgeResult, error) {
	if opts == nil {
		opts = &PurgeOptions{}
	}
	var done PurgeResult
	if p, ok := m.store.(store.Purger); ok && !opts.DryRun {
		n, err := p.Purge(ctx)
		done.Seen, done.Removed = n, n
		if err != nil {
			return done, err
		}
	}
	for id, err := range m.IDs(ctx) {
		if err != nil {
			return done, err
		}
		done.Seen++
		switch removed, err := m.purge(ctx, id, opts); {
		case unreadable(err):
			done.Failed++
		case err != nil:
			return done, wrap("purge", id, err)
		case removed:
			done.Removed++
		}
		if opts.Progress != nil {
			opts.Progress(done)
		}
	}
	return done, ctx.Err()
}

// unreadable tells a session that cannot be read from a store that cannot.
func unreadable(err error) bool {
	for _, target := range []error{ErrCorrupt, ErrTooLarge, ErrInvalidID, store.ErrUnsafe, fs.ErrPermission} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

func (m *Manager) purge(ctx context.Context, id string, opts *PurgeOptions) (removed bool, err error) {
	s, err := m.load(ctx, id, false)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	idle := opts.Idle > 0 && m.opts.Family.atime != "" && s.accessed+toSeconds(opts.Idle) < m.now()
	if !s.expired && !idle {
		return false, nil
	}
	if opts.DryRun {
		return true, nil
	}
	err = m.store.Delete(ctx, id, s.rev)
	if errors.Is(err, ErrConflict) {
		return false, nil
	}
	return err == nil, err
}
