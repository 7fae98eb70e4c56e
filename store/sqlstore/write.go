package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"

	"github.com/go-datasession/datasession/store"
)

// save stores a.data where old is, and returns nil, ErrConflict, ErrNotFound or an error
// of the database.
func (s *Store) save(ctx context.Context, a args, old store.Rev) error {
	var err error
	switch read, ok := old.Data(); {
	case old.IsZero():
		err = s.createRow(ctx, a)
	case old.IsAny():
		err = s.overwriteRow(ctx, a)
	case ok:
		a.old = notNil(read)
		return s.swap(ctx, a, s.replace, s.rewrite)
	default:
		return s.changedOrGone(ctx, a.id)
	}
	if err != nil && s.autoCreate && s.fault(err) == NoTable {
		if err = s.makeTable(ctx); err == nil {
			err = s.createRow(ctx, a)
		}
	}
	return err
}

// createRow makes a row, or fills one whose data is NULL.
func (s *Store) createRow(ctx context.Context, a args) error {
	if s.noInsert {
		if saved, err := s.exec(ctx, s.fill, a); err != nil || saved {
			return err
		}
		return s.changedOrGone(ctx, a.id)
	}
	saved, err := s.exec(ctx, s.create, a)
	if err != nil && s.fault(err) == Duplicate {
		saved, err = s.exec(ctx, s.fill, a)
	}
	if err == nil && !saved {
		err = store.ErrConflict
	}
	return err
}

func (s *Store) overwriteRow(ctx context.Context, a args) error {
	if s.overwrite.text != "" && !s.noInsert {
		saved, err := s.exec(ctx, s.overwrite, a)
		if err == nil && !saved {
			err = store.ErrConflict
		}
		return err
	}
	a.old = a.data
	for range 3 { // others may make and delete it meanwhile
		if saved, err := s.exec(ctx, s.rewrite, a); err != nil || saved {
			return err
		}
		if s.same.text != "" {
			// A database may count the rows that it changed, and there is none if the
			// data is the same.
			if same, err := s.is(ctx, s.same, a); err != nil || same {
				return err
			}
		}
		if s.noInsert {
			return store.ErrNotFound
		}
		if err := s.createRow(ctx, a); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return store.ErrConflict // with the id of another row, which the column takes for this one
}

func (s *Store) delete(ctx context.Context, a args, old store.Rev) error {
	if old.IsAny() {
		_, err := s.exec(ctx, s.remove, a)
		return err
	}
	read, ok := old.Data()
	if !ok {
		return s.changedOrGone(ctx, a.id)
	}
	a.old = notNil(read)
	return s.swap(ctx, a, s.removeIf, s.remove)
}

// swap runs conditional if the database can compare data, and else unconditional, on
// the locked row.
func (s *Store) swap(ctx context.Context, a args, conditional, unconditional *query) error {
	if s.lock.text != "" {
		return s.locked(ctx, a, unconditional)
	}
	if done, err := s.exec(ctx, conditional, a); err != nil || done {
		return err
	}
	if s.dialect.Other != nil {
		if a.other = s.dialect.Other(a.old); a.other != nil {
			if done, err := s.exec(ctx, conditional, a); err != nil || done {
				return err
			}
		}
	}
	if bytes.Equal(a.old, a.data) && conditional == s.replace { // no row is changed, see overwriteRow
		if same, err := s.is(ctx, s.same, a); err != nil || same {
			return err
		}
	}
	return s.changedOrGone(ctx, a.id)
}

// locked locks the row, compares its data and runs then.
func (s *Store) locked(ctx context.Context, a args, then *query) error {
	db, err := s.handle(ctx)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // no effect after Commit
	st, err := s.within(ctx, tx, s.lock)
	if err != nil {
		return err
	}
	var column []byte
	switch err := st.QueryRowContext(ctx, s.lock.values(a)...).Scan(&column); {
	case errors.Is(err, sql.ErrNoRows), err == nil && column == nil:
		return store.ErrNotFound
	case err != nil:
		return err
	case !bytes.Equal(s.decode(column), a.old):
		return store.ErrConflict
	}
	if st, err = s.within(ctx, tx, then); err != nil {
		return err
	}
	if _, err := st.ExecContext(ctx, then.values(a)...); err != nil {
		return err
	}
	return tx.Commit()
}

// changedOrGone returns the reason why a conditional statement found no row.
func (s *Store) changedOrGone(ctx context.Context, id string) error {
	switch there, err := s.is(ctx, s.exists, args{id: id}); {
	case err != nil:
		return err
	case there:
		return store.ErrConflict
	default:
		return store.ErrNotFound
	}
}
