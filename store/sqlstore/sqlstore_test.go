package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-datasession/datasession/store"
)

// Real databases are in internal/livetest, which may import drivers.

func TestNames(t *testing.T) {
	bad := []string{"1st", "a b", "a-b", "a;b", "a'b", `a"b`, "a`b", "a[b", "a\x00b", "a\nb", ".", "a.", ".a", "a.b.c",
		"sessions; drop table users", "sessions--", "é'", strings.Repeat("a", 64), "\xff"}
	db := sql.OpenDB(&fake{})
	defer db.Close()
	for _, name := range bad {
		for field, o := range map[string]Options{"Table": {Table: name}, "IDColumn": {IDColumn: name}, "DataColumn": {DataColumn: name}} {
			if _, err := New(db, SQLite, &o); err == nil {
				t.Errorf("New with %s %q = no error", field, name)
			}
		}
	}
	for _, o := range []Options{
		{}, {Table: "main.sessions"}, {Table: "Übung_1$"}, {IDColumn: "order", DataColumn: "select"},
		{Table: strings.Repeat("a", 63)},
	} {
		if _, err := New(db, SQLite, &o); err != nil {
			t.Errorf("New(%+v) = %v", o, err)
		}
	}
	for _, o := range []Options{{IDColumn: "a_session"}, {DataColumn: "ID"}, {IDColumn: "a.b"}} {
		if _, err := New(db, SQLite, &o); err == nil {
			t.Errorf("New(%+v) = no error", o)
		}
	}
}

func TestStatements(t *testing.T) {
	template := "UPDATE {table} SET {data} = {?data} WHERE {id} = {?id} AND {data} = {?old} AND {id} = {?id}"
	twice := SQLite
	twice.Bind = func(int) string { return "?" }
	twice.Reuse = false
	for _, c := range []struct {
		name  string
		d     Dialect
		want  string
		binds []string
	}{
		{"reused", SQLite, "UPDATE t SET d = ?1 WHERE i = ?2 AND d = ?3 AND i = ?2", []string{"data", "id", "old"}},
		{"repeated", twice, "UPDATE t SET d = ? WHERE i = ? AND d = ? AND i = ?", []string{"data", "id", "old", "id"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := c.d.expand(template, "t", "i", "d")
			if q.text != c.want || !slices.Equal(q.binds, c.binds) {
				t.Errorf("expand = %s binding %q\nwant %s binding %q", q.text, q.binds, c.want, c.binds)
			}
		})
	}
	s, db := newFake(t, &fake{}, &Options{Table: "main.order"})
	defer db.Close()
	for _, q := range s.queries {
		a := args{data: []byte{}, old: []byte{}, many: make([]store.Entry, batchDelete)}
		if strings.ContainsAny(q.text, "{}") || !strings.Contains(q.text, "`main`.`order`") || slices.Contains(q.values(a), nil) {
			t.Errorf("a template is not made into a statement: %s %q", q.text, q.binds)
		}
	}
}

func TestSQLiteFault(t *testing.T) {
	for text, want := range map[string]Fault{
		"database is locked":                                 Busy,
		"sqlite3: database is locked":                        Busy,
		"database is locked (5) (SQLITE_BUSY)":               Busy,
		"database table is locked: sessions":                 Busy,
		"no such table: sessions":                            NoTable,
		"sqlite3: SQL logic error: no such table: s":         NoTable,
		"no such column: id":                                 NoTable,
		"table sessions has no column named id":              NoTable,
		"unable to open database file: no such directory":    Unreachable,
		"file is not a database":                             Unreachable,
		"UNIQUE constraint failed: sessions.id":              Other,
		"attempt to write a readonly database":               Other,
		"sqlite3: database or disk is full":                  Other,
		"sqlite3: database disk image is malformed: page 12": Unreachable,
	} {
		if got := SQLite.Fault(errors.New(text)); got != want {
			t.Errorf("Fault(%q) = %d, want %d", text, got, want)
		}
	}
}

func newFake(t *testing.T, f *fake, o *Options) (*Store, *sql.DB) {
	t.Helper()
	db := sql.OpenDB(f)
	s, err := New(db, SQLite, o)
	if err != nil {
		t.Fatal(err)
	}
	return s, db
}

var errLocked = errors.New("database is locked")

func TestBusyIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		f := &fake{answer: func(context.Context, string, []driver.NamedValue) (int64, [][]driver.Value, error) {
			if tries++; tries <= 20 {
				return 0, nil, errLocked
			}
			return 1, nil, nil
		}}
		s, db := newFake(t, f, nil)
		defer db.Close()
		defer s.Close()
		if _, err := s.Save(t.Context(), "a", nil, store.Rev{}, store.SaveOptions{}); err != nil || tries != 21 {
			t.Errorf("Save = %v after %d tries, want success after 21", err, tries)
		}

		tries = -1 << 30
		start := time.Now()
		_, err := s.Save(context.Background(), "a", nil, store.Rev{}, store.SaveOptions{})
		if took := time.Since(start); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, errLocked) || took < 10*time.Second || took > 11*time.Second {
			t.Errorf("Save without a deadline = %v after %v, want %v after 10s", err, took, store.ErrUnavailable)
		}

		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		start = time.Now()
		_, err = s.Save(ctx, "a", nil, store.Rev{}, store.SaveOptions{})
		if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errLocked) || took != 20*time.Second {
			t.Errorf("Save with a deadline = %v after %v, want %v after 20s", err, took, context.DeadlineExceeded)
		}
	})
}

// A driver that does not come back keeps nobody waiting, and ends by itself.
func TestDriverThatLingers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []byte
		f := &fake{linger: 5000, answer: func(_ context.Context, _ string, args []driver.NamedValue) (int64, [][]driver.Value, error) {
			time.Sleep(5 * time.Second)
			for _, a := range args {
				if b, ok := a.Value.([]byte); ok {
					got = b
				}
			}
			return 1, nil, nil
		}}
		s, db := newFake(t, f, nil)
		defer db.Close()
		defer s.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		start := time.Now()
		buf := []byte("mine")
		_, err := s.Save(ctx, "a", buf, store.AnyRev, store.SaveOptions{})
		took := time.Since(start)
		copy(buf, "gone") // the call may still be at it, but not with this
		if !errors.Is(err, context.DeadlineExceeded) || took > 250*time.Millisecond {
			t.Errorf("Save = %v after %v, want %v after 200ms", err, took, context.DeadlineExceeded)
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if n := db.Stats().InUse; n != 0 || string(got) != "mine" {
			t.Errorf("afterwards %d connections are in use and %q was saved; want none, and \"mine\"", n, got)
		}
	})
}

func TestOpen(t *testing.T) {
	f := &fake{answer: func(context.Context, string, []driver.NamedValue) (int64, [][]driver.Value, error) {
		return 0, [][]driver.Value{{[]byte("x")}}, nil
	}}
	var calls int
	s, err := Open(func(context.Context) (*sql.DB, error) {
		if calls++; calls == 1 {
			return nil, errors.New("not yet")
		}
		return sql.OpenDB(f), nil
	}, SQLite, nil)
	if err != nil || calls != 0 {
		t.Fatalf("Open = %v after %d calls, want none", err, calls)
	}
	if _, err := s.Load(t.Context(), "a"); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "not yet") {
		t.Errorf("Load = %v, want %v: not yet", err, store.ErrUnavailable)
	}
	for range 3 {
		if rec, err := s.Load(t.Context(), "a"); err != nil || string(rec.Data) != "x" {
			t.Errorf("Load = %q, %v", rec.Data, err)
		}
	}
	if calls != 2 {
		t.Errorf("the database was opened %d times, want 2", calls)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	}
	if n := f.open.Load(); n != 0 {
		t.Errorf("%d connections are open after Close", n)
	}
	if _, err := s.Load(t.Context(), "a"); err == nil || calls != 2 {
		t.Errorf("Load after Close = %v and %d calls of open", err, calls)
	}

	mine := sql.OpenDB(f)
	defer mine.Close()
	if s, err = New(mine, SQLite, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil || mine.PingContext(t.Context()) != nil {
		t.Errorf("Close = %v, and the caller's database is closed", err)
	}
}

func TestErrorsNameNoID(t *testing.T) {
	f := &fake{answer: func(context.Context, string, []driver.NamedValue) (int64, [][]driver.Value, error) {
		return 0, nil, errors.New("no such table: sessions")
	}}
	s, db := newFake(t, f, nil)
	defer db.Close()
	defer s.Close()
	const id, data = "secret-id", "secret-data"
	_, load := s.Load(t.Context(), id)
	_, save := s.Save(t.Context(), id, []byte(data), store.DataRev([]byte(data)), store.SaveOptions{})
	_, long := s.Load(t.Context(), strings.Repeat(id, 100))
	for _, err := range []error{load, save, long, s.Delete(t.Context(), id, store.AnyRev), s.Ping(t.Context()), s.Migrate(t.Context())} {
		if err == nil || strings.Contains(fmt.Sprintf("%+v", err), "secret") {
			t.Errorf("error = %v", err)
		}
	}
	if want := "load from SQLite: store unavailable: no table sessions as wanted; make it with Migrate, or: CREATE TABLE"; !strings.HasPrefix(load.Error(), want) {
		t.Errorf("Load = %v\nwant %s…", load, want)
	}
}

func TestSQLiteDSN(t *testing.T) {
	const common = "_busy_timeout=50&_pragma=busy_timeout(50)&_pragma=synchronous(2)&_synchronous=2&_txlock=immediate&mode=rw"
	for _, c := range []struct {
		source string
		o      SQLiteOptions
		want   string
	}{
		{"/var/lib/s.db", SQLiteOptions{}, "file:/var/lib/s.db?" + common},
		{"//var//lib/s.db", SQLiteOptions{}, "file:/var/lib/s.db?" + common},
		{"s.db", SQLiteOptions{}, "file:s.db?" + common},
		{"a b#c?d%41.db", SQLiteOptions{}, "file:a%20b%23c%3Fd%2541.db?" + common},
		{"dbi:SQLite:dbname=s.db", SQLiteOptions{}, "file:s.db?" + common},
		{"dbi:SQLite:s.db", SQLiteOptions{}, "file:s.db?" + common},
		{"DBI:SQLITE(RaiseError=>1):database=s.db;foo=1", SQLiteOptions{}, "file:s.db?" + common},
		{"dbi:SQLite:uri=file:s.db?cache=shared", SQLiteOptions{}, "file:s.db?" + strings.Replace(common, "&mode", "&cache=shared&mode", 1)},
		{"file:///s.db", SQLiteOptions{}, "file:/s.db?" + common},
		{"sqlite:///var/s.db", SQLiteOptions{}, "file:/var/s.db?" + common},
		{"sqlite3:s.db", SQLiteOptions{}, "file:s.db?" + common},
		{"file:s%20t.db?mode=rwc", SQLiteOptions{}, "file:s%20t.db?" + strings.Replace(common, "mode=rw", "mode=rwc", 1)},
		{"file:s.db?_pragma=busy_timeout(9)", SQLiteOptions{}, "file:s.db?_pragma=busy_timeout(9)&_pragma=synchronous(2)&_synchronous=2&_txlock=immediate&mode=rw"},
		{"s.db", SQLiteOptions{ReadOnly: true}, "file:s.db?" + strings.Replace(common, "mode=rw", "mode=ro", 1)},
		{"s.db", SQLiteOptions{WAL: true, Normal: true, BusyTimeout: time.Second},
			"file:s.db?" + strings.NewReplacer("50", "1000", "2", "1").Replace(common)},
		{":memory:", SQLiteOptions{}, "file::memory:?" + strings.Replace(common, "mode=rw", "mode=memory", 1)},
	} {
		got, err := SQLiteDSN(c.source, &c.o)
		if plain, _ := url.QueryUnescape(afterQuestion(got)); err != nil || beforeQuestion(got)+"?"+plain != c.want {
			t.Errorf("SQLiteDSN(%q, %+v) = %s, %v\nwant %s", c.source, c.o, got, err, c.want)
		}
	}
	for _, source := range []string{"", "dbi:SQLite", "dbi:SQLite:", "dbi:SQLite:dbname=", "dbi:SQLite:x=y", "a\x00b", "file:", "file:%zz"} {
		if got, err := SQLiteDSN(source, nil); err == nil {
			t.Errorf("SQLiteDSN(%q) = %s, want an error", source, got)
		}
	}
	if _, err := SQLiteDSN("s.db", &SQLiteOptions{Normal: true}); err == nil {
		t.Errorf("SQLiteDSN with Normal and without WAL = no error")
	}
}

func beforeQuestion(dsn string) string { before, _, _ := strings.Cut(dsn, "?"); return before }
func afterQuestion(dsn string) string  { _, after, _ := strings.Cut(dsn, "?"); return after }
