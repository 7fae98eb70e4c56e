package sqlstore

import (
	"context"
	"iter"
)

// pageSize is how many ids are read at a time.
const pageSize = 500

// IDs yields the ids in pages, each read by a statement of its own, so that no
// connection and no lock is held while the loop works.
func (s *Store) IDs(ctx context.Context) iter.Seq2[string, error] {
	return s.list(ctx, s.ids, args{})
}

// pages are two statements that read a table: the first page, and the one after an id.
type pages struct{ first, next *query }

// list yields the ids that p reads, pageSize at a time.
func (s *Store) list(ctx context.Context, p pages, a args) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		a.limit = pageSize
		for q := p.first; ; q = p.next {
			page, err := s.page(ctx, q, a)
			if err != nil {
				yield("", err)
				return
			}
			for _, id := range page {
				if id != "" && !yield(id, nil) { // the empty id is nobody's
					return
				}
			}
			if len(page) < pageSize {
				return
			}
			a.after = page[len(page)-1]
		}
	}
}

func (s *Store) page(ctx context.Context, q *query, a args) ([]string, error) {
	return call(ctx, s, "list", func(ctx context.Context) ([]string, error) {
		rows, err := s.query(ctx, q, a)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		page := make([]string, 0, pageSize)
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return nil, err
			}
			page = append(page, id)
		}
		return page, rows.Err()
	})
}

// Ping looks up a session in the table. It reports ErrUnavailable if the database
// cannot be opened, and if the table is not there.
func (s *Store) Ping(ctx context.Context) error {
	_, err := call(ctx, s, "ping", func(ctx context.Context) (struct{}, error) {
		rows, err := s.query(ctx, s.exists, args{})
		if err != nil {
			return struct{}{}, err
		}
		rows.Next()
		if err := rows.Err(); err != nil {
			rows.Close()
			return struct{}{}, err
		}
		return struct{}{}, rows.Close()
	})
	return err
}

// Migrate makes the table, in Perl's layout, if there is none of that name. It
// changes nothing about one that is there.
func (s *Store) Migrate(ctx context.Context) error {
	_, err := call(ctx, s, "make a table in", func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.makeTable(ctx)
	})
	return err
}

func (s *Store) makeTable(ctx context.Context) error {
	db, err := s.handle(ctx)
	if err != nil {
		return err
	}
	if _, err = db.ExecContext(ctx, s.migrate); err != nil && s.fault(err) == Exists {
		return nil
	}
	return err
}
