package odbc

import (
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"strconv"
	"time"
	"unsafe"
)

// params are the arguments of one run, as C is to see them: copies, in memory that
// stays where it is until the run is over. A call that is left to itself may
// still read them when its caller has long gone on.
type params struct {
	slots  []slot
	buf    []byte
	pinner runtime.Pinner
}

// slot is one argument.
type slot struct {
	c       cType
	sql     sqlType
	size    int // of the column: bytes of text and binary data, digits of numbers
	digits  int
	from, n int // where in buf the value is, and how long, or nullData
}

// keptBuffer is what a statement keeps for its next run.
const keptBuffer = 64 << 10

// CheckNamedValue accepts what can be bound as it is, and leaves the rest to
// database/sql.
func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if v.Name != "" {
		return errNamed
	}
	switch x := v.Value.(type) {
	case nil, int64, float64, bool, []byte, string, time.Time:
		return nil
	case uint64:
		if x > math.MaxInt64 {
			v.Value = strconv.FormatUint(x, 10) // databases take digits for a number
			return nil
		}
	}
	return driver.ErrSkip
}

// pack makes slots of arguments, and a buffer that begins with their lengths, each
// as wide as a pointer, and has the values behind them.
func (p *params) pack(args []driver.NamedValue, c *conn) error {
	p.slots = p.slots[:0]
	const word = int(unsafe.Sizeof(int(0)))
	end := align(len(args) * word)
	for _, a := range args {
		s, err := slotFor(a.Value, c)
		if err != nil {
			return fmt.Errorf("odbc: argument %d: %w", a.Ordinal, err)
		}
		s.from = end
		end = align(end + max(s.n, 1)) // an address for what is empty
		p.slots = append(p.slots, s)
	}
	p.reserve(end)
	for i, s := range p.slots {
		at := p.buf[s.from:]
		switch x := args[i].Value.(type) {
		case string:
			copy(at, x)
		case []byte:
			copy(at, x)
		case bool:
			at[0] = 0
			if x {
				at[0] = 1
			}
		case int64:
			binary.NativeEndian.PutUint64(at, uint64(x))
		case float64:
			binary.NativeEndian.PutUint64(at, math.Float64bits(x))
		case time.Time:
			*(*timestamp)(unsafe.Pointer(&at[0])) = stamp(x.In(c.home.location))
		}
		*(*int)(unsafe.Pointer(&p.buf[i*word])) = s.n
	}
	return nil
}

// align is where the next value may begin.
func align(n int) int { return (n + 7) &^ 7 }

func slotFor(v driver.Value, c *conn) (slot, error) {
	switch x := v.(type) {
	case nil:
		return slot{c: cChar, sql: sqlVarchar, size: 1, n: nullData}, nil
	case string:
		s := slot{c: cChar, sql: sqlVarchar, size: max(len(x), 1), n: len(x)}
		if len(x) > 4000 { // the most that VARCHAR holds in some databases
			s.sql = sqlLongVarchar
		}
		return s, nil
	case []byte:
		if x == nil {
			return slot{c: cBinary, sql: c.dbms.binary, size: 1, n: nullData}, nil
		}
		return slot{c: cBinary, sql: c.dbms.binary, size: max(len(x), 1), n: len(x)}, nil
	case bool:
		return slot{c: cBit, sql: sqlBit, size: 1, n: 1}, nil
	case int64:
		return slot{c: cInt64, sql: sqlBigint, size: 19, n: 8}, nil
	case float64:
		return slot{c: cDouble, sql: sqlDouble, size: 15, n: 8}, nil
	case time.Time:
		if y := x.In(c.home.location).Year(); y < 1 || y > 9999 {
			return slot{}, fmt.Errorf("the year %d, want 1 to 9999", y)
		}
		// Microseconds are what most databases keep; some refuse more.
		return slot{c: cTimestamp, sql: sqlTimestamp, size: 26, digits: 6, n: int(unsafe.Sizeof(timestamp{}))}, nil
	}
	return slot{}, fmt.Errorf("unexpected type %T", v)
}

func stamp(t time.Time) timestamp {
	return timestamp{
		int16(t.Year()), uint16(t.Month()), uint16(t.Day()), uint16(t.Hour()), uint16(t.Minute()), uint16(t.Second()),
		uint32(t.Nanosecond() / 1000 * 1000),
	}
}

// reserve makes buf n bytes long. Memory made of words is aligned as they are.
func (p *params) reserve(n int) {
	if n > cap(p.buf) || cap(p.buf) > keptBuffer {
		words := make([]uint64, (max(n, 256)+7)/8)
		p.buf = unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), len(words)*8)
	}
	p.buf = p.buf[:n]
}

// bind tells the driver where the arguments are, and sees to it that they stay
// there until unbind. It is part of a job.
func (p *params) bind(s *stmt) error {
	const word = int(unsafe.Sizeof(int(0)))
	if len(p.slots) == 0 {
		return nil
	}
	p.pinner.Pin(&p.buf[0])
	for i, v := range p.slots {
		r := call(s.c.lib.bindParameter, s.h, uintptr(i+1), paramInput, uintptr(v.c), uintptr(v.sql),
			uintptr(v.size), uintptr(v.digits), uintptr(unsafe.Pointer(&p.buf[v.from])), uintptr(max(v.n, 0)),
			uintptr(unsafe.Pointer(&p.buf[i*word])))
		if !r.ok() {
			return s.c.failed("bind", r, handleStmt, s.h)
		}
	}
	return nil
}

// unbind lets the driver forget the arguments. It is part of a job.
func (p *params) unbind(s *stmt) {
	if len(p.slots) > 0 {
		call(s.c.lib.freeStmt, s.h, resetParams)
		p.pinner.Unpin()
	}
}
