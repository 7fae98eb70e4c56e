package odbc

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

// What sql.h and sqlext.h call these. Where a value's C type matters it is said
// in the call: SQLSMALLINT travels in the low bits of a register.
const (
	handleEnv, handleDbc, handleStmt = 1, 2, 3

	attrODBCVersion, odbcVersion3 = 200, 3

	attrAccessMode   = 101
	attrAutoCommit   = 102
	attrLoginTimeout = 103
	attrTxnIsolation = 108
	attrDead         = 1209

	driverNoPrompt = 0

	closeCursor, resetParams = 0, 3

	commit, rollback = 0, 1

	paramInput = 1

	infoDriverName, infoDBMSName, infoDBMSVersion = 6, 17, 18

	descUnsigned, descTypeName, descLength, descPrecision, descScale, descNullable = 8, 14, 3, 1005, 1006, 1008
)

// Lengths that are not lengths.
const (
	nullData = -1
	noTotal  = -4
)

// sqlType is a type of the database, of a column or parameter.
type sqlType int16

const (
	sqlUnknown       sqlType = 0
	sqlChar          sqlType = 1
	sqlNumeric       sqlType = 2
	sqlDecimal       sqlType = 3
	sqlInteger       sqlType = 4
	sqlSmallint      sqlType = 5
	sqlFloat         sqlType = 6
	sqlReal          sqlType = 7
	sqlDouble        sqlType = 8
	sqlDate2         sqlType = 9 // of ODBC 2, as the two that follow
	sqlTime2         sqlType = 10
	sqlTimestamp2    sqlType = 11
	sqlVarchar       sqlType = 12
	sqlDate          sqlType = 91
	sqlTime          sqlType = 92
	sqlTimestamp     sqlType = 93
	sqlLongVarchar   sqlType = -1
	sqlBinary        sqlType = -2
	sqlVarbinary     sqlType = -3
	sqlLongVarbinary sqlType = -4
	sqlBigint        sqlType = -5
	sqlTinyint       sqlType = -6
	sqlBit           sqlType = -7
	sqlWChar         sqlType = -8
	sqlWVarchar      sqlType = -9
	sqlWLongVarchar  sqlType = -10
	sqlGUID          sqlType = -11
)

// cType is the type of a value in memory.
type cType int16

const (
	cChar      cType = 1
	cDouble    cType = 8
	cTimestamp cType = 93
	cBinary    cType = -2
	cBit       cType = -7
	cInt64     cType = -25
	cUint64    cType = -27
)

// timestamp is SQL_TIMESTAMP_STRUCT.
type timestamp struct {
	year                             int16
	month, day, hour, minute, second uint16
	fraction                         uint32 // nanoseconds
}

// ret is SQLRETURN.
type ret int16

const (
	success         ret = 0
	successWithInfo ret = 1
	noData          ret = 100
)

func (r ret) ok() bool { return r == success || r == successWithInfo }

// library is a driver manager that has been loaded.
type library struct {
	env uintptr

	// handles counts the connection and statement handles that are not freed.
	handles atomic.Int64

	allocHandle, freeHandle, setEnvAttr                    uintptr
	driverConnect, disconnect                              uintptr
	setConnectAttr, getConnectAttr, getInfo, endTran       uintptr
	prepare, execute, execDirect, numParams, bindParameter uintptr
	freeStmt, cancel, rowCount, moreResults                uintptr
	numResultCols, describeCol, colAttribute               uintptr
	fetch, getData, getDiagRec                             uintptr
}

// functions returns where the address of each function of the library goes.
func (l *library) functions() map[string]*uintptr {
	return map[string]*uintptr{
		"SQLAllocHandle": &l.allocHandle, "SQLFreeHandle": &l.freeHandle, "SQLSetEnvAttr": &l.setEnvAttr,
		"SQLDriverConnect": &l.driverConnect, "SQLDisconnect": &l.disconnect,
		"SQLSetConnectAttr": &l.setConnectAttr, "SQLGetConnectAttr": &l.getConnectAttr,
		"SQLGetInfo": &l.getInfo, "SQLEndTran": &l.endTran,
		"SQLPrepare": &l.prepare, "SQLExecute": &l.execute, "SQLExecDirect": &l.execDirect,
		"SQLNumParams": &l.numParams, "SQLBindParameter": &l.bindParameter,
		"SQLFreeStmt": &l.freeStmt, "SQLCancel": &l.cancel, "SQLRowCount": &l.rowCount,
		"SQLMoreResults": &l.moreResults, "SQLNumResultCols": &l.numResultCols,
		"SQLDescribeCol": &l.describeCol, "SQLColAttribute": &l.colAttribute,
		"SQLFetch": &l.fetch, "SQLGetData": &l.getData, "SQLGetDiagRec": &l.getDiagRec,
	}
}

// loaded has the libraries by name, each loaded once and kept for good.
var loaded struct {
	sync.Mutex
	byName map[string]*library
}

// load returns the driver manager of a name, or the system's for the empty name.
func load(name string) (*library, error) {
	loaded.Lock()
	defer loaded.Unlock()
	if l := loaded.byName[name]; l != nil {
		return l, nil
	}
	names := libraryNames
	if name != "" {
		names = []string{name}
	}
	l, err := open(names)
	if err != nil {
		return nil, err
	}
	if loaded.byName == nil {
		loaded.byName = map[string]*library{}
	}
	loaded.byName[name] = l
	return l, nil
}

// open loads the first of the libraries that is there.
func open(names []string) (*library, error) {
	var lib func(symbol string) (uintptr, error)
	var causes []string
	for _, name := range names {
		var err error
		if lib, err = openLibrary(name); err == nil {
			break
		}
		causes = append(causes, err.Error())
	}
	if lib == nil {
		return nil, fmt.Errorf("odbc: no driver manager: %s (%s)", strings.Join(causes, "; "), libraryHint)
	}
	l := &library{}
	for name, address := range l.functions() {
		var err error
		if *address, err = lib(name); err != nil {
			return nil, fmt.Errorf("odbc: the driver manager lacks %s: %w", name, err)
		}
	}
	if r := call(l.allocHandle, handleEnv, 0, uintptr(unsafe.Pointer(&l.env))); !r.ok() {
		return nil, fmt.Errorf("odbc: the driver manager gives no environment (%d)", r)
	}
	if r := call(l.setEnvAttr, l.env, attrODBCVersion, odbcVersion3, 0); !r.ok() {
		return nil, l.failed("start", r, handleEnv, l.env)
	}
	return l, nil
}

// alloc returns a new handle of a kind below parent.
func (l *library) alloc(kind, parentKind, parent uintptr) (uintptr, error) {
	h := new(uintptr)
	if r := call(l.allocHandle, kind, parent, uintptr(unsafe.Pointer(h))); !r.ok() {
		return 0, l.failed("allocate", r, parentKind, parent)
	}
	l.handles.Add(1)
	return *h, nil
}

func (l *library) free(kind, handle uintptr) {
	call(l.freeHandle, kind, handle)
	l.handles.Add(-1)
}
