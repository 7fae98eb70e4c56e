package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-datasession/datasession/store"
)

var capabilityCases = []testCase{
	{"Lister/Empty", func(s *suite) {
		l, _ := lister(s)
		sameIDs(s, listed(s, l), map[string]string{})
	}},
	{"Lister/EachOnce", func(s *suite) {
		l, st := lister(s)
		want := map[string]string{}
		for range 300 {
			id := newID()
			want[id] = "x"
			s.create(st, id, "x")
		}
		gone := newID()
		s.create(st, gone, "x")
		s.remove(st, gone, store.AnyRev)
		sameIDs(s, listed(s, l), want)
	}},
	{"Lister/ChangesInTheLoop", func(s *suite) {
		l, st := lister(s)
		want := map[string]string{}
		for i := range 60 {
			id := newID()
			want[id] = fmt.Sprint(i)
			s.create(st, id, want[id])
		}
		seen := 0
		for id, err := range l.IDs(s.ctx) {
			if err != nil {
				s.Fatalf("IDs = %v", err)
			}
			data, known := want[id]
			if !known {
				continue // made in the loop
			}
			rev := s.holds(st, id, data)
			switch seen % 3 {
			case 0:
				s.remove(st, id, rev)
				delete(want, id)
			case 1:
				want[id] = "changed"
				s.save(st, id, "changed", rev)
			default:
				s.create(st, newID(), "made in the loop")
			}
			if seen++; seen > 200 {
				s.Fatalf("IDs does not come to an end")
			}
		}
		if seen != 60 {
			s.Errorf("IDs yielded %d of 60 sessions", seen)
		}
		for id, data := range want {
			s.holds(st, id, data)
		}
	}},
	{"Lister/BreakEarly", func(s *suite) {
		l, st := lister(s)
		for range 20 {
			s.create(st, newID(), "x")
		}
		for range 50 {
			n := 0
			for range l.IDs(s.ctx) {
				if n++; n == 3 {
					break
				}
			}
		}
		if n := len(listed(s, l)); n != 20 {
			s.Errorf("after loops that ended early IDs yielded %d of 20", n)
		}
	}},
	{"Lister/ErrorOnce", func(s *suite) {
		l, st := lister(s)
		for range 5 {
			s.create(st, newID(), "x")
		}
		ctx, cancel := context.WithCancel(s.ctx)
		cancel()
		n := 0
		for id, err := range l.IDs(ctx) {
			if n++; id != "" || !errors.Is(err, context.Canceled) || n > 1 {
				s.Fatalf("yield %d of IDs with a cancelled context = %s, %v; want \"\", %v and nothing after", n, short(id), err, context.Canceled)
			}
		}
		if n != 1 {
			s.Errorf("IDs with a cancelled context yielded %d times; want one error", n)
		}
	}},
	{"Toucher/KeepsData", func(s *suite) {
		st := s.open()
		t, ok := st.(store.Toucher)
		if !ok {
			s.Skip("no Toucher")
		}
		id := newID()
		s.create(st, id, "one")
		if err := t.Touch(s.ctx, id, time.Hour); err != nil {
			s.Errorf("Touch = %v; want no error", err)
		}
		s.save(st, id, "two", s.holds(st, id, "one"))
		if err := t.Touch(s.ctx, newID(), time.Hour); !errors.Is(err, store.ErrNotFound) {
			s.Errorf("Touch of a missing session = %v; want %v", err, store.ErrNotFound)
		}
		s.remove(st, id, store.AnyRev)
		if err := t.Touch(s.ctx, id, time.Hour); !errors.Is(err, store.ErrNotFound) {
			s.Errorf("Touch of a deleted session = %v; want %v", err, store.ErrNotFound)
		}
		s.gone(st, id)
	}},
	{"Purger/KeepsTheLiving", func(s *suite) {
		st := s.open()
		p, ok := st.(store.Purger)
		if !ok {
			s.Skip("no Purger")
		}
		id, forever := newID(), newID()
		s.create(st, forever, "two")
		if _, err := st.Save(s.ctx, id, []byte("one"), store.Rev{}, store.SaveOptions{TTL: time.Hour}); err != nil {
			s.Fatalf("Save with a TTL = %v", err)
		}
		if n, err := p.Purge(s.ctx); n != 0 || err != nil {
			s.Errorf("Purge = %d, %v; want 0 and no error", n, err)
		}
		s.holds(st, id, "one")
		s.holds(st, forever, "two")
	}},
	{"Locker/Excludes", func(s *suite) {
		st := s.open()
		l, ok := st.(store.Locker)
		if !ok {
			s.Skip("no Locker")
		}
		id := newID()
		s.create(st, id, "one")
		n := 0
		inParallel(8, func(int) {
			for range 20 {
				unlock, err := l.Lock(s.ctx, id)
				if err != nil {
					s.Errorf("Lock = %v", err)
					return
				}
				n++ // the lock is all that guards it
				if err := unlock(); err != nil {
					s.Errorf("unlock = %v", err)
				}
			}
		})
		if n != 160 {
			s.Errorf("160 increments under the lock gave %d", n)
		}
	}},
	{"Locker/Deadline", func(s *suite) {
		st := s.open()
		l, ok := st.(store.Locker)
		if !ok {
			s.Skip("no Locker")
		}
		id, other := newID(), newID()
		unlock, err := l.Lock(s.ctx, id)
		if err != nil {
			s.Fatalf("Lock = %v", err)
		}
		ctx, cancel := context.WithTimeout(s.ctx, 50*time.Millisecond)
		defer cancel()
		if _, err := l.Lock(ctx, id); !errors.Is(err, context.DeadlineExceeded) {
			s.Errorf("Lock of a locked session = %v; want %v", err, context.DeadlineExceeded)
		}
		unlockOther, err := l.Lock(s.ctx, other)
		if err != nil {
			s.Fatalf("Lock of another session = %v", err)
		}
		for _, u := range []func() error{unlockOther, unlock} {
			if err := u(); err != nil {
				s.Errorf("unlock = %v", err)
			}
		}
		again, err := l.Lock(s.ctx, id)
		if err != nil {
			s.Fatalf("Lock after unlock = %v", err)
		}
		if err := again(); err != nil {
			s.Errorf("unlock = %v", err)
		}
	}},
	{"Pinger/Answers", func(s *suite) {
		p, ok := s.open().(store.Pinger)
		if !ok {
			s.Skip("no Pinger")
		}
		if err := p.Ping(s.ctx); err != nil {
			s.Errorf("Ping = %v", err)
		}
		ctx, cancel := context.WithCancel(s.ctx)
		cancel()
		if err := p.Ping(ctx); !errors.Is(err, context.Canceled) {
			s.Errorf("Ping with a cancelled context = %v; want %v", err, context.Canceled)
		}
	}},
	{"Migrator/Twice", func(s *suite) {
		st := s.open()
		m, ok := st.(store.Migrator)
		if !ok {
			s.Skip("no Migrator")
		}
		if err := m.Migrate(s.ctx); err != nil {
			s.Errorf("Migrate = %v", err)
		}
		id := newID()
		s.create(st, id, "one")
		if err := m.Migrate(s.ctx); err != nil {
			s.Errorf("Migrate of what is there = %v", err)
		}
		s.holds(st, id, "one")
	}},
}

func lister(s *suite) (store.Lister, store.Store) {
	st := s.open()
	l, ok := st.(store.Lister)
	if !ok {
		s.Skip("no Lister")
	}
	return l, st
}

// listed returns how often each id is listed.
func listed(s *suite, l store.Lister) map[string]int {
	s.Helper()
	got := map[string]int{}
	for id, err := range l.IDs(s.ctx) {
		if err != nil {
			s.Fatalf("IDs = %v", err)
		}
		got[id]++
	}
	return got
}

func sameIDs(s *suite, got map[string]int, want map[string]string) {
	s.Helper()
	for id, n := range got {
		if _, ok := want[id]; !ok {
			s.Errorf("IDs yielded %s, which is not stored", short(id))
		} else if n != 1 {
			s.Errorf("IDs yielded %s %d times", short(id), n)
		}
	}
	for id := range want {
		if got[id] == 0 {
			s.Errorf("IDs did not yield %s", short(id))
		}
	}
}
