package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/go-datasession/datasession/store"
)

// ApacheLocks is a store with the lock of Apache::Session::Lock::MySQL, which keeps Perl
// programs off a session while they load, change and store it: GET_LOCK of
// Apache-Session- and the id. It is a [store.Locker].
//
// MySQL from 5.7.5 on takes names of at most 64 characters, and so ids of at most 49;
// MariaDB of 192. A longer one is ErrInvalidID. (Perl goes on without the lock.)
type ApacheLocks struct {
	*Store
	locks *sql.DB
}

// NewApacheLocks returns st with the locks of a server of MySQL or MariaDB, which need not
// be the one that the table is in. A lock that is held takes one connection of locks.
func NewApacheLocks(st *Store, locks *sql.DB) *ApacheLocks { return &ApacheLocks{st, locks} }

var _ store.Locker = (*ApacheLocks)(nil)

const (
	lockTurn   = time.Second      // for so long the server waits at a time
	unlockTime = 10 * time.Second // and this long for it to let go
)

// Lock waits until it holds the lock on id, or ctx ends. (Perl gives up after an hour and
// goes on without.) The lock goes with its connection: if that breaks, unlock says so.
func (a *ApacheLocks) Lock(ctx context.Context, id string) (unlock func() error, err error) {
	if err := a.checkID(id); err != nil {
		return nil, err
	}
	name := "Apache-Session-" + id
	conn, err := a.locks.Conn(ctx)
	for got := false; err == nil && !got; {
		got, err = lockAsked(ctx, conn, "SELECT GET_LOCK(?, ?)", name, lockTurn.Seconds())
	}
	if err != nil {
		if conn != nil {
			conn.Close()
		}
		switch number := errorNumber(err); {
		case ctx.Err() != nil:
			err = ctx.Err()
		case number == "1059" || number == "3057" || number == "4163":
			err = fmt.Errorf("%w: the name of its lock is too long", store.ErrInvalidID)
		default:
			err = a.explain(ctx, err)
		}
		return nil, fmt.Errorf("lock in %s: %w", a.dialect.Name, err)
	}
	return func() error {
		defer conn.Close()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockTime)
		defer cancel()
		held, err := lockAsked(ctx, conn, "SELECT RELEASE_LOCK(?)", name)
		if err == nil && !held {
			err = errors.New("it was not held any more")
		}
		if err != nil { // the lock ends with the connection
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
			return fmt.Errorf("unlock in %s: %w", a.dialect.Name, err)
		}
		return nil
	}, nil
}

// lockAsked runs a function that selects 1 or 0, or NULL for an error.
func lockAsked(ctx context.Context, conn *sql.Conn, query string, args ...any) (bool, error) {
	var n sql.NullInt64
	if err := conn.QueryRowContext(ctx, query, args...).Scan(&n); err != nil {
		return false, err
	}
	if !n.Valid {
		return false, errors.New("the server could not do it")
	}
	return n.Int64 == 1, nil
}
