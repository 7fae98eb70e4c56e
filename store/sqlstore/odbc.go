package sqlstore

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/go-datasession/datasession/store"
)

// ODBC returns the dialect of a database behind an ODBC driver: d, which is [SQLite],
// [MySQL], [Pg] or what is made from it, with what ODBC does its own way. It is made for the
// driver in this project's module odbc, which imports nothing of this one. [FindODBC] asks
// the database what it is.
//
// With SQLite's ODBC driver there is no native layout, and an id with a NUL in it is refused.
func ODBC(d Dialect) Dialect {
	if d.Name == SQLite.Name {
		d = sqliteODBC(d)
	}
	d.Name = "ODBC"
	d.Bind, d.Reuse = func(int) string { return "?" }, false
	d.Linger = "" // the driver is there in time
	fault := d.Fault
	d.Fault = func(err error) Fault {
		if f := odbcFault(err); f != Other {
			return f
		}
		return fault(err)
	}
	return d
}

// sqliteODBC is for SQLite's ODBC driver. That mostly comes with an SQLite older than 3.43,
// where the length of data is found by reading it. It takes the type of an expression
// from the first row that a prepared statement returned, and gives blobs as text then; and
// it cuts text at a NUL. So data comes as hexadecimal digits.
func sqliteODBC(d Dialect) Dialect {
	d.Load = strings.NewReplacer("octet_length({data})", "length(CAST({data} AS BLOB))",
		"CAST({data} AS BLOB)", "hex({data})").Replace(d.Load)
	d.Decode = fromHex
	asText := func(template string) string {
		return strings.Replace(template, "CAST({id} AS BLOB)", "CAST({id} AS TEXT)", 1)
	}
	d.First, d.Next = asText(d.First), asText(d.Next)
	d.ValidID = func(id string) bool { return !strings.Contains(id, "\x00") }
	d.Native = NativeSQL{}
	return d
}

// fromHex returns what stands in hexadecimal digits, or what is there if it does not.
func fromHex(column []byte) []byte {
	data := make([]byte, hex.DecodedLen(len(column)))
	if _, err := hex.Decode(data, column); err != nil || column == nil {
		return column
	}
	return data
}

// FindODBC returns the dialect for the database behind an ODBC driver that is ours, or one
// whose connections, as [sql.Conn.Raw] gives them, have a method DBMSName as well. With
// another driver use [ODBC].
//
// For PostgreSQL that is the dialect of a bytea column. ErrUnavailable reports that the
// database cannot be reached.
func FindODBC(ctx context.Context, db *sql.DB) (Dialect, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return Dialect{}, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	defer conn.Close()
	var name string
	err = conn.Raw(func(c any) error {
		named, ok := c.(interface{ DBMSName() string })
		if !ok {
			return errors.New("sqlstore: the ODBC driver does not say what database it leads to")
		}
		name = named.DBMSName()
		return nil
	})
	if err != nil {
		return Dialect{}, err
	}
	for part, d := range map[string]Dialect{"sqlite": SQLite, "postgres": Pg, "mysql": MySQL, "mariadb": MySQL} {
		if strings.Contains(strings.ToLower(name), part) {
			return ODBC(d), nil
		}
	}
	return Dialect{}, fmt.Errorf("sqlstore: no dialect for %q behind ODBC; known are SQLite, PostgreSQL, MySQL and MariaDB", name)
}

// odbcFault knows what the driver manager and the drivers say of connections.
func odbcFault(err error) Fault {
	switch state := sqlState(err); {
	case state == "":
		return connectionFault(err)
	case strings.HasPrefix(state, "08"), strings.HasPrefix(state, "28"), state[:2] == "IM",
		state == "HYT00", state == "HYT01":
		return Unreachable
	}
	return Other
}
