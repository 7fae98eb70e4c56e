package sqlstore

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// Drivers are not imported here, so their errors are known by a method or by their text.

// sqlState returns the SQLSTATE of an error, "" if it has none.
func sqlState(err error) string {
	var e interface{ SQLState() string }
	if errors.As(err, &e) && len(e.SQLState()) == 5 {
		return e.SQLState()
	}
	return ""
}

var numbered = regexp.MustCompile(`\bError (\d{4})\b`)

// errorNumber returns the number of an error of MySQL, which over ODBC has a method for it
// and else stands in its text; "" if it has none.
func errorNumber(err error) string {
	var e interface{ Native() int32 }
	if errors.As(err, &e) {
		return strconv.Itoa(int(e.Native()))
	}
	if m := numbered.FindStringSubmatch(err.Error()); m != nil {
		return m[1]
	}
	return ""
}

// connectionFault tells an error of the connection from others.
func connectionFault(err error) Fault {
	var network net.Error
	for _, lost := range []error{driver.ErrBadConn, io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed,
		os.ErrDeadlineExceeded, syscall.EPIPE, syscall.ECONNRESET, syscall.ECONNREFUSED} {
		if errors.Is(err, lost) {
			return Unreachable
		}
	}
	text := err.Error()
	for _, lost := range []string{"invalid connection", "conn closed", "failed to connect", "busy buffer"} {
		if strings.Contains(text, lost) {
			return Unreachable
		}
	}
	if errors.As(err, &network) {
		return Unreachable
	}
	return Other
}
