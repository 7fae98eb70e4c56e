package nativetest

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// clock is one that a test moves.
type clock struct{ t time.Time }

func newClock() *clock                 { return &clock{time.Unix(1_790_000_000, 0)} }
func (c *clock) now() time.Time        { return c.t }
func (c *clock) pass(d time.Duration)  { c.t = c.t.Add(d) }
func (c *clock) since(t time.Time) int { return int(c.t.Sub(t) / time.Second) }

// Special checks what other layouts do not have: expiry beside the data, versions,
// indexes, and the purge by both.
func (d Database) Special(t *testing.T) {
	t.Run("Touch", d.touch)
	t.Run("TouchOfManager", d.touchOfManager)
	t.Run("DeleteMindsTouch", d.deleteMindsTouch)
	t.Run("MadeAgainIsAnother", d.madeAgain)
	t.Run("Index", d.index)
	t.Run("FindBy", d.findBy)
	t.Run("Sweep", d.sweep)
	t.Run("OnePurger", d.onePurger)
	t.Run("PurgeOfManager", d.purgeOfManager)
}

func (d Database) touch(t *testing.T) {
	c := newClock()
	st := d.open(t, d.Fresh(t), sqlstore.NativeOptions{Now: c.now})
	rev := save(t, st, "a", "one", time.Hour)
	save(t, st, "forever", "two", 0)
	want := func(id string, seconds int64) {
		t.Helper()
		rec := load(t, st, id)
		if got := rec.Expires.Unix() - c.t.Unix(); rec.Expires.IsZero() && seconds != 0 || seconds != 0 && got != seconds {
			t.Errorf("%s expires in %d seconds, want %d", id, got, seconds)
		}
		if seconds == 0 && !rec.Expires.IsZero() {
			t.Errorf("%s expires at %v, want never", id, rec.Expires)
		}
	}
	want("a", 3600)
	want("forever", 0)
	c.pass(time.Minute)
	isErr(t, "Touch", st.Touch(t.Context(), "a", time.Hour), nil)
	want("a", 3600)
	isErr(t, "Touch again", st.Touch(t.Context(), "a", time.Hour), nil)
	isErr(t, "Touch for less", st.Touch(t.Context(), "a", time.Minute), nil)
	want("a", 3600)
	isErr(t, "Touch of what does not expire", st.Touch(t.Context(), "forever", time.Minute), nil)
	want("forever", 0)
	if _, err := st.Save(t.Context(), "a", []byte("three"), rev, store.SaveOptions{TTL: 1500 * time.Millisecond}); err != nil {
		t.Errorf("Save after a touch = %v; a touch is no change", err)
	}
	want("a", 2)
}

// What a Manager stores of a mere use is a time in a column, and the session lives on.
func (d Database) touchOfManager(t *testing.T) {
	c := newClock()
	st := d.open(t, d.Fresh(t), sqlstore.NativeOptions{Now: c.now})
	m, err := datasession.New(st, perljson.Codec{}, &datasession.Options{Lifetime: time.Hour, TouchEvery: time.Minute, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.NewWithID(t.Context(), "a")
	if err == nil {
		err = s.Set("user", "ann")
	}
	if err == nil {
		err = s.Flush(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	first := load(t, st, "a").Data
	for range 5 {
		c.pass(40 * time.Minute)
		s, err := m.Load(t.Context(), "a")
		if err != nil {
			t.Fatalf("Load of a session that is in use = %v", err)
		}
		isErr(t, "Flush", s.Flush(t.Context()), nil)
		c.pass(time.Second)
		seen, err := m.Peek(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if idle := c.since(seen.AccessTime()); idle != 1 {
			t.Errorf("a session that was used a second ago says %d", idle)
		}
	}
	if !bytes.Equal(load(t, st, "a").Data, first) {
		t.Errorf("a mere use rewrote the data")
	}
	if n := m.Stats(); n.Saves != 1 || n.Touches != 5 {
		t.Errorf("%d saves and %d touches, want 1 and 5", n.Saves, n.Touches)
	}

	// Somebody who only looks, and changes something, does not use it.
	c.pass(30 * time.Minute)
	s, err = m.Peek(t.Context(), "a")
	if err == nil {
		err = s.Set("note", "x")
	}
	if err == nil {
		err = s.Flush(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	c.pass(29 * time.Minute)
	if s, err = m.Peek(t.Context(), "a"); err != nil || s.Expired() {
		t.Errorf("59 minutes after its last use: %v, expired %v", err, s.Expired())
	}
	c.pass(2 * time.Minute)
	_, err = m.Load(t.Context(), "a")
	isErr(t, "Load after an hour without use", err, datasession.ErrExpired)
	_, err = st.Load(t.Context(), "a")
	isErr(t, "Load of a session that was found expired", err, store.ErrNotFound)
}

func (d Database) deleteMindsTouch(t *testing.T) {
	c := newClock()
	st := d.open(t, d.Fresh(t), sqlstore.NativeOptions{Now: c.now})
	save(t, st, "a", "one", time.Hour)
	rec := load(t, st, "a")
	c.pass(time.Minute)
	isErr(t, "Touch", st.Touch(t.Context(), "a", time.Hour), nil)
	isErr(t, "Delete after a touch", st.Delete(t.Context(), "a", rec.Rev), store.ErrConflict)
	n, err := st.DeleteBatch(t.Context(), []store.Entry{{ID: "a", Record: rec}, {ID: "none", Record: rec}})
	if n != 0 || err != nil {
		t.Errorf("DeleteBatch after a touch = %d, %v; want 0", n, err)
	}
	n, err = st.DeleteBatch(t.Context(), []store.Entry{{ID: "a", Record: load(t, st, "a")}})
	if n != 1 || err != nil {
		t.Errorf("DeleteBatch = %d, %v; want 1", n, err)
	}
	isErr(t, "Touch of what is gone", st.Touch(t.Context(), "a", time.Hour), store.ErrNotFound)
}

func (d Database) madeAgain(t *testing.T) {
	st := d.open(t, d.Fresh(t), sqlstore.NativeOptions{})
	rev := save(t, st, "a", "one", 0)
	isErr(t, "Delete", st.Delete(t.Context(), "a", store.AnyRev), nil)
	save(t, st, "a", "one", 0)
	_, err := st.Save(t.Context(), "a", []byte("two"), rev, store.SaveOptions{})
	isErr(t, "Save over a session made again", err, store.ErrConflict)
	_, err = st.Save(t.Context(), "a", []byte("two"), store.DataRev([]byte("one")), store.SaveOptions{})
	isErr(t, "Save with the version of another store", err, store.ErrConflict)
}

func (d Database) index(t *testing.T) {
	st := d.open(t, d.Fresh(t), sqlstore.NativeOptions{Index: []sqlstore.IndexColumn{{Param: "user"}, {Param: "_kind", Column: "kind"}}})
	if got := st.Indexes(); !slices.Equal(got, []string{"user", "_kind"}) {
		t.Errorf("Indexes = %q", got)
	}
	value := func(name, v string) store.IndexValue { return store.IndexValue{Name: name, Value: v, Set: true} }
	for i := range 1200 {
		user := "ann"
		if i%3 > 0 {
			user = "bob"
		}
		save(t, st, number(i), "x", 0, value("user", user), value("_kind", "SSO"))
	}
	save(t, st, "none", "x", 0)
	save(t, st, "capital", "x", 0, value("user", "Ann"))
	save(t, st, "blank", "x", 0, value("user", "ann "))
	save(t, st, "empty", "x", 0, value("user", ""))
	save(t, st, "wide", "x", 0, value("user", "Ωmega%_'\"\\"))
	wantFound(t, st, "user", "ann", 400)
	wantFound(t, st, "user", "bob", 800)
	wantFound(t, st, "user", "Ann", 1)
	wantFound(t, st, "user", "ann ", 1)
	wantFound(t, st, "user", "", 1)
	wantFound(t, st, "user", "Ωmega%_'\"\\", 1)
	wantFound(t, st, "user", "%", 0)
	wantFound(t, st, "_kind", "SSO", 1200)
	save(t, st, number(0), "x", 0)
	wantFound(t, st, "user", "ann", 399)
	for id, err := range st.Find(t.Context(), "other", "x") {
		if id != "" || err == nil {
			t.Errorf("Find of what is not indexed = %q, %v", id, err)
		}
	}
}

func wantFound(t *testing.T, st store.Indexer, name, value string, want int) {
	t.Helper()
	seen := map[string]bool{}
	for id, err := range st.Find(t.Context(), name, value) {
		if err != nil {
			t.Fatal(err)
		}
		seen[id] = true
	}
	if len(seen) != want {
		t.Errorf("Find(%s, %q) = %d sessions, want %d", name, value, len(seen), want)
	}
}

// A Manager fills the index, and finds the same with and without one.
func (d Database) findBy(t *testing.T) {
	place := d.Fresh(t)
	st := d.open(t, place, sqlstore.NativeOptions{Index: []sqlstore.IndexColumn{{Param: "user"}, {Param: "n"}}})
	plain := d.open(t, place, sqlstore.NativeOptions{})
	var managers []*datasession.Manager
	for _, s := range []*sqlstore.Native{st, plain} {
		m, err := datasession.New(s, perljson.Codec{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		managers = append(managers, m)
	}
	values := map[string]map[string]any{
		"ann1": {"user": "ann", "n": 1}, "ann2": {"user": "ann", "n": "1"}, "eve": {"user": "eve", "n": 1.5},
		"list": {"user": []any{"ann"}}, "none": {"x": 1}, "nil": {"user": nil}, "text": {"user": "Ωmega"},
	}
	for id, params := range values {
		s, err := managers[0].NewWithID(t.Context(), id)
		if err == nil {
			err = s.SetAll(params)
		}
		if err == nil {
			err = s.Flush(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, m := range managers {
		if indexed := i == 0; m.Indexed("user") != indexed {
			t.Errorf("Indexed(user) = %v", !indexed)
		}
		for _, c := range []struct {
			name, value string
			want        []string
		}{
			{"user", "ann", []string{"ann1", "ann2"}}, {"user", "Ωmega", []string{"text"}}, {"user", "", nil},
			{"n", "1", []string{"ann1", "ann2"}}, {"n", "1.5", []string{"eve"}}, {"user", "nobody", nil},
		} {
			var got []string
			for id, err := range m.FindBy(t.Context(), c.name, c.value) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, id)
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("manager %d: FindBy(%s, %q) = %q, want %q", i, c.name, c.value, got, c.want)
			}
		}
	}
}
