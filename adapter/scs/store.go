// Package scsadapter lets a program that uses alexedwards/scs keep its sessions in
// our stores, by changing one line:
//
//	sessionManager.Store = scsadapter.New(filestore)               // any store of ours
//	sessionManager.Store, sessionManager.Codec = scsadapter.Over(m) // sessions of a Manager
//
// With [New] the store keeps what scs encodes, and only scs can read it. With [Over]
// they are sessions like any other of that Manager: other parts of the program, the
// command, or a Perl program work on the same ones, so that it can be moved from scs one
// handler at a time.
//
// scs reads a whole session and overwrites it at the end of the request. So two
// requests at once lose updates, and a request that is still running when its user signs out
// brings the session back. No store can change that; sessionhttp does neither.
//
// This package matches the interfaces of scs v2 and does not import it.
package scsadapter

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/go-datasession/datasession/store"
)

// Store is a CtxStore of scs over one of our stores. It is safe for use by several
// goroutines.
//
// The data is preceded by its expiry, in Unix nanoseconds and a line feed, for stores
// that expire nothing by themselves. As scs's own codec writes binary data, the store has to
// hold any bytes; a text column of PostgreSQL does not.
type Store struct{ store store.Store }

// New returns st as a Store for scs. It is also an IterableCtxStore if st is a
// [store.Lister]. It stays the caller's to close.
func New(st store.Store) CtxStore {
	s := &Store{st}
	if l, ok := st.(store.Lister); ok {
		return &ListerStore{s, l}
	}
	return s
}

// CtxStore is what scs calls a CtxStore.
type CtxStore interface {
	Delete(token string) error
	Find(token string) (b []byte, found bool, err error)
	Commit(token string, b []byte, expiry time.Time) error
	DeleteCtx(ctx context.Context, token string) error
	FindCtx(ctx context.Context, token string) (b []byte, found bool, err error)
	CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error
}

// Delete is DeleteCtx without a context.
func (s *Store) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// Find is FindCtx without a context.
func (s *Store) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (s *Store) Commit(token string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, b, expiry)
}

// DeleteCtx removes a session. One that is not there is no error.
func (s *Store) DeleteCtx(ctx context.Context, token string) error {
	return unlessInvalid(s.store.Delete(ctx, token, store.AnyRev))
}

// FindCtx returns the data of a session, and false for a token that nothing live is
// stored under. Data that was not stored by this package is an error, and is kept.
func (s *Store) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	rec, err := s.store.Load(ctx, token)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, false, nil
	case err != nil:
		return nil, false, unlessInvalid(err)
	}
	expiry, b, err := unpack(rec.Data)
	if err != nil || !time.Now().Before(expiry) {
		return nil, false, err
	}
	return bytes.Clone(b), true, nil
}

// CommitCtx stores the data of a session, over what may be there, until expiry.
func (s *Store) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	data := strconv.AppendInt(make([]byte, 0, len(b)+20), expiry.UnixNano(), 10)
	data = append(append(data, '\n'), b...)
	ttl := max(time.Until(expiry), time.Nanosecond) // zero would be for ever
	_, err := s.store.Save(ctx, token, data, store.AnyRev, store.SaveOptions{TTL: ttl})
	return err
}

func unpack(data []byte) (expiry time.Time, b []byte, err error) {
	head, b, ok := bytes.Cut(data, []byte{'\n'})
	nano, err := strconv.ParseInt(string(head), 10, 64)
	if !ok || err != nil {
		return time.Time{}, nil, errors.New("scsadapter: the stored data is not a session of scs: want an expiry and a line feed")
	}
	return time.Unix(0, nano), b, nil
}

// unlessInvalid drops the error for an id that the store cannot hold: a token like
// that is a stranger's, and is not found.
func unlessInvalid(err error) error {
	if errors.Is(err, store.ErrInvalidID) {
		return nil
	}
	return err
}

// ListerStore is a Store that can enumerate its sessions too: an IterableCtxStore.
type ListerStore struct {
	*Store
	lister store.Lister
}

// All is AllCtx without a context.
func (s *ListerStore) All() (map[string][]byte, error) { return s.AllCtx(context.Background()) }

// AllCtx returns the data of all live sessions by token, in memory, as scs wants it.
func (s *ListerStore) AllCtx(ctx context.Context) (map[string][]byte, error) {
	all := map[string][]byte{}
	for token, err := range s.lister.IDs(ctx) {
		if err != nil {
			return nil, err
		}
		b, found, err := s.FindCtx(ctx, token)
		if err != nil {
			return nil, err
		}
		if found {
			all[token] = b
		}
	}
	return all, nil
}

// Purge removes the sessions that are past their expiry and returns how many. A session
// that is committed meanwhile stays. Data of others is left alone.
func (s *ListerStore) Purge(ctx context.Context) (int, error) {
	n := 0
	for token, err := range s.lister.IDs(ctx) {
		if err != nil {
			return n, err
		}
		rec, err := s.store.Load(ctx, token)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return n, err
		}
		expiry, _, bad := unpack(rec.Data)
		if err != nil || bad != nil || time.Now().Before(expiry) {
			continue
		}
		switch err := s.store.Delete(ctx, token, rec.Rev); {
		case err == nil:
			n++
		case !errors.Is(err, store.ErrConflict):
			return n, err
		}
	}
	return n, nil
}
