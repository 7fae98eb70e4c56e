package storetest

import (
	"context"
	"os"
	"runtime"
	"time"

	"github.com/go-datasession/datasession/store"
)

var lifeCases = []testCase{
	{"Close/Twice", func(s *suite) {
		st, err := s.place.Open()
		if err != nil {
			s.Fatalf("cannot open the store: %v", err)
		}
		s.create(st, newID(), "one")
		for range 2 {
			if err := st.Close(); err != nil {
				s.Errorf("Close = %v; want no error", err)
			}
		}
	}},
	{"Close/LeavesOtherStoresOpen", func(s *suite) {
		a, id := s.open(), newID()
		b, err := s.place.Open()
		if err != nil {
			s.Fatalf("cannot open the store: %v", err)
		}
		s.create(a, id, "one")
		if err := b.Close(); err != nil {
			s.Errorf("Close = %v; want no error", err)
		}
		s.holds(a, id, "one")
	}},
	{"Close/NothingLeaks", func(s *suite) {
		st := s.open()
		use := func(n int) {
			for i := range n {
				id := newID()
				rev := s.create(st, id, "one")
				s.refuse(st, id, "two", store.Rev{}, store.ErrConflict)
				s.save(st, id, "two", rev)
				_, _ = st.Load(s.ctx, hostileIDs[i%len(hostileIDs)])
				s.gone(st, newID())
				ctx, cancel := context.WithTimeout(s.ctx, time.Duration(i%5)*20*time.Microsecond)
				_, _ = st.Load(ctx, id)
				_, _ = st.Save(ctx, id, []byte("three"), store.AnyRev, store.SaveOptions{})
				if l, ok := st.(store.Lister); ok {
					for range l.IDs(ctx) {
						break
					}
				}
				cancel()
				s.remove(st, id, store.AnyRev)
			}
		}
		use(20)
		goroutines, files := runtime.NumGoroutine(), openFiles()
		use(200)
		for deadline := time.Now().Add(time.Second); ; runtime.Gosched() {
			g, f := runtime.NumGoroutine(), openFiles()
			if g <= goroutines && f <= files {
				return
			}
			if time.Now().After(deadline) {
				s.Fatalf("after 200 rounds there are %d goroutines and %d open files; there were %d and %d", g, f, goroutines, files)
			}
		}
	}},
}

// openFiles counts the open files of this process, where the system tells.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}
