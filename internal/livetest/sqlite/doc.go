// Package sqlite tests store/sqlstore against real SQLite files, beside other
// processes and beside Perl. Built with cgo it uses mattn/go-sqlite3, without it
// ncruces/go-sqlite3; run it both ways:
//
//	CGO_ENABLED=1 go test ./sqlite
//	CGO_ENABLED=0 go test ./sqlite
package sqlite

// Driver is what both drivers register themselves as.
const Driver = "sqlite3"
