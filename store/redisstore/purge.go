package redisstore

import (
	"context"
	"iter"
)

// Purge does nothing, and reports 0: the server itself removes sessions past their TTL.
// A Manager that sees it reads no sessions to find those that have expired.
func (s *Store) Purge(ctx context.Context) (int, error) { return 0, ctx.Err() }

// Sweep yields nothing, as Purge has nothing to do.
func (s *Store) Sweep(ctx context.Context, _ bool) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(0, err)
		}
	}
}
