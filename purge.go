package datasession

import (
	"context"
	"errors"
	"time"

	"github.com/go-datasession/datasession/perl"
	"github.com/go-datasession/datasession/store"
)

// PurgeOptions are the choices of [Manager.Purge]; nil means none of them.
type PurgeOptions struct {
	// DryRun counts what would be removed and removes nothing.
	DryRun bool

	// Idle also removes sessions that were not used for so long, whatever their
	// own expiry. Zero means that only expired sessions go.
	Idle time.Duration

	// Progress is called with the counts so far, after each session, or after each
	// batch of them.
	Progress func(PurgeResult)
}

// PurgeResult counts what a purge has done.
type PurgeResult struct {
	Seen    int // sessions looked at
	Removed int // those that were expired, and removed
	Failed  int // those that could not be read, and were kept
}

// ErrPurging reports that another process, or goroutine, is purging the store, so that
// Purge did nothing.
var ErrPurging = store.ErrPurging

// Purge removes the sessions that have expired. A session that is used between its
// reading and its removal stays. A session that is corrupt, too large, or not to be
// touched, is counted, kept, and left to be looked at.
//
// A store that keeps the expiry beside the data (store.Sweeper) removes by that, in
// batches, and no session is read, so that Seen is Removed; one that can just remove
// sessions past their time (store.Purger) does that first. Otherwise all sessions are
// read, their reserved fields only if the codec can do so, but what is to be removed is
// decoded as a whole before.
//
// The error is that of a store that failed, or ErrPurging; the counts are what was done
// until then.
func (m *Manager) Purge(ctx context.Context, opts *PurgeOptions) (PurgeResult, error) {
	p := purge{m: m, keys: m.envelope()}
	if opts != nil {
		p.PurgeOptions = *opts
	}
	switch st := m.store.(type) {
	case store.Sweeper:
		if err := p.sweep(ctx, st); err != nil || p.Idle <= 0 {
			return p.done, err
		}
	case store.Purger:
		if p.DryRun {
			break
		}
		n, err := st.Purge(ctx)
		p.done.Seen, p.done.Removed = n, n
		if err != nil {
			return p.done, err
		}
	}
	err := p.scan(ctx)
	return p.done, err
}

// purge is one run.
type purge struct {
	PurgeOptions
	m    *Manager
	keys []string
	done PurgeResult
	due  []store.Entry // to be removed
}

func (p *purge) report() {
	if p.Progress != nil {
		p.Progress(p.done)
	}
}

func (p *purge) sweep(ctx context.Context, st store.Sweeper) error {
	for n, err := range st.Sweep(ctx, p.DryRun) {
		if err != nil {
			return err
		}
		p.done.Seen += n
		p.done.Removed += n
		p.report()
	}
	return ctx.Err()
}

// purgeBatch is how many sessions are removed at once.
const purgeBatch = 200

func (p *purge) scan(ctx context.Context) error {
	for e, err := range p.m.records(ctx) {
		over := false
		if err == nil {
			over, err = p.over(ctx, e)
		}
		switch {
		case err != nil && e.ID == "":
			return err
		case err != nil && !unreadable(err):
			return wrap("purge", e.ID, err)
		}
		p.done.Seen++
		switch {
		case err != nil:
			p.done.Failed++
		case over && p.DryRun:
			p.done.Removed++
		case over:
			p.due = append(p.due, e)
		}
		if len(p.due) == purgeBatch {
			if err := p.remove(ctx); err != nil {
				return err
			}
		}
		p.report()
	}
	if err := p.remove(ctx); err != nil {
		return err
	}
	p.report()
	return ctx.Err()
}

// over reports whether a session is to be removed. Most are not, and a glance tells.
func (p *purge) over(ctx context.Context, e store.Entry) (bool, error) {
	root, err := p.m.glance(e, p.keys)
	if err != nil {
		return false, err
	}
	if over, err := p.past(ctx, root); err != nil || !over {
		return false, err
	}
	if root, err = p.m.decodeRecord(e.ID, e.Record); err != nil {
		return false, err
	}
	return p.past(ctx, root)
}

func (p *purge) past(ctx context.Context, root *perl.Hash) (bool, error) {
	f, now := p.m.opts.Family, p.m.now()
	if p.Idle > 0 && f.atime != "" && f.seconds(root, f.atime)+toSeconds(p.Idle) < now {
		return true, nil
	}
	return p.m.ended(ctx, root, now)
}

// remove removes what is due, unless it was used since it was read.
func (p *purge) remove(ctx context.Context) error {
	if b, ok := p.m.store.(store.BatchDeleter); ok {
		n, err := b.DeleteBatch(ctx, p.due)
		p.done.Removed += n
		p.due = p.due[:0]
		return err
	}
	for _, e := range p.due {
		err := p.m.store.Delete(ctx, e.ID, e.Rev)
		switch {
		case err == nil:
			p.done.Removed++
		case unreadable(err):
			p.done.Failed++
		case !errors.Is(err, ErrConflict):
			return wrap("purge", e.ID, err)
		}
	}
	p.due = p.due[:0]
	return nil
}
