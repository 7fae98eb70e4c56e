package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"sync/atomic"
)

// fake is a database that answers as a test says, whatever it is asked.
type fake struct {
	answer func(ctx context.Context, query string, args []driver.NamedValue) (affected int64, rows [][]driver.Value, err error)
	linger int64 // what it says to the question of Dialect.Linger
	open   atomic.Int32
}

func (f *fake) Connect(context.Context) (driver.Conn, error) {
	f.open.Add(1)
	return &fakeConn{f}, nil
}

func (f *fake) Driver() driver.Driver { return nil }

type fakeConn struct{ *fake }

func (c *fakeConn) Prepare(query string) (driver.Stmt, error) {
	return &fakeStmt{c.fake, query}, nil
}
func (c *fakeConn) Begin() (driver.Tx, error) { return nil, errors.ErrUnsupported }
func (c *fakeConn) Close() error              { c.open.Add(-1); return nil }

type fakeStmt struct {
	*fake
	query string
}

func (s *fakeStmt) Close() error                               { return nil }
func (s *fakeStmt) NumInput() int                              { return -1 }
func (s *fakeStmt) Exec([]driver.Value) (driver.Result, error) { return nil, errors.ErrUnsupported }
func (s *fakeStmt) Query([]driver.Value) (driver.Rows, error)  { return nil, errors.ErrUnsupported }

func (s *fakeStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	n, _, err := s.answer(ctx, s.query, args)
	return driver.RowsAffected(n), err
}

func (s *fakeStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if strings.HasPrefix(s.query, "PRAGMA") {
		return &fakeRows{[][]driver.Value{{s.linger}}}, nil
	}
	_, rows, err := s.answer(ctx, s.query, args)
	if err != nil {
		return nil, err
	}
	return &fakeRows{rows}, nil
}

type fakeRows struct{ rows [][]driver.Value }

func (r *fakeRows) Columns() []string { return make([]string, max(1, r.width())) }
func (r *fakeRows) Close() error      { return nil }

func (r *fakeRows) width() int {
	if len(r.rows) == 0 {
		return 2
	}
	return len(r.rows[0])
}

func (r *fakeRows) Next(dest []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	copy(dest, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}
