package sqltest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// Bytes checks that data of every byte, of a byte, 64 kB and 1 MB, comes back unchanged or
// is refused with one of the errors for that, before what was stored has changed. It
// returns how many of the 258 were refused.
func (d Database) Bytes(t *testing.T, db *sql.DB, columns string) (refused int) {
	st := d.Store(t, db, &sqlstore.Options{Table: Table(t, db, columns)})
	every := make([]byte, 256)
	var values [][]byte
	for i := range every {
		every[i] = byte(i)
		values = append(values, []byte{byte(i)})
	}
	values = append(values, bytes.Repeat(every, 256), bytes.Repeat(every, 4096))
	Save(t, st, "kept", "kept", store.Rev{})
	for i, v := range values {
		id := fmt.Sprint("id", i)
		_, err := st.Save(t.Context(), id, v, store.Rev{}, store.SaveOptions{})
		switch {
		case err == nil:
			rev := Holds(t, st, id, string(v))
			Save(t, st, id, string(v), rev)            // the same again, on which no row is changed
			Save(t, st, id, string(v[:len(v)/2]), rev) // and it is still the version
			Save(t, st, id, string(v), store.AnyRev)
			Holds(t, st, id, string(v))
		case !errors.Is(err, store.ErrTooLarge) && !errors.Is(err, store.ErrInvalidData):
			t.Fatalf("Save(%d bytes, %.4x) = %v", len(v), v, err)
		default:
			refused++
			if _, err := st.Load(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Load of what was refused = %v", err)
			}
			for _, old := range []store.Rev{Holds(t, st, "kept", "kept"), store.AnyRev} {
				if _, err := st.Save(t.Context(), "kept", v, old, store.SaveOptions{}); err == nil {
					t.Errorf("Save of what was refused went through")
				}
			}
		}
	}
	Holds(t, st, "kept", "kept")
	return refused
}

// UserRows checks the use of flexmysql in a table of the application's: a session in a
// column of a row that has others, and that is neither made nor deleted with it.
func (d Database) UserRows(t *testing.T, db *sql.DB) {
	table := Table(t, db, "(Email varchar(100) primary key, Name varchar(20) default 'nobody', State text)")
	Exec(t, db, "INSERT INTO "+table+" VALUES ('ann@example.com', 'Ann', NULL), ('bob@example.com', 'Bob', 'old')")
	flex := sqlstore.FlexMySQL{Table: table, KeyField: "Email", DataField: "State", NoInsert: true, NoDelete: true}
	st := d.Store(t, db, flex.Options())
	const ann, bob = "ann@example.com", "bob@example.com"
	fails := func(want error, what string, err error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s = %v, want %v", what, err, want)
		}
	}
	save := func(id string, old store.Rev) error {
		_, err := st.Save(t.Context(), id, []byte("mine"), old, store.SaveOptions{})
		return err
	}
	_, err := st.Load(t.Context(), ann)
	fails(store.ErrNotFound, "Load of NULL", err)
	fails(store.ErrConflict, "Save of a new session where there is one", save(bob, store.Rev{}))
	fails(store.ErrNotFound, "Save without a row", save("eve@example.com", store.Rev{}))
	fails(store.ErrNotFound, "Save over anything without a row", save("eve@example.com", store.AnyRev))
	fails(store.ErrNotFound, "Save without a row", save("eve@example.com", store.DataRev([]byte("x"))))
	fails(store.ErrNotFound, "Save over NULL", save(ann, store.DataRev([]byte("x"))))

	rev := Save(t, st, ann, "new", store.Rev{})
	rev = Save(t, st, ann, "newer", rev)
	Save(t, st, bob, "new", Holds(t, st, bob, "old"))
	Save(t, st, bob, "new", store.AnyRev)
	fails(store.ErrConflict, "Delete of what has changed", st.Delete(t.Context(), ann, store.DataRev([]byte("new"))))
	fails(nil, "Delete", st.Delete(t.Context(), ann, rev))
	fails(nil, "Delete", st.Delete(t.Context(), bob, store.AnyRev))
	fails(nil, "Delete again", st.Delete(t.Context(), bob, store.AnyRev))
	rows := Query1(t, db, "SELECT count(*) FROM "+table+" WHERE State IS NULL AND Name IN ('Ann', 'Bob')")
	if rows != "2" {
		t.Errorf("%s rows are as the application made them, want 2", rows)
	}
	for id, err := range st.IDs(t.Context()) {
		t.Errorf("IDs yields %q, %v", id, err)
	}

	// Without NoInsert and NoDelete rows come and go, and a NULL is filled all the same.
	free := d.Store(t, db, &sqlstore.Options{Table: table, IDColumn: "Email", DataColumn: "State"})
	Save(t, free, ann, "new", store.Rev{})
	Save(t, free, bob, "new", store.AnyRev)
	Save(t, free, "eve@example.com", "new", store.Rev{})
	for name, want := range map[string]string{"Ann": "1", "Bob": "1", "nobody": "1"} {
		if n := Query1(t, db, "SELECT count(*) FROM "+table+" WHERE State = 'new' AND Name = '"+name+"'"); n != want {
			t.Errorf("%s rows of %s, want %s", n, name, want)
		}
	}
	fails(nil, "Delete", free.Delete(t.Context(), "eve@example.com", store.AnyRev))
	if n := Query1(t, db, "SELECT count(*) FROM "+table); n != "2" {
		t.Errorf("%s rows, want 2", n)
	}
}

// AutoCreate checks that a save makes the table, for each version that it may be over.
func (d Database) AutoCreate(t *testing.T, db *sql.DB) {
	for _, old := range []store.Rev{{}, store.AnyRev} {
		name := Name()
		plain := d.Store(t, db, &sqlstore.Options{Table: name})
		_, err := plain.Save(t.Context(), "a", nil, old, store.SaveOptions{})
		if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), name) {
			t.Errorf("Save without a table = %v, want %v with its name", err, store.ErrUnavailable)
		}
		st := d.Store(t, db, &sqlstore.Options{Table: name, AutoCreate: true})
		if _, err := st.Load(t.Context(), "a"); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("Load without a table = %v, want %v", err, store.ErrUnavailable)
		}
		Save(t, st, "a", "one", old)
		Holds(t, plain, "a", "one")
		Exec(t, db, "DROP TABLE "+name)
	}
}

// Disconnects checks what AutoDisconnect says about who closes the database.
func (d Database) Disconnects(t *testing.T) {
	yes, no := true, false
	for _, c := range []struct {
		auto          *bool
		opened, given bool // is closed
	}{{nil, true, false}, {&yes, true, true}, {&no, false, false}} {
		opts := &sqlstore.Options{Table: Name(), AutoDisconnect: c.auto}
		db := d.DB(t)
		given, err1 := sqlstore.New(db, d.Dialect, opts)
		mine := d.DB(t)
		opened, err2 := sqlstore.Open(func(context.Context) (*sql.DB, error) { return mine, nil }, d.Dialect, opts)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		_ = opened.Ping(t.Context())
		if err := errors.Join(given.Close(), opened.Close()); err != nil {
			t.Error(err)
		}
		if (db.Ping() != nil) != c.given || (mine.Ping() != nil) != c.opened {
			t.Errorf("AutoDisconnect %v: closed what was given: %t, what was opened: %t; want %t, %t",
				c.auto, db.Ping() != nil, mine.Ping() != nil, c.given, c.opened)
		}
	}
}

// Exact checks that a store takes no row for another, and no data, that differ only in
// case or, if the column keeps it, in a blank at the end. others are ids of rows that "a"
// is not.
func (d Database) Exact(t *testing.T, db *sql.DB, columns string, others ...string) {
	t.Helper()
	for _, other := range others {
		table := Table(t, db, columns)
		Exec(t, db, "INSERT INTO "+table+" (id, a_session) VALUES ('"+other+"', 'data')")
		st := d.Store(t, db, &sqlstore.Options{Table: table})
		if _, err := st.Load(t.Context(), "a"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: Load(%q) with a row of %q = %v, want %v", columns, "a", other, err, store.ErrNotFound)
		}
		rev := store.DataRev([]byte("data"))
		if _, err := st.Save(t.Context(), "a", []byte("new"), rev, store.SaveOptions{}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: Save(%q) with a row of %q = %v, want %v", columns, "a", other, err, store.ErrNotFound)
		}
		if err := st.Delete(t.Context(), "a", store.AnyRev); err != nil || Query1(t, db, "SELECT count(*) FROM "+table) != "1" {
			t.Errorf("%s: Delete(%q) has deleted the row of %q, or %v", columns, "a", other, err)
		}
	}
	st := d.Store(t, db, &sqlstore.Options{Table: Table(t, db, columns)})
	Save(t, st, "b", "data", store.Rev{})
	for _, stale := range []string{"Data", "data "} {
		if _, err := st.Save(t.Context(), "b", []byte("new"), store.DataRev([]byte(stale)), store.SaveOptions{}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("%s: Save over %q = %v, want %v", columns, stale, err, store.ErrConflict)
		}
	}
	Save(t, st, "b", "new", Holds(t, st, "b", "data"))
	Holds(t, st, "b", "new")
}
