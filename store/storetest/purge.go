package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/go-datasession/datasession/store"
)

// What the stores of many sessions can do beside.
var purgeCases = []testCase{
	{"Scanner/SameAsLoad", func(s *suite) {
		st := s.open()
		sc, ok := st.(store.Scanner)
		if !ok {
			s.Skip("no Scanner")
		}
		want := map[string]string{}
		for i := range 300 {
			id := newID()
			want[id] = fmt.Sprint("data ", i)
			s.create(st, id, want[id])
		}
		seen := map[string]string{}
		for e, err := range sc.Records(s.ctx) {
			if err != nil {
				s.Fatalf("Records = %v", err)
			}
			seen[e.ID] += string(e.Data)
			rec, err := st.Load(s.ctx, e.ID)
			if err != nil || !rec.Rev.Equal(e.Rev) || !rec.Expires.Equal(e.Expires) {
				s.Errorf("Records gives %s, %v; Load %s, %v, %v", revName(e.Rev), e.Expires, revName(rec.Rev), rec.Expires, err)
			}
			s.save(st, e.ID, want[e.ID]+" again", e.Rev)
		}
		if !maps.Equal(seen, want) {
			s.Errorf("Records yields %d sessions, or other data; want the %d that are there, once", len(seen), len(want))
		}
	}},
	{"Scanner/ErrorOnce", func(s *suite) {
		st := s.open()
		sc, ok := st.(store.Scanner)
		if !ok {
			s.Skip("no Scanner")
		}
		s.create(st, newID(), "x")
		ctx, cancel := context.WithCancel(s.ctx)
		cancel()
		n := 0
		for e, err := range sc.Records(ctx) {
			if n++; e.ID != "" || !errors.Is(err, context.Canceled) || n > 1 {
				s.Fatalf("yield %d of Records with a cancelled context = %s, %v; want \"\", %v and nothing after", n, short(e.ID), err, context.Canceled)
			}
		}
		if n != 1 {
			s.Errorf("Records with a cancelled context yielded %d times; want one error", n)
		}
	}},
	{"BatchDeleter/OnlyWhatIsUnchanged", func(s *suite) {
		st := s.open()
		b, ok := st.(store.BatchDeleter)
		if !ok {
			s.Skip("no BatchDeleter")
		}
		var batch []store.Entry
		for i := range 130 {
			id := newID()
			rev := s.create(st, id, "one")
			switch i % 3 {
			case 0:
				s.save(st, id, "two", rev)
			case 1:
				s.remove(st, id, rev)
			}
			batch = append(batch, store.Entry{ID: id, Record: store.Record{Data: []byte("one"), Rev: rev}})
		}
		other := newID()
		s.create(st, other, "one")
		for _, want := range []int{43, 0} {
			if n, err := b.DeleteBatch(s.ctx, batch); n != want || err != nil {
				s.Errorf("DeleteBatch = %d, %v; want %d", n, err, want)
			}
		}
		if n, err := b.DeleteBatch(s.ctx, nil); n != 0 || err != nil {
			s.Errorf("DeleteBatch of nothing = %d, %v", n, err)
		}
		for i, e := range batch {
			if i%3 == 0 {
				s.holds(st, e.ID, "two")
			} else {
				s.gone(st, e.ID)
			}
		}
		s.holds(st, other, "one")
	}},
	{"Toucher/SaysWhen", func(s *suite) {
		st := s.open()
		t, ok := st.(store.Toucher)
		if !ok {
			s.Skip("no Toucher")
		}
		id := newID()
		if _, err := st.Save(s.ctx, id, []byte("one"), store.Rev{}, store.SaveOptions{TTL: time.Hour}); err != nil {
			s.Fatalf("Save with a TTL = %v", err)
		}
		rec, err := st.Load(s.ctx, id)
		if err != nil {
			s.Fatalf("Load = %v", err)
		}
		if rec.Expires.IsZero() {
			s.Skip("does not say when a session expires")
		}
		near := func(t time.Time, d time.Duration) bool {
			off := time.Until(t) - d
			return off < 30*time.Second && off > -30*time.Second
		}
		if !near(rec.Expires, time.Hour) {
			s.Errorf("a session saved for an hour expires in %v", time.Until(rec.Expires))
		}
		if err := t.Touch(s.ctx, id, 3*time.Hour); err != nil {
			s.Errorf("Touch = %v", err)
		}
		touched, err := st.Load(s.ctx, id)
		if err != nil || !near(touched.Expires, 3*time.Hour) {
			s.Errorf("a session touched for three hours expires in %v, %v", time.Until(touched.Expires), err)
		}
		if err := st.Delete(s.ctx, id, rec.Rev); !errors.Is(err, store.ErrConflict) {
			s.Errorf("Delete with the version from before a touch = %v; want %v", err, store.ErrConflict)
		}
		s.save(st, id, "two", touched.Rev)
	}},
	{"Sweeper/DryRunAndRun", func(s *suite) {
		st := s.open()
		sw, ok := st.(store.Sweeper)
		if !ok {
			s.Skip("no Sweeper")
		}
		id := newID()
		s.create(st, id, "one")
		for _, dry := range []bool{true, false} {
			total := 0
			for n, err := range sw.Sweep(s.ctx, dry) {
				if err != nil {
					s.Errorf("Sweep = %v", err)
				}
				total += n
			}
			if total != 0 {
				s.Errorf("Sweep of what lives removed %d", total)
			}
		}
		s.holds(st, id, "one")
	}},
	{"Indexer/Agrees", func(s *suite) {
		st := s.open()
		x, ok := st.(store.Indexer)
		if !ok {
			s.Skip("no Indexer")
		}
		for id, err := range x.Find(s.ctx, "no such parameter", "x") {
			if id != "" || err == nil {
				s.Errorf("Find of what is not indexed = %s, %v; want an error", short(id), err)
			}
		}
		for _, name := range x.Indexes() {
			id, value := newID(), "v"+newID()
			opts := store.SaveOptions{Index: []store.IndexValue{{Name: name, Value: value, Set: true}}}
			data := fmt.Appendf(nil, "{%q:%q}", name, value) // for those who look whether it is so
			if _, err := st.Save(s.ctx, id, data, store.Rev{}, opts); err != nil {
				s.Fatalf("Save = %v", err)
			}
			found := 0
			for got, err := range x.Find(s.ctx, name, value) {
				if found++; got != id || err != nil {
					s.Errorf("Find(%s) = %s, %v; want the session that has the value", name, short(got), err)
				}
			}
			if found != 1 {
				s.Errorf("Find(%s) yields %d sessions, want 1", name, found)
			}
		}
	}},
}
