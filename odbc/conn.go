package odbc

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"
	"unsafe"
)

// conn is a connection. Nearly all of it is used in jobs of its line only.
type conn struct {
	line
	home *Connector
	dbc  uintptr

	used      time.Time // when it was last taken from a pool
	connected bool
	closed    bool
	inTx      bool
	spoiled   bool                 // a transaction did not end as it should
	stmts     map[uintptr]struct{} // the handles that are not freed

	driverName, dbmsName, dbmsVersion string
	dbms                              dbms

	scratch []byte // for what is read
	number  [2]int // for lengths that C writes
}

var _ interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	driver.NamedValueChecker
	Info
} = (*conn)(nil)

// Info tells what is at the other end of a connection. What [sql.Conn.Raw] gives
// is one.
type Info interface {
	// DBMSName is the name of the database product as its driver gives it:
	// "PostgreSQL", "MariaDB", "SQLite", "Microsoft SQL Server" …
	DBMSName() string
	// DBMSVersion is the version of the database, as text of any form.
	DBMSVersion() string
	// DriverName is the name of the driver, mostly that of its file.
	DriverName() string
}

func (c *conn) DBMSName() string    { return c.dbmsName }
func (c *conn) DBMSVersion() string { return c.dbmsVersion }
func (c *conn) DriverName() string  { return c.driverName }

func newConn(lib *library, home *Connector) *conn {
	c := &conn{line: newLine(lib, &home.left), home: home, stmts: map[uintptr]struct{}{}, scratch: make([]byte, 8<<10), used: time.Now()}
	go c.work()
	return c
}

// connect makes the connection. It is the first job of the line.
func (c *conn) connect(ctx context.Context) (err error) {
	if c.dbc, err = c.lib.alloc(handleDbc, handleEnv, c.lib.env); err != nil {
		return err
	}
	if end, ok := ctx.Deadline(); ok {
		// So that the driver, if it can, gives up when nobody waits any more.
		seconds := max(1, int(time.Until(end)/time.Second)+1)
		call(c.lib.setConnectAttr, c.dbc, attrLoginTimeout, uintptr(seconds), 0)
	}
	source := append([]byte(c.home.source), 0)
	r := call(c.lib.driverConnect, c.dbc, 0, uintptr(unsafe.Pointer(unsafe.SliceData(source))), uintptr(len(source)-1), 0, 0, 0, driverNoPrompt)
	if !r.ok() {
		return c.failed("connect", r, handleDbc, c.dbc)
	}
	c.connected = true
	c.driverName, c.dbmsName, c.dbmsVersion = c.info(infoDriverName), c.info(infoDBMSName), c.info(infoDBMSVersion)
	c.dbms = dbmsOf(c.dbmsName)
	c.cannotCancel = c.dbms.cannotCancel
	return nil
}

func (c *conn) info(what uintptr) string {
	text := make([]byte, 256)
	var length int16
	if !call(c.lib.getInfo, c.dbc, what, uintptr(unsafe.Pointer(unsafe.SliceData(text))), uintptr(len(text)), uintptr(unsafe.Pointer(&length))).ok() {
		return ""
	}
	name, _, _ := strings.Cut(string(text[:min(max(int(length), 0), len(text)-1)]), "\x00")
	return name
}

func (c *conn) failed(doing string, r ret, kind, handle uintptr) error {
	return c.lib.failed(doing, r, kind, handle)
}

// Close closes the connection. It does not wait for a driver that does not answer.
func (c *conn) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	c.end(func() {
		for h := range c.stmts {
			c.lib.free(handleStmt, h)
		}
		if c.connected {
			if c.inTx {
				call(c.lib.endTran, handleDbc, c.dbc, rollback)
			}
			call(c.lib.disconnect, c.dbc)
		}
		if c.dbc != 0 {
			c.lib.free(handleDbc, c.dbc)
		}
	})
	return nil
}

// newStmt returns a new statement handle. No driver has to ask its server for one.
func (c *conn) newStmt(ctx context.Context) (h uintptr, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	err = c.run(context.Background(), 0, func() error {
		if h, err = c.lib.alloc(handleStmt, handleDbc, c.dbc); err == nil {
			c.stmts[h] = struct{}{}
		}
		return err
	})
	return h, err
}

// freeStmt frees a statement handle. It is part of a job.
func (c *conn) freeStmt(h uintptr) {
	delete(c.stmts, h)
	c.lib.free(handleStmt, h)
}

// Prepare is PrepareContext without an end.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext prepares a statement. Nothing has happened in the database when
// the connection is found lost here, and so another one may be tried.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := c.prepare(ctx, query)
	if err != nil {
		return nil, c.again(err)
	}
	return s, nil
}

// again turns the error of a lost connection into the one that makes database/sql
// try another connection, where nothing can have been done yet.
func (c *conn) again(err error) error {
	if isLost(err) && !c.inTx {
		return driver.ErrBadConn
	}
	return err
}

// ExecContext runs a statement once.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.prepareFor(ctx, query, args)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.ExecContext(ctx, args)
}

// QueryContext runs a query once.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.prepareFor(ctx, query, args)
	if err != nil {
		return nil, err
	}
	r, err := s.query(ctx, args)
	if err != nil {
		s.Close()
		return nil, err
	}
	r.closes = s
	return r, nil
}

// prepareFor returns a statement that is for one run. Without arguments it is not
// prepared: drivers take more kinds of statement then.
func (c *conn) prepareFor(ctx context.Context, query string, args []driver.NamedValue) (*stmt, error) {
	if len(args) == 0 {
		h, err := c.newStmt(ctx)
		if err != nil {
			return nil, c.again(err)
		}
		return &stmt{c: c, h: h, direct: []byte(query), inputs: -1}, nil
	}
	s, err := c.prepare(ctx, query)
	if err != nil {
		return nil, c.again(err)
	}
	if n := s.NumInput(); n >= 0 && n != len(args) {
		s.Close()
		return nil, fmt.Errorf("odbc: got %d arguments, the statement has %d placeholders", len(args), n)
	}
	return s, nil
}

// Ping asks the database for something small.
func (c *conn) Ping(ctx context.Context) error {
	if c.dbms.ping == "" {
		return c.again(c.run(ctx, 0, func() error {
			dead := new(uintptr)
			r := call(c.lib.getConnectAttr, c.dbc, attrDead, uintptr(unsafe.Pointer(dead)), 0, 0)
			if r.ok() && uint32(*dead) == 1 {
				return driver.ErrBadConn
			}
			return nil // some drivers do not know
		}))
	}
	rows, err := c.QueryContext(ctx, c.dbms.ping, nil)
	if err == nil {
		err = rows.Close()
	}
	return c.again(err)
}

// ResetSession is called before a connection is used again. After a second or more it
// asks the database whether it is still there: drivers do not notice by themselves.
func (c *conn) ResetSession(ctx context.Context) error {
	if !c.IsValid() {
		return driver.ErrBadConn
	}
	now := time.Now()
	idle := now.Sub(c.used)
	c.used = now
	if idle < idleMax {
		return nil
	}
	err := c.Ping(ctx)
	if err != nil && ctx.Err() == nil {
		return driver.ErrBadConn
	}
	return err
}

// idleMax is for how long a connection may not have been used to be taken as it is.
const idleMax = time.Second

// IsValid reports whether the connection may be used again.
func (c *conn) IsValid() bool { return !c.broken && !c.closed && !c.gone && !c.spoiled }

var errNamed = errors.New("odbc: parameters have no names, use ? and the order")
