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
		if err == nil || ctx.Err() != nil {
			return v, err
		}
		switch s.fault(err) {
		case Busy:
		case Stale:
			s.closeStatements()
		default:
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
	switch end := ctx.Err(); {
	case isOurs(err):
		return err
	case end != nil && errors.Is(err, end):
		return err
	case end != nil:
		return fmt.Errorf("%w (%w)", end, err)
	}
	switch s.fault(err) {
	case TooLarge: // these three texts of the database quote what was sent
		return fmt.Errorf("%w: the column takes less", store.ErrTooLarge)
	case BadData:
		return fmt.Errorf("%w: not text of the column's character set", store.ErrInvalidData)
	case BadID:
		return fmt.Errorf("%w: the column does not take it", store.ErrInvalidID)
	case Duplicate:
		return store.ErrConflict
	case NoTable:
		return fmt.Errorf("%w: no table %s as wanted; make it with Migrate, or: %s: %w",
			store.ErrUnavailable, s.table, s.migrate, err)
	case Unreachable:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return err
}

func isOurs(err error) bool {
	for _, ours := range []error{store.ErrUnavailable, store.ErrNotFound, store.ErrConflict,
		store.ErrTooLarge, store.ErrInvalidData, store.ErrInvalidID} {
		if errors.Is(err, ours) {
			return true
		}
	}
	return false
}

var errStale = errors.New("statement was closed")

// fault is Dialect.Fault, for errors of database/sql too.
func (s *Store) fault(err error) Fault {
	if isOurs(err) || errors.Is(err, errClosed) {
		return Other
	}
	// Another goroutine has found the statements to be stale.
	if errors.Is(err, errStale) || err.Error() == "sql: statement is closed" && !s.closed.Load() {
		return Stale
	}
	return s.dialect.Fault(err)
}
