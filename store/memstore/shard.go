package memstore

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/go-datasession/datasession/store"
)

// A shard is some of the sessions and the mutex that guards them. Its entries
// are also a ring, from the most to the least recently used, if it has a cap.
type shard struct {
	mu       sync.Mutex
	sessions map[string]*entry
	count    uint64 // versions given out
	max      int    // sessions; 0 is no cap
	ring     entry  // next: most recently used; prev: least
}

// An entry is one stored session. Its data is never changed, only replaced.
type entry struct {
	id         string
	data       []byte
	rev        uint64
	expires    time.Duration // on the Store's clock, or never
	prev, next *entry
}

func (e *entry) is(old store.Rev) bool {
	n, ok := old.Num()
	return ok && n == e.rev
}

func (e *entry) expired(now time.Duration) bool {
	return e.expires != never && now >= e.expires
}

const never time.Duration = math.MaxInt64

// end returns when a session saved now with that TTL expires.
func end(now, ttl time.Duration) time.Duration {
	if ttl <= 0 || ttl > never-now {
		return never
	}
	return now + ttl
}

func (sh *shard) init(most int) {
	sh.sessions = map[string]*entry{}
	sh.max = most
	sh.ring.prev, sh.ring.next = &sh.ring, &sh.ring
}

// get returns the living session, now the most recently used one, or nil.
func (sh *shard) get(id string, clock func() time.Duration) *entry {
	e := sh.sessions[id]
	if e == nil {
		return nil
	}
	if e.expires != never && e.expired(clock()) {
		sh.drop(e)
		return nil
	}
	if sh.max > 0 && sh.ring.next != e {
		e.unlink()
		sh.link(e)
	}
	return e
}

// add returns the entry of a new session, for which another may have to go.
func (sh *shard) add(id string) *entry {
	if sh.max > 0 && len(sh.sessions) >= sh.max {
		sh.drop(sh.ring.prev)
	}
	e := &entry{id: id}
	sh.sessions[id] = e
	if sh.max > 0 {
		sh.link(e)
	}
	return e
}

func (sh *shard) drop(e *entry) {
	delete(sh.sessions, e.id)
	if sh.max > 0 {
		e.unlink()
	}
}

func (sh *shard) link(e *entry) {
	e.prev, e.next = &sh.ring, sh.ring.next
	e.prev.next, e.next.prev = e, e
}

func (e *entry) unlink() { e.prev.next, e.next.prev = e.next, e.prev }

// each calls visit for every session with the mutex held, and pause, without it,
// after each batch and at the end. It stops when pause returns false, or with
// the error of ctx.
func (sh *shard) each(ctx context.Context, visit func(*entry), pause func() bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	sh.mu.Lock()
	n := 0
	for _, e := range sh.sessions { // a map may change while it is ranged over
		visit(e)
		if n++; n%batch != 0 {
			continue
		}
		sh.mu.Unlock()
		if !pause() {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		sh.mu.Lock()
	}
	sh.mu.Unlock()
	pause()
	return nil
}
