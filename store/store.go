// Package store defines what a store is: something that keeps bytes under an id.
//
// A store moves bytes and never sees a Perl value. [Store] is as narrow as very
// different back ends allow, and no narrower: what only the back end can do
// atomically is in it, what can be written once is not. What only some can do is
// an interface of one method ([Lister], [Toucher] …), which a Manager looks for
// once, when it is made.
//
// Every store in this project passes the whole of package storetest.
package store

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"time"
)

// Errors that a program decides on. A store wraps them, with what it knows, so
// test with [errors.Is]. Other errors are those of the back end.
var (
	// ErrNotFound reports that there is no such session.
	ErrNotFound = errors.New("session not found")
	// ErrConflict reports that the session was changed, or made, by somebody
	// else since it was read.
	ErrConflict = errors.New("session was changed meanwhile")
	// ErrInvalidID reports an id that this store cannot hold or refuses to look up.
	ErrInvalidID = errors.New("invalid session id")
	// ErrTooLarge reports data over the store's limit. Nothing was changed.
	ErrTooLarge = errors.New("session data too large")
	// ErrInvalidData reports data that this store cannot hold, such as bytes that are
	// not text in a column of text. Nothing was changed.
	ErrInvalidData = errors.New("session data that the store cannot hold")
	// ErrUnsafe reports a place that the store refuses to touch, such as a
	// link or a pipe where a session file should be.
	ErrUnsafe = errors.New("unsafe session file")
	// ErrPurging reports that another is removing the expired sessions already, so
	// that there is nothing to do.
	ErrPurging = errors.New("another purge is running")
	// ErrUnavailable reports a back end that cannot be reached.
	ErrUnavailable = errors.New("store unavailable")
)

// MaxBytes is the size of data that a store accepts and reads by default.
const MaxBytes = 1 << 20

// Store keeps bytes under an id. It is safe for use by several goroutines, and
// other processes, often Perl, may work on the same data.
//
// Ids come from outside. A store refuses those that it cannot hold with
// ErrInvalidID, before it touches anything.
type Store interface {
	// Load returns the data stored under id, or ErrNotFound. The caller must
	// not change the bytes it gets. Data that is there but empty is returned
	// as an empty record and not as ErrNotFound.
	Load(ctx context.Context, id string) (Record, error)

	// Save stores data under id if the stored version is still old, and returns
	// the version it wrote. It does not keep data. The zero Rev stands for "not
	// there yet"; any other for "still what I read".
	//
	// Save reports ErrConflict, and changes nothing, if the session was saved
	// after old was read, or is there and old is zero; and ErrNotFound if old is
	// not zero and the session is gone. What has been deleted stays deleted.
	// [AnyRev] overwrites and creates. Perl's drivers overwrite always.
	Save(ctx context.Context, id string, data []byte, old Rev, opts SaveOptions) (Rev, error)

	// Delete removes the session if the stored version is still old, and
	// reports ErrConflict if it is not. [AnyRev] removes whatever is there.
	// Deleting what is not there is no error.
	Delete(ctx context.Context, id string, old Rev) error

	// Close releases what the store opened itself. Closing twice is no error.
	Close() error
}

// Record is what Load returns.
type Record struct {
	Data []byte
	Rev  Rev

	// Expires is the time until which the store is to keep the session, if it keeps
	// that beside the data, where a [Toucher] can move it: when the session was last
	// saved or touched, and the TTL of then. Zero means that the store does not say,
	// or that it keeps the session for ever.
	Expires time.Time
}

// Entry is a session as a [Scanner] finds it.
type Entry struct {
	ID string
	Record
}

// SaveOptions is what a store may want to know beside the data.
type SaveOptions struct {
	// TTL is after how much time without a save the store may drop the
	// session. Zero means never. Stores that cannot expire anything ignore it.
	TTL time.Duration

	// Index is the values of the parameters that an [Indexer] asks for. Other
	// stores ignore it.
	Index []IndexValue
}

// IndexValue is the value of one indexed parameter, as text. Set is false for a
// parameter that the session does not have, or that is not a plain value.
type IndexValue struct {
	Name, Value string
	Set         bool
}

// Rev names one stored version of a session, as the store saw it. It is opaque
// to everybody but the store it came from: a number that the store counts, or the
// bytes themselves where a Perl table has no room for a number. The zero Rev
// stands for "not there yet".
type Rev struct {
	kind revKind
	num  uint64
	data []byte
}

type revKind uint8

const (
	revNone revKind = iota
	revAny
	revNum
	revData
)

// AnyRev matches whatever is stored, and also nothing. To save with it is to
// overwrite blindly, as Perl does.
var AnyRev = Rev{kind: revAny}

// NumRev returns a version named by a number.
func NumRev(n uint64) Rev { return Rev{kind: revNum, num: n} }

// DataRev returns a version named by its bytes, which must not change any more.
func DataRev(data []byte) Rev { return Rev{kind: revData, data: data} }

// IsZero reports whether r stands for "not there yet".
func (r Rev) IsZero() bool { return r.kind == revNone }

// IsAny reports whether r is [AnyRev].
func (r Rev) IsAny() bool { return r.kind == revAny }

// Num returns the number of a Rev made by [NumRev].
func (r Rev) Num() (n uint64, ok bool) { return r.num, r.kind == revNum }

// Data returns the bytes of a Rev made by [DataRev].
func (r Rev) Data() (data []byte, ok bool) { return r.data, r.kind == revData }

// Equal reports whether two versions are the same. AnyRev equals only itself.
func (r Rev) Equal(o Rev) bool {
	return r.kind == o.kind && r.num == o.num && bytes.Equal(r.data, o.data)
}

// A Lister is a Store that can enumerate its sessions. Memcached cannot.
type Lister interface {
	// IDs yields the id of every stored session, in no particular order and
	// without holding all of them in memory. Sessions that come or go
	// meanwhile may or may not be among them. An error is yielded once, with an
	// empty id, and ends the iteration. The loop may load, save and delete
	// sessions of the same store.
	IDs(ctx context.Context) iter.Seq2[string, error]
}

// A Scanner is a Lister that reads the sessions along with their ids, many at a time.
type Scanner interface {
	// Records yields every stored session, as [Lister].IDs yields the ids. An error
	// about one session comes with its id, and the iteration goes on: data that is
	// too large is ErrTooLarge.
	Records(ctx context.Context) iter.Seq2[Entry, error]
}

// A BatchDeleter is a Store that deletes many sessions faster than one by one.
type BatchDeleter interface {
	// DeleteBatch removes those of the sessions whose stored version is still the
	// one that is given, and returns how many. The others stay. It may remove a part
	// of them before it reports an error.
	DeleteBatch(ctx context.Context, sessions []Entry) (int, error)
}

// A Toucher is a Store that can put off the expiry of a session without
// rewriting its data. A Manager uses it for the sessions whose Record says when they
// expire: what it read tells it then when a session was last touched.
type Toucher interface {
	// Touch lets the session live for ttl from now, or reports ErrNotFound.
	Touch(ctx context.Context, id string, ttl time.Duration) error
}

// A Purger is a Store that can itself remove sessions that are past the TTL they
// were saved with.
type Purger interface {
	// Purge removes expired sessions and returns how many. It may report ErrPurging,
	// having done nothing.
	Purge(ctx context.Context) (int, error)
}

// A Sweeper is a Purger for many sessions: it removes them in batches so small, and with
// such pauses, that those who use sessions meanwhile are not kept waiting.
type Sweeper interface {
	Purger
	// Sweep removes expired sessions and yields how many, after each batch. To end the
	// loop is to end the purge. With dryRun it yields how many there are, and
	// removes none. An error is yielded once and ends the iteration; it is ErrPurging
	// if another is at it, in this process or in another one.
	Sweep(ctx context.Context, dryRun bool) iter.Seq2[int, error]
}

// A Locker is a Store that can keep other lockers off one session.
type Locker interface {
	// Lock waits until it holds the lock on id, or ctx ends. unlock releases it.
	Lock(ctx context.Context, id string) (unlock func() error, err error)
}

// An Indexer is a Store that keeps the values of some parameters beside the data,
// and finds sessions by them.
type Indexer interface {
	// Indexes returns the names of those parameters. Whoever saves gives their
	// values in SaveOptions.Index.
	Indexes() []string
	// Find yields the ids of the sessions that were last saved with this value
	// of an indexed parameter, as [Lister].IDs yields all. A name that is not
	// indexed is an error.
	Find(ctx context.Context, name, value string) iter.Seq2[string, error]
}

// A Pinger is a Store that can say whether its back end answers.
type Pinger interface {
	Ping(ctx context.Context) error
}

// A Migrator is a Store that can make what it needs to keep sessions in: a
// directory, a table. It is no error if it is there already.
type Migrator interface {
	Migrate(ctx context.Context) error
}
