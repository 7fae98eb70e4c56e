package sqlstore

import (
	"context"
	"database/sql"
	"errors"
)

// statement is a query that can be run: a *sql.Stmt, or one that is not prepared.
type statement interface {
	ExecContext(ctx context.Context, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, args ...any) *sql.Row
}

// runner is a *sql.DB or a *sql.Tx.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

type plain struct {
	on   runner
	text string
}

func (p plain) ExecContext(ctx context.Context, args ...any) (sql.Result, error) {
	return p.on.ExecContext(ctx, p.text, args...)
}

func (p plain) QueryContext(ctx context.Context, args ...any) (*sql.Rows, error) {
	return p.on.QueryContext(ctx, p.text, args...)
}

func (p plain) QueryRowContext(ctx context.Context, args ...any) *sql.Row {
	return p.on.QueryRowContext(ctx, p.text, args...)
}

// stmt returns q, prepared unless Options.Unprepared. A statement is prepared once; one
// that failed, say because its table is not there yet, is prepared again the next time.
func (s *Store) stmt(ctx context.Context, q *query) (statement, error) {
	db, err := s.handle(ctx)
	if err != nil {
		return nil, err
	}
	if !s.prompt.Load() {
		var ms int64
		if err := db.QueryRowContext(ctx, s.dialect.Linger).Scan(&ms); err != nil {
			return nil, err
		}
		s.prompt.Store(ms <= lingerMax.Milliseconds())
	}
	if s.unprepared {
		return plain{db, q.text}, nil
	}
	return s.prepared(ctx, db, q)
}

func (s *Store) prepared(ctx context.Context, db *sql.DB, q *query) (*sql.Stmt, error) {
	if st := q.stmt.Load(); st != nil {
		return st, nil
	}
	st, err := db.PrepareContext(ctx, q.text)
	if err != nil {
		return nil, err
	}
	if !q.stmt.CompareAndSwap(nil, st) {
		st.Close()
		if st = q.stmt.Load(); st == nil {
			return nil, errStale
		}
	}
	if s.closed.Load() {
		s.closeStatements()
		return nil, errClosed
	}
	return st, nil
}

// within returns q for a transaction, which closes it.
func (s *Store) within(ctx context.Context, tx *sql.Tx, q *query) (statement, error) {
	if s.unprepared {
		return plain{tx, q.text}, nil
	}
	db, err := s.handle(ctx)
	if err != nil {
		return nil, err
	}
	st, err := s.prepared(ctx, db, q)
	if err != nil {
		return nil, err
	}
	return tx.StmtContext(ctx, st), nil
}

// exec runs a statement and reports whether it affected a row.
func (s *Store) exec(ctx context.Context, q *query, a args) (bool, error) {
	n, err := s.execMany(ctx, q, a)
	return n > 0, err
}

// execMany runs a statement and returns how many rows it affected.
func (s *Store) execMany(ctx context.Context, q *query, a args) (int, error) {
	q = s.best(q)
	st, err := s.stmt(ctx, q)
	if err != nil {
		return 0, err
	}
	res, err := st.ExecContext(ctx, q.values(a)...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// row reads the one row that a statement selects, or returns sql.ErrNoRows.
func (s *Store) row(ctx context.Context, q *query, a args, dest ...any) error {
	q = s.best(q)
	st, err := s.stmt(ctx, q)
	if err != nil {
		return err
	}
	return st.QueryRowContext(ctx, q.values(a)...).Scan(dest...)
}

// is reports whether a statement selects a row.
func (s *Store) is(ctx context.Context, q *query, a args) (bool, error) {
	var one int
	err := s.row(ctx, q, a, &one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (s *Store) query(ctx context.Context, q *query, a args) (*sql.Rows, error) {
	q = s.best(q)
	st, err := s.stmt(ctx, q)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, q.values(a)...)
}

func (s *Store) closeStatements() error {
	var errs []error
	for _, q := range s.queries {
		if st := q.stmt.Swap(nil); st != nil {
			errs = append(errs, st.Close())
		}
	}
	return errors.Join(errs...)
}
