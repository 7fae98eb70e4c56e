package layered

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/go-datasession/datasession/store"
)

// What only some databases can do is in a type of its own, so that a Manager finds it
// only where it is.
type (
	touching struct{ *Store }
	purging  struct{ *Store }
	sweeping struct{ purging }

	touchingPurging struct {
		*Store
		touch
		purge
	}
	touchingSweeping struct {
		*Store
		touch
		purge
		sweep
	}

	touch interface{ store.Toucher }
	purge interface{ store.Purger }
	sweep interface {
		Sweep(ctx context.Context, dryRun bool) iter.Seq2[int, error]
	}
)

var _ interface {
	store.Store
	store.Lister
	store.Scanner
	store.BatchDeleter
	store.Indexer
	store.Pinger
	store.Migrator
} = (*Store)(nil)

func (s *Store) withCapabilities() store.Store {
	_, touches := s.db.(store.Toucher)
	_, purges := s.db.(store.Purger)
	_, sweeps := s.db.(store.Sweeper)
	t, p := touching{s}, purging{s}
	switch {
	case touches && sweeps:
		return &touchingSweeping{s, t, p, sweeping{p}}
	case touches && purges:
		return &touchingPurging{s, t, p}
	case touches:
		return t
	case sweeps:
		return sweeping{p}
	case purges:
		return p
	}
	return s
}

// Touch lets the session live for ttl from now.
func (t touching) Touch(ctx context.Context, id string, ttl time.Duration) error {
	return t.change(ctx, id, func() error { return t.db.(store.Toucher).Touch(ctx, id, ttl) })
}

// Purge removes expired sessions from the database. Copies of them live for Options.TTL
// at most, and not longer than the sessions that they are of.
func (p purging) Purge(ctx context.Context) (int, error) { return p.db.(store.Purger).Purge(ctx) }

// Sweep removes expired sessions from the database, as Purge does.
func (s sweeping) Sweep(ctx context.Context, dryRun bool) iter.Seq2[int, error] {
	return s.db.(store.Sweeper).Sweep(ctx, dryRun)
}

// IDs yields the ids in the database.
func (s *Store) IDs(ctx context.Context) iter.Seq2[string, error] {
	return s.db.(store.Lister).IDs(ctx)
}

// Records yields the sessions in the database, one by one if it cannot do better.
func (s *Store) Records(ctx context.Context) iter.Seq2[store.Entry, error] {
	if sc, ok := s.db.(store.Scanner); ok {
		return sc.Records(ctx)
	}
	return func(yield func(store.Entry, error) bool) {
		for id, err := range s.IDs(ctx) {
			e := store.Entry{ID: id}
			if err == nil {
				e.Record, err = s.db.Load(ctx, id)
			}
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// DeleteBatch removes those sessions whose stored version is still the given one.
func (s *Store) DeleteBatch(ctx context.Context, sessions []store.Entry) (n int, err error) {
	b, ok := s.db.(store.BatchDeleter)
	if !ok {
		for _, e := range sessions {
			// Delete does not tell a session that it removed from one that was gone.
			switch _, err := s.db.Load(ctx, e.ID); {
			case errors.Is(err, store.ErrNotFound):
				continue
			case err != nil:
				return n, err
			}
			switch err := s.Delete(ctx, e.ID, e.Rev); {
			case err == nil:
				n++
			case !errors.Is(err, store.ErrConflict):
				return n, err
			}
		}
		return n, nil
	}
	told := context.WithoutCancel(ctx)
	for _, e := range sessions {
		s.mark(told, e.ID)
	}
	n, err = b.DeleteBatch(ctx, sessions)
	for _, e := range sessions {
		s.invalidate(told, e.ID)
	}
	return n, err
}

// Indexes returns the indexed parameters of the database, if it has some.
func (s *Store) Indexes() []string {
	if x, ok := s.db.(store.Indexer); ok {
		return x.Indexes()
	}
	return nil
}

// Find yields what the database finds.
func (s *Store) Find(ctx context.Context, name, value string) iter.Seq2[string, error] {
	if x, ok := s.db.(store.Indexer); ok {
		return x.Find(ctx, name, value)
	}
	return func(yield func(string, error) bool) {
		yield("", fmt.Errorf("layered: find by %q: %w", name, errors.ErrUnsupported))
	}
}

// Migrate makes what the database and the cache lack.
func (s *Store) Migrate(ctx context.Context) error {
	for _, st := range []store.Store{s.db, s.cache} {
		if m, ok := st.(store.Migrator); ok {
			if err := m.Migrate(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}
