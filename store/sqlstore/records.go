package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/go-datasession/datasession/store"
)

const (
	recordsPage  = 1000    // sessions that are read at a time
	recordsBytes = 4 << 20 // and about how much of their data
	batchDelete  = 50      // sessions that one statement deletes
)

// withData adds the data, as Load selects it, to a template that lists ids.
func (d Dialect) withData(template string) string {
	selected, _, _ := strings.Cut(strings.TrimPrefix(d.Load, "SELECT "), fromWhere)
	return strings.Replace(template, fromWhere, ", "+selected+fromWhere, 1)
}

// Records yields the sessions in pages, each read by a statement of its own, so that no
// connection and no lock is held while the loop works.
func (s *Store) Records(ctx context.Context) iter.Seq2[store.Entry, error] {
	return scan(ctx, s, s.records, func(rows *sql.Rows) (store.Entry, error) {
		var e store.Entry
		var size sql.NullInt64
		if err := rows.Scan(&e.ID, &size, &e.Data); err != nil {
			return store.Entry{}, err
		}
		e.Data = s.decode(e.Data)
		e.Rev = store.DataRev(notNil(e.Data))
		return e, s.checkSize(max(size.Int64, int64(len(e.Data))))
	})
}

func (s *Store) checkSize(size int64) error {
	if size > int64(s.maxBytes) {
		return fmt.Errorf("%w: %d bytes, want at most %d", store.ErrTooLarge, size, s.maxBytes)
	}
	return nil
}

// found is a session on a page, or the error about it.
type found struct {
	store.Entry
	err error
}

// scan yields the sessions that p reads. read takes one from a row; an error that comes
// with an id is about that one.
func scan(ctx context.Context, s *Store, p pages, read func(*sql.Rows) (store.Entry, error)) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		a := args{max: s.maxBytes, limit: recordsPage}
		var page []found
		for q := p.first; ; q = p.next {
			more, err := call(ctx, s, "read all of", func(ctx context.Context) (more bool, err error) {
				page, more, err = s.scanPage(ctx, q, a, page[:0], read)
				return more, err
			})
			if err != nil {
				yield(store.Entry{}, err)
				return
			}
			for _, f := range page {
				if f.ID != "" && !yield(f.Entry, f.err) {
					return
				}
			}
			if !more {
				return
			}
			a.after = page[len(page)-1].ID
		}
	}
}

// scanPage reads a page, less of it if the data are long, and reports whether there may
// be more.
func (s *Store) scanPage(ctx context.Context, q *query, a args, page []found, read func(*sql.Rows) (store.Entry, error)) ([]found, bool, error) {
	rows, err := s.query(ctx, q, a)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	size := 0
	for size < recordsBytes && rows.Next() {
		e, err := read(rows)
		if err != nil && e.ID == "" {
			return nil, false, err
		}
		size += len(e.Data)
		page = append(page, found{e, err})
	}
	return page, size >= recordsBytes || len(page) == a.limit, rows.Err()
}

// many makes a statement about one session one about batchDelete of them.
func many(template string) string {
	head, cond, _ := strings.Cut(template, " WHERE ")
	conds := make([]string, batchDelete)
	for i := range conds {
		conds[i] = "(" + inTemplate.ReplaceAllStringFunc(cond, func(m string) string {
			if strings.HasPrefix(m, "{?") {
				m = strings.TrimSuffix(m, "}") + strconv.Itoa(i) + "}"
			}
			return m
		}) + ")"
	}
	return head + " WHERE " + strings.Join(conds, " OR ")
}

// DeleteBatch removes the sessions whose data are still those that were read, 50 with
// one statement. Like Perl it removes the whole rows, but see Options.NoDelete.
func (s *Store) DeleteBatch(ctx context.Context, sessions []store.Entry) (int, error) {
	if s.lock.text != "" || s.dialect.Other != nil {
		return s.deleteBatch(ctx, sessions, nil)
	}
	return s.deleteBatch(ctx, sessions, s.removeMany)
}

// deleteBatch runs q for many sessions at a time, or Delete for each if q is nil.
func (s *Store) deleteBatch(ctx context.Context, sessions []store.Entry, q *query) (removed int, err error) {
	for batch := range slices.Chunk(sessions, batchDelete) {
		n, err := call(ctx, s, "delete from", func(ctx context.Context) (int, error) {
			if q == nil {
				return s.deleteEach(ctx, batch)
			}
			return s.execMany(ctx, q, args{many: filledUp(batch)})
		})
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// filledUp repeats the last session until there are as many as the statement has room for.
func filledUp(batch []store.Entry) []store.Entry {
	full := make([]store.Entry, 0, batchDelete)
	full = append(full, batch...)
	for len(full) < batchDelete {
		full = append(full, batch[len(batch)-1])
	}
	return full
}

// deleteEach is for what cannot be done with one statement.
func (s *Store) deleteEach(ctx context.Context, batch []store.Entry) (removed int, err error) {
	for _, e := range batch {
		switch err := s.delete(ctx, args{id: e.ID}, e.Rev); {
		case err == nil:
			removed++
		case !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrNotFound):
			return removed, err
		}
	}
	return removed, nil
}
