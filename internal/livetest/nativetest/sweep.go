package nativetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// filled returns a store with 1,000 sessions, of which every third has expired.
func (d Database) filled(t *testing.T, c *clock) (*sqlstore.Native, string) {
	place := d.Fresh(t)
	st := d.open(t, place, sqlstore.NativeOptions{Now: c.now})
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := w; i < 999; i += 4 {
				save(t, st, number(i), "x", []time.Duration{time.Minute, time.Hour, 0}[i%3])
			}
		})
	}
	wg.Wait()
	c.pass(time.Minute)
	return st, place
}

func (d Database) sweep(t *testing.T) {
	c := newClock()
	st, _ := d.filled(t, c)
	dry := 0
	for n, err := range st.Sweep(t.Context(), true) {
		isErr(t, "Sweep of a dry run", err, nil)
		dry += n
	}
	if dry != 333 {
		t.Errorf("a dry run counts %d, want 333", dry)
	}
	first := 0
	for n, err := range st.Sweep(t.Context(), false) {
		isErr(t, "Sweep", err, nil)
		first += n
		break // and lets others have a go
	}
	rest, err := st.Purge(t.Context())
	if err != nil || first == 0 || rest == 0 || first+rest != 333 {
		t.Errorf("Sweep removed %d and Purge %d, %v; want 333 in all", first, rest, err)
	}
	left := 0
	for id, err := range st.IDs(t.Context()) {
		if err != nil || id[0] != '0' {
			t.Fatalf("IDs = %q, %v", id, err)
		}
		left++
	}
	if left != 666 {
		t.Errorf("%d sessions are left, want 666", left)
	}
	if n, err := st.Purge(t.Context()); n != 0 || err != nil {
		t.Errorf("Purge of what is purged = %d, %v", n, err)
	}
}

func (d Database) onePurger(t *testing.T) {
	c := newClock()
	st, place := d.filled(t, c)
	other := d.open(t, place, sqlstore.NativeOptions{Now: c.now})
	for _, err := range st.Sweep(t.Context(), false) {
		isErr(t, "Sweep", err, nil)
		_, err := other.Purge(t.Context())
		isErr(t, "Purge while another purges", err, store.ErrPurging)
		c.pass(20 * time.Second) // the lease is renewed
	}
	if n, err := other.Purge(t.Context()); err != nil {
		t.Errorf("Purge after another = %d, %v", n, err)
	}

	// Who was killed holds its lease for a while.
	for _, err := range st.Sweep(t.Context(), false) {
		isErr(t, "Sweep", err, nil)
	}
	save(t, st, "old", "x", time.Second)
	c.pass(time.Second)
	next := make(chan error, 1)
	for range st.Sweep(t.Context(), false) {
		c.pass(40 * time.Second) // it was silent for too long
		_, err := other.Purge(t.Context())
		next <- err
	}
	if err := <-next; err != nil {
		t.Errorf("Purge after a lease = %v", err)
	}
}

// The whole of a Manager's purge: of a table that knows what has expired, and by what is
// in the data.
func (d Database) purgeOfManager(t *testing.T) {
	c := newClock()
	st := d.open(t, d.Fresh(t), sqlstore.NativeOptions{Now: c.now})
	m, err := datasession.New(st, perljson.Codec{}, &datasession.Options{Now: c.now, Lifetime: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	fill := func(from, to int, lifetime time.Duration) {
		for i := from; i < to; i++ {
			s, err := m.NewWithID(t.Context(), number(i))
			if err == nil {
				err = errors.Join(s.Set("n", i), s.Expire(lifetime), s.Flush(t.Context()))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	fill(0, 150, time.Minute)
	fill(150, 400, time.Hour)
	save(t, st, "corrupt", "{", 0)
	c.pass(10 * time.Minute)
	calls := 0
	want := func(o datasession.PurgeOptions, want datasession.PurgeResult) {
		t.Helper()
		o.Progress = func(datasession.PurgeResult) { calls++ }
		if got, err := m.Purge(t.Context(), &o); err != nil || got != want {
			t.Errorf("Purge(idle %v, dry %v) = %+v, %v; want %+v", o.Idle, o.DryRun, got, err, want)
		}
	}
	want(datasession.PurgeOptions{DryRun: true}, datasession.PurgeResult{Seen: 150, Removed: 150})
	want(datasession.PurgeOptions{}, datasession.PurgeResult{Seen: 150, Removed: 150})
	want(datasession.PurgeOptions{}, datasession.PurgeResult{})

	for i := 150; i < 160; i++ { // these are used, which their data do not show
		s, err := m.Load(t.Context(), number(i))
		if err == nil {
			err = s.Flush(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	c.pass(time.Minute)
	idle := 5 * time.Minute
	want(datasession.PurgeOptions{Idle: idle, DryRun: true}, datasession.PurgeResult{Seen: 251, Removed: 240, Failed: 1})
	want(datasession.PurgeOptions{Idle: idle}, datasession.PurgeResult{Seen: 251, Removed: 240, Failed: 1})
	want(datasession.PurgeOptions{Idle: idle}, datasession.PurgeResult{Seen: 11, Failed: 1})
	if calls == 0 {
		t.Errorf("Progress was never called")
	}
}
