package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/go-datasession/datasession/store"
)

const (
	sweepFirst = 100                   // sessions in the first batch
	sweepLeast = 20                    // in the smallest
	sweepMost  = 5000                  // and in the greatest
	sweepTime  = 10 * time.Millisecond // that a batch is to take
	leaseTime  = 30 * time.Second      // for which a purger may be silent
)

// Purge removes the expired sessions, as Sweep does.
func (n *Native) Purge(ctx context.Context) (removed int, err error) {
	for batch, err := range n.Sweep(ctx, false) {
		if err != nil {
			return removed, err
		}
		removed += batch
	}
	return removed, nil
}

// Sweep removes the sessions that have expired by now, the oldest first, in batches of
// as many as take 10 milliseconds, and pauses after each for as long. A batch
// is a transaction of its own, and locks what it removes, which nobody uses. Where the
// database has one lock for all, as SQLite, others get it in the pauses.
//
// One process at a time purges a table: it holds a lease, a row under the empty id,
// which ends by itself half a minute after a process was killed.
func (n *Native) Sweep(ctx context.Context, dryRun bool) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		if dryRun {
			count, err := n.expired(ctx)
			yield(count, err)
			return
		}
		l, err := n.takeLease(ctx)
		if err != nil {
			yield(0, err)
			return
		}
		defer n.dropLease(ctx, l)
		if err := n.sweepAll(ctx, l, func(batch int) bool { return yield(batch, nil) }); err != nil {
			yield(0, err)
		}
	}
}

func (n *Native) sweepAll(ctx context.Context, l *lease, each func(int) bool) error {
	a := args{native: nativeArgs{now: n.now().Unix()}, limit: sweepFirst}
	var p pace
	for {
		if err := n.renew(ctx, l); err != nil {
			return err
		}
		start := time.Now()
		removed, err := call(ctx, n.s, "purge", func(ctx context.Context) (int, error) {
			return n.s.execMany(ctx, n.sweep, a)
		})
		p.note(time.Since(start), removed)
		if err != nil || removed > 0 && !each(removed) || removed < a.limit {
			return err
		}
		pause := time.NewTimer(p.perSession * time.Duration(removed))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
		a.limit = p.batch(a.limit)
	}
}

// pace is how long the removal of a session takes. A batch that had to wait for others
// tells little of that, so the best of the last ones counts.
type pace struct{ perSession time.Duration }

func (p *pace) note(took time.Duration, removed int) {
	took /= time.Duration(max(removed, 1))
	if slower := p.perSession + p.perSession/8 + 1; p.perSession > 0 {
		took = min(took, slower)
	}
	p.perSession = took
}

// batch returns how many sessions take sweepTime, at most twice as many as the last time.
func (p *pace) batch(last int) int {
	return min(max(int(sweepTime/max(p.perSession, 1)), sweepLeast), 2*last, sweepMost)
}

func (n *Native) expired(ctx context.Context) (int, error) {
	return call(ctx, n.s, "count in", func(ctx context.Context) (count int, err error) {
		err = n.s.row(ctx, n.count, args{native: nativeArgs{now: n.now().Unix()}}, &count)
		return count, err
	})
}

// lease is the right to purge a table.
type lease struct {
	token int64 // tells its holder from others
	until time.Time
}

func (n *Native) takeLease(ctx context.Context) (*lease, error) {
	token, err := newVersion()
	if err != nil {
		return nil, err
	}
	l := &lease{token: token}
	return l, n.renew(ctx, l)
}

// renew puts off the end of a lease when half of it is over, or gets it. It reports
// ErrPurging if another has it.
func (n *Native) renew(ctx context.Context, l *lease) error {
	now := n.now()
	if l.until.Sub(now) > leaseTime/2 {
		return nil
	}
	until := now.Add(leaseTime)
	_, err := call(ctx, n.s, "purge", func(ctx context.Context) (struct{}, error) {
		a := args{data: []byte{}, native: nativeArgs{nativeRev: nativeRev{l.token, until.Unix()}, now: now.Unix()}}
		if ours, err := n.s.exec(ctx, n.lease, a); err != nil || ours {
			return struct{}{}, err
		}
		err := n.insert(ctx, n.newLease, a)
		if errors.Is(err, store.ErrConflict) {
			err = store.ErrPurging
		}
		return struct{}{}, err
	})
	if errors.Is(err, store.ErrPurging) {
		return fmt.Errorf("%s: %w", n.s.dialect.Name, store.ErrPurging)
	}
	l.until = until
	return err
}

// dropLease lets others purge. If it cannot, the lease ends by itself.
func (n *Native) dropLease(ctx context.Context, l *lease) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_, _ = call(ctx, n.s, "purge", func(ctx context.Context) (bool, error) {
		return n.s.exec(ctx, n.endLease, args{native: nativeArgs{nativeRev: nativeRev{version: l.token}}})
	})
}
