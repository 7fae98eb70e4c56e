package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-datasession/datasession/store"
)

// Oracle is the dialect of Oracle Database 12c and later with a data column of BLOB (or RAW,
// for short sessions). Perl has no table like that: Data::Session's driver for Oracle sends
// MySQL's statements, which are no SQL there.
//
// Oracle does not compare LOBs, so a conditional write locks the row, reads it and compares
// here: three round trips. Data with no bytes at all is NULL to Oracle, and refused with
// store.ErrInvalidData. Ids that end in a blank are refused, as char(n) pads with them.
//
// Names are folded to upper case, as Oracle does with names without quotes. Sessions of the
// database must compare and sort binary (NLS_COMP and NLS_SORT), as is the default.
//
// The dialect was tried with a driver for Oracle on a double, and not on an Oracle Database.
var Oracle = Dialect{
	Name: "Oracle",

	Quote: func(name string) string { return `"` + strings.ToUpper(name) + `"` },
	Fold:  strings.ToUpper,
	Bind:  func(n int) string { return ":" + strconv.Itoa(n) },

	ValidID: func(id string) bool { return pgValidID(id) && len(id) <= oracleMaxID },
	Encode:  oracleBytes,

	SameID: oracleSameID,

	Size: `DBMS_LOB.GETLENGTH({data})`,
	Data: `CASE WHEN DBMS_LOB.GETLENGTH({data}) <= {max} THEN {data} END`,
	Lock: `SELECT {data} FROM {table} WHERE ` + oracleSameID + ` FOR UPDATE`,

	First: `SELECT RTRIM({id}) FROM {table} WHERE {data} IS NOT NULL ORDER BY {id} FETCH FIRST {?limit} ROWS ONLY`,
	Next: `SELECT RTRIM({id}) FROM {table} WHERE {id} > {?after} AND {data} IS NOT NULL` +
		` ORDER BY {id} FETCH FIRST {?limit} ROWS ONLY`,

	Table: `CREATE TABLE {table} ({id} varchar2(128) not null primary key, {data} blob not null)`,

	Columns: `SELECT COUNT(*), MAX(CASE WHEN COLUMN_NAME = '{idname}' THEN CHAR_LENGTH END),` +
		` MAX(CASE WHEN COLUMN_NAME = '{dataname}' AND DATA_TYPE NOT LIKE '%LOB' AND CHAR_LENGTH > 0 THEN CHAR_LENGTH END), 0` +
		` FROM ALL_TAB_COLUMNS WHERE ` + oracleTable + ` AND COLUMN_NAME IN ('{idname}', '{dataname}')`,

	Fault: oracleFault,

	// Drivers wait for the server even when it does not answer.
	Linger: `SELECT 1000 FROM dual`,
}

// OracleText is Oracle with a data column of CLOB or VARCHAR2, as Request Tracker's table
// has it and Apache::Session's Base64 is written to. It takes ASCII without NUL, which all
// character sets of a database keep; the rest is refused with store.ErrInvalidData. A
// column of LONG cannot be read in part; make it one of CLOB, which Perl reads as well.
var OracleText = func() Dialect {
	d := Oracle
	d.Encode = ascii
	d.Table = strings.Replace(d.Table, "blob", "clob", 1)
	return d
}()

const (
	// char(n) compares with blanks, if both sides are char; varchar2 without.
	oracleSameID = `({id} = {?id} OR {id} = CAST({?id} AS char(255)))`
	oracleMaxID  = 255

	oracleTable = `OWNER = CASE WHEN LENGTH('{schemaname}') > 0 THEN '{schemaname}' ELSE USER END AND TABLE_NAME = '{tablename}'`
)

func oracleBytes(data []byte) (any, error) {
	if len(data) == 0 {
		return nil, errEmpty
	}
	return data, nil
}

func ascii(data []byte) (any, error) {
	for _, c := range data {
		switch {
		case c == 0:
			return nil, errNUL
		case c > 0x7f:
			return nil, fmt.Errorf("%w: this text column takes ASCII only", store.ErrInvalidData)
		}
	}
	if len(data) == 0 {
		return nil, errEmpty
	}
	return string(data), nil
}

var errEmpty = fmt.Errorf("%w: no bytes at all are NULL to Oracle", store.ErrInvalidData)

var oracleNumber = regexp.MustCompile(`\bORA-(\d{5})\b`)

// oracleFault goes by the number in the text, "ORA-00001: …".
func oracleFault(err error) Fault {
	m := oracleNumber.FindStringSubmatch(err.Error())
	if m == nil {
		return connectionFault(err)
	}
	switch m[1] {
	case "00001":
		return Duplicate
	case "00955":
		return Exists
	case "00942", "00904":
		return NoTable
	case "00054", "00060", "08177", "30006": // locked, deadlock, changed meanwhile
		return Busy
	case "12899", "01461", "22835", "01438":
		return TooLarge
	case "01012", "01017", "01033", "01034", "01035", "01089", "01090", "01092", "02391", "02399", "03113", "03114", "03135",
		"12154", "12170", "12203", "12500", "12505", "12514", "12516", "12518", "12519", "12520", "12528", "12537",
		"12541", "12543", "12545", "12547", "12560", "12564", "25408", "28000", "28001":
		return Unreachable
	}
	return Other
}

// FindOracle returns the dialect that suits the data column of a table: OracleText for text,
// Oracle for the rest, and where there is no such table yet.
func FindOracle(ctx context.Context, db *sql.DB, opts *Options) (Dialect, error) {
	s, err := newStore(Oracle, opts)
	if err != nil {
		return Dialect{}, err
	}
	q := s.expand(`SELECT MAX(DATA_TYPE) FROM ALL_TAB_COLUMNS WHERE ` + oracleTable + ` AND COLUMN_NAME = '{dataname}'`)
	var kind sql.NullString
	if err := db.QueryRowContext(ctx, q.text).Scan(&kind); err != nil {
		return Dialect{}, fmt.Errorf("look at the table in Oracle: %w", err)
	}
	switch kind.String {
	case "CLOB", "VARCHAR2", "CHAR":
		return OracleText, nil
	}
	return Oracle, nil
}

// OracleDSN returns what the driver go-ora takes for a data source: a URL
// oracle://user@host:port/service, or what Perl's DBI takes,
// dbi:Oracle:host=…;port=…;service_name=… (or sid=…) and dbi:Oracle://host:port/service. It
// holds the password, if there is one. Names of a tnsnames.ora are not looked up.
func OracleDSN(source string, l Login) (string, error) {
	const want = "open Oracle: want oracle://HOST/SERVICE or dbi:Oracle:host=HOST;service_name=SERVICE"
	if rest, ok := cutPrefixFold(source, "dbi:Oracle:"); ok {
		if strings.HasPrefix(rest, "//") {
			source = "oracle:" + rest
		} else {
			given, err := keywords(rest)
			if err != nil {
				return "", errors.New(want)
			}
			u := url.URL{Scheme: "oracle", Path: "/"}
			query := url.Values{}
			for _, kv := range given {
				switch kv[0] {
				case "host":
					l.Host = kv[1]
				case "port":
					if l.Port, err = strconv.Atoi(kv[1]); err != nil {
						return "", errors.New(want)
					}
				case "service_name":
					u.Path = "/" + kv[1]
				case "sid":
					query.Set("SID", kv[1])
				default:
					return "", errors.New(want)
				}
			}
			u.RawQuery = query.Encode()
			source = u.String()
		}
	}
	u, err := url.Parse(source)
	if err != nil || u.Scheme != "oracle" {
		return "", errors.New(want) // the error of Parse has the password
	}
	host, port := cmp.Or(u.Hostname(), l.Host), u.Port()
	query := u.Query()
	if host == "" || strings.Trim(u.Path, "/") == "" && !query.Has("SID") {
		return "", errors.New(want)
	}
	if port == "" {
		port = strconv.Itoa(cmp.Or(l.Port, 1521))
	}
	u.Host = net.JoinHostPort(host, port)
	user := cmp.Or(u.User.Username(), l.Username)
	password, given := u.User.Password()
	if !given {
		password = l.Password
	}
	u.User = url.UserPassword(user, password)
	if !query.Has("SERVER LOCATION") {
		query.Set("SERVER LOCATION", "UTC") // or the driver asks for the time at each connect
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}
