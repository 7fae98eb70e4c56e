package odbc

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"unsafe"
)

// tx is a transaction: a connection that does not commit by itself.
type tx struct {
	c         *conn
	ctx       context.Context
	isolation uintptr // to be set again afterwards; 0: it was not changed
	undo      string  // a statement to be run afterwards
}

var isolations = map[sql.IsolationLevel]uintptr{
	sql.LevelReadUncommitted: 1, sql.LevelReadCommitted: 2, sql.LevelRepeatableRead: 4, sql.LevelSerializable: 8,
}

// Begin is BeginTx without options.
func (c *conn) Begin() (driver.Tx, error) { return c.BeginTx(context.Background(), driver.TxOptions{}) }

// BeginTx begins a transaction. ODBC has the four isolation levels of the standard;
// another one is an error, as is one, or a read-only transaction, that the driver
// does not have.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	t := &tx{c: c, ctx: ctx}
	level, known := isolations[sql.IsolationLevel(opts.Isolation)]
	if !known && sql.IsolationLevel(opts.Isolation) != sql.LevelDefault {
		return nil, fmt.Errorf("odbc: isolation level %v is not one of ODBC's", sql.IsolationLevel(opts.Isolation))
	}
	if c.inTx {
		return nil, errors.New("odbc: there is a transaction already")
	}
	err := c.run(ctx, 0, func() error {
		if err := t.begin(level, opts.ReadOnly); err != nil {
			return errors.Join(err, t.finish(false))
		}
		return nil
	})
	if err != nil {
		return nil, c.again(err)
	}
	if opts.ReadOnly {
		if err := t.readOnly(ctx); err != nil {
			return nil, errors.Join(err, t.Rollback())
		}
	}
	return t, nil
}

// begin is part of a job.
func (t *tx) begin(level uintptr, readOnly bool) error {
	c := t.c
	if level != 0 {
		before := new(uintptr)
		r := call(c.lib.getConnectAttr, c.dbc, attrTxnIsolation, uintptr(unsafe.Pointer(before)), 0, 0)
		if r.ok() {
			t.isolation = uintptr(uint32(*before))
		}
		if err := t.set(attrTxnIsolation, level); err != nil {
			return err
		}
	}
	if readOnly && c.dbms.readOnly == "" {
		if err := t.set(attrAccessMode, 1); err != nil {
			return err
		}
	}
	if err := t.set(attrAutoCommit, 0); err != nil {
		return err
	}
	c.inTx = true
	return nil
}

// readOnly lets the database see to it, where the driver would not.
func (t *tx) readOnly(ctx context.Context) error {
	if t.c.dbms.readOnly == "" {
		return nil
	}
	t.undo = t.c.dbms.readWrite
	_, err := t.c.ExecContext(ctx, t.c.dbms.readOnly, nil)
	return err
}

// set sets an attribute. A driver that sets another value than it was told says so
// by a state, and that counts as an error. It is part of a job.
func (t *tx) set(attribute, value uintptr) error {
	r := call(t.c.lib.setConnectAttr, t.c.dbc, attribute, value, 0)
	if r == successWithInfo {
		var e *Error
		if err := t.c.failed("begin", r, handleDbc, t.c.dbc); errors.As(err, &e) && e.SQLState() == "01S02" {
			return err
		}
	}
	if !r.ok() {
		return t.c.failed("begin", r, handleDbc, t.c.dbc)
	}
	return nil
}

// Commit ends the transaction within the context that it was begun with. If that
// ends before, the transaction may or may not have been committed.
func (t *tx) Commit() error { return t.end(t.ctx, true) }

// Rollback ends the transaction. A connection that does not roll back within a
// second, or on which a call was cancelled, is closed, which rolls back too.
func (t *tx) Rollback() error {
	if t.c.gone || t.c.broken {
		t.c.broken = true
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return t.end(ctx, false)
}

func (t *tx) end(ctx context.Context, commits bool) error {
	err := t.c.run(ctx, 0, func() error { return t.finish(commits) })
	if err != nil || t.undo == "" {
		return err
	}
	if _, err := t.c.ExecContext(ctx, t.undo, nil); err != nil {
		t.c.broken = true
	}
	return nil
}

// finish ends the transaction, if it has begun, and leaves the connection as it
// was. It is part of a job.
func (t *tx) finish(commits bool) error {
	c := t.c
	if c.inTx {
		how := uintptr(rollback)
		if commits {
			how = commit
		}
		if r := call(c.lib.endTran, handleDbc, c.dbc, how); !r.ok() {
			// To switch autocommit on would commit. Closing rolls back.
			c.spoiled = true
			return c.failed("end the transaction", r, handleDbc, c.dbc)
		}
	}
	if !call(c.lib.setConnectAttr, c.dbc, attrAutoCommit, 1, 0).ok() {
		c.spoiled = true // what was asked for has been done
		return nil
	}
	c.inTx = false
	if t.isolation != 0 {
		call(c.lib.setConnectAttr, c.dbc, attrTxnIsolation, t.isolation, 0)
	}
	if c.dbms.readOnly == "" {
		call(c.lib.setConnectAttr, c.dbc, attrAccessMode, 0, 0)
	}
	return nil
}
