package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/go-datasession/datasession/store"
)

// maxID is longer than any generated id and any e-mail address.
const maxID = 255

func checkID(id string) error {
	if id == "" || len(id) > maxID {
		return fmt.Errorf("%w: %d bytes, want 1 to %d", store.ErrInvalidID, len(id), maxID)
	}
	return nil
}

// Load returns the data stored under id. Data that is longer than
// Options.MaxBytes is not read and reported as ErrTooLarge.
func (s *Store) Load(ctx context.Context, id string) (store.Record, error) {
	if err := checkID(id); err != nil {
		return store.Record{}, err
	}
	return call(ctx, s, "load from", func(ctx context.Context) (store.Record, error) {
		st, err := s.stmt(ctx, s.load)
		if err != nil {
			return store.Record{}, err
		}
		var size sql.NullInt64
		var data []byte
		err = st.QueryRowContext(ctx, s.load.values(args{id: id, max: s.maxBytes})...).Scan(&size, &data)
		switch {
		case errors.Is(err, sql.ErrNoRows), err == nil && !size.Valid:
			return store.Record{}, store.ErrNotFound
		case err != nil:
			return store.Record{}, err
		case size.Int64 > int64(s.maxBytes):
			return store.Record{}, fmt.Errorf("%w: %d bytes, want at most %d", store.ErrTooLarge, size.Int64, s.maxBytes)
		}
		return store.Record{Data: data, Rev: store.DataRev(data)}, nil
	})
}

// Save stores data under id with one statement, and asks a second one only to
// tell a conflict from a session that is gone. The version it returns is a copy
// of data. Of the options only Index is of use: a table expires nothing.
//
// If ctx ends while the database is at work it may still save.
func (s *Store) Save(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
	if err := checkID(id); err != nil {
		return store.Rev{}, err
	}
	if len(data) > s.maxBytes {
		return store.Rev{}, fmt.Errorf("save to %s: %w: %d bytes, want at most %d",
			s.dialect.Name, store.ErrTooLarge, len(data), s.maxBytes)
	}
	// A copy, as the version is these bytes; and not nil, which would be NULL.
	data = append(make([]byte, 0, len(data)), data...)
	return call(ctx, s, "save to", func(ctx context.Context) (store.Rev, error) {
		a := args{id: id, data: data, extra: s.columns.values(opts.Index)}
		var saved bool
		var err error
		switch read, ok := old.Data(); {
		case old.IsZero():
			saved, err = s.exec(ctx, s.create, a)
		case old.IsAny():
			saved, err = s.exec(ctx, s.overwrite, a)
		case ok:
			a.old = notNil(read)
			if saved, err = s.exec(ctx, s.replace, a); err == nil && !saved {
				err = s.changedOrGone(ctx, id)
			}
		default:
			err = s.changedOrGone(ctx, id)
		}
		switch {
		case err != nil:
			return store.Rev{}, err
		case !saved:
			return store.Rev{}, store.ErrConflict
		}
		return store.DataRev(data), nil
	})
}

// Delete removes the row of the session with one statement. Like Perl it removes
// the whole row, whatever other columns it has.
func (s *Store) Delete(ctx context.Context, id string, old store.Rev) error {
	if err := checkID(id); err != nil {
		return err
	}
	_, err := call(ctx, s, "delete from", func(ctx context.Context) (bool, error) {
		if old.IsAny() {
			return s.exec(ctx, s.remove, args{id: id})
		}
		if read, ok := old.Data(); ok {
			removed, err := s.exec(ctx, s.removeIf, args{id: id, old: notNil(read)})
			if err != nil || removed {
				return removed, err
			}
		}
		err := s.changedOrGone(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return false, err
	})
	return err
}

// exec runs a statement and reports whether it affected a row.
func (s *Store) exec(ctx context.Context, q *query, a args) (bool, error) {
	st, err := s.stmt(ctx, q)
	if err != nil {
		return false, err
	}
	res, err := st.ExecContext(ctx, q.values(a)...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// changedOrGone returns the reason why a conditional statement found no row.
func (s *Store) changedOrGone(ctx context.Context, id string) error {
	st, err := s.stmt(ctx, s.exists)
	if err != nil {
		return err
	}
	var one int
	switch err := st.QueryRowContext(ctx, s.exists.values(args{id: id})...).Scan(&one); {
	case err == nil:
		return store.ErrConflict
	case errors.Is(err, sql.ErrNoRows):
		return store.ErrNotFound
	default:
		return err
	}
}

// notNil keeps empty data from being bound as NULL.
func notNil(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}
