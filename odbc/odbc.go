// Package odbc is a database/sql driver over the ODBC driver manager, without cgo.
package odbc
