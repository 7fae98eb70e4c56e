// Package storetest is what every store must pass: one case per promise of
// package store, each named for the promise it checks.
//
// A store's own tests hold what is special about it and hand the rest to [Run]:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t testing.TB) storetest.Place {
//			dir := t.TempDir()
//			return storetest.Place{
//				Open: func() (store.Store, error) { return filestore.New(dir, nil) },
//			}
//		}, storetest.Deviates{
//			"Ids/CaseDiffers": "the table folds the case of ids",
//		})
//	}
//
// A store that other processes share also runs [RunProcesses].
//
// The cases that count races stop after a moment each, so that a plain go
// test stays quick. With DATASESSION_LONG=1 in the environment they run to the
// figures that the project promises: 8 workers × 500 increments, 10,000 deletes.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-datasession/datasession/store"
)

// A Place is somewhere to keep sessions, empty when a case gets it.
type Place struct {
	// Open opens a store on the place. A case that needs two stores on the same
	// sessions calls it twice. What it opened is closed by the suite.
	Open func() (store.Store, error)

	// MaxBytes is the largest data that the store takes. Zero means
	// [store.MaxBytes]; below zero, that the store has no limit of its own.
	MaxBytes int

	// Block, if there is one, makes calls on the stored session id wait until
	// release is called, as the lock of another process would.
	Block func(id string) (release func(), err error)
}

// Deviates names the cases that a store does not pass, each with the reason. A
// case that passes all the same, or that does not exist, fails the run.
type Deviates map[string]string

// Run runs every case, each in a fresh place.
func Run(t *testing.T, fresh func(testing.TB) Place, dev Deviates) {
	t.Helper()
	for _, name := range unknown(dev) {
		t.Errorf("deviation %q: there is no such case", name)
	}
	for i := 0; i < len(cases); {
		group, _, _ := strings.Cut(cases[i].name, "/")
		n := i
		for n < len(cases) && strings.HasPrefix(cases[n].name, group+"/") {
			n++
		}
		t.Run(group, func(t *testing.T) {
			for _, c := range cases[i:n] {
				_, name, _ := strings.Cut(c.name, "/")
				t.Run(name, func(t *testing.T) { runCase(t, c, fresh, dev) })
			}
		})
		i = n
	}
}

func unknown(dev Deviates) []string {
	var names []string
	for name := range dev {
		if !slices.ContainsFunc(cases, func(c testCase) bool { return c.name == name }) {
			names = append(names, name)
		}
	}
	return names
}

func runCase(t testing.TB, c testCase, fresh func(testing.TB) Place, dev Deviates) {
	reason, deviates := dev[c.name]
	if !deviates {
		run(t, c, fresh)
		return
	}
	rec := record(t, c, fresh)
	if !rec.Failed() {
		t.Errorf("deviation %q (%s) is not needed any more: the case passes or does not apply", c.name, reason)
		return
	}
	t.Skipf("deviates: %s", reason)
}

// A testCase is one promise.
type testCase struct {
	name string
	fn   func(s *suite)
}

// cases holds every promise, those of one group next to each other.
var cases = slices.Concat(basicCases, revCases, deleteCases, dataCases, idCases,
	contextCases, capabilityCases, purgeCases, raceCases, lifeCases)

func run(t testing.TB, c testCase, fresh func(testing.TB) Place) {
	s := &suite{TB: t, place: fresh(t), ctx: t.Context()}
	if s.place.MaxBytes == 0 {
		s.place.MaxBytes = store.MaxBytes
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	s.ctx = ctx
	defer func() {
		for _, st := range slices.Backward(s.opened) {
			if err := st.Close(); err != nil {
				t.Errorf("Close() = %v", err)
			}
		}
	}()
	c.fn(s)
}

// limit bounds one case, so that a store that hangs on a context fails it.
const limit = 10 * time.Minute

// suite is what a case works with: a testing.TB with calls that fail it.
type suite struct {
	testing.TB
	place  Place
	ctx    context.Context
	opened []store.Store
}

// open opens a store on the case's place.
func (s *suite) open() store.Store {
	s.Helper()
	st, err := s.place.Open()
	if err != nil {
		s.Fatalf("cannot open the store: %v", err)
	}
	s.opened = append(s.opened, st)
	return st
}

// create saves a new session and returns its version.
func (s *suite) create(st store.Store, id, data string) store.Rev {
	s.Helper()
	return s.save(st, id, data, store.Rev{})
}

// save saves what must be possible to save.
func (s *suite) save(st store.Store, id, data string, old store.Rev) store.Rev {
	s.Helper()
	rev, err := st.Save(s.ctx, id, []byte(data), old, store.SaveOptions{})
	if err != nil {
		s.Fatalf("Save(%s, %d bytes, %s) = %v; want no error", short(id), len(data), revName(old), err)
	}
	if rev.IsZero() || rev.IsAny() {
		s.Fatalf("Save(%s) returned %s; want a version of its own", short(id), revName(rev))
	}
	return rev
}

// refuse saves what must be refused with the error want.
func (s *suite) refuse(st store.Store, id, data string, old store.Rev, want error) {
	s.Helper()
	_, err := st.Save(s.ctx, id, []byte(data), old, store.SaveOptions{})
	if !errors.Is(err, want) {
		s.Errorf("Save(%s, %d bytes, %s) = %v; want %v", short(id), len(data), revName(old), err, want)
	}
}

// holds checks what is stored under id and returns its version.
func (s *suite) holds(st store.Store, id, want string) store.Rev {
	s.Helper()
	rec, err := st.Load(s.ctx, id)
	if err != nil {
		s.Fatalf("Load(%s) = %v; want %s", short(id), err, short(want))
	}
	if string(rec.Data) != want {
		s.Fatalf("Load(%s) = %s (%d bytes); want %s (%d bytes)", short(id), short(string(rec.Data)), len(rec.Data), short(want), len(want))
	}
	if rec.Rev.IsZero() || rec.Rev.IsAny() {
		s.Fatalf("Load(%s) returned %s; want a version", short(id), revName(rec.Rev))
	}
	return rec.Rev
}

// gone checks that nothing is stored under id.
func (s *suite) gone(st store.Store, id string) {
	s.Helper()
	rec, err := st.Load(s.ctx, id)
	if !errors.Is(err, store.ErrNotFound) {
		s.Fatalf("Load(%s) = %s, %v; want %v", short(id), short(string(rec.Data)), err, store.ErrNotFound)
	}
}

// remove deletes what must be possible to delete.
func (s *suite) remove(st store.Store, id string, old store.Rev) {
	s.Helper()
	if err := st.Delete(s.ctx, id, old); err != nil {
		s.Fatalf("Delete(%s, %s) = %v; want no error", short(id), revName(old), err)
	}
}

// newID returns a well-formed session id that no other case has: some back ends
// are shared between cases.
func newID() string { return fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64()) }

func short(s string) string {
	if len(s) > 40 {
		return fmt.Sprintf("%q...", s[:40])
	}
	return fmt.Sprintf("%q", s)
}

func revName(r store.Rev) string {
	if n, ok := r.Num(); ok {
		return fmt.Sprintf("version %d", n)
	}
	if b, ok := r.Data(); ok {
		return fmt.Sprintf("a version of %d bytes", len(b))
	}
	if r.IsAny() {
		return "AnyRev"
	}
	return "the zero Rev"
}

// Long reports whether the long runs were asked for with DATASESSION_LONG=1.
func Long() bool { return os.Getenv("DATASESSION_LONG") == "1" }

// budget returns a function that reports whether a race has run long enough:
// never in a long run, otherwise after a third of a second.
func budget() (over func() bool) {
	if Long() {
		return func() bool { return false }
	}
	d := 300 * time.Millisecond
	if testing.Short() {
		d = 100 * time.Millisecond
	}
	start := time.Now()
	return func() bool { return time.Since(start) > d }
}

// recorder is a testing.TB whose failures do not count.
type recorder struct {
	testing.TB
	mu     sync.Mutex
	failed bool
	first  string
}

// record runs a case and reports, instead of failing, what it found.
func record(t testing.TB, c testCase, fresh func(testing.TB) Place) *recorder {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(r, c, fresh)
	}()
	<-done
	return r
}

func (r *recorder) note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.failed {
		r.failed, r.first = true, text
	}
}

func (r *recorder) Fail()                     { r.note("") }
func (r *recorder) FailNow()                  { r.note(""); runtime.Goexit() }
func (r *recorder) Error(args ...any)         { r.note(fmt.Sprintln(args...)) }
func (r *recorder) Errorf(f string, a ...any) { r.note(fmt.Sprintf(f, a...)) }
func (r *recorder) Fatal(args ...any)         { r.note(fmt.Sprintln(args...)); runtime.Goexit() }
func (r *recorder) Fatalf(f string, a ...any) { r.note(fmt.Sprintf(f, a...)); runtime.Goexit() }
func (r *recorder) Log(...any)                {}
func (r *recorder) Logf(string, ...any)       {}
func (r *recorder) Skip(...any)               { runtime.Goexit() }
func (r *recorder) Skipf(string, ...any)      { runtime.Goexit() }
func (r *recorder) SkipNow()                  { runtime.Goexit() }
func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}
