package sqlstore

import (
	"strings"
	"unicode/utf8"
)

// MySQL is the dialect of MySQL 5.7 and later and of MariaDB 10.3 and later, over a
// connection whose character set is utf8mb4, as is the default of Go's drivers and of
// DBD::mysql.
//
// Ids and data are compared byte by byte, whatever the collation and the padding of
// their columns. Two ids that the column takes for one cannot both be stored, and the
// second is reported as ErrConflict. Ids that end in a blank are refused, and so are
// those that are not ASCII.
//
// The data column may be of any blob or text type. Statements that store run in strict
// mode, whatever that of the connection is, so that data that is too long
// (ErrTooLarge), or that is not text in a column of text (ErrInvalidData), is an error
// and is not cut. It does not matter whether the driver counts the rows that match or
// those that change.
//
// MariaDB's statements do not wait for a row that is locked and are tried again until the
// context ends. MySQL has no such setting for one statement: a save or delete whose
// context has ended while it waits may still be done, until innodb_lock_wait_timeout.
var MySQL = Dialect{
	Name: "mysql",

	Quote: func(name string) string { return "`" + name + "`" },
	Bind:  func(int) string { return "?" },

	ValidID: mysqlValidID,

	SameID: mysqlSameID,
	// Data in a text column is compared in the character set in which it is read.
	SameData: `IF(CHARSET({data}) = 'binary', {data}, CAST(CONVERT({data} USING utf8mb4) AS BINARY)) = CAST({?old} AS BINARY)`,

	Insert: mariaStrict + `INSERT` + mysqlStrict + ` INTO`,
	Update: mariaStrict + `UPDATE` + mysqlStrict,
	Delete: mariaStrict + `DELETE FROM {table} WHERE ` + mysqlSameID,

	Size: `LENGTH({data})`,
	Data: `IF(LENGTH({data}) <= {max}, {data}, NULL)`,

	First: `SELECT {id} FROM {table} WHERE {data} IS NOT NULL ORDER BY {id} LIMIT {?limit}`,
	Next:  `SELECT {id} FROM {table} WHERE {id} > {?after} AND {data} IS NOT NULL ORDER BY {id} LIMIT {?limit}`,

	// Perl's char(N) and text, but for ids that may differ in case only, and for data
	// that may be any bytes and longer than 64 kB.
	Table: "CREATE TABLE IF NOT EXISTS {table} ({id} char(128) CHARACTER SET ascii COLLATE ascii_bin not null primary key," +
		" {data} longblob not null) ENGINE=InnoDB",

	// In other character sets the length in bytes is not that of the data. What is binary
	// compares byte by byte, and so do ids under the collations "_bin", except that blanks
	// at the end, which char does not store, do not count in most of these.
	Columns: `SELECT COUNT(*), MAX(CASE WHEN COLUMN_NAME = '{idname}' THEN CHARACTER_MAXIMUM_LENGTH END),` +
		` MAX(CASE WHEN COLUMN_NAME = '{dataname}' AND (CHARACTER_SET_NAME IS NULL OR CHARACTER_SET_NAME LIKE 'utf8%')` +
		` THEN LEAST(CHARACTER_OCTET_LENGTH, 4294967295) END),` +
		` COUNT(CASE WHEN DATA_TYPE IN ('varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob')` +
		` OR COLUMN_NAME = '{idname}' AND DATA_TYPE = 'char' AND RIGHT(COLLATION_NAME, 4) = '_bin' THEN 1 END)` +
		` FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = COALESCE(NULLIF('{schemaname}', ''), DATABASE())` +
		` AND TABLE_NAME = '{tablename}' AND COLUMN_NAME IN ('{idname}', '{dataname}')`,

	// The collation may ignore case and blanks at the end.
	Match: `{column} = {?value} AND CAST(CONVERT({column} USING utf8mb4) AS BINARY) = CAST({?value} AS BINARY)`,

	Native: mysqlNative,

	Fault: mysqlFault,
}

const (
	// What follows /*M! MariaDB reads, and what follows /*+ MySQL. A statement that waits
	// for a lock would be carried out even after its context has ended, so on
	// MariaDB it does not wait, and is tried again here.
	mariaStrict = `/*M!100300 SET STATEMENT sql_mode='STRICT_ALL_TABLES', innodb_lock_wait_timeout=0 FOR */ `
	mysqlStrict = ` /*+ SET_VAR(sql_mode='STRICT_ALL_TABLES') */`

	// The first comparison uses the index, the second is exact.
	mysqlSameID = `{id} = {?id} AND CAST(CONVERT({id} USING utf8mb4) AS BINARY) = CAST({?id} AS BINARY)`
)

func mysqlValidID(id string) bool {
	for i := range len(id) {
		if id[i] >= utf8.RuneSelf {
			return false
		}
	}
	return !strings.HasSuffix(id, " ")
}

// mysqlFault goes by the number in the text, "Error 1062 (23000): …", and knows those of
// Galera and TiDB too.
func mysqlFault(err error) Fault {
	switch number := errorNumber(err); number {
	case "":
		if strings.Contains(err.Error(), "packet for query is too large") {
			return TooLarge
		}
		return connectionFault(err)
	case "1205", "1213", "1020", "3572", "9007", "8022", "8028": // lock wait, deadlock, changed meanwhile
		return Busy
	case "1146", "1054": // table, column
		return NoTable
	case "1062":
		return Duplicate
	case "1406", "1153": // longer than the column, or than a packet
		return TooLarge
	case "1366", "1300", "3854": // not of the column's character set
		return BadData
	case "1267", "3988": // not of the id column's character set
		return BadID
	case "1243", "1615": // no such statement, to be prepared again
		return Stale
	case "1040", "1042", "1043", "1044", "1045", "1047", "1049", "1053", "1077", "1129", "1130", "1158", "1159", "1160", "1161",
		"1203", "1226", "1290", "1836", "1927", "3159",
		"2002", "2003", "2006", "2013", "2055": // connection, login, limits, shutdown, read-only
		return Unreachable
	}
	return Other
}
