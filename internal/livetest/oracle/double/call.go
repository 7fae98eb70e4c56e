package double

import (
	"errors"
	"fmt"
)

// Types of values on the wire.
const (
	typeText     = 1
	typeNumber   = 2
	typeLong     = 8
	typeRaw      = 23
	typeLongRaw  = 24
	typeLongText = 94
	typeClob     = 112
	typeBlob     = 113
)

func isLong(kind byte) bool { return kind == typeLong || kind == typeLongRaw || kind == typeLongText }

// cursor is a statement that a driver has prepared.
type cursor struct {
	sql     string
	binds   []byte // their types
	columns []byte // the types that the columns are sent as
	pending [][][]byte
	result  result
}

// errNoData is what the last rows come with.
var errNoData = &oraError{1403, "no data found"}

// call answers one message. It is done when the driver signs off.
func (c *conn) call() (done bool, err error) {
	head := c.r.bytes(1)[0]
	function := c.r.byte()
	c.r.skip(1)
	switch {
	case head == 0x11 && function == 0x69: // cursors that are closed, before another call
		c.r.skip(1)
		for range c.r.int() {
			delete(c.cursors, c.r.int())
		}
		return false, nil
	case head != 3:
		return false, fmt.Errorf("message %d, want a call", head)
	}
	w := &writer{}
	switch function {
	case 0x3b:
		c.version(w)
	case 0x5e:
		err = c.execute(w)
	case 0x04, 0x4e:
		err = c.again(w)
	case 0x05:
		err = c.fetch(w)
	case 0x0e:
		c.summary(w, 0, 0, fault(c.db.commit()))
	case 0x0f:
		c.summary(w, 0, 0, fault(c.db.rollback()))
	case 0x93:
		c.summary(w, 0, 0, nil)
	case 0x09:
		done = true
		c.summary(w, 0, 0, nil)
	default:
		return false, fmt.Errorf("call %#x is beyond this double", function)
	}
	if err != nil {
		return false, err
	}
	return done, c.send(w)
}

func fault(err error) *oraError {
	if err == nil {
		return nil
	}
	var o *oraError
	if !errors.As(err, &o) {
		o = &oraError{600, "internal error: " + err.Error()}
	}
	return o
}

func (c *conn) version(w *writer) {
	c.r.skip(1)
	c.r.int()
	c.r.skip(2)
	const text = "Oracle double 11.2.0.4.0"
	w.bytes(8)
	w.dlc([]byte(text))
	w.ints(0x0b200400)
	w.bytes(9)
}

// Options of an execution.
const (
	optCommit = 0x100
	optFetch  = 0x40
)

// execute parses a statement if there is one, and executes it; or sends the rows of one that
// was executed, in the types that the driver wants.
func (c *conn) execute(w *writer) error {
	options := c.r.int()
	id := c.r.int()
	c.r.skip(1)
	parse := c.r.int() > 0
	c.r.skip(1)
	c.r.int()
	c.r.skip(3)
	prefetch := c.r.int()
	c.r.int()
	c.r.skip(1)
	binds := c.r.int()
	c.r.skip(5)
	c.r.skip(1)
	defines := c.r.int()
	c.r.skip(3 + 5)
	var cur *cursor
	if parse {
		cur = &cursor{sql: string(c.r.clr())}
		c.server.note(cur.sql)
		c.last++
		id = c.last
		c.cursors[id] = cur
	} else if cur = c.cursors[id]; cur == nil {
		return fmt.Errorf("cursor %d is not open", id)
	}
	c.r.int()
	prefetch = max(prefetch, c.r.int())
	c.r.skipInts(11)
	if defines > 0 {
		cur.columns = c.types(defines)
		return c.rows(w, id, cur, 1<<20)
	}
	cur.binds = c.types(binds)
	return c.run(w, id, cur, options&optCommit != 0, prefetch)
}

// again executes a statement with new values.
func (c *conn) again(w *writer) error {
	id := c.r.int()
	cur := c.cursors[id]
	if cur == nil {
		return fmt.Errorf("cursor %d is not open", id)
	}
	prefetch := c.r.int()
	c.r.int()
	commit := c.r.int() == 1
	return c.run(w, id, cur, commit, prefetch)
}

// types reads the descriptions of values or columns.
func (c *conn) types(n int) []byte {
	types := make([]byte, n)
	for i := range types {
		types[i] = c.r.bytes(4)[0]
		c.r.skipInts(3)
		c.r.dlc()
		c.r.skipInts(2)
		c.r.skip(1)
		c.r.int()
	}
	return types
}

// values reads the values to bind: the long ones come last.
func (c *conn) values(types []byte) ([]value, error) {
	if len(types) == 0 {
		return nil, nil
	}
	if head := c.r.byte(); head != 7 {
		return nil, fmt.Errorf("message %d, want values", head)
	}
	values := make([]value, len(types))
	for _, long := range []bool{false, true} {
		for i, kind := range types {
			if isLong(kind) != long {
				continue
			}
			data := c.r.clr()
			switch kind {
			case typeText, typeLong, typeLongText:
				values[i] = value{'s', data}
			case typeRaw, typeLongRaw:
				values[i] = value{'b', data}
			case typeNumber:
				text, err := unnumber(data)
				if err != nil && data != nil {
					return nil, err
				}
				values[i] = value{'d', []byte(text)}
			default:
				return nil, fmt.Errorf("a value of type %d is beyond this double", kind)
			}
		}
	}
	return values, nil
}

func (c *conn) run(w *writer, id int, cur *cursor, commit bool, prefetch int) error {
	values, err := c.values(cur.binds)
	if err != nil {
		return err
	}
	described := cur.result.columns != nil
	res, err := c.interruptible(cur.sql, values, commit)
	if err != nil {
		if errors.Is(err, errInterrupted) {
			err = &oraError{1013, "user requested cancel of current operation"}
		}
		c.summary(w, 0, id, fault(err))
		return nil
	}
	cur.result, cur.pending = res, res.rows
	if res.columns == nil {
		c.summary(w, res.affected, id, nil)
		return nil
	}
	if described {
		return c.rows(w, id, cur, prefetch)
	}
	long := c.describe(w, cur)
	if long { // these are sent when the driver has said how it wants them
		c.summary(w, 0, id, nil)
		return nil
	}
	return c.rows(w, id, cur, prefetch)
}

var errInterrupted = errors.New("interrupted")

// interruptible executes a statement. An interrupt is answered at once; the engine goes on,
// and the connection waits for it.
func (c *conn) interruptible(sql string, values []value, commit bool) (result, error) {
	select {
	case <-c.breaks: // of a call that was over
	default:
	}
	type answer struct {
		result
		err error
	}
	done := make(chan answer, 1)
	go func() {
		res, err := c.db.exec(sql, values, commit)
		done <- answer{res, err}
	}()
	select {
	case a := <-done:
		return a.result, a.err
	case <-c.breaks:
	}
	if err := c.marker(markerBreak); err != nil {
		return result{}, err
	}
	for p := range c.packets {
		if p.kind == packetMarker {
			break
		}
	}
	<-done
	return result{}, errors.Join(errInterrupted, c.marker(markerReset))
}

// describe sends the columns, and reports whether one is long.
func (c *conn) describe(w *writer, cur *cursor) (long bool) {
	w.bytes(16, 0)
	w.ints(4000, len(cur.result.columns))
	w.bytes(0)
	cur.columns = make([]byte, len(cur.result.columns))
	for i, col := range cur.result.columns {
		kind, size := wireType(col)
		cur.columns[i] = kind
		long = long || kind == typeBlob || kind == typeClob || isLong(kind)
		w.bytes(kind, 0, 0)
		if kind == typeNumber {
			w.ints(0)
		} else {
			w.bytes(0)
		}
		w.ints(size, 0, 0)
		w.dlc(nil)
		w.ints(0, 873)
		w.bytes(1)
		w.ints(size)
		w.bytes(1, byte(len(col.name)))
		w.dlc([]byte(col.name))
		w.dlc(nil)
		w.dlc(nil)
		w.ints(0, 0)
	}
	w.dlc(nil)
	w.ints(0, 0, 0, 0)
	w.dlc(nil)
	return long
}

// wireType is the type that Oracle would send a column as, and its size.
func wireType(col column) (kind byte, size int) {
	switch col.jdbc { // java.sql.Types
	case 2004:
		return typeBlob, 4000
	case 2005:
		return typeClob, 4000
	case -2, -3, -4:
		return typeRaw, max(min(col.precision, 4000), 1)
	case 2, 3, 4, 5, -5:
		return typeNumber, 22
	}
	return typeText, max(min(col.precision, 4000), 1)
}

func (c *conn) fetch(w *writer) error {
	id, n := c.r.int(), c.r.int()
	cur := c.cursors[id]
	if cur == nil {
		return fmt.Errorf("cursor %d is not open", id)
	}
	return c.rows(w, id, cur, n)
}

// rows sends up to n rows, and says so if they are the last.
func (c *conn) rows(w *writer, id int, cur *cursor, n int) error {
	n = min(n, len(cur.pending))
	w.bytes(6, 0)
	w.ints(len(cur.columns), 0, n, 0)
	w.dlc(nil)
	w.dlc(nil)
	for _, row := range cur.pending[:n] {
		w.bytes(7)
		for i, data := range row {
			if cur.columns[i] == typeNumber && data != nil {
				var err error
				if data, err = number(string(data)); err != nil {
					return err
				}
			}
			w.clr(data)
			if isLong(cur.columns[i]) {
				w.ints(0, 0)
			}
		}
	}
	if cur.pending = cur.pending[n:]; len(cur.pending) == 0 {
		c.summary(w, n, id, errNoData)
	} else {
		c.summary(w, n, id, nil)
	}
	return nil
}
