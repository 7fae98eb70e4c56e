package datasession

import (
	"context"
	"errors"
	"hash/maphash"
)

// Update loads a session, runs fn on it, and stores the result if nobody has stored
// the session meanwhile. Otherwise it runs fn again on the newer session, until it
// could be stored: N increments by any number of processes count N. So fn is to have
// no effect but on its session. An error of fn is returned, and nothing is stored.
//
// Update reports what Load and Flush do; ErrConflict only when very many tries were
// not enough. It gives up when ctx ends.
func (m *Manager) Update(ctx context.Context, id string, fn func(*Session) error) error {
	unlock, err := m.updates.lock(ctx, id)
	if err != nil {
		return wrap("update", m.key(id), err)
	}
	defer unlock()
	for try := 1; ; try++ {
		s, err := m.load(ctx, id, true)
		if err != nil {
			return wrap("update", m.key(id), err)
		}
		if err := fn(s); err != nil {
			return err
		}
		s.mu.Lock()
		err = s.flush(ctx, 1)
		s.mu.Unlock()
		if !errors.Is(err, ErrConflict) || try >= 10*m.opts.Tries {
			return wrap("update", m.key(id), err)
		}
		m.stats.retries.Add(1)
		if err := pause(ctx, try); err != nil {
			return wrap("update", m.key(id), err)
		}
	}
}

// updateLocks lets the goroutines of one process take turns at one session, so
// that only those of other processes are met at the store. Two ids may share a lock.
type updateLocks [64]chan struct{}

var updateSeed = maphash.MakeSeed()

func (l *updateLocks) lock(ctx context.Context, id string) (unlock func(), err error) {
	turn := l[maphash.String(updateSeed, id)%uint64(len(l))]
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func newUpdateLocks() (l updateLocks) {
	for i := range l {
		l[i] = make(chan struct{}, 1)
	}
	return l
}
