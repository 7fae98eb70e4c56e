package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/go-datasession/datasession/store"
)

// NativeOptions are the choices of a [Native]; nil means the defaults.
type NativeOptions struct {
	// Table is "datasessions" if empty. A name is as in [Options].
	Table string

	// Index are columns that hold the values of parameters, and that sessions are
	// found by; Migrate makes them with an index each.
	Index []IndexColumn

	// MaxBytes, Wait and Unprepared are as in [Options].
	MaxBytes   int
	Wait       time.Duration
	Unprepared bool

	// Now is the clock, which is to be that of the Manager. Nil means time.Now.
	Now func() time.Time
}

// Native keeps sessions in a table of its own layout, for new work: Perl cannot use it.
//
//	id       the session's
//	data     as bytes
//	version  changes with each save, by which a save knows what it replaces
//	expires  Unix seconds, indexed; 0 for never
//
// and columns for parameters, if wanted. A version is two numbers, so that a save
// compares no data; a touch moves expires alone, and is no change to a save, while
// Delete, and so whoever finds a session expired, takes note of it. Load says when a
// session expires, and returns it also after that, until it is purged.
//
// A Native implements what a [Store] does, and [store.Toucher] and [store.Sweeper]. It
// is safe for use by several goroutines.
type Native struct {
	s   *Store
	now func() time.Time

	load, size, create              *query
	replace, overwrite              *query
	touch, exists, remove, removeIf *query
	removeMany, sweep, count        *query
	lease, newLease, endLease       *query

	ids, records pages
	finds        []pages
}

var _ interface {
	store.Store
	store.Indexer
	store.Scanner
	store.Lister
	store.BatchDeleter
	store.Toucher
	store.Sweeper
	store.Pinger
	store.Migrator
} = (*Native)(nil)

// NewNative is [New] for the native layout.
func NewNative(db *sql.DB, d Dialect, opts *NativeOptions) (*Native, error) {
	return newNative(d, opts, func(d Dialect, o *Options) (*Store, error) { return New(db, d, o) })
}

// OpenNative is [Open] for the native layout.
func OpenNative(open func(ctx context.Context) (*sql.DB, error), d Dialect, opts *NativeOptions) (*Native, error) {
	return newNative(d, opts, func(d Dialect, o *Options) (*Store, error) { return Open(open, d, o) })
}

func newNative(d Dialect, opts *NativeOptions, newStore func(Dialect, *Options) (*Store, error)) (*Native, error) {
	o := NativeOptions{}
	if opts != nil {
		o = *opts
	}
	if d.Native.Make == nil {
		return nil, fmt.Errorf("sqlstore: no native layout for %s", d.Name)
	}
	for _, col := range o.Index {
		if name := or(col.Column, col.Param); strings.EqualFold(name, versionColumn) || strings.EqualFold(name, expiresColumn) {
			return nil, fmt.Errorf("sqlstore: column %q is to hold two things", name)
		}
	}
	d.Encode, d.Decode, d.Other = nil, nil, nil // the column takes bytes
	s, err := newStore(d, &Options{
		Table: or(o.Table, "datasessions"), IDColumn: "id", DataColumn: "data",
		Index: o.Index, MaxBytes: o.MaxBytes, Wait: o.Wait, Unprepared: o.Unprepared,
	})
	if err != nil {
		return nil, err
	}
	n := &Native{s: s, now: o.Now}
	if n.now == nil {
		n.now = time.Now
	}
	n.prepare()
	return n, nil
}

const (
	versionColumn = "version"
	expiresColumn = "expires"
)

// prepare makes the statements, which are the same in every database but for a few.
func (n *Native) prepare() {
	d := n.s.dialect
	names := strings.NewReplacer("{version}", d.Quote(versionColumn), "{expires}", d.Quote(expiresColumn))
	expand := func(parts ...string) *query { return n.s.expand(names.Replace(strings.Join(parts, ""))) }

	const (
		byID    = ` WHERE {id} = {?id}`
		size    = `octet_length({data}), `
		data    = `CASE WHEN octet_length({data}) <= {max} THEN {data} END, {version}, {expires}`
		page    = ` FROM {table} WHERE {id} > {?after} ORDER BY {id} LIMIT {?limit}`
		version = ` AND {version} = {?oldversion}`
		expires = ` AND {expires} = {?oldexpires}`
		expired = `{expires} > 0 AND {expires} <= {?now}`
		set     = ` {table} SET {data} = {?data}, {version} = {?version}, {expires} = {?expires}{sets}` + byID
	)
	n.load, n.size = expand(`SELECT `, data, fromTable, byID), expand(`SELECT `, size, data, fromTable, byID)
	n.exists = expand(`SELECT 1`, fromTable, byID)
	n.create = expand(d.Insert, ` {table} ({id}, {data}, {version}, {expires}{columns})`+
		` VALUES ({?id}, {?data}, {?version}, {?expires}{values})`, d.Native.OrNothing)
	n.overwrite = expand(d.Update, set)
	n.replace = expand(d.Update, set, version)
	n.remove = expand(`DELETE`, fromTable, byID)
	removeIf := `DELETE` + fromTable + byID + version + expires
	n.removeIf, n.removeMany = expand(removeIf), expand(many(removeIf))
	n.touch = expand(d.Update, ` {table} SET {expires} = {?expires}`, byID, ` AND {expires} > 0 AND {expires} < {?expires}`)

	n.sweep = expand(strings.ReplaceAll(d.Native.Sweep, "{expired}", expired))
	n.count = expand(`SELECT COUNT(*)`, fromTable, ` WHERE `, expired, ` AND {id} <> ''`)
	// The lease on purging is the row of the id that is nobody's.
	n.lease = expand(d.Update, ` {table} SET {version} = {?version}, {expires} = {?expires}`,
		byID, ` AND ({expires} < {?now} OR {version} = {?version})`)
	n.newLease = expand(d.Insert, ` {table} ({id}, {data}, {version}, {expires}) VALUES ({?id}, {?data}, {?version}, {?expires})`, d.Native.OrNothing)
	n.endLease = expand(`DELETE`, fromTable, byID, ` AND {version} = {?version}`)

	list := expand(`SELECT {id}`, page)
	n.ids = pages{list, list}
	records := expand(`SELECT {id}, `, size, data, page)
	n.records = pages{records, records}
	for _, col := range n.s.columns.quoted {
		find := expand(d.having(col, `SELECT {id}`+page))
		n.finds = append(n.finds, pages{find, find})
	}
	n.s.migrate = strings.Join(d.Native.Make(n.s.nativeTable()), "; ")
}

const fromTable = " FROM {table}"

// nativeRev is a version: the two columns that a session has beside its data.
type nativeRev struct{ version, expires int64 }

func (r nativeRev) rev() store.Rev {
	b := make([]byte, 0, 16)
	b = binary.BigEndian.AppendUint64(b, uint64(r.version))
	return store.DataRev(binary.BigEndian.AppendUint64(b, uint64(r.expires)))
}

// readNativeRev returns a version; one of another store is that of no session.
func readNativeRev(rev store.Rev) nativeRev {
	b, _ := rev.Data()
	if len(b) != 16 {
		return nativeRev{version: -1}
	}
	return nativeRev{int64(binary.BigEndian.Uint64(b)), int64(binary.BigEndian.Uint64(b[8:]))}
}

func (r nativeRev) record(data []byte) store.Record {
	rec := store.Record{Data: data, Rev: r.rev()}
	if r.expires > 0 {
		rec.Expires = time.Unix(r.expires, 0)
	}
	return rec
}

// newVersion returns a number that no session has had under this id, as far as chance
// allows: what is deleted and made again has another version.
func newVersion() (int64, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(b[:]) >> 1), nil
}

// nativeArgs are the values that the statements of a Native ask for beside those of args.
type nativeArgs struct {
	nativeRev
	old nativeRev
	now int64
}

// expiry returns when a session that is to live for ttl expires, 0 for never.
func (n *Native) expiry(ttl time.Duration) int64 {
	if ttl <= 0 {
		return 0
	}
	return n.now().Unix() + int64((ttl+time.Second-1)/time.Second)
}

// Load returns the data stored under id, and until when the session is kept.
func (n *Native) Load(ctx context.Context, id string) (store.Record, error) {
	if err := n.s.checkID(id); err != nil {
		return store.Record{}, err
	}
	return call(ctx, n.s, "load from", func(ctx context.Context) (store.Record, error) {
		var size int64
		var data []byte
		var r nativeRev
		err := n.s.row(ctx, n.load, args{id: id}, &data, &r.version, &r.expires)
		if err == nil && data == nil { // too long
			err = n.s.row(ctx, n.size, args{id: id}, &size, &data, &r.version, &r.expires)
		}
		if errors.Is(err, sql.ErrNoRows) {
			err = store.ErrNotFound
		}
		if err == nil {
			err = n.s.checkSize(size)
		}
		if err != nil {
			return store.Record{}, err
		}
		return r.record(data), nil
	})
}

// Save stores data under id with one statement, as [store.Store] says, with the values
// of the indexed parameters, and until when the session is to be kept.
//
// If ctx ends while the database is at work it may still save.
func (n *Native) Save(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
	if err := n.s.checkID(id); err != nil {
		return store.Rev{}, err
	}
	if err := n.s.checkSize(int64(len(data))); err != nil {
		return store.Rev{}, fmt.Errorf("save to %s: %w", n.s.dialect.Name, err)
	}
	version, err := newVersion()
	if err != nil {
		return store.Rev{}, err
	}
	a := args{id: id, data: append(make([]byte, 0, len(data)), data...), extra: n.s.columns.values(opts.Index)}
	a.native = nativeArgs{nativeRev: nativeRev{version, n.expiry(opts.TTL)}, old: readNativeRev(old)}
	return call(ctx, n.s, "save to", func(ctx context.Context) (store.Rev, error) {
		return a.native.rev(), n.save(ctx, a, old)
	})
}

func (n *Native) save(ctx context.Context, a args, old store.Rev) error {
	switch {
	case old.IsZero():
		return n.insert(ctx, n.create, a)
	case !old.IsAny():
		return n.changed(ctx, n.replace, a)
	}
	for range 3 { // others may make and delete it meanwhile
		if saved, err := n.s.exec(ctx, n.overwrite, a); err != nil || saved {
			return err
		}
		if err := n.insert(ctx, n.create, a); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return store.ErrConflict
}

// insert makes a row, or returns ErrConflict.
func (n *Native) insert(ctx context.Context, q *query, a args) error {
	made, err := n.s.exec(ctx, q, a)
	if err == nil && !made || err != nil && n.s.fault(err) == Duplicate {
		return store.ErrConflict
	}
	return err
}

// changed runs a conditional statement, and says why if it found no row.
func (n *Native) changed(ctx context.Context, q *query, a args) error {
	if done, err := n.s.exec(ctx, q, a); err != nil || done {
		return err
	}
	switch there, err := n.s.is(ctx, n.exists, a); {
	case err != nil:
		return err
	case there:
		return store.ErrConflict
	}
	return store.ErrNotFound
}

// Delete removes the session with one statement, if it was not saved, and was not
// touched, since old was read.
func (n *Native) Delete(ctx context.Context, id string, old store.Rev) error {
	if err := n.s.checkID(id); err != nil {
		return err
	}
	_, err := call(ctx, n.s, "delete from", func(ctx context.Context) (struct{}, error) {
		a := args{id: id, native: nativeArgs{old: readNativeRev(old)}}
		if old.IsAny() {
			_, err := n.s.exec(ctx, n.remove, a)
			return struct{}{}, err
		}
		err := n.changed(ctx, n.removeIf, a)
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return struct{}{}, err
	})
	return err
}

// DeleteBatch removes the sessions that were neither saved nor touched since they were
// read, 50 with one statement.
func (n *Native) DeleteBatch(ctx context.Context, sessions []store.Entry) (int, error) {
	return n.s.deleteBatch(ctx, sessions, n.removeIf, n.removeMany, func(e store.Entry) args {
		return args{id: e.ID, native: nativeArgs{old: readNativeRev(e.Rev)}}
	})
}

// Touch lets the session live for ttl from now, or for longer if it was to do so
// anyway. It does not touch the data.
func (n *Native) Touch(ctx context.Context, id string, ttl time.Duration) error {
	if err := n.s.checkID(id); err != nil {
		return err
	}
	_, err := call(ctx, n.s, "touch in", func(ctx context.Context) (struct{}, error) {
		a := args{id: id, native: nativeArgs{nativeRev: nativeRev{expires: n.expiry(ttl)}}}
		if a.native.expires == 0 {
			a.native.expires = forever
		}
		err := n.changed(ctx, n.touch, a)
		if errors.Is(err, store.ErrConflict) { // it lives as long as that already
			err = nil
		}
		return struct{}{}, err
	})
	return err
}

// forever is for a session that did expire, and is touched so that it does not.
const forever = 1 << 62

// IDs yields the ids in pages, as [Store.IDs] does, expired sessions included.
func (n *Native) IDs(ctx context.Context) iter.Seq2[string, error] {
	return n.s.list(ctx, n.ids, args{})
}

// Records yields the sessions in pages, as [Store.Records] does.
func (n *Native) Records(ctx context.Context) iter.Seq2[store.Entry, error] {
	return scan(ctx, n.s, n.records, func(rows *sql.Rows, f *found) error {
		var size int64
		var r nativeRev
		if err := rows.Scan(&f.ID, &size, &f.Data, &r.version, &r.expires); err != nil {
			return err
		}
		f.Record = r.record(f.Data)
		f.err = n.s.checkSize(size)
		return nil
	})
}

// Indexes returns the parameters of NativeOptions.Index.
func (n *Native) Indexes() []string { return n.s.columns.params() }

// Find yields the ids of the sessions that were last saved with a value of a parameter.
func (n *Native) Find(ctx context.Context, name, value string) iter.Seq2[string, error] {
	return n.s.find(ctx, n.finds, name, value)
}

// Ping looks up a session in the table, as [Store.Ping] does.
func (n *Native) Ping(ctx context.Context) error { return n.s.Ping(ctx) }

// Close closes what [Store.Close] closes.
func (n *Native) Close() error { return n.s.Close() }
