package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math"
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

// withData adds the data and its size to a template that lists ids.
func (d Dialect) withData(template string) string {
	return strings.Replace(template, fromWhere, ", "+d.Size+", "+d.Data+fromWhere, 1)
}

// Records yields the sessions in pages, each read by a statement of its own, so that no
// connection and no lock is held while the loop works.
func (s *Store) Records(ctx context.Context) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		if s.rows != nil && s.hasRows(ctx) {
			scan(ctx, s, pages{s.rows, s.rows}, func(rows *sql.Rows, f *found) error {
				return s.read(rows, f, &f.row)
			})(yield)
			return
		}
		scan(ctx, s, s.records, func(rows *sql.Rows, f *found) error { return s.read(rows, f) })(yield)
	}
}

// hasRows reports whether the rows of the table have numbers.
func (s *Store) hasRows(ctx context.Context) bool {
	_, err := call(ctx, s, "read", func(ctx context.Context) (bool, error) {
		rows, err := s.query(ctx, s.rows, args{})
		if err == nil {
			err = rows.Close()
		}
		return true, err
	})
	return err == nil
}

// read reads a row that has more between the id and the data.
func (s *Store) read(rows *sql.Rows, f *found, more ...any) error {
	var size sql.NullInt64
	columns := append(append([]any{&f.ID}, more...), &size, &f.Data)
	if err := rows.Scan(columns...); err != nil {
		return err
	}
	f.Data = s.decode(f.Data)
	f.Rev = store.DataRev(notNil(f.Data))
	f.err = s.checkSize(max(size.Int64, int64(len(f.Data))))
	return nil
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
	row int64
	err error
}

// scan yields the sessions that p reads; read takes one from a row.
func scan(ctx context.Context, s *Store, p pages, read func(*sql.Rows, *found) error) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		a := args{limit: recordsPage, row: math.MinInt64}
		for q := p.first; ; q = p.next {
			var more bool
			page, err := call(ctx, s, "read all of", func(ctx context.Context) (page []found, err error) {
				page, more, err = s.scanPage(ctx, q, a, read)
				return page, err
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
			last := page[len(page)-1]
			a.after, a.row = last.ID, last.row
		}
	}
}

// scanPage reads a page, less of it if the data are long, and reports whether there may
// be more.
func (s *Store) scanPage(ctx context.Context, q *query, a args, read func(*sql.Rows, *found) error) (page []found, more bool, err error) {
	rows, err := s.query(ctx, q, a)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	size := 0
	for size < recordsBytes && rows.Next() {
		page = append(page, found{})
		f := &page[len(page)-1]
		if err := read(rows, f); err != nil {
			return nil, false, err
		}
		size += len(f.Data)
	}
	return page, size >= recordsBytes || len(page) == a.limit, rows.Err()
}

// many makes a statement about one session one about batchDelete of them. The list of ids
// is for databases that do not use the index for alternatives.
func many(template string) string {
	head, cond, _ := strings.Cut(template, " WHERE ")
	ids, conds := make([]string, batchDelete), make([]string, batchDelete)
	for i := range conds {
		ids[i] = "{?id" + strconv.Itoa(i) + "}"
		conds[i] = "(" + inTemplate.ReplaceAllStringFunc(cond, func(m string) string {
			if strings.HasPrefix(m, "{?") {
				m = strings.TrimSuffix(m, "}") + strconv.Itoa(i) + "}"
			}
			return m
		}) + ")"
	}
	return head + " WHERE {id} IN (" + strings.Join(ids, ", ") + ") AND (" + strings.Join(conds, " OR ") + ")"
}

// DeleteBatch removes the sessions whose data are still those that were read, 50 with
// one statement, or all of them in one transaction. Like Perl it removes the whole rows,
// but see Options.NoDelete.
func (s *Store) DeleteBatch(ctx context.Context, sessions []store.Entry) (int, error) {
	return s.deleteBatch(ctx, sessions, s.removeIf, s.removeMany, func(e store.Entry) args {
		data, _ := e.Rev.Data()
		return args{id: e.ID, old: notNil(data)}
	})
}

// deleteBatch runs one, with what bind returns, or many.
func (s *Store) deleteBatch(ctx context.Context, sessions []store.Entry, one, many *query, bind func(store.Entry) args) (removed int, err error) {
	size := batchDelete
	run := func(ctx context.Context, batch []store.Entry) (int, error) {
		return s.execMany(ctx, many, args{many: filledUp(batch)})
	}
	switch {
	case s.lock.text != "" || s.dialect.Other != nil:
		run = s.deleteEach
	case s.dialect.Local:
		size = max(len(sessions), 1)
		run = func(ctx context.Context, batch []store.Entry) (int, error) {
			return s.deleteAtOnce(ctx, batch, one, bind)
		}
	}
	for batch := range slices.Chunk(sessions, size) {
		n, err := call(ctx, s, "delete from", func(ctx context.Context) (int, error) { return run(ctx, batch) })
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// deleteAtOnce runs a statement for each session, in one transaction.
func (s *Store) deleteAtOnce(ctx context.Context, batch []store.Entry, one *query, bind func(store.Entry) args) (removed int, err error) {
	db, err := s.handle(ctx)
	if err != nil {
		return 0, err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback() // no effect after Commit
	st, err := s.within(ctx, tx, one)
	if err != nil {
		return 0, err
	}
	for _, e := range batch {
		res, err := st.ExecContext(ctx, one.values(bind(e))...)
		if err != nil {
			return 0, err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return 0, err
		}
		removed += int(n)
	}
	return removed, tx.Commit()
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
