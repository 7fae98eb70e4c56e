package storetest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-datasession/datasession/store"
)

// distinct checks that ids which differ only slightly name different sessions.
func distinct(s *suite, ids ...string) {
	st := s.open()
	for i, id := range ids {
		s.gone(st, id)
		s.create(st, id, fmt.Sprint("data ", i))
	}
	for i, id := range ids {
		s.holds(st, id, fmt.Sprint("data ", i))
	}
	s.remove(st, ids[0], store.AnyRev)
	s.gone(st, ids[0])
	for i, id := range ids[1:] {
		s.holds(st, id, fmt.Sprint("data ", i+1))
	}
}

// The shapes of the ids that the generators make, and some others that Perl
// programs are known to use.
var plainIDs = []string{
	"1", "42", "4294967296", "a", "bob@example.com", "0123456789abcdef0123456789abcdef",
	strings.Repeat("0123456789abcdef", 4), strings.Repeat("f", 128), strings.Repeat("f", 127) + "e",
	"0C3F8B6E-5C0D-4B5E-9C55-7E1B8D2B0B1A", "0x0c3f8b6e5c0d4b5e9c557e1b8d2b0b1a",
}

// hostileIDs are ids that no generator makes. A store may take one, but then
// exactly, or refuse it with ErrInvalidID.
var hostileIDs = []string{
	"", ".", "..", "/", "\\", "a/b", "a\\b", "../victim", "..\\victim", "/etc/passwd", "./victim",
	"victim/", "victim/.", "victim\x00", "victim\x00.txt", "\x00", "victim\n", "victim\r\n", "\r\nset x 0 0 1\r\n1\r\n",
	"victim ", " victim", "victim\t", "VICTIM", "Victim", "victi", "victimm", "victim%", "victi_", "v*", "%", "_", "*", "?",
	"%s", "%d%n", "%%", "$1", "${HOME}", "`id`", "'", "\"", "' or '1'='1", "victim'--", "victim;", "{victim}", "[victim]",
	".victim", "..victim", ".victim.j", "-rf", "~", "#", ":", "a:b", "con", "nul", "\x1b[31m", "\x7f", "\x01",
	"\xff", "\xc3\x28", "é", "e\u0301", "victım", "\u202evictim", "\ufeffvictim", "victim\u00a0", "\u017f", "\u212a",
	strings.Repeat("a", 200), strings.Repeat("a", 250), strings.Repeat("a", 251), strings.Repeat("a", 255),
	strings.Repeat("a", 256), strings.Repeat("a", 1000), strings.Repeat("a", 65536), strings.Repeat("../", 100) + "victim",
	strings.Repeat("é", 130),
}

var idCases = []testCase{
	{"Ids/Plain", func(s *suite) { distinct(s, plainIDs...) }},
	{"Ids/CaseDiffers", func(s *suite) { distinct(s, "abcdef0123", "ABCDEF0123", "Abcdef0123") }},
	{"Ids/TrailingSpaceDiffers", func(s *suite) {
		st := s.open()
		s.create(st, "abcdef", "kept")
		for _, id := range []string{"abcdef ", "abcdef  ", " abcdef"} {
			absentOrInvalid(s, st, id)
		}
		s.holds(st, "abcdef", "kept")
	}},
	{"Ids/PrefixDiffers", func(s *suite) { distinct(s, "abcdef", "abcde", "abcdefg", "f", "bcdef") }},
	{"Ids/AccentDiffers", func(s *suite) {
		st := s.open()
		s.create(st, "abcdef", "kept")
		for _, id := range []string{"äbcdef", "àbcdef", "ａbcdef", "abcdef\u0301"} {
			absentOrInvalid(s, st, id)
		}
	}},
	{"Ids/NumberDiffers", func(s *suite) { distinct(s, "1", "01", "1.0", "1e0", "0") }},
	{"Ids/Hostile", hostile},
	{"Ids/NotInErrors", func(s *suite) {
		st, id := s.open(), newID()
		rev := s.create(st, id, "one")
		s.save(st, id, "stored secret", rev)
		_, conflict := st.Save(s.ctx, id, []byte("saved secret"), rev, store.SaveOptions{})
		_, exists := st.Save(s.ctx, id, []byte("saved secret"), store.Rev{}, store.SaveOptions{})
		del := st.Delete(s.ctx, id, rev)
		missing := newID()
		_, notFound := st.Load(s.ctx, missing)
		_, saveGone := st.Save(s.ctx, missing, nil, rev, store.SaveOptions{})
		long := strings.Repeat(id, 3000)
		_, invalid := st.Load(s.ctx, long)
		for _, err := range []error{conflict, exists, del, notFound, saveGone, invalid} {
			if err == nil {
				continue
			}
			for _, secret := range []string{id, missing, "secret"} {
				if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, secret) {
					s.Errorf("an error text tells an id or stored data: %s", strings.ReplaceAll(text, secret, "<SECRET>"))
				}
			}
		}
	}},
}

// absentOrInvalid checks that id finds nothing.
func absentOrInvalid(s *suite, st store.Store, id string) {
	s.Helper()
	rec, err := st.Load(s.ctx, id)
	if !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrInvalidID) {
		s.Errorf("Load(%s) = %s, %v; want %v or %v", short(id), short(string(rec.Data)), err, store.ErrNotFound, store.ErrInvalidID)
	}
}

func hostile(s *suite) {
	st := s.open()
	s.create(st, "victim", "VICTIM")
	taken := map[string]string{"victim": "VICTIM"}
	for i, id := range hostileIDs {
		absentOrInvalid(s, st, id)
		data := fmt.Sprint("hostile ", i)
		_, err := st.Save(s.ctx, id, []byte(data), store.Rev{}, store.SaveOptions{})
		switch {
		case err == nil:
			taken[id] = data
		case !errors.Is(err, store.ErrInvalidID):
			s.Errorf("Save(%s) = %v; want no error or %v", short(id), err, store.ErrInvalidID)
		default:
			if _, err := st.Load(s.ctx, id); !errors.Is(err, store.ErrInvalidID) {
				s.Errorf("Load(%s) = %v, but Save reported %v", short(id), err, store.ErrInvalidID)
			}
			if _, err := st.Save(s.ctx, id, []byte(data), store.AnyRev, store.SaveOptions{}); !errors.Is(err, store.ErrInvalidID) {
				s.Errorf("Save(%s, AnyRev) = %v, but Save reported %v", short(id), err, store.ErrInvalidID)
			}
			if err := st.Delete(s.ctx, id, store.AnyRev); err != nil && !errors.Is(err, store.ErrInvalidID) {
				s.Errorf("Delete(%s) = %v; want no error or %v", short(id), err, store.ErrInvalidID)
			}
		}
		s.holds(st, "victim", "VICTIM")
	}
	for id, data := range taken {
		s.holds(st, id, data)
	}
	if l, ok := st.(store.Lister); ok {
		sameIDs(s, listed(s, l), taken)
	}
	for id := range taken {
		if id == "victim" {
			continue
		}
		s.remove(st, id, store.AnyRev)
		s.gone(st, id)
		s.holds(st, "victim", "VICTIM")
	}
}
