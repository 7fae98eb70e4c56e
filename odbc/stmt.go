package odbc

import (
	"context"
	"database/sql/driver"
	"errors"
	"unsafe"
)

// stmt is a prepared statement, or one that is to be run once without.
type stmt struct {
	c      *conn
	h      uintptr
	direct []byte // the text, if it is not prepared
	inputs int    // placeholders, or -1
	params params
	open   *rows // whose cursor is open in the driver
	closed bool
}

var _ interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
} = (*stmt)(nil)

func (c *conn) prepare(ctx context.Context, query string) (*stmt, error) {
	h, err := c.newStmt(ctx)
	if err != nil {
		return nil, err
	}
	s := &stmt{c: c, h: h, inputs: -1}
	text := append([]byte(query), 0)
	err = c.run(ctx, h, func() error {
		_, err := s.long("prepare", func() ret {
			return call(c.lib.prepare, h, uintptr(unsafe.Pointer(unsafe.SliceData(text))), uintptr(len(text)-1))
		})
		if err != nil {
			return err
		}
		n := new(int16)
		if call(c.lib.numParams, h, uintptr(unsafe.Pointer(n))).ok() {
			s.inputs = int(*n)
		}
		return nil
	})
	if err != nil {
		(&stmt{c: c, h: h}).Close()
		return nil, err
	}
	return s, nil
}

// NumInput returns how many placeholders there are, or -1 if the driver does not say.
func (s *stmt) NumInput() int { return s.inputs }

// Close frees the statement.
func (s *stmt) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	if s.c.gone || s.c.broken {
		return nil // the connection frees it when it is closed
	}
	return s.c.soon(s.h, func() error {
		s.c.freeStmt(s.h)
		return nil
	})
}

var errOpenRows = errors.New("odbc: the rows of the statement's last run are still open")

// start begins a run: it checks and packs the arguments.
func (s *stmt) start(args []driver.NamedValue) error {
	if s.open != nil {
		return errOpenRows
	}
	return s.params.pack(args, s.c)
}

// run binds the arguments and executes the statement. It is part of a job.
func (s *stmt) run() (ret, error) {
	l := s.c.lib
	defer s.params.unbind(s)
	if err := s.params.bind(s); err != nil {
		return 0, err
	}
	return s.long("execute", func() ret {
		if s.direct != nil {
			return call(l.execDirect, s.h, uintptr(unsafe.Pointer(unsafe.SliceData(s.direct))), uintptr(len(s.direct)))
		}
		return call(l.execute, s.h)
	})
}

// long makes a call that may take long. It is part of a job.
func (s *stmt) long(doing string, f func() ret) (ret, error) {
	if err := s.c.enter(); err != nil {
		return 0, err
	}
	r := f()
	if err := s.c.leave(); err != nil {
		return 0, err
	}
	if !r.ok() && r != noData {
		return r, s.c.failed(doing, r, handleStmt, s.h)
	}
	return r, nil
}

// Exec is for programs that use the driver without database/sql.
func (s *stmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), named(args))
}

// Query is for programs that use the driver without database/sql.
func (s *stmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), named(args))
}

func named(args []driver.Value) []driver.NamedValue {
	all := make([]driver.NamedValue, len(args))
	for i, v := range args {
		all[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return all
}

// ExecContext runs the statement and reports how many rows it affected, in all its
// parts if there are several.
func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.start(args); err != nil {
		return nil, err
	}
	affected := new(int64)
	err := s.c.run(ctx, s.h, func() error {
		r, err := s.run()
		for ; err == nil && r.ok(); r, err = s.more() {
			*affected += s.rowCount()
		}
		call(s.c.lib.freeStmt, s.h, closeCursor)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result(*affected), nil
}

// rowCount is how many rows the current part affected. It is part of a job.
func (s *stmt) rowCount() int64 {
	n := &s.c.number[0]
	*n = -1
	if !call(s.c.lib.rowCount, s.h, uintptr(unsafe.Pointer(n))).ok() {
		return 0
	}
	return int64(max(*n, 0))
}

// more moves on to the next part, and returns noData after the last. It is part of a job.
func (s *stmt) more() (ret, error) {
	return s.long("execute", func() ret { return call(s.c.lib.moreResults, s.h) })
}

// result is a number of rows.
type result int64

// LastInsertId is an error: ODBC has no such thing.
func (r result) LastInsertId() (int64, error) {
	return 0, errors.New("odbc: there is no last insert id; select it as the database does")
}

func (r result) RowsAffected() (int64, error) { return int64(r), nil }
