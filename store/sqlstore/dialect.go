package sqlstore

import (
	"database/sql"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/go-datasession/datasession/store"
)

// Dialect is what one kind of database does its own way. It is a value: a copy
// with a field changed is a new dialect.
//
// The statements are templates. {table}, {id} and {data} stand for the quoted
// names; {max} for Options.MaxBytes; {?id}, {?data}, {?old}, {?after} and {?limit} for
// bound values: an id as text, the new and the old data as bytes, and numbers. No statement
// may match an id or data that differs in a byte, whatever the collation and
// padding of the column; a row whose data is NULL is none.
//
// {columns}, {values} and {sets} are for the columns that Options adds: ", name" and
// ", value" for each in an INSERT, and ", name = value" for each in a SET. They stand
// right after {data}, its value, and the assignment to it.
//
// First and Next are each "SELECT … FROM {table} WHERE …", and DeleteIf is "DELETE FROM
// {table} WHERE …": from these the store makes more of their kind.
type Dialect struct {
	// Name is the driver's name in a type string, such as "SQLite".
	Name string

	// Quote quotes one name that is made of letters, digits, "_" and "$".
	Quote func(name string) string
	// Fold returns the name that a name without quotes stands for. Nil means that
	// it is the same.
	Fold func(name string) string

	// Bind returns the n-th placeholder, counted from 1.
	Bind func(n int) string
	// Reuse says that one placeholder may stand in several places, and its
	// value is then bound once.
	Reuse bool

	// ValidID reports whether the database can tell an id from every other. Nil
	// means that it always can.
	ValidID func(id string) bool
	// Encode returns the value that is bound for data, or store.ErrInvalidData; and
	// Decode the data that a column holds. Nil means the bytes themselves.
	Encode func(data []byte) (any, error)
	Decode func(column []byte) []byte
	// Other returns what else than Encode's value a column may hold that is read as
	// the same data, or nil.
	Other func(data []byte) any

	// SameID is the condition that a row is that of {?id}, and SameData that its
	// data is {?old}.
	SameID, SameData string
	// Insert and Update are how statements that store data begin: INSERT INTO and
	// UPDATE if empty. NewData is what an update sets the data to, {?data} if empty.
	Insert, Update, NewData string

	// Size is the length of the data in bytes, and Data the data as bytes if that is at
	// most {max}, else NULL. Neither must read data that is longer.
	Size, Data string
	// Exists selects a row if the session is there.
	Exists string
	// Create stores a session if there is no row of its id, or one whose data is NULL,
	// and affects one row or none. Where the database cannot do both with one
	// statement it is a plain INSERT that fails with the Fault Duplicate.
	Create string
	// Replace stores {?data} if the data is {?old}, and affects one row or none. It
	// need not affect a row that it leaves as it was.
	Replace string
	// Overwrite stores a session whatever is there. It affects no row if the
	// table cannot tell the id from another one. Where the database has no such
	// statement it is empty, and an update is tried before an insert.
	Overwrite string
	// Delete removes a session; DeleteIf does so if its data is {?old}, and
	// affects one row or none.
	Delete, DeleteIf string
	// Lock is for databases that cannot compare data, as Oracle its LOBs: it selects
	// the data and locks the row until the end of the transaction. The data is
	// then compared here, in the place of SameData.
	Lock string
	// First selects the {?limit} first ids, and Next those after {?after}, in
	// an order of the database's choice that Next continues.
	First, Next string
	// Rows selects like Next, but after the row whose number is {?row}, in the order
	// in which the table has its rows, and that number behind the rest: to read all of
	// a table faster. It may report NoTable of a table without such numbers. Empty
	// stands for First and Next.
	Rows string
	// Local says that a statement costs no round trip, so that one which does the work
	// of many saves nothing.
	Local bool
	// Table creates the table in Perl's layout if it is not there.
	Table string
	// Columns selects how many of the two columns there are; the longest id that they
	// take, in characters, and the longest data, in bytes, NULL for no limit; and how
	// many of the two compare byte by byte, whatever Encode returns and ValidID allows:
	// if both do, SameID and SameData are {id} = {?id} and {data} = {?old} instead.
	// It is asked once a minute: for so long an ALTER TABLE that has a column compare
	// otherwise may go unnoticed.
	// {tablename}, {schemaname}, {idname} and {dataname} are the names without
	// quotes, that of the schema empty if none was given. Empty means no limits.
	Columns string

	// Native is what the native layout needs.
	Native NativeSQL

	// Match compares {column}, one of Options.Index, with {?value}, a text. Empty
	// stands for {column} = {?value}.
	Match string

	// Fault says what an error of the driver means. It must not take long.
	Fault func(err error) Fault

	// Linger selects for how many milliseconds a driver may stay in a call
	// after its context has ended; empty means that it does not. Where that is
	// more than 50, calls run in a goroutine of their own, which costs some
	// microseconds, and which is left to itself when the context ends.
	Linger string
}

// complete fills in the statements that follow from others.
func (d Dialect) complete() Dialect {
	fill := func(template *string, parts ...string) {
		if *template == "" {
			*template = strings.Join(parts, "")
		}
	}
	fill(&d.Insert, "INSERT INTO")
	fill(&d.Update, "UPDATE")
	fill(&d.NewData, "{?data}")
	fill(&d.Exists, "SELECT 1 FROM {table} WHERE ", d.SameID, " AND {data} IS NOT NULL")
	fill(&d.Create, d.Insert, " {table} ({id}, {data}{columns}) VALUES ({?id}, {?data}{values})")
	fill(&d.Replace, d.rewrite(), " AND ", d.SameData)
	fill(&d.Delete, "DELETE FROM {table} WHERE ", d.SameID)
	fill(&d.DeleteIf, d.Delete, " AND ", d.SameData)
	return d
}

// rewrite stores {?data} in a row that is there.
func (d Dialect) rewrite() string {
	return d.Update + " {table} SET {data} = " + d.NewData + "{sets} WHERE " + d.SameID
}

// empty is Delete for those who keep the row.
func (d Dialect) empty() string { return d.Update + " {table} SET {data} = NULL WHERE " + d.SameID }

// Fault is what an error means to the store.
type Fault int

const (
	Other       Fault = iota // nothing in particular: the caller gets to see it
	Busy                     // nothing was done, and it may work when tried again
	NoTable                  // the table is not there, or has not these columns
	Unreachable              // the database cannot be opened or makes no sense
	Duplicate                // a row of this id is there
	TooLarge                 // the data is longer than the column
	BadData                  // the column cannot hold these bytes
	BadID                    // the id cannot be stored or compared
	Stale                    // the statement has to be prepared again
	Exists                   // the table is there already
)

// query is a template made into a statement.
type query struct {
	text  string
	binds []string // the names of the values, in the order of the placeholders
	data  func([]byte) any
	stmt  atomic.Pointer[sql.Stmt]
	plain *query // does the same where columns compare byte by byte, if not nil
}

// args are the values that statements can ask for.
type args struct {
	id, after string
	row       int64
	value     string
	data, old []byte
	other     any // in the place of old
	limit     int
	native    nativeArgs
	extra     []any         // the values of the columns that Options adds: {?x0}, {?x1} …
	many      []store.Entry // {?id0}, {?old0}, {?id1} …
}

func (q *query) values(a args) []any {
	vs := make([]any, len(q.binds))
	for i, name := range q.binds {
		switch name {
		case "id":
			vs[i] = a.id
		case "after":
			vs[i] = a.after
		case "row":
			vs[i] = a.row
		case "value":
			vs[i] = a.value
		case "data":
			vs[i] = q.data(a.data)
		case "old":
			if vs[i] = a.other; a.other == nil {
				vs[i] = q.data(a.old)
			}
		case "limit":
			vs[i] = int64(a.limit)
		case "version":
			vs[i] = a.native.version
		case "expires":
			vs[i] = a.native.expires
		case "oldversion":
			vs[i] = a.native.old.version
		case "oldexpires":
			vs[i] = a.native.old.expires
		case "now":
			vs[i] = a.native.now
		default:
			vs[i] = q.numbered(a, name)
		}
	}
	return vs
}

// numbered returns the value of a name with a number behind it.
func (q *query) numbered(a args, name string) any {
	digits := strings.TrimLeft(name, "abcdefghijklmnopqrstuvwxyz")
	n, _ := strconv.Atoi(digits)
	switch strings.TrimSuffix(name, digits) {
	case "id":
		return a.many[n].ID
	case "old":
		data, _ := a.many[n].Rev.Data()
		return q.data(notNil(data))
	case "oldversion":
		return readNativeRev(a.many[n].Rev).version
	case "oldexpires":
		return readNativeRev(a.many[n].Rev).expires
	}
	return a.extra[n]
}

var (
	inTemplate = regexp.MustCompile(`\{(\?)?([a-z]+[0-9]*)\}`)
	nameForm   = regexp.MustCompile(`^[\pL_][\pL\pN_$]{0,62}$`)
)

func validName(name string) bool { return nameForm.MatchString(name) }

// bound returns the value to bind for data. What cannot be encoded is NULL, which
// equals nothing; Save has checked what it is to store.
func (d Dialect) bound(data []byte) any {
	if d.Encode == nil {
		return data
	}
	v, err := d.Encode(data)
	if err != nil {
		return nil
	}
	return v
}

func (d Dialect) expand(template, table, id, data string) *query {
	q := &query{data: d.bound}
	bare := func(quoted string) string { return quoted[1 : len(quoted)-1] }
	schema, name, qualified := strings.Cut(table, ".")
	if !qualified {
		schema, name = `""`, table
	}
	number := map[string]int{}
	q.text = inTemplate.ReplaceAllStringFunc(template, func(m string) string {
		switch m {
		case "{table}":
			return table
		case "{id}":
			return id
		case "{data}":
			return data
		case "{schemaname}":
			return bare(schema)
		case "{tablename}":
			return bare(name)
		case "{idname}":
			return bare(id)
		case "{dataname}":
			return bare(data)
		}
		name := m[2 : len(m)-1]
		n := number[name]
		if n == 0 || !d.Reuse {
			q.binds = append(q.binds, name)
			n = len(q.binds)
			number[name] = n
		}
		return d.Bind(n)
	})
	return q
}
