package sqlstore

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// NativeSQL is what a database does its own way in the native layout.
type NativeSQL struct {
	// Make returns the statements that make the table and its indexes, if they are
	// not there. Each may fail when another process runs it at the same time.
	Make func(NativeTable) []string
	// OrNothing ends an INSERT so that it does nothing if the row is there. If it is
	// empty, such an INSERT fails with the Fault Duplicate.
	OrNothing string
	// Sweep deletes {?limit} rows of those that are {expired}. It locks no others, and
	// does not wait for rows that somebody else has locked, if the database can do that.
	Sweep string
}

// NativeTable has the quoted names of a table in the native layout.
type NativeTable struct {
	Schema  string   // ends in a dot, or is empty
	Table   string   // without the schema
	Columns []string // those of NativeOptions.Index

	quote func(string) string
	bare  string
}

// IndexName returns the quoted name of the index of a column, which is quoted or not.
func (t NativeTable) IndexName(column string) string {
	const longest = 63
	column = "_" + strings.Trim(column, "`\"")
	return t.quote(t.bare[:min(len(t.bare), max(longest-len(column), 1))] + column)
}

// native returns the names of the table.
func (s *Store) nativeTable() NativeTable {
	schema, table, qualified := strings.Cut(s.table, ".")
	t := NativeTable{quote: s.dialect.Quote, Columns: s.columns.quoted}
	if t.bare = schema; qualified {
		t.Schema, t.bare = t.quote(schema)+".", table
	}
	t.Table = t.quote(t.bare)
	return t
}

// Migrate makes the table and its indexes if they are not there. It changes nothing
// about a table that is there, and may run in many processes at once.
func (n *Native) Migrate(ctx context.Context) error {
	_, err := call(ctx, n.s, "make a table in", func(ctx context.Context) (struct{}, error) {
		db, err := n.s.handle(ctx)
		if err != nil {
			return struct{}{}, err
		}
		for _, statement := range n.s.dialect.Native.Make(n.s.nativeTable()) {
			// "IF NOT EXISTS" of two sessions at once can fail in one of them; then it
			// finds what the other has made.
			for try := 0; ; try++ {
				if _, err = db.ExecContext(ctx, statement); err == nil || try == 3 || n.s.fault(err) == Busy {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			if err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	return err
}

var sqliteNative = NativeSQL{
	Make: func(t NativeTable) []string {
		statements := []string{fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s%s (`id` text not null primary key,"+
			" `data` blob not null, `version` integer not null, `expires` integer not null%s)",
			t.Schema, t.Table, defined(t.Columns, "text"))}
		index := func(column, where string) {
			statements = append(statements, fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s%s ON %s (%s)%s",
				t.Schema, t.IndexName(column), t.Table, column, where))
		}
		index("`expires`", " WHERE `expires` > 0")
		for _, column := range t.Columns {
			index(column, "")
		}
		return statements
	},
	OrNothing: ` ON CONFLICT ({id}) DO NOTHING`,
	Sweep: `DELETE FROM {table} WHERE rowid IN` +
		` (SELECT rowid FROM {table} WHERE {expired} ORDER BY {expires} LIMIT {?limit})`,
}

var pgNative = NativeSQL{
	Make: func(t NativeTable) []string {
		statements := []string{fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s%s ("id" text COLLATE "C" not null primary key,`+
			` "data" bytea not null, "version" bigint not null, "expires" bigint not null%s)`,
			t.Schema, t.Table, defined(t.Columns, "text"))}
		index := func(column, where string) {
			statements = append(statements, fmt.Sprintf(`CREATE INDEX IF NOT EXISTS %s ON %s%s (%s)%s`,
				t.IndexName(column), t.Schema, t.Table, column, where))
		}
		index(`"expires"`, ` WHERE "expires" > 0`)
		for _, column := range t.Columns {
			index(column, "")
		}
		return statements
	},
	OrNothing: ` ON CONFLICT ({id}) DO NOTHING`,
	Sweep: `DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {expired}` +
		` ORDER BY {expires} LIMIT {?limit} FOR UPDATE SKIP LOCKED))`,
}

var mysqlNative = NativeSQL{
	Make: func(t NativeTable) []string {
		const text = "varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
		var keys strings.Builder
		keys.WriteString(", KEY (`expires`)")
		for _, column := range t.Columns {
			keys.WriteString(", KEY (" + column + ")")
		}
		return []string{fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s%s (`id` varbinary(255) not null primary key,"+
			" `data` longblob not null, `version` bigint not null, `expires` bigint not null%s%s) ENGINE=InnoDB",
			t.Schema, t.Table, defined(t.Columns, text), keys.String())}
	},
	Sweep: `DELETE FROM {table} WHERE {expired} ORDER BY {expires} LIMIT {?limit}`,
}

// defined returns the definitions of columns, each after a comma.
func defined(columns []string, typ string) string {
	var b strings.Builder
	for _, column := range columns {
		b.WriteString(", " + column + " " + typ)
	}
	return b.String()
}
