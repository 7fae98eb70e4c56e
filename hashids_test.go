package datasession_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/codec/sealed"
	"github.com/go-datasession/datasession/store/memstore"
)

func TestA10KeyInStoreIsNotTheID(t *testing.T) {
	key := bytes.Repeat([]byte{1}, 32)
	box, err := sealed.New(perljson.Codec{}, sealed.Key{ID: 1, Secret: key})
	must(t, err)
	st := memstore.New(nil)
	m, err := datasession.New(st, box, &datasession.Options{HashIDs: true, RenameGrace: time.Minute, EpochCheck: time.Minute})
	must(t, err)
	anonymous := stored(t, m, map[string]any{"cart": "full"})
	s := load(t, m, anonymous)
	must(t, s.Login(t.Context(), "ann", datasession.Client{}))
	id := s.ID()
	set(t, s, "cart", "fuller")
	flush(t, s)
	other := signIn(t, m, "ann")
	must(t, m.Update(t.Context(), id, func(s *datasession.Session) error { return s.Set("n", 1) }))
	if late := load(t, m, anonymous); !late.ReadOnly() || late.Get("cart") != "fuller" {
		t.Error("the old id does not lead to the session")
	}
	seen := 0
	for k, err := range m.IDs(t.Context()) {
		must(t, err)
		rec, err := st.Load(t.Context(), k)
		must(t, err)
		for _, id := range []string{anonymous, id, other.ID()} {
			if k == id || bytes.Contains(rec.Data, []byte(id)) {
				t.Error("an id is in the store")
			}
		}
		if _, err := m.Load(t.Context(), k); !errors.Is(err, datasession.ErrNotFound) || m.ValidID(k) {
			t.Errorf("Load of a key of the store = %v; want ErrNotFound", err)
		}
		if _, err := m.Open(t.Context(), k); err == nil {
			t.Error("Open of a key of the store succeeds")
		}
		if p, err := m.Peek(t.Context(), k); err == nil && p.Principal() == "ann" {
			seen++
		}
	}
	if seen != 2 {
		t.Errorf("%d sessions of ann are listed; want 2", seen)
	}
	if n, err := m.RevokeOthers(t.Context(), "ann", id); n != 1 || err != nil || alive(t, m, other.ID()) || !alive(t, m, id) {
		t.Errorf("RevokeOthers = %d, %v", n, err)
	}
	must(t, m.Delete(t.Context(), id))
	if alive(t, m, id) {
		t.Error("alive after Delete")
	}
}
