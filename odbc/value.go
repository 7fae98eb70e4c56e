package odbc

import (
	"database/sql/driver"
	"encoding/binary"
	"math"
	"strconv"
	"time"
	"unsafe"
)

// column is what a driver says of a column.
type column struct {
	name     string
	typ      sqlType
	size     uintptr
	digits   int16
	nullable int16 // 0: no, 1: yes, 2: not known
	unsigned bool
}

// kind is what Go makes of a type.
type kind int

const (
	kindText    kind = iota // also numbers that Go has no type for
	kindInt                 // int64
	kindUint                // int64, or text if it is too large
	kindFloat               // float64
	kindBool                // bool
	kindBytes               // []byte
	kindTime                // time.Time
	kindUntyped             // int64 if it is one, or text
)

var zeros = [...]any{
	kindText: "", kindInt: int64(0), kindUint: int64(0), kindFloat: 0.0, kindBool: false, kindBytes: []byte{},
	kindTime: time.Time{}, kindUntyped: int64(0),
}

func (c *column) kind() kind {
	switch c.typ {
	case sqlTinyint, sqlSmallint, sqlInteger:
		return kindInt
	case sqlBigint:
		if c.unsigned {
			return kindUint
		}
		return kindInt
	case sqlReal, sqlFloat, sqlDouble:
		return kindFloat
	case sqlBit:
		return kindBool
	case sqlBinary, sqlVarbinary, sqlLongVarbinary:
		return kindBytes
	case sqlDate, sqlDate2, sqlTimestamp, sqlTimestamp2:
		return kindTime
	case sqlUnknown:
		return kindUntyped
	}
	return kindText
}

var typeNames = map[sqlType]string{
	sqlUnknown: "INTEGER", sqlChar: "CHAR", sqlNumeric: "NUMERIC", sqlDecimal: "DECIMAL", sqlInteger: "INTEGER",
	sqlSmallint: "SMALLINT", sqlFloat: "FLOAT", sqlReal: "REAL", sqlDouble: "DOUBLE", sqlVarchar: "VARCHAR",
	sqlDate2: "DATE", sqlTime2: "TIME", sqlTimestamp2: "TIMESTAMP", sqlDate: "DATE", sqlTime: "TIME",
	sqlTimestamp: "TIMESTAMP", sqlLongVarchar: "LONGVARCHAR", sqlBinary: "BINARY", sqlVarbinary: "VARBINARY",
	sqlLongVarbinary: "LONGVARBINARY", sqlBigint: "BIGINT", sqlTinyint: "TINYINT", sqlBit: "BIT",
	sqlWChar: "WCHAR", sqlWVarchar: "WVARCHAR", sqlWLongVarchar: "WLONGVARCHAR", sqlGUID: "GUID",
}

// String is the name of the type in ODBC, without SQL_ or SQL_TYPE_, or its number.
func (t sqlType) String() string {
	if name, ok := typeNames[t]; ok {
		return name
	}
	return strconv.Itoa(int(t))
}

// get reads the value of a column of the current row, and says how large it is. It
// is part of a job.
func (s *stmt) get(i int, c *column, v *driver.Value) (size int, err error) {
	switch c.kind() {
	case kindInt:
		return s.fixed(i, cInt64, func(b []byte) { *v = int64(binary.NativeEndian.Uint64(b)) })
	case kindUint:
		return s.fixed(i, cUint64, func(b []byte) { *v = unsigned(binary.NativeEndian.Uint64(b)) })
	case kindFloat:
		return s.fixed(i, cDouble, func(b []byte) { *v = math.Float64frombits(binary.NativeEndian.Uint64(b)) })
	case kindBool:
		return s.fixed(i, cBit, func(b []byte) { *v = b[0] != 0 })
	case kindTime:
		return s.fixed(i, cTimestamp, func(b []byte) {
			t := (*timestamp)(unsafe.Pointer(&b[0]))
			*v = time.Date(int(t.year), time.Month(t.month), int(t.day), int(t.hour), int(t.minute), int(t.second),
				int(t.fraction), s.c.home.location)
		})
	case kindBytes:
		b, err := s.pieces(i, cBinary, 0)
		if b != nil {
			*v = b
		}
		return len(b), err
	}
	b, err := s.pieces(i, cChar, 1)
	if b == nil {
		return 0, err
	}
	text := string(b)
	*v = text
	if c.kind() == kindUntyped {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			*v = n
		}
	}
	return len(b), err
}

// unsigned is a number, as text if int64 has no room for it.
func unsigned(n uint64) driver.Value {
	if n > math.MaxInt64 {
		return strconv.FormatUint(n, 10)
	}
	return int64(n)
}

// fixed reads a value of a size that the type has. NULL stays nil.
func (s *stmt) fixed(i int, t cType, set func([]byte)) (size int, err error) {
	b, n := s.c.scratch, &s.c.number[0]
	r := call(s.c.lib.getData, s.h, uintptr(i+1), uintptr(t), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), uintptr(unsafe.Pointer(n)))
	if !r.ok() {
		return 0, s.c.failed("read", r, handleStmt, s.h)
	}
	if *n != nullData {
		set(b)
	}
	return 8, nil
}

// pieces reads text or bytes, in two pieces if they are long; nil is NULL. Of each
// piece, terminator bytes are a NUL that C wants.
func (s *stmt) pieces(i int, t cType, terminator int) ([]byte, error) {
	piece, n := s.c.scratch, &s.c.number[0]
	var all []byte
	for {
		r := call(s.c.lib.getData, s.h, uintptr(i+1), uintptr(t), uintptr(unsafe.Pointer(unsafe.SliceData(piece))), uintptr(len(piece)), uintptr(unsafe.Pointer(n)))
		switch {
		case r == noData:
			return all, nil // a driver that had not said that the last piece is the last
		case !r.ok():
			return nil, s.c.failed("read", r, handleStmt, s.h)
		case *n == nullData:
			return nil, nil
		}
		room := len(piece) - terminator
		if r == success || *n >= 0 && *n <= room {
			whole := *n
			if whole < 0 || whole > room {
				whole = room
			}
			return join(all, piece[:whole]), nil
		}
		rest := len(all) + room // as much again
		if *n > room && *n < math.MaxInt32 {
			rest = *n - room
		}
		all = join(all, piece[:room])
		piece = make([]byte, rest+terminator)
	}
}

// join returns a and b in memory of their own. It is not nil.
func join(a, b []byte) []byte {
	if a == nil {
		a = make([]byte, 0, len(b))
	}
	return append(a, b...)
}
