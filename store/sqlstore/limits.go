package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/go-datasession/datasession/store"
)

// limits are what the columns of a table take.
type limits struct {
	id    sql.NullInt64 // characters
	data  sql.NullInt64 // bytes
	exact int           // how many of the two compare byte by byte
	asked time.Time
}

// askAgain is how old limits may become: a table can be altered.
const askAgain = time.Minute

// best returns the plain form of q where that is exact too.
func (s *Store) best(q *query) *query {
	if known := s.known.Load(); q.plain != nil && known != nil && known.exact == 2 {
		return q.plain
	}
	return q
}

// allow reports an id or data that would be cut, or refused, or not found again.
func (l limits) allow(id string, size int) error {
	if n := utf8.RuneCountInString(id); l.id.Valid && int64(n) > l.id.Int64 {
		return fmt.Errorf("%w: %d characters, the column takes %d", store.ErrInvalidID, n, l.id.Int64)
	}
	if l.data.Valid && int64(size) > l.data.Int64 {
		return fmt.Errorf("%w: %d bytes, the column takes %d", store.ErrTooLarge, size, l.data.Int64)
	}
	return nil
}

// fits reports whether the columns of the table take the id and so much data. It asks the
// database once a minute, and again for what does not fit: the table may have been
// altered.
func (s *Store) fits(ctx context.Context, id string, size int) error {
	if s.limits.text == "" {
		return nil
	}
	known := s.known.Load()
	if known != nil && time.Since(known.asked) < askAgain && known.allow(id, size) == nil {
		return nil
	}
	db, err := s.handle(ctx)
	if err != nil {
		return err
	}
	var columns int
	now := limits{asked: time.Now()}
	if err := db.QueryRowContext(ctx, s.limits.text).Scan(&columns, &now.id, &now.data, &now.exact); err != nil {
		return err
	}
	if columns == 2 {
		s.known.Store(&now)
	}
	return now.allow(id, size)
}
