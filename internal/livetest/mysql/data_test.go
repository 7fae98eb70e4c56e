package mysql

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
	"github.com/go-datasession/datasession/store/storetest"
)

// The settings of a connection that decide what a plain statement does with data that
// does not fit, and which rows count.
var settings = map[string]string{
	"strict":    "?sql_mode='STRICT_ALL_TABLES'",
	"lax":       "?sql_mode=''",
	"foundRows": "?clientFoundRows=true&sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
	"in text":   "?interpolateParams=true",
}

func TestBytes(t *testing.T) {
	const big, both, not = 1, 2, 128 // what is refused: 1 MB; 64 kB too; bytes that are not text
	for _, c := range []struct {
		column  string
		refused int
	}{
		{"tinyblob", both},
		{"blob", both}, // 65,535 bytes, and they are 65,536
		{"mediumblob", 0},
		{"longblob", 0},
		{"varbinary(500)", both},
		{"tinytext CHARACTER SET utf8mb4", not + both},
		{"text CHARACTER SET utf8mb4", not + both},
		{"text CHARACTER SET utf8mb3", not + both},
		{"longtext CHARACTER SET latin1", not + both},
		{"mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", not + both},
		{"varchar(500) CHARACTER SET utf8mb4", not + both},
		{"text CHARACTER SET ascii", not + both},
	} {
		for name, set := range settings {
			if name != "lax" && name != "foundRows" && !storetest.Long() {
				continue
			}
			t.Run(c.column+" "+name, func(t *testing.T) {
				base := at(server(t).DSN() + strings.ReplaceAll(strings.ReplaceAll(set, "'", "%27"), ",", "%2C"))
				columns := "(id char(32) not null primary key, a_session " + c.column + ")"
				if n := base.Bytes(t, base.DB(t), columns); n != c.refused {
					t.Errorf("%d values were refused, want %d", n, c.refused)
				}
			})
		}
	}
}

func TestTableOfTheApplication(t *testing.T) {
	for name, set := range settings {
		t.Run(name, func(t *testing.T) {
			base := at(server(t).DSN() + strings.ReplaceAll(strings.ReplaceAll(set, "'", "%27"), ",", "%2C"))
			db := base.DB(t)
			base.UserRows(t, db)
			base.AutoCreate(t, db)
		})
	}
	base, _ := database(t)
	base.Disconnects(t)
}

// Just what fits is stored, and a byte more is refused, also where the server would cut.
func TestTruncation(t *testing.T) {
	base := at(server(t).DSN() + "?sql_mode=%27%27")
	db := base.DB(t)
	st := base.Store(t, db, &sqlstore.Options{Table: sqltest.Table(t, db,
		"(id char(32) not null primary key, a_session text CHARACTER SET utf8mb4 not null)")})
	fits := strings.Repeat("x", 65535)
	rev := sqltest.Save(t, st, "a", fits, store.Rev{})
	for _, old := range []store.Rev{rev, store.AnyRev} {
		if _, err := st.Save(t.Context(), "a", []byte(fits+"x"), old, store.SaveOptions{}); !errors.Is(err, store.ErrTooLarge) {
			t.Errorf("Save of 65,536 bytes = %v, want %v", err, store.ErrTooLarge)
		}
	}
	wide := strings.Repeat("€", 65535/3)
	sqltest.Save(t, st, "b", wide, store.Rev{})
	sqltest.Holds(t, st, "b", wide)
	sqltest.Holds(t, st, "a", fits)
	if _, err := st.Load(t.Context(), strings.Repeat("f", 33)); !errors.Is(err, store.ErrInvalidID) {
		t.Errorf("Load of an id that the column cuts = %v, want %v", err, store.ErrInvalidID)
	}
}

// Ids that the column takes for one are not mixed up.
func TestFoldedIDs(t *testing.T) {
	base, db := database(t)
	table := sqltest.Table(t, db, "(id char(32) not null primary key, a_session text not null) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
	st := base.Store(t, db, &sqlstore.Options{Table: "test." + table})
	rev := sqltest.Save(t, st, "abc", "one", store.Rev{})
	if _, err := st.Load(t.Context(), "ABC"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Load = %v", err)
	}
	for _, old := range []store.Rev{{}, store.AnyRev} {
		if _, err := st.Save(t.Context(), "ABC", []byte("two"), old, store.SaveOptions{}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("Save = %v, want %v", err, store.ErrConflict)
		}
	}
	if _, err := st.Save(t.Context(), "ABC", []byte("two"), rev, store.SaveOptions{}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Save = %v, want %v", err, store.ErrNotFound)
	}
	for _, old := range []store.Rev{rev, store.AnyRev} {
		if err := st.Delete(t.Context(), "ABC", old); err != nil {
			t.Errorf("Delete = %v", err)
		}
	}
	sqltest.Holds(t, st, "abc", "one")
}

// The other strategy, for data that cannot be compared; and connections that count the
// rows that match.
func TestOtherWays(t *testing.T) {
	locked := sqlstore.MySQL
	locked.Lock = "SELECT {data} FROM {table} WHERE " + locked.SameID + " FOR UPDATE"
	locked.SameData = "1 = 0"
	for name, c := range map[string]struct {
		dialect  sqlstore.Dialect
		settings string
	}{
		"locked":     {locked, "?innodb_lock_wait_timeout=1"},
		"found rows": {sqlstore.MySQL, "?clientFoundRows=true"},
		"unprepared": {sqlstore.MySQL, "?interpolateParams=true"},
	} {
		if name != "locked" && !storetest.Long() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			base := at(server(t).DSN() + c.settings)
			base.Dialect = c.dialect
			db := base.DB(t)
			storetest.Run(t, func(t testing.TB) storetest.Place {
				p, table := base.Place(t, db, exactID), sqltest.Table(t, db, exactID)
				if name == "unprepared" {
					p.Block = nil
					p.Open = func() (store.Store, error) { return base.Reopen(&sqlstore.Options{Table: table, Unprepared: true}) }
				}
				return p
			}, nil)
		})
	}
}

// A session that Perl, or another, has locked is locked. The suite has more about locks.
func TestApacheLocks(t *testing.T) {
	base, db := database(t)
	if storetest.Long() {
		storetest.Run(t, func(t testing.TB) storetest.Place {
			table := sqltest.Table(t, db, exactID)
			return storetest.Place{Open: func() (store.Store, error) {
				st, err := base.Reopen(&sqlstore.Options{Table: table})
				return sqlstore.NewApacheLocks(st.(*sqlstore.Store), db), err
			}}
		}, nil)
	}
	st := sqlstore.NewApacheLocks(base.Store(t, db, nil), db)
	unlock, err := st.Lock(t.Context(), "abc")
	if err != nil {
		t.Fatal(err)
	}
	if free := sqltest.Query1(t, db, "SELECT IS_FREE_LOCK('Apache-Session-abc')"); free != "0" {
		t.Errorf("Perl's lock is free: %s", free)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := st.Lock(ctx, "abc"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Lock of a locked session = %v, want %v", err, context.DeadlineExceeded)
	}
	id := sqltest.Query1(t, db, "SELECT IS_USED_LOCK('Apache-Session-abc')")
	sqltest.Exec(t, db, "KILL "+id)
	if err := unlock(); err == nil {
		t.Errorf("unlock after the connection is gone = no error")
	}
	again, err := st.Lock(t.Context(), "abc")
	if err != nil {
		t.Fatalf("Lock after that = %v", err)
	}
	if err := again(); err != nil {
		t.Errorf("unlock = %v", err)
	}
	if _, err := st.Lock(t.Context(), strings.Repeat("f", 200)); !errors.Is(err, store.ErrInvalidID) {
		t.Errorf("Lock with a long name = %v, want %v", err, store.ErrInvalidID)
	}
}

func TestExact(t *testing.T) {
	base, db := database(t)
	const blank = "a "
	for _, c := range []struct {
		id, data string
		others   []string
	}{
		{"char(32) COLLATE ascii_bin", "blob", []string{"A"}},
		{"char(32) COLLATE utf8mb4_general_ci", "blob", []string{"A"}},
		{"varchar(32) COLLATE ascii_bin", "blob", []string{"A", blank}},
		{"varchar(32) COLLATE utf8mb4_general_ci", "blob", []string{"A", blank}},
		{"varchar(32) COLLATE utf8mb4_nopad_bin", "blob", []string{"A", blank}},
		{"varbinary(32)", "varbinary(100)", []string{"A", blank}},
		{"char(32) COLLATE ascii_bin", "text COLLATE utf8mb4_general_ci", []string{"A"}},
		{"char(32) COLLATE ascii_bin", "text COLLATE utf8mb4_bin", []string{"A"}},
	} {
		base.Exact(t, db, "(id "+c.id+" not null primary key, a_session "+c.data+" not null)", c.others...)
	}
}
