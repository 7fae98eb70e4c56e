package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/go-datasession/datasession/store"
)

// lingerMax is for how long a call may go on after its context has ended.
const lingerMax = 50 * time.Millisecond

// call runs one operation of the store. It returns when ctx ends, also where the
// driver does not, and says in its error what was being done.
func call[T any](ctx context.Context, s *Store, doing string, f func(context.Context) (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	run := func() (r result) {
		r.v, r.err = retry(ctx, s, f)
		return r
	}
	var r result
	switch {
	case ctx.Err() != nil:
		r.err = ctx.Err()
	case ctx.Done() == nil || s.prompt.Load():
		r = run()
	default:
		done := make(chan result, 1)
		s.workers.do(func() { done <- run() })
		select {
		case r = <-done:
		case <-ctx.Done():
			// Most drivers do notice, and then nothing is left behind.
			grace := time.NewTimer(30 * time.Millisecond)
			defer grace.Stop()
			select {
			case r = <-done:
			case <-grace.C:
				r.err = ctx.Err()
			}
		}
	}
	if r.err != nil {
		var zero T
		return zero, fmt.Errorf("%s %s: %w", doing, s.dialect.Name, s.explain(ctx, r.err))
	}
	return r.v, nil
}

// retry runs f again for as long as the database is busy.
func retry[T any](ctx context.Context, s *Store, f func(context.Context) (T, error)) (T, error) {
	const shortest, longest = time.Millisecond, 32 * time.Millisecond
	start := time.Now()
	for pause := shortest; ; pause = min(2*pause, longest) {
		v, err := f(ctx)
		if err == nil || s.dialect.Fault(err) != Busy || ctx.Err() != nil {
			return v, err
		}
		if _, bounded := ctx.Deadline(); !bounded && time.Since(start) > s.wait {
			return v, fmt.Errorf("%w: busy for %v: %w", store.ErrUnavailable, s.wait, err)
		}
		// Half to one and a half times the pause, so that those who wait for
		// the same lock do not come back together.
		timer := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return v, err
		}
	}
}

// explain adds to an error of the driver what the caller may decide on.
func (s *Store) explain(ctx context.Context, err error) error {
	ours := errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrNotFound) ||
		errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrTooLarge)
	switch end := ctx.Err(); {
	case ours:
		return err
	case end != nil && errors.Is(err, end):
		return err
	case end != nil:
		return fmt.Errorf("%w (%w)", end, err)
	}
	switch s.dialect.Fault(err) {
	case NoTable:
		return fmt.Errorf("%w: no table %s as wanted; make it with Migrate, or: %s: %w",
			store.ErrUnavailable, s.table, s.migrate, err)
	case Unreachable:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return err
}
