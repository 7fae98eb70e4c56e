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

func (s *Store) checkID(id string) error {
	switch {
	case id == "" || len(id) > maxID:
		return fmt.Errorf("%w: %d bytes, want 1 to %d", store.ErrInvalidID, len(id), maxID)
	case s.dialect.ValidID != nil && !s.dialect.ValidID(id):
		return fmt.Errorf("%w: not one that %s keeps apart from others", store.ErrInvalidID, s.dialect.Name)
	}
	return nil
}

// Load returns the data stored under id. Data that is longer than
// Options.MaxBytes is not read and reported as ErrTooLarge.
func (s *Store) Load(ctx context.Context, id string) (store.Record, error) {
	if err := s.checkID(id); err != nil {
		return store.Record{}, err
	}
	return call(ctx, s, "load from", func(ctx context.Context) (store.Record, error) {
		if err := s.fits(ctx, id, 0); err != nil {
			return store.Record{}, err
		}
		var data []byte
		size := sql.NullInt64{Valid: true}
		err := s.row(ctx, s.load, args{id: id}, &data)
		if err == nil && data == nil { // NULL, or too long
			err = s.row(ctx, s.size, args{id: id}, &size, &data)
		}
		switch {
		case errors.Is(err, sql.ErrNoRows), err == nil && !size.Valid:
			return store.Record{}, store.ErrNotFound
		case err != nil:
			return store.Record{}, err
		}
		data = s.decode(data)
		if err := s.checkSize(max(size.Int64, int64(len(data)))); err != nil {
			return store.Record{}, err
		}
		return store.Record{Data: data, Rev: store.DataRev(data)}, nil
	})
}

// Save stores data under id with one statement, and asks a second one only to
// tell a conflict from a session that is gone. The version it returns is a copy
// of data. Of the options only Index is of use: a table expires nothing.
//
// Data that the column cannot hold is refused before anything is changed, also where
// the database would cut it: with ErrTooLarge if it is too long, and with
// ErrInvalidData if it is not text and the column is.
//
// If ctx ends while the database is at work it may still save.
func (s *Store) Save(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
	if err := s.checkID(id); err != nil {
		return store.Rev{}, err
	}
	err := s.checkSize(int64(len(data)))
	if err == nil && s.dialect.Encode != nil {
		_, err = s.dialect.Encode(data)
	}
	if err != nil {
		return store.Rev{}, fmt.Errorf("save to %s: %w", s.dialect.Name, err)
	}
	// A copy, as the version is these bytes; and not nil, which would be NULL.
	data = append(make([]byte, 0, len(data)), data...)
	return call(ctx, s, "save to", func(ctx context.Context) (store.Rev, error) {
		if err := s.fits(ctx, id, len(data)); err != nil {
			return store.Rev{}, err
		}
		a := args{id: id, data: data, extra: s.columns.values(opts.Index)}
		if err := s.save(ctx, a, old); err != nil {
			return store.Rev{}, err
		}
		return store.DataRev(data), nil
	})
}

// Delete removes the row of the session with one statement. Like Perl it removes
// the whole row, whatever other columns it has. With Options.NoDelete it empties
// the data column.
func (s *Store) Delete(ctx context.Context, id string, old store.Rev) error {
	if err := s.checkID(id); err != nil {
		return err
	}
	_, err := call(ctx, s, "delete from", func(ctx context.Context) (struct{}, error) {
		err := s.fits(ctx, id, 0)
		if err == nil {
			err = s.delete(ctx, args{id: id}, old)
		}
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return struct{}{}, err
	})
	return err
}

func (s *Store) decode(column []byte) []byte {
	if s.dialect.Decode == nil {
		return column
	}
	return s.dialect.Decode(column)
}

// notNil keeps empty data from being bound as NULL.
func notNil(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}
