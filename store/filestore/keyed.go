package filestore

import (
	"context"
	"sync"
)

// keyed is a mutex per name, for the goroutines of one process. It is fair, and
// waiting for it ends with a context, neither of which holds for a lock on a file.
type keyed struct {
	mu    sync.Mutex
	slots map[string]*slot
}

type slot struct {
	free  chan struct{} // holds one token while nobody holds the mutex
	users int           // that hold it or wait for it
}

func (k *keyed) lock(ctx context.Context, name string) (unlock func(), err error) {
	k.mu.Lock()
	s := k.slots[name]
	if s == nil {
		if k.slots == nil {
			k.slots = map[string]*slot{}
		}
		s = &slot{free: make(chan struct{}, 1)}
		s.free <- struct{}{}
		k.slots[name] = s
	}
	s.users++
	k.mu.Unlock()

	select {
	case <-s.free:
		return func() {
			s.free <- struct{}{}
			k.leave(name, s)
		}, nil
	case <-ctx.Done():
		k.leave(name, s)
		return nil, ctx.Err()
	}
}

func (k *keyed) leave(name string, s *slot) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s.users--; s.users == 0 {
		delete(k.slots, name)
	}
}
