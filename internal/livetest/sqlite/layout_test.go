package sqlite

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
)

const typeOf = "SELECT typeof(a_session) FROM sessions WHERE id = ?"

// Perl binds a blob into the column of type text. Rows that something else
// stored as text stay text.
func TestStorageClassStays(t *testing.T) {
	st, db := tableIn(t, tempFile(t), fast)
	raw := "é\x00\xff'"
	for _, c := range []struct{ class, insert string }{
		{"blob", "INSERT INTO sessions VALUES (?, CAST(? AS BLOB))"},
		{"text", "INSERT INTO sessions VALUES (?, CAST(CAST(? AS BLOB) AS TEXT))"},
	} {
		t.Run(c.class, func(t *testing.T) {
			id := c.class
			check := func() {
				t.Helper()
				if got := query1(t, db, typeOf, id); got != c.class {
					t.Errorf("the row is %s, want %s", got, c.class)
				}
			}
			exec1(t, db, c.insert, id, []byte(raw))
			check()
			rev := wantLoad(t, st, id, raw)
			rev = mustSave(t, st, id, raw+"2", rev)
			check()
			mustSave(t, st, id, "", rev)
			check()
			mustSave(t, st, id, raw+"3", store.AnyRev)
			check()
			if err := st.Delete(t.Context(), id, wantLoad(t, st, id, raw+"3")); err != nil {
				t.Errorf("Delete = %v", err)
			}
		})
	}
	mustSave(t, st, "new", raw, store.Rev{})
	mustSave(t, st, "any", raw, store.AnyRev)
	for _, id := range []string{"new", "any"} {
		if got := query1(t, db, typeOf, id); got != "blob" {
			t.Errorf("new row %q is %s, want blob", id, got)
		}
	}
}

// A table of the application's users, with the session in one of its columns.
func TestTableOfTheApplication(t *testing.T) {
	db := openDB(t, tempFile(t), fast)
	exec1(t, db, `CREATE TABLE Member (Email text primary key, name text default 'nobody', State text)`)
	exec1(t, db, `INSERT INTO Member VALUES ('ann@example.com', 'Ann', NULL), ('bob@example.com', 'Bob', 'old')`)
	st := newStore(t, db, &sqlstore.Options{Table: "main.Member", IDColumn: "Email", DataColumn: "State"})
	name := func(id string) string { return query1(t, db, "SELECT name FROM Member WHERE Email = ?", id) }

	if _, err := st.Load(t.Context(), "ann@example.com"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Load of NULL = %v, want %v", err, store.ErrNotFound)
	}
	if _, err := st.Save(t.Context(), "ann@example.com", []byte("x"), store.DataRev(nil), store.SaveOptions{}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Save over NULL of what was read = %v, want %v", err, store.ErrNotFound)
	}
	if got := slices.Collect(maps.Keys(listed(t, st))); !slices.Equal(got, []string{"bob@example.com"}) {
		t.Errorf("IDs = %q; want only the row that has data", got)
	}
	rev := mustSave(t, st, "ann@example.com", "new", store.Rev{})
	if _, err := st.Save(t.Context(), "ann@example.com", []byte("x"), store.Rev{}, store.SaveOptions{}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("second create = %v, want %v", err, store.ErrConflict)
	}
	mustSave(t, st, "ann@example.com", "newer", rev)
	mustSave(t, st, "bob@example.com", "overwritten", store.AnyRev)
	mustSave(t, st, "eve@example.com", "created", store.AnyRev)
	for id, want := range map[string]string{"ann@example.com": "Ann", "bob@example.com": "Bob", "eve@example.com": "nobody"} {
		if got := name(id); got != want {
			t.Errorf("name of %s = %q, want %q: another column was touched", id, got, want)
		}
	}
}

func TestColumnsThatCompareLoosely(t *testing.T) {
	for _, c := range []struct{ column, there, like string }{
		{"char(32) COLLATE NOCASE", "abc", "ABC"},
		{"char(32) COLLATE RTRIM", "abc", "abc "},
		{"integer", "7", "007"},
		{"numeric", "1", "1.0"},
	} {
		t.Run(c.column, func(t *testing.T) {
			db := openDB(t, tempFile(t), fast)
			exec1(t, db, "CREATE TABLE sessions (id "+c.column+" not null primary key, a_session text not null)")
			st := newStore(t, db, nil)
			rev := mustSave(t, st, c.there, "kept", store.Rev{})
			if _, err := st.Load(t.Context(), c.like); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Load(%q) = %v, want %v", c.like, err, store.ErrNotFound)
			}
			for name, old := range map[string]store.Rev{"zero": {}, "any": store.AnyRev, "read": rev} {
				if _, err := st.Save(t.Context(), c.like, []byte("x"), old, store.SaveOptions{}); err == nil {
					t.Errorf("Save(%q) with the %s Rev changed another session", c.like, name)
				}
			}
			for _, old := range []store.Rev{store.AnyRev, rev} {
				if err := st.Delete(t.Context(), c.like, old); err != nil {
					t.Errorf("Delete(%q) = %v", c.like, err)
				}
			}
			wantLoad(t, st, c.there, "kept")
			if got := listed(t, st); len(got) != 1 || got[c.there] != 1 {
				t.Errorf("IDs = %v, want %q once", got, c.there)
			}
		})
	}
}

// UUID16 ids are 16 bytes of any value.
func TestRawIDs(t *testing.T) {
	st, db := tableIn(t, tempFile(t), fast)
	ids := []string{"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f",
		"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x00",
		"\xff\xfe\xfd\xfc\xfb\xfa\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "\x00", "\x00\x00"}
	for i, id := range ids {
		mustSave(t, st, id, fmt.Sprint(i), store.Rev{})
	}
	for i, id := range ids {
		mustSave(t, st, id, fmt.Sprint("again ", i), wantLoad(t, st, id, fmt.Sprint(i)))
	}
	got := listed(t, st)
	for _, id := range ids {
		if got[id] != 1 {
			t.Errorf("IDs yielded %q %d times", id, got[id])
		}
		if n := query1(t, db, "SELECT typeof(id) FROM sessions WHERE id = ?", id); n != "text" {
			t.Errorf("id is stored as %s, want text", n)
		}
	}
}

// listed returns how often each id is listed.
func listed(t testing.TB, st *sqlstore.Store) map[string]int {
	t.Helper()
	got := map[string]int{}
	for id, err := range st.IDs(t.Context()) {
		if err != nil {
			t.Fatalf("IDs = %v", err)
		}
		if got[id]++; got[id] > 3 {
			t.Fatalf("IDs does not come to an end")
		}
	}
	return got
}

func TestListsInPages(t *testing.T) {
	st, db := tableIn(t, tempFile(t), fast)
	const n = 2500
	exec1(t, db, `WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i < ?)
		INSERT INTO sessions SELECT printf('%032x', i * 2654435761), 'x' FROM c`, n)
	exec1(t, db, `INSERT INTO sessions VALUES (x'6162', 'not found by Perl'), (x'6163', 'nor this'), ('', 'nor this')`)
	db.SetMaxOpenConns(1) // the loop needs it
	seen := 0
	for id, err := range st.IDs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.Load(t.Context(), id); err != nil {
			t.Fatalf("Load(%q) = %v", id, err)
		}
		if seen++; seen > n {
			t.Fatalf("IDs yielded more than the %d sessions", n)
		}
	}
	if seen != n {
		t.Errorf("IDs yielded %d of %d sessions", seen, n)
	}
}

func TestTooLarge(t *testing.T) {
	db := openDB(t, tempFile(t), fast)
	st := newStore(t, db, &sqlstore.Options{MaxBytes: 1000})
	if err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for id, value := range map[string]string{
		"blob":       "zeroblob(1001)",
		"huge":       "zeroblob(50000000)",
		"text":       "printf('%.*c', 501, 'é')",
		"nul":        "CAST(zeroblob(1001) AS TEXT)",
		"exact text": "printf('%.*c', 500, 'é')",
		"exact blob": "zeroblob(1000)",
	} {
		exec1(t, db, "INSERT INTO sessions VALUES (?, "+value+")", id)
		rec, err := st.Load(t.Context(), id)
		if fits := strings.HasPrefix(id, "exact"); fits && (err != nil || len(rec.Data) != 1000) {
			t.Errorf("Load(%s) = %d bytes, %v; want 1000", id, len(rec.Data), err)
		} else if !fits && !errors.Is(err, store.ErrTooLarge) {
			t.Errorf("Load(%s) = %d bytes, %v; want %v", id, len(rec.Data), err, store.ErrTooLarge)
		}
	}
}

func TestTableThatComesAndGoes(t *testing.T) {
	db := openDB(t, tempFile(t), fast)
	st := newStore(t, db, &sqlstore.Options{Table: "logins"})
	missing := func() {
		t.Helper()
		for what, err := range map[string]error{
			"Load":   second(st.Load(t.Context(), "a")),
			"Save":   second(st.Save(t.Context(), "a", nil, store.AnyRev, store.SaveOptions{})),
			"Delete": st.Delete(t.Context(), "a", store.AnyRev),
			"Ping":   st.Ping(t.Context()),
		} {
			if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrNotFound) ||
				!strings.Contains(fmt.Sprint(err), "CREATE TABLE IF NOT EXISTS `logins`") {
				t.Errorf("%s without a table = %v; want %v and how to make one", what, err, store.ErrUnavailable)
			}
		}
	}
	for range 2 {
		missing()
		if err := st.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := st.Ping(t.Context()); err != nil {
			t.Errorf("Ping = %v", err)
		}
		mustSave(t, st, "a", "x", store.Rev{})
		wantLoad(t, st, "a", "x")
		exec1(t, db, "DROP TABLE logins")
	}
	exec1(t, db, "CREATE TABLE logins (key text, a_session text)")
	missing() // SQLite takes a "name" that it does not know for a string
}

func second[T any](_ T, err error) error { return err }

// The files that Data::Session left, beside what it stored in them.
func TestStoresOfDataSession(t *testing.T) {
	dir := filepath.Join("..", "..", "testdata", "stores")
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest map[string]map[string]json.RawMessage
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	found := 0
	for name, sessions := range manifest {
		if filepath.Ext(name) != ".db" {
			continue
		}
		found++
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), name)
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			db := openDB(t, "dbi:SQLite:dbname="+file, sqlstore.SQLiteOptions{})
			st := newStore(t, db, nil)
			got := listed(t, st)
			for id := range sessions {
				if got[id] != 1 {
					t.Errorf("session %s is listed %d times", id, got[id])
				}
				rec, err := st.Load(t.Context(), id)
				if err != nil {
					t.Errorf("Load = %v", err)
					continue
				}
				var stored []byte
				if err := db.QueryRow("SELECT a_session FROM sessions WHERE id = ?", id).Scan(&stored); err != nil || string(stored) != string(rec.Data) {
					t.Errorf("Load = %d bytes, want the %d stored ones (%v)", len(rec.Data), len(stored), err)
				}
				mustSave(t, st, id, string(rec.Data)+" ", rec.Rev)
				if got := query1(t, db, typeOf, id); got != "blob" {
					t.Errorf("after Save the row is %s, want blob", got)
				}
			}
			if len(got) != len(sessions) {
				t.Errorf("%d sessions are listed, want %d", len(got), len(sessions))
			}
			if mode := query1(t, db, "PRAGMA journal_mode"); mode != "delete" {
				t.Errorf("the journal mode became %q", mode)
			}
		})
	}
	if found != 3 {
		t.Errorf("%d stores were tested, want 3", found)
	}
}
