package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/go-datasession/datasession/store"
)

var contextCases = []testCase{
	{"Context/CancelledBefore", func(s *suite) {
		st, id := s.open(), newID()
		rev := s.create(st, id, "one")
		ctx, cancel := context.WithCancel(s.ctx)
		cancel()
		want := func(call string, err error) {
			s.Helper()
			if !errors.Is(err, context.Canceled) {
				s.Errorf("%s with a cancelled context = %v; want %v", call, err, context.Canceled)
			}
		}
		_, err := st.Load(ctx, id)
		want("Load", err)
		_, err = st.Save(ctx, id, []byte("two"), rev, store.SaveOptions{})
		want("Save", err)
		fresh := newID()
		_, err = st.Save(ctx, fresh, []byte("two"), store.Rev{}, store.SaveOptions{})
		want("Save of a new session", err)
		want("Delete", st.Delete(ctx, id, store.AnyRev))
		s.holds(st, id, "one")
		s.gone(st, fresh)
	}},
	{"Context/DeadlineWhileBlocked", func(s *suite) {
		if s.place.Block == nil {
			s.Skip("nothing blocks calls of this store")
		}
		st, id := s.open(), newID()
		rev := s.create(st, id, "one")
		release, err := s.place.Block(id)
		if err != nil {
			s.Fatalf("cannot block: %v", err)
		}
		for name, call := range map[string]func(context.Context) error{
			"Load": func(ctx context.Context) error { _, err := st.Load(ctx, id); return err },
			"Save": func(ctx context.Context) error {
				_, err := st.Save(ctx, id, []byte("two"), rev, store.SaveOptions{})
				return err
			},
			"Delete": func(ctx context.Context) error { return st.Delete(ctx, id, rev) },
		} {
			ctx, cancel := context.WithTimeout(s.ctx, 50*time.Millisecond)
			start := time.Now()
			err := call(ctx)
			cancel()
			// A call that does not need what is blocked may succeed at once.
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				s.Errorf("%s while blocked = %v; want %v", name, err, context.DeadlineExceeded)
			}
			if err == nil && name != "Load" {
				s.Errorf("%s went through while blocked", name)
			}
			if d := time.Since(start); d > time.Second {
				s.Errorf("%s took %v with a deadline of 50ms", name, d)
			}
		}
		release()
		s.holds(st, id, "one")
		s.save(st, id, "two", rev)
		s.holds(st, id, "two")
	}},
}
