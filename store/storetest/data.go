package storetest

import (
	"bytes"
	"math/rand/v2"
	"strings"

	"github.com/go-datasession/datasession/store"
)

var dataCases = []testCase{
	{"Data/EveryByte", func(s *suite) {
		all := make([]byte, 256)
		for i := range all {
			all[i] = byte(i)
		}
		roundTrip(s, string(all), string(all[128:])+string(all[:128]))
	}},
	{"Data/NUL", func(s *suite) {
		roundTrip(s, "\x00", "\x00\x00", "a\x00b", "a\x00", "\x00a")
	}},
	{"Data/NotUTF8", func(s *suite) {
		roundTrip(s, "\xff", "caf\xe9", "\xc3", "\xed\xa0\x80", "\xf8\x88\x80\x80\x80", "\xc0\x80")
	}},
	{"Data/UTF8", func(s *suite) {
		roundTrip(s, "é", "e\u0301", "\u20ac", "\U0001f600", "\ufeffbom", "\ufffd")
	}},
	{"Data/Quotes", func(s *suite) {
		roundTrip(s, `'`, `"`, `\`, `\\`, `\'`, `'; drop table sessions; --`, "%s%d", "$1", ":a", "?", "`")
	}},
	{"Data/Spaces", func(s *suite) {
		roundTrip(s, " ", "a ", " a", "\n", "a\r\n", "\t", "0", "NULL", "null")
	}},
	{"Data/Empty", func(s *suite) {
		st, id := s.open(), newID()
		rev := s.create(st, id, "")
		s.holds(st, id, "")
		s.save(st, id, "filled", rev)
		s.save(st, id, "", s.holds(st, id, "filled"))
		s.save(st, id, "again", s.holds(st, id, ""))
		s.holds(st, id, "again")
	}},
	{"Data/NilIsEmpty", func(s *suite) {
		st, id := s.open(), newID()
		if _, err := st.Save(s.ctx, id, nil, store.Rev{}, store.SaveOptions{}); err != nil {
			s.Fatalf("Save(nil data) = %v; want no error", err)
		}
		s.holds(st, id, "")
	}},
	{"Data/Sizes", func(s *suite) {
		st, id := s.open(), newID()
		rev := s.create(st, id, "x")
		for _, n := range []int{1, 2, 255, 256, 4095, 4096, 4097, 65535, 65536, 65537, 70000, 1} {
			if s.place.MaxBytes > 0 && n > s.place.MaxBytes {
				continue
			}
			data := noise(n)
			rev = s.save(st, id, data, rev)
			s.holds(st, id, data)
		}
	}},
	{"Data/AtTheLimit", func(s *suite) {
		st, id, limit := s.open(), newID(), sizeLimit(s)
		rev := s.create(st, id, "small")
		for _, n := range []int{limit - 1, limit} {
			data := noise(n)
			rev = s.save(st, id, data, rev)
			s.holds(st, id, data)
		}
	}},
	{"Data/OverTheLimit", func(s *suite) {
		st, id, limit := s.open(), newID(), sizeLimit(s)
		rev := s.create(st, id, "small")
		for _, n := range []int{limit + 1, 2*limit + 1} {
			s.refuse(st, id, noise(n), rev, store.ErrTooLarge)
			s.refuse(st, id, noise(n), store.AnyRev, store.ErrTooLarge)
			s.refuse(st, newID(), noise(n), store.Rev{}, store.ErrTooLarge)
		}
		s.holds(st, id, "small")
		s.save(st, id, "still mine", rev)
	}},
	{"Data/NotKept", func(s *suite) {
		st, id := s.open(), newID()
		buf := []byte("as it was saved")
		rev, err := st.Save(s.ctx, id, buf, store.Rev{}, store.SaveOptions{})
		if err != nil {
			s.Fatalf("Save = %v", err)
		}
		copy(buf, "AS IT IS NOW   ")
		s.holds(st, id, "as it was saved")
		s.save(st, id, "next", rev) // the Rev may not have changed with the buffer either
	}},
	{"Data/LoadedStaysWhileSaved", func(s *suite) {
		st, id := s.open(), newID()
		s.create(st, id, "as it was read")
		rec, err := st.Load(s.ctx, id)
		if err != nil {
			s.Fatalf("Load = %v", err)
		}
		before := bytes.Clone(rec.Data)
		s.save(st, id, "AS IT IS NOW..", rec.Rev)
		s.holds(st, id, "AS IT IS NOW..")
		if !bytes.Equal(rec.Data, before) {
			s.Errorf("data that was loaded changed to %q at a save", rec.Data)
		}
	}},
}

// roundTrip creates a session with each value and saves each over the other.
func roundTrip(s *suite, values ...string) {
	s.Helper()
	st, id := s.open(), newID()
	rev := s.create(st, id, "start")
	for _, v := range values {
		fresh := newID()
		s.create(st, fresh, v)
		s.holds(st, fresh, v)
		s.save(st, id, v, rev)
		if got := s.holds(st, id, v); got.IsZero() {
			s.Fatalf("no version for %q", v)
		}
		rev = s.save(st, id, v, s.holds(st, id, v))
	}
}

func sizeLimit(s *suite) int {
	if s.place.MaxBytes < 0 {
		s.Skip("the store has no limit of its own")
	}
	return s.place.MaxBytes
}

// noise returns n bytes that do not compress and have every value.
func noise(n int) string {
	r := rand.NewChaCha8([32]byte{1})
	var b strings.Builder
	b.Grow(n)
	for b.Len() < n {
		for v, i := r.Uint64(), 0; i < 8 && b.Len() < n; i++ {
			b.WriteByte(byte(v >> (8 * i)))
		}
	}
	return b.String()
}
