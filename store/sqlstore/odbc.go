package sqlstore

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
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
	d.Size = "length(CAST({data} AS BLOB))"
	d.Data = strings.NewReplacer("octet_length({data})", d.Size, "CAST({data} AS BLOB)", "hex({data})").Replace(d.Data)
	d.Decode = fromHex
	asText := func(template string) string {
		return strings.Replace(template, "CAST({id} AS BLOB)", "CAST({id} AS TEXT)", 1)
	}
	d.First, d.Next, d.Rows = asText(d.First), asText(d.Next), asText(d.Rows)
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
// another driver use [ODBC]. A dialect in instead, such as [PgText], is taken in the place
// of [SQLite], [MySQL] or [Pg], whichever has its name.
//
// It reports ErrUnavailable if the database cannot be reached, and errors.ErrUnsupported
// if there is no dialect for it.
func FindODBC(ctx context.Context, db *sql.DB, instead ...Dialect) (Dialect, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return Dialect{}, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	defer conn.Close()
	var name string
	err = conn.Raw(func(c any) error {
		named, ok := c.(interface{ DBMSName() string })
		if !ok {
			return fmt.Errorf("sqlstore: %w: a driver that does not say what database it leads to", errors.ErrUnsupported)
		}
		name = named.DBMSName()
		return nil
	})
	if err != nil {
		return Dialect{}, err
	}
	d, ok := behind(name)
	if !ok {
		return Dialect{}, fmt.Errorf("sqlstore: %w: %q behind ODBC, want SQLite, PostgreSQL, MySQL or MariaDB", errors.ErrUnsupported, name)
	}
	for _, other := range instead {
		if other.Name == d.Name {
			d = other
		}
	}
	return ODBC(d), nil
}

// behind returns the dialect of a database that calls itself name.
func behind(name string) (d Dialect, ok bool) {
	is := func(part string) bool { return strings.Contains(strings.ToLower(name), part) }
	switch {
	case is("sqlite"):
		return SQLite, true
	case is("postgres"):
		return Pg, true
	case is("mysql"), is("mariadb"):
		return MySQL, true
	}
	return Dialect{}, false
}

// ODBCDSN returns the connection string of a data source: what Perl's DBI takes,
// dbi:ODBC:NAME, dbi:ODBC:DSN=…;… or dbi:ODBC:DRIVER={…};…, or one without dbi:ODBC. It
// holds the password, if there is one. What a driver calls the host and its port differs,
// so they cannot come from login.
func ODBCDSN(source string, l Login) (string, error) {
	if l.Host != "" || l.Port != 0 || l.Socket != "" {
		return "", errors.New("open ODBC: host, port and socket stand in the data source, as its driver names them")
	}
	rest, dbi := cutPrefixFold(source, "dbi:ODBC")
	if dbi {
		lead := dbiAttributes.FindString(rest)
		if source = strings.TrimPrefix(rest, lead); lead == "" {
			source = ""
		}
	}
	if strings.Trim(source, " ;") == "" || strings.Contains(source, "\x00") {
		return "", errors.New("open ODBC: want dbi:ODBC:NAME or dbi:ODBC:DSN=NAME")
	}
	if !strings.Contains(source, "=") {
		source = "DSN=" + source
	}
	has := map[string]bool{}
	for _, m := range odbcPair.FindAllStringSubmatch(source, -1) {
		has[strings.ToUpper(strings.TrimSpace(m[1]))] = true
	}
	for _, k := range [][2]string{{"UID", l.Username}, {"PWD", l.Password}} {
		if k[1] != "" && !has[k[0]] {
			source = strings.TrimRight(source, "; ") + ";" + k[0] + "=" + inBraces(k[1])
		}
	}
	return source, nil
}

// A value in braces may hold anything, with a brace in it doubled.
var odbcPair = regexp.MustCompile(`([^=;]+)=\s*(?:\{(?:[^}]|\}\})*\}|[^;]*)`)

func inBraces(value string) string {
	if !strings.ContainsAny(value, "[]{}(),;?*=!@ ") {
		return value
	}
	return "{" + strings.ReplaceAll(value, "}", "}}") + "}"
}

// odbcFault knows what the driver manager and the drivers say of connections.
func odbcFault(err error) Fault {
	var e interface{ Lost() bool }
	if errors.As(err, &e) && e.Lost() {
		return Unreachable
	}
	switch state := sqlState(err); {
	case state == "":
		return connectionFault(err)
	case strings.HasPrefix(state, "08"), strings.HasPrefix(state, "28"), state[:2] == "IM",
		state == "HYT00", state == "HYT01":
		return Unreachable
	}
	return Other
}
