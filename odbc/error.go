package odbc

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unsafe"
)

// Error is what a driver or the driver manager said of a call that failed.
// Find it with [errors.As].
type Error struct {
	// Doing is what was being done: "connect", "prepare", "execute" …
	Doing string
	// Records holds everything that was said, the most important thing first.
	// There is always one.
	Records []Record
}

// Record is one message of a driver or the driver manager.
type Record struct {
	// State is the five characters of the SQLSTATE, such as "23000".
	State string
	// Native is the number that the database gives the error.
	Native int32
	// Message is a text for people. It says who speaks, in brackets.
	Message string
}

// Error returns the first message that says something, with its state and number.
func (e *Error) Error() string {
	r := e.Records[0]
	return fmt.Sprintf("odbc: %s: %s (SQLSTATE %s, native %d)", e.Doing, r.Message, r.State, r.Native)
}

// SQLState returns the state of the first record.
func (e *Error) SQLState() string { return e.Records[0].State }

// Native returns the database's number of the first record.
func (e *Error) Native() int32 { return e.Records[0].Native }

// Lost reports whether the connection is of no use any more. Some drivers have no state
// for it, and are known by their numbers or their words.
func (e *Error) Lost() bool {
	return slices.ContainsFunc(e.Records, func(r Record) bool {
		switch r.State {
		case "HYT01", "57P01", "57P02", "57P03":
			return true
		case "HY000": // PostgreSQL's, which passes on what libpq says
			for _, words := range []string{"server closed the connection", "terminating connection", "no connection to the server"} {
				if strings.Contains(r.Message, words) {
					return true
				}
			}
		}
		mariaDB := r.Native == 2006 || r.Native == 2013 || r.Native == 2055
		return mariaDB || strings.HasPrefix(r.State, "08")
	})
}

// isLost reports whether err is of a lost connection.
func isLost(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Lost() || errors.Is(err, driver.ErrBadConn)
}

// failed returns the error of a call that returned r, with all records of the handle.
func (l *library) failed(doing string, r ret, kind, handle uintptr) error {
	e := &Error{Doing: doing}
	for n := uintptr(1); n <= 64; n++ {
		rec, ok := l.record(kind, handle, n)
		if !ok {
			break
		}
		e.Records = append(e.Records, rec)
	}
	if len(e.Records) == 0 {
		e.Records = []Record{{State: "HY000", Message: fmt.Sprintf("the driver returned %d and says nothing", r)}}
	}
	return e
}

// record returns the n-th message about a handle.
func (l *library) record(kind, handle, n uintptr) (rec Record, ok bool) {
	for size := 1024; ; size = 1 << 15 {
		var state [6]byte
		var native int32
		var length int16
		text := make([]byte, size)
		r := call(l.getDiagRec, kind, handle, n, uintptr(unsafe.Pointer(&state)), uintptr(unsafe.Pointer(&native)),
			uintptr(unsafe.Pointer(unsafe.SliceData(text))), uintptr(size-1), uintptr(unsafe.Pointer(&length)))
		if !r.ok() {
			return Record{}, false
		}
		if int(length) >= size-1 && size < 1<<15 {
			continue
		}
		text = text[:min(max(int(length), 0), size-1)]
		return Record{string(state[:5]), native, strings.TrimRight(string(text), " \r\n\x00")}, true
	}
}

// without returns the error with a secret taken out of its messages.
func (e *Error) without(secrets []string) *Error {
	for i := range e.Records {
		for _, s := range secrets {
			e.Records[i].Message = strings.ReplaceAll(e.Records[i].Message, s, "***")
		}
	}
	return e
}
