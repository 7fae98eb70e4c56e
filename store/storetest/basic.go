package storetest

import (
	"errors"
	"strings"

	"github.com/go-datasession/datasession/store"
)

var basicCases = []testCase{
	{"Load/Missing", func(s *suite) {
		s.gone(s.open(), newID())
	}},
	{"Load/WhatWasSaved", func(s *suite) {
		st, id := s.open(), newID()
		s.create(st, id, "one")
		s.holds(st, id, "one")
		s.holds(st, id, "one")
	}},
	{"Load/TwoStoresOnOnePlace", func(s *suite) {
		a, b, id := s.open(), s.open(), newID()
		read := s.create(a, id, "by a")
		s.save(b, id, "by b", s.holds(b, id, "by a"))
		s.holds(a, id, "by b")
		s.refuse(a, id, "late", read, store.ErrConflict)
		now := s.holds(a, id, "by b")
		s.remove(b, id, store.AnyRev)
		s.gone(a, id)
		s.refuse(a, id, "revived", now, store.ErrNotFound)
		s.gone(b, id)
	}},
	{"Create/Exists", func(s *suite) {
		st, id := s.open(), newID()
		s.create(st, id, "first")
		s.refuse(st, id, "second", store.Rev{}, store.ErrConflict)
		s.refuse(st, id, "first", store.Rev{}, store.ErrConflict)
		s.holds(st, id, "first")
	}},
	{"Create/ExistsEmpty", func(s *suite) {
		st, id := s.open(), newID()
		s.create(st, id, "")
		s.refuse(st, id, "second", store.Rev{}, store.ErrConflict)
		s.holds(st, id, "")
	}},
	{"Create/AfterDelete", func(s *suite) {
		st, id := s.open(), newID()
		s.create(st, id, "first")
		s.remove(st, id, store.AnyRev)
		s.create(st, id, "second")
		s.holds(st, id, "second")
	}},
}

var revCases = []testCase{
	{"Save/RevOfLoad", func(s *suite) {
		st, id := s.open(), newID()
		s.create(st, id, "one")
		s.save(st, id, "two", s.holds(st, id, "one"))
		s.holds(st, id, "two")
	}},
	{"Save/RevOfSave", func(s *suite) {
		st, id := s.open(), newID()
		rev := s.create(st, id, "one")
		for _, data := range []string{"two", "a longer third", "4", ""} {
			rev = s.save(st, id, data, rev)
		}
		s.holds(st, id, "")
	}},
	{"Save/SameBytes", func(s *suite) {
		st, id := s.open(), newID()
		rev := s.create(st, id, "same")
		rev = s.save(st, id, "same", rev)
		s.save(st, id, "other", rev)
		s.holds(st, id, "other")
	}},
	{"Save/StaleRev", func(s *suite) {
		st, id := s.open(), newID()
		first := s.create(st, id, "one")
		read := s.holds(st, id, "one")
		s.save(st, id, "two", read)
		s.refuse(st, id, "three", read, store.ErrConflict)
		s.refuse(st, id, "three", first, store.ErrConflict)
		s.holds(st, id, "two")
	}},
	{"Save/StaleRevDiffersInLastByte", func(s *suite) {
		st, id := s.open(), newID()
		tail := strings.Repeat("x", 5000)
		read := s.create(st, id, tail+"a")
		s.save(st, id, tail+"b", read)
		s.refuse(st, id, "three", read, store.ErrConflict)
		s.holds(st, id, tail+"b")
	}},
	{"Save/StaleRevDiffersInCaseOrSpace", func(s *suite) {
		for _, now := range []string{"Same", "same ", "same\x00", "s\u00e4me", "sam\xe4"} {
			st, id := s.open(), newID()
			read := s.create(st, id, "same")
			s.save(st, id, now, read)
			s.refuse(st, id, "three", read, store.ErrConflict)
			s.holds(st, id, now)
		}
	}},
	{"Save/OneOfTwoFromOneRead", func(s *suite) {
		st, id := s.open(), newID()
		s.create(st, id, "read")
		a, b := s.holds(st, id, "read"), s.holds(st, id, "read")
		s.save(st, id, "mine", a)
		s.refuse(st, id, "yours", b, store.ErrConflict)
		s.holds(st, id, "mine")
	}},
	{"Save/RevOfDeleted", func(s *suite) {
		st, id := s.open(), newID()
		read := s.create(st, id, "one")
		s.remove(st, id, store.AnyRev)
		s.refuse(st, id, "two", read, store.ErrNotFound)
		s.refuse(st, id, "one", read, store.ErrNotFound)
		s.gone(st, id)
	}},
	{"Save/RevOfNeverThere", func(s *suite) {
		st, id, other := s.open(), newID(), newID()
		read := s.create(st, other, "one")
		s.refuse(st, id, "two", read, store.ErrNotFound)
		s.gone(st, id)
	}},
	{"Save/RevOfRecreated", func(s *suite) {
		st, id := s.open(), newID()
		read := s.create(st, id, "one")
		s.remove(st, id, store.AnyRev)
		s.create(st, id, "another")
		s.refuse(st, id, "two", read, store.ErrConflict)
		s.holds(st, id, "another")
		if _, bytes := read.Data(); bytes {
			return // equal bytes are the same version to this store
		}
		s.remove(st, id, store.AnyRev)
		s.create(st, id, "one")
		s.refuse(st, id, "two", read, store.ErrConflict)
		s.holds(st, id, "one")
	}},
	{"Save/RevOfAnotherKind", func(s *suite) {
		st, id := s.open(), newID()
		s.create(st, id, "one")
		foreign := store.NumRev(1 << 60)
		if _, num := s.holds(st, id, "one").Num(); num {
			foreign = store.DataRev([]byte("one"))
		}
		if _, err := st.Save(s.ctx, id, []byte("two"), foreign, store.SaveOptions{}); err == nil {
			s.Errorf("Save with a Rev of another kind of store succeeded")
		}
		if err := st.Delete(s.ctx, id, foreign); err == nil {
			s.Errorf("Delete with a Rev of another kind of store succeeded")
		}
		s.holds(st, id, "one")
	}},
	{"Save/AnyRevOverwrites", func(s *suite) {
		st, id := s.open(), newID()
		read := s.create(st, id, "one")
		rev := s.save(st, id, "two", store.AnyRev)
		s.refuse(st, id, "three", read, store.ErrConflict)
		s.holds(st, id, "two")
		s.save(st, id, "three", rev)
		s.holds(st, id, "three")
	}},
	{"Save/AnyRevCreates", func(s *suite) {
		st, id := s.open(), newID()
		rev := s.save(st, id, "one", store.AnyRev)
		s.holds(st, id, "one")
		s.save(st, id, "two", rev)
		s.holds(st, id, "two")
	}},
}

var deleteCases = []testCase{
	{"Delete/Removes", func(s *suite) {
		st, id, other := s.open(), newID(), newID()
		s.create(st, id, "one")
		s.create(st, other, "kept")
		s.remove(st, id, store.AnyRev)
		s.gone(st, id)
		s.holds(st, other, "kept")
	}},
	{"Delete/Missing", func(s *suite) {
		st, id := s.open(), newID()
		s.remove(st, id, store.AnyRev)
		s.remove(st, id, store.Rev{})
		read := s.create(st, id, "one")
		s.remove(st, id, read)
		s.remove(st, id, read)
		s.remove(st, id, store.AnyRev)
		s.gone(st, id)
	}},
	{"Delete/StaleRev", func(s *suite) {
		st, id := s.open(), newID()
		read := s.create(st, id, "one")
		now := s.save(st, id, "two", read)
		for _, old := range []store.Rev{read, {}} {
			if err := st.Delete(s.ctx, id, old); !errors.Is(err, store.ErrConflict) {
				s.Errorf("Delete with %s = %v; want %v", revName(old), err, store.ErrConflict)
			}
			s.holds(st, id, "two")
		}
		s.remove(st, id, now)
		s.gone(st, id)
	}},
}
