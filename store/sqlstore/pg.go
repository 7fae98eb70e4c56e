package sqlstore

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-datasession/datasession/store"
)

// Pg is the dialect of PostgreSQL 9.5 and later with a data column of bytea, as Perl's
// pg_bytea has it, with any driver. An id that char(N) has padded is the id without the
// blanks; for that reason ids that end in one are refused, and so are those that are not
// UTF-8.
//
// Names are folded to lower case, as PostgreSQL does with what Perl interpolates. For a
// table that was made with capitals take a copy with another Quote.
//
// A conditional write waits for a row that a transaction has locked, as
// Apache::Session::Store::Postgres locks what it reads, until the context ends.
var Pg = Dialect{
	Name: "Pg",

	Quote: func(name string) string { return `"` + strings.ToLower(name) + `"` },
	Fold:  strings.ToLower,
	Bind:  func(n int) string { return "$" + strconv.Itoa(n) },
	Reuse: true,

	ValidID: pgValidID,

	SameID:   pgSameID,
	SameData: `{data} = {?old}`,

	Size: `octet_length({data})`,
	Data: `CASE WHEN octet_length({data}) <= {max} THEN {data} END`,
	Create: `INSERT INTO {table} AS t ({id}, {data}{columns}) VALUES ({?id}, {?data}{values})` +
		` ON CONFLICT ({id}) DO UPDATE SET {data} = excluded.{data}{sets} WHERE t.{data} IS NULL AND ` + pgSameText,
	Overwrite: `INSERT INTO {table} AS t ({id}, {data}{columns}) VALUES ({?id}, {?data}{values})` +
		` ON CONFLICT ({id}) DO UPDATE SET {data} = excluded.{data}{sets} WHERE ` + pgSameText,

	First: `SELECT {id}::text FROM {table} WHERE {data} IS NOT NULL ORDER BY {id} LIMIT {?limit}`,
	Next:  `SELECT {id}::text FROM {table} WHERE {id} > {?after} AND {data} IS NOT NULL ORDER BY {id} LIMIT {?limit}`,

	Table: `CREATE TABLE IF NOT EXISTS {table} ({id} char(128) not null primary key, {data} bytea not null)`,

	// 1042 and 1043 are char(n) and varchar(n), whose modifier is n + 4, or -1; 25 is text
	// and 17 bytea. The collations 100, of the database, 950, C, and 951, POSIX, tell
	// everything apart; others are not asked.
	Columns: `SELECT count(*),` +
		` max(CASE WHEN attname = '{idname}' AND atttypid IN (1042, 1043) AND atttypmod > 4 THEN atttypmod - 4 END),` +
		` max(CASE WHEN attname = '{dataname}' AND atttypid IN (1042, 1043) AND atttypmod > 4 THEN atttypmod - 4 END),` +
		` count(CASE WHEN attname = '{dataname}' AND atttypid = 17 OR attcollation IN (100, 950, 951)` +
		` AND (atttypid IN (25, 1043) OR attname = '{idname}' AND atttypid = 1042) THEN 1 END)` +
		` FROM pg_attribute WHERE attrelid = to_regclass('{table}') AND attname IN ('{idname}', '{dataname}') AND NOT attisdropped`,

	Native: pgNative,

	Fault: pgFault,
}

// PgText is Pg with a data column of text, Perl's pg_text. As DBD::Pg it stores each byte
// as the character of that number, so that all bytes but NUL come back as they were; data
// with NUL is refused with store.ErrInvalidData, where DBD::Pg cuts it.
//
// A text that has characters above U+00FF, which Perl writes from character strings, is
// read as UTF-8, as Perl's driver File would have written it. [PgCharacters] does so with
// all of them.
var PgText = pgText(latin1, fromLatin1, otherText)

// PgCharacters is PgText for codecs that read and write UTF-8: data is the text in the
// column, and what is not UTF-8 is refused with store.ErrInvalidData.
var PgCharacters = pgText(characters, nil, nil)

func pgText(encode func([]byte) (any, error), decode func([]byte) []byte, other func([]byte) any) Dialect {
	d := Pg
	d.Encode, d.Decode, d.Other = encode, decode, other
	d.SameData = `{data} COLLATE "C" = {?old}`
	length := "octet_length"
	if decode != nil {
		length = "char_length" // at most what is left after Decode
	}
	d.Size = strings.ReplaceAll(d.Size, "octet_length", length)
	d.Data = strings.ReplaceAll(d.Data, "octet_length", length)
	d.Table = strings.Replace(d.Table, "bytea", "text", 1)
	return d
}

// The comparison of texts is exact where that of the column is not: in a column of type
// citext, or under a collation that ignores case.
const (
	pgSameID   = `{id} = {?id} AND {id}::text COLLATE "C" = {?id}::text`
	pgSameText = `t.{id}::text COLLATE "C" = {?id}::text`
)

func pgValidID(id string) bool {
	return utf8.ValidString(id) && !strings.Contains(id, "\x00") && !strings.HasSuffix(id, " ")
}

func latin1(data []byte) (any, error) {
	var b strings.Builder
	b.Grow(len(data) + len(data)/8)
	for _, c := range data {
		if c == 0 {
			return nil, errNUL
		}
		b.WriteRune(rune(c))
	}
	return b.String(), nil
}

func fromLatin1(column []byte) []byte {
	if column == nil {
		return nil
	}
	bytes := make([]byte, 0, len(column))
	for _, r := range string(column) {
		if r > 0xff {
			return column
		}
		bytes = append(bytes, byte(r))
	}
	return bytes
}

// otherText returns the text with characters above U+00FF that is read as data.
func otherText(data []byte) any {
	if !utf8.Valid(data) {
		return nil
	}
	for _, r := range string(data) {
		if r > 0xff {
			return string(data)
		}
	}
	return nil
}

var errNUL = fmt.Errorf("%w: a text column takes no NUL", store.ErrInvalidData)

func characters(data []byte) (any, error) {
	for i, r := range string(data) {
		switch {
		case r == 0:
			return nil, errNUL
		case r == utf8.RuneError && data[i] != 0xef:
			return nil, fmt.Errorf("%w: not UTF-8", store.ErrInvalidData)
		}
	}
	return string(data), nil
}

// pgFault goes by SQLSTATE, which every driver's error has a method for.
func pgFault(err error) Fault {
	state := sqlState(err)
	switch state {
	case "":
		return connectionFault(err)
	case "40001", "40P01", "55P03": // serialization, deadlock, lock not available
		return Busy
	case "42P01", "42703", "3F000": // table, column, schema
		return NoTable
	case "23505":
		return Duplicate
	case "22001":
		return TooLarge
	case "22021", "22P05":
		return BadData
	case "22P02": // the id column is of another type, and the text quotes the id
		return BadID
	case "26000", "0A000": // no such statement, or one whose columns have changed
		return Stale
	case "25006", "3D000": // a standby, no such database
		return Unreachable
	}
	switch state[:2] {
	case "08", "28", "53", "57", "58": // connection, login, resources, operator, system
		return Unreachable
	}
	return Other
}
