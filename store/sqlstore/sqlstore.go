// Package sqlstore keeps sessions in a table of an SQL database, in the layout
// that Perl's Data::Session, CGI::Session and flexmysql use:
//
//	create table sessions (id char(128) not null primary key, a_session text not null)
//
// It works over any *sql.DB and imports no driver. What databases do differently
// is a value, a [Dialect]: how names are quoted and values bound, how to compare
// bytes exactly, how to make the table, what an error means: [SQLite], [Pg], [PgText],
// [MySQL] and others. [OpenSQLite] opens a file with the settings that suit it; [PgDSN] and
// [MySQLDSN] read Perl's data sources. The options of Perl's flexmysql are in [FlexMySQL].
//
// Perl's table has no column for a version, so a version is the bytes that were
// read, and a save is one conditional statement: it replaces the row if it still
// holds them. Perl overwrites. Only the two columns are ever touched; others,
// which a table that is shared with an application may have, keep their values. A
// row whose data is NULL counts as absent, as it does for Perl, and creating a
// session fills it.
//
// A database that is busy is asked again, with jitter, until the context ends.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-datasession/datasession/store"
)

// Options says where in the database the sessions are. The zero value stands for
// Perl's table.
type Options struct {
	// Table, IDColumn and DataColumn are "sessions", "id" and "a_session" if
	// empty. A name is made of letters, digits, "_" and "$"; that of the table
	// may be preceded by a schema and a dot. Names are quoted.
	Table, IDColumn, DataColumn string

	// Index are columns that hold the values of parameters, beside the data, as
	// Apache::Session::Browseable keeps them. Each save writes them all; one whose
	// parameter is not set, or is no plain value, becomes NULL.
	Index []IndexColumn

	// Updated is a column that each save sets to the time, CURRENT_TIMESTAMP: the
	// LastUpdated of Request Tracker. Empty means none.
	Updated string

	// NoInsert keeps Save from making rows: a session is kept in a row that the
	// application has made. Save reports ErrNotFound if there is none. (Perl's flexmysql
	// loses the data.) A row whose data is NULL takes a new session.
	NoInsert bool

	// NoDelete has Delete set the data to NULL and keep the row.
	NoDelete bool

	// AutoCreate has Save make the table, as Migrate does, if it is not there.
	AutoCreate bool

	// AutoDisconnect says whether Close closes the database. Nil means that it closes
	// what a function given to [Open] returned, and not what was given to [New].
	AutoDisconnect *bool

	// Unprepared sends each statement with its text, and prepares none: for pools
	// such as PgBouncer that give each transaction another connection. (With the
	// driver pgx its default_query_exec_mode has to be cache_describe or exec too.)
	Unprepared bool

	// MaxBytes limits the data of one session, read or written. Zero means
	// store.MaxBytes.
	MaxBytes int

	// Wait is for how long a busy database is asked again if the context has
	// no deadline. Zero means 10 seconds.
	Wait time.Duration
}

// Store keeps sessions in one table. It implements [store.Store],
// [store.Lister], [store.Indexer], [store.Scanner], [store.BatchDeleter],
// [store.Pinger] and [store.Migrator], and is safe for use by several goroutines.
type Store struct {
	dialect  Dialect
	columns  columns
	names    quotedNames
	table    string // as the caller spelled it, for messages
	maxBytes int
	wait     time.Duration

	open   func(context.Context) (*sql.DB, error) // nil: db is the caller's
	turn   chan struct{}                          // held while opening and closing
	db     atomic.Pointer[sql.DB]
	closed atomic.Bool

	prompt  atomic.Bool // calls are known to return soon after their context ends
	workers workers     // for those that are not

	unprepared, noInsert, autoCreate bool
	keepOpen, closeIt                bool // what Options.AutoDisconnect says

	load, size, exists, same, limits *query
	create, fill, overwrite, rewrite *query
	replace, remove, removeIf, lock  *query
	known                            atomic.Pointer[limits]

	ids, records pages
	rows         *query  // in the place of records, or nil
	finds        []pages // by indexed column
	removeMany   *query
	migrate      string
	queries      []*query // all of them
}

var _ interface {
	store.Store
	store.Lister
	store.Indexer
	store.Scanner
	store.BatchDeleter
	store.Pinger
	store.Migrator
} = (*Store)(nil)

// New returns a store that keeps sessions in db, which stays the caller's: Close
// does not close it. It does no I/O. It reports names that are not fit for SQL.
func New(db *sql.DB, d Dialect, opts *Options) (*Store, error) {
	if db == nil {
		return nil, errors.New("sqlstore: no database")
	}
	s, err := newStore(d, opts)
	if err != nil {
		return nil, err
	}
	s.db.Store(db)
	return s, nil
}

// Open returns a store that calls open when it first needs the database, and
// again the next time if that failed. Close closes what open returned. Open
// itself does no I/O.
func Open(open func(ctx context.Context) (*sql.DB, error), d Dialect, opts *Options) (*Store, error) {
	if open == nil {
		return nil, errors.New("sqlstore: no function to open the database")
	}
	s, err := newStore(d, opts)
	if err != nil {
		return nil, err
	}
	s.open = open
	return s, nil
}

func newStore(d Dialect, opts *Options) (*Store, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	d = d.complete()
	if o.NoDelete {
		d.Delete, d.DeleteIf = d.empty(), d.empty()+" AND "+d.SameData
	}
	s := &Store{
		dialect:  d,
		table:    or(o.Table, "sessions"),
		maxBytes: or(max(o.MaxBytes, 0), store.MaxBytes),
		wait:     or(o.Wait, 10*time.Second),
		turn:     make(chan struct{}, 1),
		workers:  newWorkers(),
	}
	s.prompt.Store(d.Linger == "")
	s.unprepared, s.noInsert, s.autoCreate = o.Unprepared, o.NoInsert, o.AutoCreate
	s.keepOpen = o.AutoDisconnect != nil && !*o.AutoDisconnect
	s.closeIt = o.AutoDisconnect != nil && *o.AutoDisconnect
	id, data := or(o.IDColumn, "id"), or(o.DataColumn, "a_session")
	schema, table, qualified := strings.Cut(s.table, ".")
	names := []string{schema, id, data}
	if qualified {
		names = append(names, table)
	}
	for _, name := range names {
		if !validName(name) {
			return nil, fmt.Errorf("sqlstore: bad name %q for a table or column, want letters, digits, _ and $", name)
		}
	}
	if strings.EqualFold(id, data) {
		return nil, fmt.Errorf("sqlstore: id and data are both in column %q", id)
	}
	var err error
	if s.columns, err = newColumns(d, o, id, data); err != nil {
		return nil, err
	}
	s.names = quotedNames{d.Quote(schema), d.Quote(id), d.Quote(data)}
	if qualified {
		s.names.table += "." + d.Quote(table)
	}
	expand := s.expand
	expandPages := func(change func(template string) string) pages {
		return pages{expand(change(d.First)), expand(change(d.Next))}
	}
	s.load, s.size = expand("SELECT "+d.Data+fromWhere+d.SameID), expand("SELECT "+d.Size+", "+d.Data+fromWhere+d.SameID)
	s.exists, s.limits = expand(d.Exists), expand(d.Columns)
	if d.SameData != "" {
		s.same = expand(d.Exists + " AND " + d.SameData)
	} else {
		s.same = expand("")
	}
	s.create, s.fill = expand(d.Create), expand(d.rewrite()+" AND {data} IS NULL")
	s.overwrite, s.rewrite, s.replace = expand(d.Overwrite), expand(d.rewrite()), expand(d.Replace)
	s.remove, s.removeIf, s.lock = expand(d.Delete), expand(d.DeleteIf), expand(d.Lock)
	s.ids = expandPages(func(template string) string { return template })
	s.records = expandPages(d.withData)
	if d.Rows != "" {
		s.rows = expand(d.withData(d.Rows))
	}
	for _, col := range s.columns.quoted {
		s.finds = append(s.finds, expandPages(func(template string) string { return d.having(col, template) }))
	}
	s.removeMany = expand(many(d.DeleteIf))
	s.migrate = expand(s.columns.define(d.Table)).text
	return s, nil
}

// quotedNames are the quoted names of what statements are about.
type quotedNames struct{ table, id, data string }

// expand makes a statement of a template, and a plain one of those that compare.
func (s *Store) expand(template string) *query {
	d := s.dialect
	template = s.columns.in(strings.ReplaceAll(template, "{max}", strconv.Itoa(s.maxBytes)))
	q := d.expand(template, s.names.table, s.names.id, s.names.data)
	if q.text == "" {
		return q
	}
	s.queries = append(s.queries, q)
	if plain := d.plain(template); d.Columns != "" && plain != template {
		q.plain = d.expand(plain, s.names.table, s.names.id, s.names.data)
		s.queries = append(s.queries, q.plain)
	}
	return q
}

// plain is for columns that compare byte by byte.
func (d Dialect) plain(template string) string {
	template = strings.ReplaceAll(template, d.SameID, "{id} = {?id}")
	if d.SameData != "" {
		template = strings.ReplaceAll(template, d.SameData, "{data} = {?old}")
	}
	return template
}

func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

var errClosed = errors.New("store is closed")

// handle returns the database, opening it if that is still to be done.
func (s *Store) handle(ctx context.Context) (*sql.DB, error) {
	if s.closed.Load() {
		return nil, errClosed
	}
	if db := s.db.Load(); db != nil {
		return db, nil
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.closed.Load() {
		return nil, errClosed
	}
	if db := s.db.Load(); db != nil {
		return db, nil
	}
	db, err := s.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	s.db.Store(db)
	return db, nil
}

// Close closes the statements that the store prepared and, if the store came
// from [Open], the database.
func (s *Store) Close() error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if s.closed.Swap(true) {
		return nil
	}
	close(s.workers.quit)
	err := s.closeStatements()
	if db := s.db.Load(); db != nil && (s.closeIt || s.open != nil && !s.keepOpen) {
		err = errors.Join(err, db.Close())
	}
	return err
}
