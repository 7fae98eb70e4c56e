package odbc

import "strings"

// dbms is what one database product wants done its own way.
type dbms struct {
	// ping is a statement that does next to nothing. If it is empty the driver
	// is asked whether the connection is dead, which few of them really find out.
	ping string

	// binary is the type that bytes are bound as. LONGVARBINARY is a large
	// object to PostgreSQL's driver unless it is told otherwise.
	binary sqlType

	// readOnly makes the transaction that begins read-only, and readWrite undoes
	// it, where the drivers accept SQL_ATTR_ACCESS_MODE and do nothing.
	readOnly, readWrite string

	// cannotCancel says that SQLCancel frees what a call in another thread is
	// reading. Statements are then left to themselves when nobody waits any more.
	cannotCancel bool

	// untyped says that integers may really be something else, and are read as text.
	untyped bool
}

func dbmsOf(name string) dbms {
	d := dbms{binary: sqlLongVarbinary}
	name = strings.ToLower(name)
	is := func(part string) bool { return strings.Contains(name, part) }
	switch {
	case is("sqlite"):
		d.ping, d.readOnly, d.readWrite = "SELECT 1", "PRAGMA query_only = 1", "PRAGMA query_only = 0"
		d.cannotCancel, d.untyped = true, true
	case is("postgres"):
		d.ping, d.binary, d.readOnly = "SELECT 1", sqlVarbinary, "SET TRANSACTION READ ONLY"
	case is("mysql"), is("mariadb"):
		d.ping, d.readOnly = "SELECT 1", "SET TRANSACTION READ ONLY"
	case is("sql server"):
		d.ping = "SELECT 1"
	case is("oracle"):
		d.ping = "SELECT 1 FROM DUAL"
	case is("db2"):
		d.ping = "VALUES 1"
	}
	return d
}
