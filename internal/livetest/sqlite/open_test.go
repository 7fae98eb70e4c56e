package sqlite

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
)

func TestOpenSQLiteSources(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	odd := "a b#%41?+&;é.db"
	for source, file := range map[string]string{
		filepath.Join(dir, "abs.db"): "abs.db",
		"rel.db":                     "rel.db",
		"./" + odd:                   odd,
		"file:url.db":                "url.db",
		"file:" + filepath.ToSlash(dir) + "/a%20b.db?cache=private": "a b.db",
		"dbi:SQLite:dbname=perl1.db":                                "perl1.db",
		"DBI:sqlite:perl2.db":                                       "perl2.db",
		"dbi:SQLite(RaiseError=>1):dbname=perl3.db;x=y":             "perl3.db",
		"dbi:SQLite:uri=file:perl4.db":                              "perl4.db",
	} {
		db, err := sqlstore.OpenSQLite(t.Context(), Driver, source, &perlLike)
		if err != nil {
			t.Errorf("OpenSQLite(%q) = %v", source, err)
			continue
		}
		exec1(t, db, "CREATE TABLE t (x)")
		db.Close()
		info, err := os.Stat(file)
		if err != nil {
			t.Errorf("OpenSQLite(%q) did not make %q: %v", source, file, err)
			continue
		}
		if info.Size() == 0 {
			t.Errorf("OpenSQLite(%q) made %q and then used another file", source, file)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o, want 600", file, mode)
		}
	}
}

func TestOpenSQLiteSettings(t *testing.T) {
	file := tempFile(t)
	mode := func(db *sql.DB) string { return query1(t, db, "PRAGMA journal_mode") }
	plain := openDB(t, file, perlLike)
	if got := mode(plain); got != "delete" {
		t.Errorf("a new file has journal mode %q, want SQLite's own", got)
	}
	if got := query1(t, plain, "PRAGMA synchronous"); got != "2" {
		t.Errorf("synchronous = %s, want 2 (FULL)", got)
	}
	wal := openDB(t, tempFile(t), sqlstore.SQLiteOptions{Create: true, WAL: true})
	if got := mode(wal) + query1(t, wal, "PRAGMA synchronous"); got != "wal2" {
		t.Errorf("with WAL journal mode and synchronous are %s, want wal2 (FULL)", got)
	}
	for range 20 { // each connection of the pool
		if got := query1(t, plain, "PRAGMA busy_timeout"); got != "50" {
			t.Errorf("busy_timeout = %s, want 50", got)
		}
	}
	logged := openDB(t, file, fast)
	if got := mode(logged) + query1(t, logged, "PRAGMA synchronous"); got != "wal1" {
		t.Errorf("with WAL and Normal journal mode and synchronous are %s", got)
	}
	if got := mode(openDB(t, file, sqlstore.SQLiteOptions{})); got != "wal" {
		t.Errorf("opening the file without options made its journal mode %q", got)
	}
	given := openDB(t, "file:"+file+"?_busy_timeout=1234&_pragma=busy_timeout(1234)", sqlstore.SQLiteOptions{})
	if got := query1(t, given, "PRAGMA busy_timeout"); got != "1234" {
		t.Errorf("busy_timeout = %s, want 1234 as the URL says", got)
	}
	ro := openDB(t, file, sqlstore.SQLiteOptions{ReadOnly: true})
	if _, err := ro.Exec("CREATE TABLE t (x)"); err == nil {
		t.Errorf("a file that was opened for reading can be written")
	}
}

func TestOpenSQLiteInMemory(t *testing.T) {
	for _, source := range []string{":memory:", "dbi:SQLite:dbname=:memory:"} {
		db := openDB(t, source, perlLike)
		st := newStore(t, db, nil)
		if err := st.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		mustSave(t, st, "a", "one", store.Rev{})
		for range st.IDs(t.Context()) {
			wantLoad(t, st, "a", "one")
		}
	}
	if _, err := os.Stat(":memory:"); err == nil {
		t.Errorf("a file of the name :memory: was made")
	}
}

func TestOpenSQLiteRefuses(t *testing.T) {
	utf16 := tempFile(t)
	db := openDB(t, utf16, perlLike)
	db.SetMaxOpenConns(1)
	exec1(t, db, "PRAGMA encoding = 'UTF-16'")
	exec1(t, db, "CREATE TABLE t (x)")
	if _, err := sqlstore.OpenSQLite(t.Context(), Driver, utf16, nil); err == nil || !strings.Contains(err.Error(), "UTF-16") {
		t.Errorf("OpenSQLite of a UTF-16 database = %v", err)
	}
	missing := filepath.Join(t.TempDir(), "missing.db")
	if _, err := sqlstore.OpenSQLite(t.Context(), Driver, missing, nil); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("OpenSQLite of a missing file = %v, want %v", err, store.ErrUnavailable)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Errorf("OpenSQLite made a file without the option Create")
	}
}
