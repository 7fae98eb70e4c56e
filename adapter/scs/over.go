package scsadapter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/storable"
	"github.com/go-datasession/datasession/perl"
)

// deadline is the parameter that keeps when scs wants a session to end at the latest,
// in Unix seconds. To scs it is no key.
const deadline = "scs.deadline"

// Over returns a Store and a Codec for scs over the sessions of a Manager. The two
// belong together. Keys of scs are parameters of the session, and its values are stored
// as [datasession.Session.Set] stores them. What scs gets back is what
// [datasession.Session.Get] returns: strings, ints, floats, booleans, slices and maps
// come back as such; a time as text and a []byte as a string, for which scs's GetTime
// and GetBytes return nothing. Keys that are reserved in the Manager's family are an error.
//
// A session ends when scs says. One that somebody else made ends when that says.
func Over(m *datasession.Manager) (CtxStore, Codec) {
	s := &managerStore{m: m}
	if m.CanList() {
		return &managerLister{s}, Codec{m.Options().Limits}
	}
	return s, Codec{m.Options().Limits}
}

// Codec is the Codec of scs that goes with a Store of [Over]. What it writes never
// reaches a store.
type Codec struct{ limits codec.Limits }

// Encode returns the values and the deadline as bytes.
func (c Codec) Encode(end time.Time, values map[string]any) ([]byte, error) {
	v, err := perl.FromGo(values)
	if err != nil {
		return nil, err
	}
	h := v.Hash()
	if h == nil { // no values at all
		h = perl.NewHash(1)
	}
	h.Set(deadline, perl.Int(end.Unix()))
	return storable.Codec{}.Append(nil, perl.NewRef(h), c.limits)
}

// Decode returns what Encode was given.
func (c Codec) Decode(b []byte) (end time.Time, values map[string]any, err error) {
	v, err := storable.Codec{}.Decode(b, c.limits)
	if err != nil {
		return time.Time{}, nil, err
	}
	h := v.Hash()
	if h == nil {
		return time.Time{}, nil, fmt.Errorf("scsadapter: want a hash, found %s", v.Kind())
	}
	at, _ := h.Get(deadline)
	h.Delete(deadline)
	values, ok := perl.ToGo(v).(map[string]any)
	if !ok {
		return time.Time{}, nil, errors.New("scsadapter: the session has a key that is no text")
	}
	return time.Unix(at.AsInt(), 0), values, nil
}

// managerStore is the Store that goes with Codec.
type managerStore struct{ m *datasession.Manager }

func (s *managerStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

func (s *managerStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s *managerStore) Commit(token string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, b, expiry)
}

func (s *managerStore) DeleteCtx(ctx context.Context, token string) error {
	return unlessInvalid(s.m.Delete(ctx, token))
}

// FindCtx does not count as a use: scs commits when it wants the session to live on.
func (s *managerStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	session, err := s.m.Peek(ctx, token)
	switch {
	case errors.Is(err, datasession.ErrNotFound), err == nil && session.Expired():
		return nil, false, nil
	case err != nil:
		return nil, false, unlessInvalid(err)
	}
	b, err := s.encode(session)
	return b, err == nil, err
}

func (s *managerStore) encode(session *datasession.Session) ([]byte, error) {
	h := perl.NewHash(0)
	for _, name := range session.Names() {
		h.Set(name, session.Value(name))
	}
	if _, ok := h.Get(deadline); !ok { // made by somebody else
		end, ends := session.Expires()
		if !ends {
			end = time.Now().Add(s.m.Options().Lifetime)
		}
		h.Set(deadline, perl.Int(end.Unix()))
	}
	return storable.Codec{}.Append(nil, perl.NewRef(h), s.m.Options().Limits)
}

// CommitCtx gives the session just these parameters, and makes it if there is none.
func (s *managerStore) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	v, err := storable.Codec{}.Decode(b, s.m.Options().Limits)
	if err != nil {
		return err
	}
	h := v.Hash()
	if h == nil {
		return fmt.Errorf("scsadapter: want a hash, found %s; scs must have the Codec of Over", v.Kind())
	}
	session, err := s.m.Open(ctx, token)
	if err != nil {
		return err
	}
	for _, name := range session.Names() {
		if _, ok := h.Get(name); !ok {
			if err := session.Clear(name); err != nil {
				return err
			}
		}
	}
	for name, value := range h.All() {
		if err := session.Set(name.String(), value); err != nil {
			return err
		}
	}
	session.SetAccessTime(time.Now())
	if err := session.Expire(max(time.Until(expiry).Round(time.Second), time.Second)); err != nil {
		return err
	}
	return session.Flush(ctx)
}

type managerLister struct{ *managerStore }

func (s *managerLister) All() (map[string][]byte, error) { return s.AllCtx(context.Background()) }

func (s *managerLister) AllCtx(ctx context.Context) (map[string][]byte, error) {
	all := map[string][]byte{}
	for session, err := range s.m.All(ctx) {
		if err != nil {
			return nil, err
		}
		if session.Expired() {
			continue
		}
		b, err := s.encode(session)
		if err != nil {
			return nil, err
		}
		all[session.ID()] = b
	}
	return all, nil
}
