// Package odbc tests module odbc, and store/sqlstore over it, with the ODBC drivers of
// SQLite, PostgreSQL and MariaDB on servers of their own, beside Perl's DBD::ODBC. Run it
// both ways:
//
//	CGO_ENABLED=1 go test ./odbc
//	CGO_ENABLED=0 go test ./odbc
package odbc
