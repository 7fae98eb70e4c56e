package datasession_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/perl"
)

func TestEditsOfOthersSurvive(t *testing.T) {
	m := manager(t, nil)
	id := stored(t, m, map[string]any{"a": 1, "b": 1, "c": 1})
	one, two := load(t, m, id), load(t, m, id)
	set(t, one, "a", 2)
	set(t, one, "new", "one")
	if err := two.Clear("b"); err != nil {
		t.Fatal(err)
	}
	set(t, two, "c", 3)
	flush(t, one)
	flush(t, two)
	s := load(t, m, id)
	if s.Get("a") != 2 || s.Has("b") || s.Get("c") != 3 || s.Get("new") != "one" {
		t.Errorf("a = %v, b there %v, c = %v, new = %v; want 2, false, 3, one", s.Get("a"), s.Has("b"), s.Get("c"), s.Get("new"))
	}
	if two.Get("a") != 2 {
		t.Errorf("the session that was merged has a = %v; want the newer 2", two.Get("a"))
	}
	if m.Stats().Conflicts != 0 || m.Stats().Retries != 1 {
		t.Errorf("Stats = %+v; want 1 retry and no conflict", m.Stats())
	}
}

func TestReaderDestroysNothing(t *testing.T) {
	m := manager(t, &datasession.Options{TouchEvery: datasession.EveryLoad})
	id := stored(t, m, nil)
	reader, writer := load(t, m, id), load(t, m, id)
	reader.Get("cart")
	set(t, writer, "cart", "full")
	flush(t, writer)
	flush(t, reader) // wants to write the access time only
	if got := load(t, m, id).Get("cart"); got != "full" {
		t.Errorf("cart = %v; want full", got)
	}
}

func TestConflict(t *testing.T) {
	sum := func(c datasession.Conflict) (*perl.Value, error) {
		v := perl.Int(c.Theirs.AsInt() + c.Mine.AsInt() - c.Base.AsInt())
		return &v, nil
	}
	tests := []struct {
		name      string
		resolve   datasession.Resolver
		read      bool
		mine      any
		want      any
		err       error
		conflicts int64
	}{
		{"default keeps mine", nil, true, 10, 10, nil, 1},
		{"keep theirs", datasession.KeepTheirs, true, 10, 2, nil, 1},
		{"reject", datasession.Reject, true, 10, 2, datasession.ErrConflict, 1},
		{"a function", sum, true, 10, 11, nil, 1},
		{"not read before it was set", datasession.Reject, false, 10, 10, nil, 0},
		{"both made the same change", datasession.Reject, true, 2, 2, nil, 0},
		{"cleared by me", nil, true, nil, nil, nil, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var told []datasession.Conflict
			m := manager(t, &datasession.Options{Resolve: test.resolve,
				OnConflict: func(_ context.Context, c datasession.Conflict) { told = append(told, c) }})
			id := stored(t, m, map[string]any{"n": 1})
			s, other := load(t, m, id), load(t, m, id)
			if test.read {
				s.Get("n")
			}
			if test.mine == nil {
				if err := s.Clear("n"); err != nil {
					t.Fatal(err)
				}
			} else {
				set(t, s, "n", test.mine)
			}
			set(t, other, "n", 2)
			flush(t, other)
			if err := s.Flush(t.Context()); !errors.Is(err, test.err) {
				t.Fatalf("Flush = %v; want %v", err, test.err)
			}
			if got := load(t, m, id).Get("n"); got != test.want {
				t.Errorf("n = %v; want %v", got, test.want)
			}
			if n := m.Stats().Conflicts; n != test.conflicts || int64(len(told)) != n {
				t.Errorf("%d conflicts counted, %d told; want %d", n, len(told), test.conflicts)
			}
		})
	}
}

func TestMergedExpiry(t *testing.T) {
	m := manager(t, nil)
	id := stored(t, m, nil)
	one, two := load(t, m, id), load(t, m, id)
	must(t, one.Expire(time.Hour))
	must(t, one.ExpireParam("a", time.Minute))
	must(t, two.Expire(2*time.Hour))
	must(t, two.ExpireParam("b", time.Minute))
	flush(t, one)
	flush(t, two)
	s := load(t, m, id)
	if s.Lifetime() != time.Hour {
		t.Errorf("Lifetime() = %v; want the shorter hour", s.Lifetime())
	}
	if got := s.ParamLifetimes(); len(got) != 2 {
		t.Errorf("ParamLifetimes() = %v; want a and b", got)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestUpdateRunsAgainOnTheNewer(t *testing.T) {
	m := manager(t, nil)
	id := stored(t, m, map[string]any{"n": 1})
	runs := 0
	err := m.Update(t.Context(), id, func(s *datasession.Session) error {
		n, err := datasession.Get[int](s, "n")
		if runs++; runs == 1 {
			other := load(t, m, id)
			set(t, other, "n", 10)
			flush(t, other)
		}
		if err != nil {
			return err
		}
		return s.Set("n", n+1)
	})
	if got := load(t, m, id).Get("n"); err != nil || runs != 2 || got != 11 {
		t.Errorf("Update = %v after %d runs, n = %v; want 2 runs and 11", err, runs, got)
	}
	want := errors.New("changed my mind")
	err = m.Update(t.Context(), id, func(s *datasession.Session) error {
		set(t, s, "n", 99)
		return want
	})
	if got := load(t, m, id).Get("n"); !errors.Is(err, want) || got != 11 {
		t.Errorf("Update = %v, n = %v; want fn's error and nothing stored", err, got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.Update(ctx, id, func(*datasession.Session) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Update under a context that ended = %v", err)
	}
}

func TestWritersOfOwnParametersLoseNothing(t *testing.T) {
	const writers, rounds = 16, 100
	m := manager(t, &datasession.Options{Tries: 10_000})
	id := stored(t, m, nil)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for n := range rounds {
				s, err := m.Load(t.Context(), id)
				if err == nil {
					err = s.Set(fmt.Sprint("p", i), n+1)
				}
				if err == nil {
					err = s.Flush(t.Context())
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	s := load(t, m, id)
	for i := range writers {
		if got := s.Get(fmt.Sprint("p", i)); got != rounds {
			t.Errorf("p%d = %v; want %d", i, got, rounds)
		}
	}
}

func TestRename(t *testing.T) {
	m := manager(t, nil)
	id := stored(t, m, map[string]any{"cart": "full"})
	s, slow := load(t, m, id), load(t, m, id)
	set(t, s, "user", "ann")
	must(t, s.Rename(t.Context(), ""))
	if s.ID() == id || !m.ValidID(s.ID()) {
		t.Fatalf("Rename gave the id %q", s.ID())
	}
	if _, err := m.Load(t.Context(), id); !errors.Is(err, datasession.ErrNotFound) {
		t.Errorf("the old id loads: %v", err)
	}
	set(t, slow, "x", 1)
	if err := slow.Flush(t.Context()); !errors.Is(err, datasession.ErrDeleted) {
		t.Errorf("a flush under the old id = %v; want ErrDeleted", err)
	}
	now := load(t, m, s.ID())
	if now.Get("user") != "ann" || now.Get("cart") != "full" || count(t, m) != 1 {
		t.Errorf("user = %v, cart = %v, %d stored; want ann, full, 1", now.Get("user"), now.Get("cart"), count(t, m))
	}
	set(t, s, "more", 1)
	flush(t, s)
	if got := load(t, m, s.ID()).Get("more"); got != 1 {
		t.Errorf("a flush after Rename: more = %v; want 1", got)
	}
}

func TestRenameConflicts(t *testing.T) {
	m := manager(t, nil)
	taken := stored(t, m, map[string]any{"who": "other"})
	id := stored(t, m, map[string]any{"who": "me"})
	s := load(t, m, id)
	if err := s.Rename(t.Context(), taken); !errors.Is(err, datasession.ErrConflict) || s.ID() != id {
		t.Errorf("Rename to a taken id = %v, id changed %v; want ErrConflict", err, s.ID() != id)
	}
	if got := load(t, m, taken).Get("who"); got != "other" {
		t.Errorf("the other session was overwritten: who = %v", got)
	}

	other := load(t, m, id) // changes the old record after s has read it
	set(t, other, "late", 1)
	flush(t, other)
	must(t, s.Rename(t.Context(), "new-id"))
	if got := load(t, m, "new-id"); got.Get("late") != 1 || got.Get("who") != "me" {
		t.Errorf("the late change was lost: late = %v", got.Get("late"))
	}

	gone := load(t, m, "new-id")
	must(t, m.Delete(t.Context(), "new-id"))
	if err := gone.Rename(t.Context(), ""); !errors.Is(err, datasession.ErrDeleted) {
		t.Errorf("Rename of a deleted session = %v; want ErrDeleted", err)
	}
	if n := count(t, m); n != 1 {
		t.Errorf("%d sessions stored; want only the taken one", n)
	}
}

func TestRenameBeforeTheFirstFlush(t *testing.T) {
	m := manager(t, nil)
	s, _ := m.New(t.Context())
	set(t, s, "a", 1)
	must(t, s.Rename(t.Context(), "chosen"))
	if count(t, m) != 0 {
		t.Error("Rename stored a session that was not flushed")
	}
	flush(t, s)
	if got := load(t, m, "chosen").Get("a"); got != 1 {
		t.Errorf("a = %v; want 1", got)
	}
}
