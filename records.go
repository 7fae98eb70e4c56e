package datasession

import (
	"context"
	"errors"
	"io/fs"
	"iter"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
	"github.com/go-datasession/datasession/store"
)

// records yields the sessions that are stored, the expired ones included: read many at a
// time where the store can do that, and else one by one. An error about one session
// comes with its id, and the iteration goes on; one without an id ends it.
func (m *Manager) records(ctx context.Context) iter.Seq2[store.Entry, error] {
	all := m.oneByOne(ctx)
	if m.scanner != nil {
		all = m.scanner.Records(ctx)
	}
	return func(yield func(store.Entry, error) bool) {
		for e, err := range all {
			if !isEpochID(e.ID) && !yield(e, err) {
				return
			}
		}
	}
}

func (m *Manager) oneByOne(ctx context.Context) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		for id, err := range m.IDs(ctx) {
			if err != nil {
				yield(store.Entry{}, err)
				return
			}
			rec, err := m.store.Load(ctx, id)
			if errors.Is(err, ErrNotFound) {
				continue // gone since it was listed
			}
			if !yield(store.Entry{ID: id, Record: rec}, err) {
				return
			}
		}
	}
}

// unreadable tells a session that cannot be read from a store that cannot.
func unreadable(err error) bool {
	for _, target := range []error{ErrCorrupt, ErrTooLarge, ErrInvalidID, store.ErrUnsafe, fs.ErrPermission} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// envelope are the keys by which a session is known and its end is told, and more.
func (m *Manager) envelope(more ...string) []string {
	f := &m.opts.Family
	keys := append(more, f.id)
	if f.atime != "" {
		keys = append(keys, f.ctime, f.atime, f.etime)
	}
	if m.opts.EpochCheck > 0 {
		keys = append(keys, signedInKey, m.opts.PrincipalParam)
	}
	return keys
}

// glance reads some entries of a stored session, those of the envelope among them. It
// returns a hash that may hold no others, if the codec can leave them out. What is
// damaged in those, it may not notice.
func (m *Manager) glance(e store.Entry, keys []string) (*perl.Hash, error) {
	var root *perl.Hash
	if p, ok := codec.Bind(m.codec, e.ID).(codec.Picker); ok {
		root, ok = p.Pick(e.Data, m.opts.Limits, keys)
		if ok && (m.opts.AnyStoredID || m.opts.Family.hasID(root, e.ID)) {
			m.addTouch(root, e.Record)
			return root, nil
		}
	}
	return m.decodeRecord(e.ID, e.Record)
}

// decodeRecord returns the session's hash as of the last touch.
func (m *Manager) decodeRecord(id string, rec store.Record) (*perl.Hash, error) {
	root, err := m.decode(id, rec.Data)
	if err == nil {
		m.addTouch(root, rec)
	}
	return root, err
}
