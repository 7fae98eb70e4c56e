// Package odbc is a database/sql driver over the ODBC driver manager, without cgo: it
// loads the manager's shared library when the first connection is made, and builds with
// nothing installed. It is of use to anybody; nothing in it is about sessions.
//
//	db, err := sql.Open("odbc", "DSN=web;UID=me;PWD=secret")
//
// It is tried with unixODBC and the drivers of SQLite, PostgreSQL (both of them) and
// MariaDB, on Linux. It compiles for macOS and Windows too, and there nobody has run it
// yet. On systems where a shared library cannot be loaded without cgo, connecting is an
// error that says so.
//
// # Values
//
// Columns are read as int64, float64, bool, time.Time (DATE and TIMESTAMP), []byte
// (BINARY and its like) and string (all the rest: text, decimal numbers with all their
// digits, times of day, GUIDs; an unsigned number that int64 has no room for). Arguments
// may be of the same types, and nil. What is not NULL is never nil, however short it is.
//
// Text is bound as the bytes it is, and bytes as binary data. The two are not
// the same to a database: bytes belong into a column of bytes, and a string into one of
// text. What is no valid UTF-8 is kept, or refused by the database, and is never changed
// here. Text with a NUL in it is cut there by the drivers of SQLite (when read) and
// PostgreSQL (when written).
//
// ODBC has no time zone. Times are converted to Options.Location, UTC as a rule, and are
// bound in microseconds.
//
// # Contexts
//
// A call whose context ends interrupts the statement by SQLCancel, and returns within
// some 50 ms also if the driver does not come back, because its server is frozen, say.
// What the driver was doing is then left to itself, with a thread, until it returns; there
// are never more of them than Options.MaxLeft when a new connection is made. A connection
// on which a call was interrupted is not used again. SQLite's driver does not survive
// SQLCancel while it works, and is not interrupted but left.
//
// For that a call whose context can end is made in a goroutine that the connection has.
// Calls with context.Background are not.
//
// # Errors
//
// An [*Error] has all that the driver said: SQLSTATE, the database's number, text. The
// connection string is in no error, and a password in it is taken out of the messages.
// A connection that is lost makes database/sql try another one where nothing can have
// been done yet: when a statement is prepared, a transaction begun or the connection
// pinged. One that was idle for a second is pinged before it is used.
//
// # What it cannot do
//
// Named arguments, out parameters, the last insert id. A prepared statement cannot be run
// again while the rows of its last run are open and were not read to the end.
package odbc
