package pg

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
	"github.com/go-datasession/datasession/store/storetest"
)

func TestBytes(t *testing.T) {
	for _, c := range []struct {
		name    string
		dialect sqlstore.Dialect
		columns string
		refused int
	}{
		{"bytea", sqlstore.Pg, bytea, 0},
		{"text", sqlstore.PgText, text, 3},                       // NUL, and the two with it
		{"characters", sqlstore.PgCharacters, text, 1 + 128 + 2}, // and bytes that are not UTF-8
		{"varchar", sqlstore.PgText, "(id char(32) primary key, a_session varchar(100))", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			base, db := database(t, c.dialect)
			if n := base.Bytes(t, db, c.columns); n != c.refused {
				t.Errorf("%d values were refused, want %d", n, c.refused)
			}
		})
	}
}

func TestTableOfTheApplication(t *testing.T) {
	base, db := database(t, sqlstore.PgText)
	base.UserRows(t, db)
	base.AutoCreate(t, db)
	base.Disconnects(t)
}

// Ids in char(32) are padded, and found and listed without the blanks.
func TestPaddedIDs(t *testing.T) {
	base, db := database(t, sqlstore.Pg)
	table := sqltest.Table(t, db, "(id char(32) not null primary key, a_session bytea not null)")
	st := base.Store(t, db, &sqlstore.Options{Table: "public." + strings.ToUpper(table)}) // folded, as Perl's is
	long := strings.Repeat("f", 32)
	sqltest.Save(t, st, long, "long", store.Rev{})
	rev := sqltest.Save(t, st, "short", "one", store.Rev{})
	sqltest.Save(t, st, "short", "two", rev)
	var ids []string
	for id, err := range st.IDs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
		sqltest.Holds(t, st, id, map[string]string{long: "long", "short": "two"}[id])
	}
	if want := []string{long, "short"}; !slices.Equal(ids, want) {
		t.Errorf("IDs = %q, want %q", ids, want)
	}
	for _, id := range []string{"short ", long + "f", "sh\x00rt", "\xff"} {
		if _, err := st.Load(t.Context(), id); !errors.Is(err, store.ErrInvalidID) {
			t.Errorf("Load(%q) = %v, want %v", id, err, store.ErrInvalidID)
		}
	}
	sqltest.Exec(t, db, "ALTER TABLE "+table+" ALTER id TYPE char(64)")
	sqltest.Save(t, st, long+"f", "longer", store.Rev{}) // while the store is in use
}

// Text that Perl made of a character string is read as UTF-8, and a change is a change.
func TestWideText(t *testing.T) {
	base, db := database(t, sqlstore.PgText)
	table := sqltest.Table(t, db, text)
	st := base.Store(t, db, &sqlstore.Options{Table: table})
	sqltest.Exec(t, db, "INSERT INTO "+table+" VALUES ('wide', '€ é'), ('narrow', 'é')")
	sqltest.Holds(t, st, "narrow", "\xe9")
	rev := sqltest.Holds(t, st, "wide", "€ é")
	rev2 := sqltest.Save(t, st, "wide", "ä", rev) // two bytes, two characters
	if got := sqltest.Query1(t, db, "SELECT a_session FROM "+table+" WHERE id = 'wide'"); got != "Ã¤" {
		t.Errorf("the column holds %q, want Perl's %q", got, "Ã¤")
	}
	if _, err := st.Save(t.Context(), "wide", nil, rev, store.SaveOptions{}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("Save over an old version = %v, want %v", err, store.ErrConflict)
	}
	if err := st.Delete(t.Context(), "wide", rev2); err != nil {
		t.Error(err)
	}
	base.Dialect = sqlstore.PgCharacters
	exact := base.Store(t, db, &sqlstore.Options{Table: table})
	rev = sqltest.Holds(t, exact, "narrow", "é")
	sqltest.Save(t, exact, "narrow", "€ \ufffd", rev)
	sqltest.Holds(t, exact, "narrow", "€ \ufffd")
}

// The other ways to run statements: compared under a lock, as databases need that cannot
// compare data; not prepared, as a pool of connections needs it; in transactions that
// the server may refuse.
func TestOtherWays(t *testing.T) {
	locked := sqlstore.Pg
	locked.Lock = "SELECT {data} FROM {table} WHERE " + locked.SameID + " FOR UPDATE"
	locked.SameData = "1 = 0"
	locked.Create, locked.Overwrite = "", ""
	for name, c := range map[string]struct {
		dialect    sqlstore.Dialect
		settings   string
		unprepared bool
	}{
		"locked":       {locked, "", false},
		"pgbouncer":    {sqlstore.Pg, "&default_query_exec_mode=cache_describe", true},
		"exec":         {sqlstore.PgText, "&default_query_exec_mode=exec", true},
		"serializable": {sqlstore.Pg, "&default_transaction_isolation=serializable", false},
	} {
		if name != "locked" && name != "pgbouncer" && !storetest.Long() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			base := at(server(t).URL()+c.settings, c.dialect)
			db := base.DB(t)
			columns, dev := bytea, storetest.Deviates(nil)
			if name == "exec" {
				columns, dev = text, noNUL
			}
			storetest.Run(t, func(t testing.TB) storetest.Place {
				p := base.Place(t, db, columns)
				if c.unprepared {
					open := sqltest.Table(t, db, columns)
					p.Open = func() (store.Store, error) {
						return base.Reopen(&sqlstore.Options{Table: open, Unprepared: true})
					}
					p.Block = nil
				}
				return p
			}, dev)
		})
	}
}

// Statements that the server has forgotten are prepared again.
func TestForgottenStatements(t *testing.T) {
	base, db := database(t, sqlstore.Pg)
	db.SetMaxOpenConns(1)
	table := sqltest.Table(t, db, bytea)
	st := base.Store(t, db, &sqlstore.Options{Table: table})
	rev := sqltest.Save(t, st, "a", "one", store.Rev{})
	sqltest.Exec(t, db, "DEALLOCATE ALL")
	sqltest.Holds(t, st, "a", "one")
	sqltest.Exec(t, db, "DISCARD ALL")
	sqltest.Save(t, st, "a", "two", rev)
	sqltest.Exec(t, db, "ALTER TABLE "+table+" ALTER id TYPE varchar(200)")
	sqltest.Holds(t, st, "a", "two")
}

func TestExact(t *testing.T) {
	_, db := database(t, sqlstore.Pg)
	sqltest.Exec(t, db, "CREATE EXTENSION IF NOT EXISTS citext")
	sqltest.Exec(t, db, "CREATE COLLATION IF NOT EXISTS folds (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
	const blank = "a "
	for _, c := range []struct {
		dialect  sqlstore.Dialect
		id, data string
		others   []string
	}{
		{sqlstore.Pg, "char(32)", "bytea", []string{"A"}},
		{sqlstore.Pg, "varchar(32)", "bytea", []string{"A", blank}},
		{sqlstore.Pg, "text", "bytea", []string{"A", blank}},
		{sqlstore.Pg, "citext", "bytea", []string{"A", blank}},
		{sqlstore.Pg, "text COLLATE folds", "bytea", []string{"A", blank}},
		{sqlstore.PgText, "text", "text", []string{"A", blank}},
		{sqlstore.PgText, "text", "text COLLATE folds", []string{"A", blank}},
		{sqlstore.PgText, "char(32)", "varchar(100)", []string{"A"}},
	} {
		base, db := database(t, c.dialect)
		base.Exact(t, db, "(id "+c.id+" not null primary key, a_session "+c.data+" not null)", c.others...)
	}
}
