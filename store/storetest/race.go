package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-datasession/datasession/store"
)

const (
	workers    = 8
	increments = 500    // of each worker
	deletes    = 10_000 // in a long run; a plain one makes at most 500
)

var raceCases = []testCase{
	{"Race/OneSaveOfManyFromOneRead", func(s *suite) {
		st := s.open()
		over := budget()
		for round := 0; round < 200 && (round < 10 || !over()); round++ {
			id := newID()
			rev := s.create(st, id, "read")
			s.oneWinner(st, id, func(i int) error {
				_, err := st.Save(s.ctx, id, fmt.Append(nil, "saved by ", i), rev, store.SaveOptions{})
				return err
			})
		}
	}},
	{"Race/OneCreateOfMany", func(s *suite) {
		st := s.open()
		over := budget()
		for round := 0; round < 200 && (round < 10 || !over()); round++ {
			id := newID()
			s.oneWinner(st, id, func(i int) error {
				_, err := st.Save(s.ctx, id, fmt.Append(nil, "saved by ", i), store.Rev{}, store.SaveOptions{})
				return err
			})
		}
	}},
	{"Race/Increments", func(s *suite) {
		st, id := s.open(), newID()
		s.create(st, id, "0")
		acked, err := incrementAll(s.ctx, st, id)
		if err != nil {
			s.Errorf("increment: %v", err)
		}
		s.Logf("%d increments by %d workers", acked, workers)
		s.holds(st, id, strconv.Itoa(acked))
	}},
	{"Race/WholeValues", func(s *suite) {
		st, id := s.open(), newID()
		value := func(i int) string { return strings.Repeat(string(rune('a'+i)), 2000+9000*i) }
		whole := map[string]bool{}
		for i := range 6 {
			whole[value(i)] = true
		}
		s.create(st, id, value(0))
		over := budget()
		inParallel(6, func(i int) {
			mine := []byte(value(i))
			for n := 0; n < 300 && !over(); n++ {
				if i%2 == 0 {
					if _, err := st.Save(s.ctx, id, mine, store.AnyRev, store.SaveOptions{}); err != nil {
						s.Errorf("Save(AnyRev) = %v", err)
						return
					}
				}
				rec, err := st.Load(s.ctx, id)
				if err != nil || !whole[string(rec.Data)] {
					s.Errorf("Load = %d bytes that nobody saved, %v", len(rec.Data), err)
					return
				}
			}
		})
	}},
	{"Race/DeletedStaysDeleted", deleteRace},
}

// inParallel runs fn n times at once and waits for all.
func inParallel(n int, fn func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() { <-start; fn(i) })
	}
	close(start)
	wg.Wait()
}

// oneWinner makes workers save at once and checks that one save, and only one,
// was accepted and is what is stored.
func (s *suite) oneWinner(st store.Store, id string, save func(i int) error) {
	s.Helper()
	var won [workers]bool
	inParallel(workers, func(i int) {
		err := save(i)
		won[i] = err == nil
		if err != nil && !errors.Is(err, store.ErrConflict) {
			s.Errorf("Save = %v; want no error or %v", err, store.ErrConflict)
		}
	})
	winners := 0
	for i, w := range won {
		if w {
			winners++
			s.holds(st, id, fmt.Sprint("saved by ", i))
		}
	}
	if winners != 1 {
		s.Fatalf("%d of %d saves from one read were accepted; want 1", winners, workers)
	}
}

// incrementAll has every worker increment the number stored under id and
// returns how many increments the store accepted.
func incrementAll(ctx context.Context, st store.Store, id string) (acked int, err error) {
	var n atomic.Int64
	var mu sync.Mutex
	over := budget()
	inParallel(workers, func(int) {
		for i := 0; i < increments && (i < 5 || !over()); i++ {
			if e := increment(ctx, st, id); e != nil {
				mu.Lock()
				err = e
				mu.Unlock()
				return
			}
			n.Add(1)
		}
	})
	return int(n.Load()), err
}

// increment loads, adds one and saves until nobody came between.
func increment(ctx context.Context, st store.Store, id string) error {
	for try := 0; ; try++ {
		rec, err := st.Load(ctx, id)
		if err != nil {
			return fmt.Errorf("load: %w", err)
		}
		n, err := strconv.Atoi(string(rec.Data))
		if err != nil {
			return fmt.Errorf("the counter is no number: %w", err)
		}
		_, err = st.Save(ctx, id, strconv.AppendInt(nil, int64(n)+1, 10), rec.Rev, store.SaveOptions{})
		if err == nil {
			return nil
		}
		if !errors.Is(err, store.ErrConflict) {
			return fmt.Errorf("save: %w", err)
		}
		backOff(ctx, try)
	}
}

// backOff waits a random while that grows with the number of tries.
func backOff(ctx context.Context, try int) {
	d := time.Duration(rand.Int64N(int64(50*time.Microsecond) << min(try, 6)))
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// deleteRace deletes sessions while others flush them, and looks for any that
// came back.
func deleteRace(s *suite) {
	const flushers = 4
	st := s.open()
	over, rounds := budget(), 500
	if Long() {
		rounds = deletes
	}
	done := 0
	for ; done < rounds && (done < 10 || !over()); done++ {
		id := newID()
		rev := s.create(st, id, "start")
		var saves atomic.Int64
		after := rand.Int64N(8) // the delete comes between the saves, not before
		inParallel(flushers+1, func(i int) {
			if i == flushers {
				for saves.Load() < after {
					runtime.Gosched()
				}
				if err := st.Delete(s.ctx, id, store.AnyRev); err != nil {
					s.Errorf("Delete = %v", err)
				}
				return
			}
			defer saves.Add(1000)
			old := rev
			for n := range 1000 {
				next, err := st.Save(s.ctx, id, fmt.Append(nil, i, " ", n), old, store.SaveOptions{})
				saves.Add(1)
				switch {
				case err == nil:
					old = next
				case errors.Is(err, store.ErrNotFound):
					return
				case errors.Is(err, store.ErrConflict):
					rec, err := st.Load(s.ctx, id)
					if errors.Is(err, store.ErrNotFound) {
						return
					}
					if err != nil {
						s.Errorf("Load = %v", err)
						return
					}
					old = rec.Rev
				default:
					s.Errorf("Save = %v; want %v or %v", err, store.ErrConflict, store.ErrNotFound)
					return
				}
			}
		})
		if _, err := st.Load(s.ctx, id); !errors.Is(err, store.ErrNotFound) {
			s.Fatalf("round %d: a deleted session came back: Load = %v; want %v", done, err, store.ErrNotFound)
		}
	}
	s.Logf("%d sessions deleted under %d flushers", done, flushers)
}
