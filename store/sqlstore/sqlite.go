package sqlstore

import (
	"strconv"
	"strings"
)

// SQLite is the dialect of SQLite 3.43 and later, with any driver.
//
// Perl binds the data as a blob, and so a blob it is, although the column is
// declared as text: a declared type is a preference there and not a rule. Data
// that somebody stored as text is read as its bytes and stays text when it is
// replaced. The table that Migrate makes declares char(128) and text as Perl's
// documentation does: char is as long as the longest generated id but not
// enforced, and text, unlike a numeric type, converts neither blob nor text.
//
// Ids are text, which may hold any bytes. Text in a database whose encoding is
// UTF-16 cannot; [OpenSQLite] refuses those.
var SQLite = Dialect{
	Name: "SQLite",

	// Not in double quotes: SQLite takes a name in them that it does not know
	// for a string, and the wrong column would never be noticed.
	Quote: func(name string) string { return "`" + name + "`" },
	Bind:  func(n int) string { return "?" + strconv.Itoa(n) },
	Reuse: true,

	SameID:   sqliteSameID,
	SameData: `CAST({data} AS BLOB) = {?old}`,
	NewData:  `CASE typeof({data}) WHEN 'text' THEN CAST({?data} AS TEXT) ELSE {?data} END`,

	// octet_length looks at the header of the row only.
	Size: `octet_length({data})`,
	Data: `CASE WHEN octet_length({data}) <= {max} THEN CAST({data} AS BLOB) END`,

	Create: `INSERT INTO {table} ({id}, {data}{columns}) VALUES ({?id}, {?data}{values})` +
		` ON CONFLICT ({id}) DO UPDATE SET {data} = excluded.{data}{sets} WHERE {data} IS NULL AND ` + sqliteSameText,
	Overwrite: `INSERT INTO {table} ({id}, {data}{columns}) VALUES ({?id}, {?data}{values})` +
		` ON CONFLICT ({id}) DO UPDATE SET {data} = CASE typeof({data}) WHEN 'text'` +
		` THEN CAST(excluded.{data} AS TEXT) ELSE excluded.{data} END{sets} WHERE ` + sqliteSameText,

	// Every text sorts before the empty blob: ids stored as blobs, which
	// neither Perl nor Load would find, are left out, by the index.
	First: `SELECT CAST({id} AS BLOB) FROM {table} WHERE {id} < x''` +
		` AND {data} IS NOT NULL ORDER BY {id} LIMIT {?limit}`,
	Next: `SELECT CAST({id} AS BLOB) FROM {table} WHERE {id} > {?after} AND {id} < x''` +
		` AND {data} IS NOT NULL ORDER BY {id} LIMIT {?limit}`,

	Rows: `SELECT CAST({id} AS BLOB), rowid FROM {table} WHERE rowid > {?row}` +
		` AND typeof({id}) = 'text' AND {data} IS NOT NULL ORDER BY rowid LIMIT {?limit}`,
	Local: true,

	Table: `CREATE TABLE IF NOT EXISTS {table} ({id} char(128) not null primary key, {data} text not null)`,

	Native: sqliteNative,

	Fault: sqliteFault,

	// While SQLite waits for a lock, mattn's driver cannot interrupt it.
	Linger: `PRAGMA busy_timeout`,
}

// The first comparison uses the index. The second is exact where the first is
// not: under the collations NOCASE and RTRIM, or in a column of numbers, where
// 7 would be found as 007.
const (
	sqliteSameText = `CAST({id} AS TEXT) = {?id} COLLATE BINARY`
	sqliteSameID   = `{id} = {?id} AND ` + sqliteSameText
)

// sqliteFault goes by the texts of SQLite itself, which every driver passes on
// and which, unlike the drivers' error types, need no import.
func sqliteFault(err error) Fault {
	text := err.Error()
	has := func(texts ...string) bool {
		for _, t := range texts {
			if strings.Contains(text, t) {
				return true
			}
		}
		return false
	}
	switch {
	case has("database is locked", "database table is locked", "database schema is locked"):
		return Busy
	case has("no such table", "no such column", "has no column named"):
		return NoTable
	case has("unable to open database file", "file is not a database", "database disk image is malformed"):
		return Unreachable
	}
	return Other
}
