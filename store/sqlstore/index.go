package sqlstore

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/go-datasession/datasession/store"
)

// IndexColumn is a column that holds the value of a parameter.
type IndexColumn struct {
	// Param is the name of the parameter; it may be a reserved one, such as _utime.
	Param string

	// Column is the name of the column, which is quoted. Empty means Param as an SQL
	// statement without quotes has it: Perl's _whatToTrace is the column
	// _whattotrace of PostgreSQL.
	Column string
}

// columns are those of a table that Options adds to id and data.
type columns struct {
	indexed []IndexColumn // with their Column filled in
	quoted  []string      // their columns, quoted
	markers *strings.Replacer
	defined string // what Migrate adds to Perl's table
}

func newColumns(d Dialect, o Options, id, data string) (columns, error) {
	c := columns{}
	taken := map[string]bool{strings.ToLower(id): true, strings.ToLower(data): true}
	take := func(column string) error {
		switch low := strings.ToLower(column); {
		case !validName(column):
			return fmt.Errorf("sqlstore: bad name %q for a column, want letters, digits, _ and $", column)
		case taken[low]:
			return fmt.Errorf("sqlstore: column %q is to hold two things", column)
		default:
			taken[low] = true
			return nil
		}
	}
	var names, values, sets, defined strings.Builder
	for i, col := range o.Index {
		if col.Column == "" {
			col.Column = col.Param
			if d.Fold != nil {
				col.Column = d.Fold(col.Param)
			}
		}
		if col.Param == "" {
			return c, fmt.Errorf("sqlstore: index column %q is for no parameter", col.Column)
		}
		if err := take(col.Column); err != nil {
			return c, err
		}
		name, value := d.Quote(col.Column), "{?x"+strconv.Itoa(i)+"}"
		names.WriteString(", " + name)
		values.WriteString(", " + value)
		sets.WriteString(", " + name + " = " + value)
		defined.WriteString(", " + name + " varchar(255)")
		c.indexed = append(c.indexed, col)
		c.quoted = append(c.quoted, name)
	}
	if o.Updated != "" {
		if err := take(o.Updated); err != nil {
			return c, err
		}
		const now = "CURRENT_TIMESTAMP"
		name := d.Quote(o.Updated)
		names.WriteString(", " + name)
		values.WriteString(", " + now)
		sets.WriteString(", " + name + " = " + now)
		defined.WriteString(", " + name + " timestamp null")
	}
	c.defined = defined.String()
	c.markers = strings.NewReplacer("{columns}", names.String(), "{values}", values.String(), "{sets}", sets.String())
	return c, nil
}

// define adds the columns to the statement that makes the table.
func (c columns) define(table string) string {
	end := strings.LastIndex(table, ")")
	if end < 0 {
		return table
	}
	return table[:end] + c.defined + table[end:]
}

// in puts the columns into a template.
func (c columns) in(template string) string { return c.markers.Replace(template) }

// values returns what to bind for the columns: nil, which is NULL, for a parameter that
// is not set.
func (c columns) values(index []store.IndexValue) []any {
	if len(c.indexed) == 0 {
		return nil
	}
	vs := make([]any, len(c.indexed))
	for i, col := range c.indexed {
		for _, v := range index {
			if v.Name == col.Param && v.Set {
				vs[i] = v.Value
			}
		}
	}
	return vs
}

const fromWhere = " FROM {table} WHERE "

// having narrows a template that lists sessions to those with a value in a column.
func (d Dialect) having(quoted, template string) string {
	match := d.Match
	if match == "" {
		match = "{column} = {?value}"
	}
	match = strings.ReplaceAll(match, "{column}", quoted)
	return strings.Replace(template, fromWhere, fromWhere+match+" AND ", 1)
}

// Indexes returns the parameters of Options.Index.
func (s *Store) Indexes() []string { return s.columns.params() }

func (c columns) params() []string {
	names := make([]string, len(c.indexed))
	for i, col := range c.indexed {
		names[i] = col.Param
	}
	return names
}

// Find yields the ids of the sessions that have a value in the column of a parameter,
// whoever wrote it there. What counts as the same value is for the column's type to
// say: a column of numbers finds 7 for 07.
func (s *Store) Find(ctx context.Context, name, value string) iter.Seq2[string, error] {
	return s.find(ctx, s.finds, name, value)
}

func (s *Store) find(ctx context.Context, finds []pages, name, value string) iter.Seq2[string, error] {
	for i, col := range s.columns.indexed {
		if col.Param == name {
			return s.list(ctx, finds[i], args{value: value})
		}
	}
	return func(yield func(string, error) bool) {
		yield("", fmt.Errorf("find in %s: parameter %q has no column", s.dialect.Name, name))
	}
}
