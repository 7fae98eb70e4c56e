// Package managertest checks, on whatever store it is given, what a Manager promises
// about many goroutines and processes at once: every increment by Update counts, and a
// deleted session stays deleted. What a store itself promises is in store/storetest.
package managertest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/store"
)

const visits datasession.Key[int] = "visits"

// full returns n, or a part of it when tests are to be short.
func full(n int) int {
	if testing.Short() {
		return n / 20
	}
	return n
}

func manager(t *testing.T, st store.Store) *datasession.Manager {
	t.Helper()
	m, err := datasession.New(st, dumper.Codec{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Run checks a store, which is empty: 8 goroutines count to 4,000 in one session, and
// 10,000 sessions are deleted while others store them.
func Run(t *testing.T, open func(*testing.T) store.Store) {
	t.Run("UpdateCountsEveryIncrement", func(t *testing.T) {
		m := manager(t, open(t))
		begin(t, m, "shared")
		count(t, m, "shared")
		want(t, m, "shared", 8*full(500))
	})
	t.Run("DeletedStaysDeleted", func(t *testing.T) { races(t, manager(t, open(t))) })
}

// begin stores a session that has counted nothing.
func begin(t *testing.T, m *datasession.Manager, id string) {
	t.Helper()
	s, err := m.Open(t.Context(), id)
	if err == nil {
		err = errors.Join(visits.Set(s, 0), s.Flush(t.Context()))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// count counts up by 8 goroutines.
func count(t *testing.T, m *datasession.Manager, id string) {
	t.Helper()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range full(500) {
				err := visits.Update(t.Context(), m, id, func(n int) (int, error) { return n + 1, nil })
				if err != nil {
					t.Errorf("Update: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func want(t *testing.T, m *datasession.Manager, id string, want int) {
	t.Helper()
	s, err := m.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := visits.Get(s); n != want || err != nil {
		t.Errorf("visits = %d, %v; want %d", n, err, want)
	}
}

func races(t *testing.T, m *datasession.Manager) {
	for n := range full(10_000) {
		id := fmt.Sprint("race", n)
		begin(t, m, id)
		var wg sync.WaitGroup
		for i := range 2 {
			s, err := m.Load(t.Context(), id)
			if err == nil {
				err = s.Set(fmt.Sprint("p", i), 1)
			}
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				if err := s.Flush(t.Context()); err != nil && !errors.Is(err, datasession.ErrDeleted) {
					t.Error(err)
				}
			})
		}
		wg.Go(func() {
			if err := m.Delete(t.Context(), id); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if _, err := m.Load(t.Context(), id); !errors.Is(err, datasession.ErrNotFound) {
			t.Fatalf("session %d was deleted, and Load = %v", n, err)
		}
	}
}

// placeVariable tells a process that RunProcesses has started what to work on.
const placeVariable = "DATASESSION_MANAGERTEST_PLACE"

// RunProcesses checks that two processes of 8 goroutines each count to 8,000 in one
// session. It runs the test binary again for each of them, with the calling test only, so
// it must be all that the test does. place is where the session is to be, empty in the
// first process; open opens a store there, in any process.
func RunProcesses(t *testing.T, place string, open func(t *testing.T, place string) store.Store) {
	if theirs := os.Getenv(placeVariable); theirs != "" {
		count(t, manager(t, open(t, theirs)), "shared")
		return
	}
	m := manager(t, open(t, place))
	begin(t, m, "shared")
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { again(t, placeVariable+"="+place) })
	}
	wg.Wait()
	want(t, m, "shared", 16*full(500))
}

// again runs the calling test in a process of its own, and returns what it printed.
func again(t *testing.T, env ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0],
		"-test.run=^"+regexp.QuoteMeta(t.Name())+"$", fmt.Sprintf("-test.short=%v", testing.Short()))
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("process: %v\n%s", err, out)
	}
	return string(out)
}
