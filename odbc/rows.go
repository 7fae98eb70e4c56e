package odbc

import (
	"context"
	"database/sql/driver"
	"io"
	"reflect"
	"unsafe"
)

// rows are read ahead, so that a small result costs one job, which also closes
// the cursor.
type rows struct {
	s      *stmt
	ctx    context.Context
	closes *stmt // to be closed with the rows

	columns []column
	ahead   [][]driver.Value
	next    int   // the next of them
	err     error // what comes after them; io.EOF at the end of the result
	more    bool  // there is another result, and the driver is at it
	closed  bool
}

const (
	aheadRows  = 64
	aheadBytes = 64 << 10
)

var _ interface {
	driver.Rows
	driver.RowsNextResultSet
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypeNullable
	driver.RowsColumnTypePrecisionScale
	driver.RowsColumnTypeScanType
} = (*rows)(nil)

// QueryContext runs the statement and returns its first result that has columns.
func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	r, err := s.query(ctx, args)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (s *stmt) query(ctx context.Context, args []driver.NamedValue) (*rows, error) {
	if err := s.start(args); err != nil {
		return nil, err
	}
	r := &rows{s: s, ctx: ctx}
	err := s.c.run(ctx, s.h, func() error {
		ran, err := s.run()
		if err == nil {
			err = r.begin(ran)
		}
		if err != nil {
			call(s.c.lib.freeStmt, s.h, closeCursor)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	r.track()
	return r, nil
}

// track tells the statement whether its cursor is open.
func (r *rows) track() {
	r.s.open = nil
	if r.err == nil || r.more {
		r.s.open = r
	}
}

// begin goes to the first result with columns from here on, and reads ahead. It is
// part of a job.
func (r *rows) begin(ran ret) (err error) {
	r.columns, r.err, r.more = nil, nil, false
	for ; ran.ok(); ran, err = r.s.more() {
		if r.columns, err = r.s.describe(r.columns[:0]); err != nil {
			return err
		}
		if len(r.columns) > 0 {
			return r.read()
		}
	}
	r.err = io.EOF // there is none
	if err == nil {
		call(r.s.c.lib.freeStmt, r.s.h, closeCursor)
	}
	return err
}

// read reads some rows ahead. What goes wrong comes after them, but for an
// interrupt. It is part of a job.
func (r *rows) read() error {
	r.ahead, r.next = r.ahead[:0], 0
	for size := 0; len(r.ahead) < aheadRows && size < aheadBytes; {
		row, n, err := r.s.fetch(r.columns)
		switch {
		case err == errInterrupted:
			return err
		case err != nil:
			r.err = err
			return nil
		case row == nil:
			return r.finish()
		}
		size += n
		r.ahead = append(r.ahead, row)
	}
	return nil
}

// finish looks whether another result follows, and closes the cursor if not. It is
// part of a job.
func (r *rows) finish() error {
	r.err = io.EOF
	ran, err := r.s.more()
	switch r.more = err == nil && ran.ok(); {
	case r.more:
		return nil
	case err == errInterrupted:
		return err
	case err != nil:
		r.err = err
	}
	call(r.s.c.lib.freeStmt, r.s.h, closeCursor)
	return nil
}

// fetch reads the next row, and says how large it is; nil is the end. It is part of
// a job.
func (s *stmt) fetch(columns []column) (row []driver.Value, size int, err error) {
	ran, err := s.long("fetch", func() ret { return call(s.c.lib.fetch, s.h) })
	if err != nil || ran == noData {
		return nil, 0, err
	}
	row = make([]driver.Value, len(columns))
	for i := range columns {
		n, err := s.get(i, &columns[i], &row[i])
		if err != nil {
			return nil, 0, err
		}
		size += n
	}
	return row, size, nil
}

// Next gives the next row, from those that were read ahead if there are any.
func (r *rows) Next(dest []driver.Value) error {
	for r.next == len(r.ahead) {
		if r.err != nil {
			return r.s.c.note(r.err)
		}
		if r.closed {
			return io.EOF
		}
		if err := r.s.c.run(r.ctx, r.s.h, r.read); err != nil {
			return err
		}
		r.track()
	}
	copy(dest, r.ahead[r.next])
	r.ahead[r.next] = nil
	r.next++
	return nil
}

// HasNextResultSet reports whether another result follows this one. It is known
// when the rows of this one have been read.
func (r *rows) HasNextResultSet() bool { return !r.closed && (r.more || r.err == nil) }

// NextResultSet goes to the next result with columns, or returns io.EOF.
func (r *rows) NextResultSet() error {
	for r.err == nil { // the rest of this one is not wanted
		r.next = len(r.ahead)
		if err := r.s.c.run(r.ctx, r.s.h, r.read); err != nil {
			return err
		}
	}
	if r.err != io.EOF || r.closed {
		return r.err
	}
	if !r.more {
		return io.EOF
	}
	r.ahead, r.next = r.ahead[:0], 0
	if err := r.s.c.run(r.ctx, r.s.h, func() error { return r.begin(success) }); err != nil {
		return err
	}
	r.track()
	if len(r.columns) == 0 {
		return io.EOF
	}
	return nil
}

// Close closes the cursor, if the driver still has one open.
func (r *rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	s := r.s
	open := s.open == r
	if open {
		s.open = nil
	}
	switch {
	case r.closes != nil:
		return r.closes.Close()
	case !open, s.c.gone, s.c.broken:
		return nil
	}
	return s.c.soon(s.h, func() error {
		call(s.c.lib.freeStmt, s.h, closeCursor)
		return nil
	})
}

// Columns returns the names of the columns.
func (r *rows) Columns() []string {
	names := make([]string, len(r.columns))
	for i, c := range r.columns {
		names[i] = c.name
	}
	return names
}

// ColumnTypeDatabaseTypeName returns the type as ODBC names it, such as "VARCHAR".
func (r *rows) ColumnTypeDatabaseTypeName(i int) string { return r.columns[i].typ.String() }

// ColumnTypeLength returns the greatest length in characters or bytes.
func (r *rows) ColumnTypeLength(i int) (int64, bool) {
	c := r.columns[i]
	switch c.kind() {
	case kindText, kindBytes:
		return int64(c.size), c.size > 0
	}
	return 0, false
}

// ColumnTypeNullable reports whether the column may be NULL, if the driver knows.
func (r *rows) ColumnTypeNullable(i int) (nullable, ok bool) {
	n := r.columns[i].nullable
	return n == 1, n == 0 || n == 1
}

// ColumnTypePrecisionScale returns the digits of a decimal number.
func (r *rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	c := r.columns[i]
	ok = c.typ == sqlDecimal || c.typ == sqlNumeric
	if !ok {
		return 0, 0, false
	}
	return int64(c.size), int64(c.digits), true
}

// ColumnTypeScanType returns the Go type of what is not NULL.
func (r *rows) ColumnTypeScanType(i int) reflect.Type {
	return reflect.TypeOf(zeros[r.columns[i].kind()])
}

// describe returns the columns of the current result. It is part of a job.
func (s *stmt) describe(columns []column) ([]column, error) {
	l := s.c.lib
	n := new(int16)
	if r := call(l.numResultCols, s.h, uintptr(unsafe.Pointer(n))); !r.ok() {
		return nil, s.c.failed("describe", r, handleStmt, s.h)
	}
	d := new(description)
	for i := range max(int(*n), 0) {
		for name := d.short[:]; ; name = make([]byte, int(d.nameLen)+1) {
			r := call(l.describeCol, s.h, uintptr(i+1), uintptr(unsafe.Pointer(unsafe.SliceData(name))), uintptr(len(name)), uintptr(unsafe.Pointer(&d.nameLen)),
				uintptr(unsafe.Pointer(&d.typ)), uintptr(unsafe.Pointer(&d.size)),
				uintptr(unsafe.Pointer(&d.digits)), uintptr(unsafe.Pointer(&d.nullable)))
			if !r.ok() {
				return nil, s.c.failed("describe", r, handleStmt, s.h)
			}
			if int(d.nameLen) < len(name) {
				columns = append(columns, column{string(name[:max(d.nameLen, 0)]), d.typ, d.size, d.digits, d.nullable, false})
				break
			}
		}
		if c := &columns[i]; c.typ == sqlBigint {
			yes := &s.c.number[0]
			*yes = 0
			call(l.colAttribute, s.h, uintptr(i+1), descUnsigned, 0, 0, 0, uintptr(unsafe.Pointer(yes)))
			c.unsigned = *yes == 1
		}
		if c := &columns[i]; s.c.dbms.untyped && c.kind() == kindInt {
			c.typ = sqlUnknown
		}
	}
	return columns, nil
}

// description is what SQLDescribeCol writes.
type description struct {
	size     uintptr
	nameLen  int16
	typ      sqlType
	digits   int16
	nullable int16
	short    [128]byte
}
