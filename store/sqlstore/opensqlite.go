package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-datasession/datasession/store"
)

// SQLiteOptions says how [OpenSQLite] opens a file. The zero value leaves
// everything about the file as it is.
type SQLiteOptions struct {
	// Create makes the file if it is not there, for its owner only. Without
	// it a file that is not there is an error.
	Create bool
	// ReadOnly opens the file for reading.
	ReadOnly bool
	// WAL switches the file to a write-ahead log: a commit that waits for the
	// disk is some five times as fast, and readers do not wait for a writer.
	// The switch stays in the file, so it is made for the Perl programs that
	// share it too; and all of them must be on the same machine.
	WAL bool
	// Normal syncs a write-ahead log at checkpoints and not at each commit,
	// which is some five times as fast again. A power cut can take back the
	// last commits, and does not damage the file. It needs WAL.
	Normal bool
	// BusyTimeout is for how long SQLite itself waits for a lock. Zero means 50
	// milliseconds: a Store tries again by itself, and some drivers do not
	// notice that a context has ended while SQLite waits.
	BusyTimeout time.Duration
}

// sqliteConns is how many connections are kept; opening one costs more than
// many a statement.
const sqliteConns = 8

// OpenSQLite opens a SQLite file with the driver that is registered as driver
// ("sqlite3" for most, "sqlite" for modernc's), and checks that the settings have
// taken effect, since drivers ignore those that they spell differently. See
// [SQLiteDSN] for source. A file that cannot be opened or is no database is
// ErrUnavailable.
func OpenSQLite(ctx context.Context, driver, source string, opts *SQLiteOptions) (*sql.DB, error) {
	o := SQLiteOptions{}
	if opts != nil {
		o = *opts
	}
	u, err := sqliteURL(source, o)
	if err != nil {
		return nil, err
	}
	memory := u.path == ":memory:" || u.params.Get("mode") == "memory"
	if mode := u.params.Get("mode"); o.Create && (mode == "rw" || mode == "rwc") {
		// SQLite would make it readable by everybody.
		f, err := os.OpenFile(u.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			err = f.Close()
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("open SQLite: %w: %w", store.ErrUnavailable, err)
		}
	}
	db, err := sql.Open(driver, u.String())
	if err != nil {
		return nil, fmt.Errorf("open SQLite: %w", err)
	}
	conns := sqliteConns
	if memory {
		conns = 1 // each connection has a memory of its own
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	s, err := New(db, SQLite, nil) // for its retries, deadlines and error texts
	if err != nil {
		return nil, err
	}
	defer s.Close()
	_, err = call(ctx, s, "open", func(ctx context.Context) (struct{}, error) {
		return struct{}{}, checkSQLite(ctx, db, u.pragmas, o.WAL && !o.ReadOnly)
	})
	if err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

func checkSQLite(ctx context.Context, db *sql.DB, pragmas []pragma, wal bool) error {
	pragmas = append([]pragma{{"encoding", "UTF-8"}}, pragmas...)
	if wal {
		pragmas = append(pragmas, pragma{"journal_mode = WAL", "wal"})
	}
	for _, p := range pragmas {
		var got string
		if err := db.QueryRowContext(ctx, "PRAGMA "+p.name).Scan(&got); err != nil {
			return err
		}
		if got != p.want {
			return fmt.Errorf("PRAGMA %s is %q, want %q", p.name, got, p.want)
		}
	}
	var n int
	if err := db.QueryRowContext(ctx, "SELECT octet_length('')").Scan(&n); err != nil {
		return fmt.Errorf("want SQLite 3.43 or later: %w", err)
	}
	return nil
}

// SQLiteDSN returns the data source name that opens source with the options, for
// the drivers mattn/go-sqlite3, ncruces/go-sqlite3 and modernc.org/sqlite alike.
//
// Source is a path, a URL file:… (or sqlite:…) whose own parameters win over the
// options, or what Perl's DBI takes: dbi:SQLite:dbname=F, dbi:SQLite:uri=file:…, dbi:SQLite:F.
func SQLiteDSN(source string, opts *SQLiteOptions) (string, error) {
	o := SQLiteOptions{}
	if opts != nil {
		o = *opts
	}
	u, err := sqliteURL(source, o)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

var synchronous = map[bool]string{false: "2", true: "1"} // FULL and NORMAL

// sqliteSource is a SQLite URL in its parts, and the pragmas that were added.
type sqliteSource struct {
	path    string
	params  url.Values
	pragmas []pragma
}

type pragma struct{ name, want string }

// pragma adds a setting, unless the URL that was given has it already.
func (u *sqliteSource) pragma(name, value string) {
	for _, given := range u.params["_pragma"] {
		if strings.HasPrefix(strings.ToLower(given), name) {
			return
		}
	}
	if u.params.Has("_" + name) {
		return
	}
	u.params.Set("_"+name, value)
	u.params.Add("_pragma", name+"("+value+")")
	u.pragmas = append(u.pragmas, pragma{name, value})
}

func (u sqliteSource) String() string {
	path := (&url.URL{Path: filepath.ToSlash(u.path)}).EscapedPath()
	// SQLite does not read a + as a space.
	return "file:" + path + "?" + strings.ReplaceAll(u.params.Encode(), "+", "%20")
}

func sqliteURL(source string, o SQLiteOptions) (sqliteSource, error) {
	if o.Normal && !o.WAL {
		return sqliteSource{}, errors.New("open SQLite: option Normal needs WAL: without a log it can damage the file")
	}
	u := sqliteSource{path: source, params: url.Values{}}
	if rest, ok := cutPrefixFold(source, "dbi:SQLite"); ok {
		if u.path, ok = dbiName(rest); !ok {
			return sqliteSource{}, errors.New("open SQLite: want dbi:SQLite:dbname=FILE")
		}
	}
	for _, scheme := range []string{"sqlite:", "sqlite3:"} {
		if rest, ok := cutPrefixFold(u.path, scheme); ok {
			u.path = "file:" + rest
		}
	}
	if strings.HasPrefix(u.path, "file:") {
		parsed, err := url.Parse(u.path)
		if err != nil {
			return sqliteSource{}, errors.New("open SQLite: malformed file: URL")
		}
		u.params = parsed.Query()
		u.path = parsed.Path
		if parsed.Opaque != "" {
			if u.path, err = url.PathUnescape(parsed.Opaque); err != nil {
				return sqliteSource{}, errors.New("open SQLite: malformed file: URL")
			}
		}
	}
	if u.path == "" || strings.Contains(u.path, "\x00") {
		return sqliteSource{}, errors.New("open SQLite: no file name")
	}
	mode := "rw"
	switch {
	case u.path == ":memory:":
		mode = "memory"
	case o.ReadOnly:
		mode = "ro"
	default:
		u.path = filepath.Clean(u.path)
	}
	for name, value := range map[string]string{"mode": mode, "_txlock": "immediate"} {
		if !u.params.Has(name) {
			u.params.Set(name, value)
		}
	}
	// mattn's driver takes a name of its own for each pragma and lowers
	// synchronous if none is given; the others take them as _pragma.
	busy := cmp.Or(o.BusyTimeout, lingerMax)
	u.pragma("busy_timeout", strconv.FormatInt(busy.Milliseconds(), 10))
	u.pragma("synchronous", synchronous[o.Normal])
	return u, nil
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

var dbiAttributes = regexp.MustCompile(`^(\([^)]*\))?:`)

// dbiName finds the file name in what follows dbi:SQLite, as DBD::SQLite does.
func dbiName(rest string) (string, bool) {
	lead := dbiAttributes.FindString(rest)
	name := rest[len(lead):]
	if lead == "" || !strings.Contains(name, "=") {
		return name, lead != ""
	}
	for part := range strings.SplitSeq(name, ";") {
		switch key, value, _ := strings.Cut(part, "="); key {
		case "db", "dbname", "database", "uri":
			return value, true
		}
	}
	return "", false
}
