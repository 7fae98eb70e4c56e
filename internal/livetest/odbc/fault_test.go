package odbc

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// down is a server that a test may break.
type down struct {
	backend
	sqltest.Database
	sqltest.Server
}

// eachServer runs a test that breaks the servers. Others do not run at the same time.
func eachServer(t *testing.T, f func(t *testing.T, d down)) {
	t.Run("PostgreSQL", func(t *testing.T) {
		s := postgres(t)
		b := backends[1]
		f(t, down{b, b.at(postgresSource(t, s, "psqlodbcw.so")), s})
	})
	t.Run("MariaDB", func(t *testing.T) {
		s := mariaDB(t)
		b := backends[2]
		f(t, down{b, b.at(mariaSource(t, s)), s})
	})
}

// calls are what a store is asked for while the server is broken.
func calls(st *sqlstore.Store) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Load": func(ctx context.Context) error { _, err := st.Load(ctx, "a"); return err },
		"Save": func(ctx context.Context) error {
			_, err := st.Save(ctx, "a", []byte("changed"), store.AnyRev, store.SaveOptions{})
			return err
		},
		"Create": func(ctx context.Context) error {
			_, err := st.Save(ctx, "b", []byte("made"), store.Rev{}, store.SaveOptions{})
			return err
		},
		"Delete": func(ctx context.Context) error { return st.Delete(ctx, "c", store.AnyRev) },
		"IDs": func(ctx context.Context) (err error) {
			for _, err = range st.IDs(ctx) {
			}
			return err
		},
		"Ping": st.Ping,
	}
}

// within checks that a call ends because its context does, at most 100 ms late. The best
// of three counts: a machine with much to do is late by itself.
func within(t *testing.T, what string, call func(context.Context) error) {
	t.Helper()
	var took time.Duration
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		start := time.Now()
		err := call(ctx)
		took = time.Since(start)
		cancel()
		if err == nil || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) {
			t.Errorf("%s = %v", what, err)
		}
		if took <= 300*time.Millisecond {
			return
		}
	}
	t.Errorf("%s with a deadline of 200ms took %v; want at most 300ms", what, took)
}

// settle waits for what was left to itself, and checks that nothing else remains. A
// connection in the pool has a goroutine.
func settle(t *testing.T, db *sql.DB, goroutines int) {
	t.Helper()
	db.SetMaxIdleConns(0)
	defer db.SetMaxIdleConns(4)
	sqltest.Settle(t, db, goroutines)
}

func TestOutages(t *testing.T) {
	eachServer(t, func(t *testing.T, d down) {
		d.Outages(t, d.Server, d.columns, func(db *sql.DB) {
			cut := "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
			if d.name == "MariaDB" {
				cut = "SELECT GROUP_CONCAT(CONCAT('KILL ', id) SEPARATOR ';') FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user = 'root'"
				for kill := range strings.SplitSeq(sqltest.Query1(t, db, cut), ";") {
					_, _ = db.Exec(kill) // it may have gone by itself
				}
				return
			}
			sqltest.Exec(t, db, cut)
		})
	})
}

// Many who give up do not use up the program's threads.
func TestFrozenForLong(t *testing.T) {
	eachServer(t, func(t *testing.T, d down) {
		st, db, _ := table(t, d.backend, d.Database)
		db.SetMaxOpenConns(0)
		sqltest.Save(t, st, "a", "one", store.Rev{})
		goroutines := runtime.NumGoroutine()
		d.Freeze()
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				for range 3 {
					ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
					if _, err := st.Load(ctx, "a"); err == nil || errors.Is(err, store.ErrNotFound) {
						t.Errorf("Load from a frozen server = %v", err)
					}
					cancel()
				}
			})
		}
		wg.Wait()
		if n := threads(t); n > 400 {
			t.Errorf("the program has %d threads", n)
		}
		d.Thaw()
		eventually(t, func() error { _, err := st.Load(t.Context(), "a"); return err })
		settle(t, db, goroutines)
	})
}

func threads(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Skip(err)
	}
	return len(entries)
}

func eventually(t *testing.T, f func() error) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// A server that was restarted while nothing was asked is not noticed at all.
func TestRestartWhileIdle(t *testing.T) {
	eachServer(t, func(t *testing.T, d down) {
		st, _, _ := table(t, d.backend, d.Database)
		rev := sqltest.Save(t, st, "a", "one", store.Rev{})
		idle := time.Now()
		d.Restart()
		time.Sleep(time.Until(idle.Add(1100 * time.Millisecond)))
		sqltest.Save(t, st, "a", "two", rev)
		sqltest.Holds(t, st, "a", "two")
	})
}

func TestCancelledStoreCalls(t *testing.T) {
	each(t, func(t *testing.T, b backend, d sqltest.Database) {
		st, db, _ := table(t, b, d)
		sqltest.Save(t, st, "a", "0", store.Rev{})
		asked := calls(st)
		names := []string{"Load", "Save", "Delete", "IDs"}
		goroutines := runtime.NumGoroutine()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for i := range 50 {
					ctx, cancel := context.WithCancel(context.Background())
					timer := time.AfterFunc(rand.N(500*time.Microsecond), cancel)
					if err := asked[names[i%4]](ctx); err != nil && !errors.Is(err, context.Canceled) {
						t.Errorf("%s = %v", names[i%4], err)
					}
					timer.Stop()
					cancel()
				}
			})
		}
		wg.Wait()
		settle(t, db, goroutines)
		sqltest.Save(t, st, "a", "works", store.AnyRev)
	})
}

// In SQLite it is another process that keeps everybody waiting.
func TestLockedFile(t *testing.T) {
	b := backends[0]
	d := b.database(t)
	st, db, _ := table(t, b, d)
	sqltest.Save(t, st, "a", "one", store.Rev{})
	goroutines := runtime.NumGoroutine()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Save", "Create", "Delete"} { // in WAL mode one can still read
		within(t, name+" while the file is locked", calls(st)[name])
	}
	if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	settle(t, db, goroutines)
	sqltest.Save(t, st, "b2", "works", store.Rev{})
}

// Any bytes come back as they were, from Go's side.
func TestEveryByte(t *testing.T) {
	each(t, func(t *testing.T, b backend, d sqltest.Database) {
		st, _, _ := table(t, b, d)
		rng := rand.New(rand.NewPCG(1, 2))
		for _, size := range []int{0, 1, 255, 256, 8191, 8192, 8193, 64 << 10, 1 << 20} {
			for _, data := range [][]byte{everyByte(size), bytes.Repeat([]byte{0}, size), bytes.Repeat([]byte("'"), size), random(rng, size)} {
				rev := sqltest.Save(t, st, "a", string(data), store.AnyRev)
				sqltest.Holds(t, st, "a", string(data))
				if err := st.Delete(t.Context(), "a", rev); err != nil {
					t.Errorf("Delete of %d bytes = %v", size, err)
				}
			}
		}
		for c := range 256 {
			sqltest.Save(t, st, "c", string([]byte{byte(c)}), store.AnyRev)
			sqltest.Holds(t, st, "c", string([]byte{byte(c)}))
		}
	})
}

func random(rng *rand.Rand, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// Columns that hold less, or other, than bytes: unchanged or refused, never cut.
func TestColumnsOfText(t *testing.T) {
	for _, c := range []struct {
		name, columns string
		b             backend
		dialect       sqlstore.Dialect
	}{
		{"pg text", "(id char(128) not null primary key, a_session text not null)", backends[1], sqlstore.PgText},
		{"pg characters", "(id char(128) not null primary key, a_session text not null)", backends[1], sqlstore.PgCharacters},
		{"pg varchar", "(id char(128) not null primary key, a_session varchar(100) not null)", backends[1], sqlstore.PgText},
		{"mysql text", "(id char(128) not null primary key, a_session text not null) CHARACTER SET utf8mb4", backends[2], sqlstore.MySQL},
		{"mysql latin1", "(id char(128) not null primary key, a_session text not null) CHARACTER SET latin1", backends[2], sqlstore.MySQL},
		{"mysql varchar", "(id char(128) not null primary key, a_session varchar(100) not null) CHARACTER SET utf8mb4", backends[2], sqlstore.MySQL},
		{"mysql tinyblob", "(id char(128) not null primary key, a_session tinyblob not null)", backends[2], sqlstore.MySQL},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.b.columns, c.b.dialect = c.columns, c.dialect
			st, db, name := table(t, c.b, c.b.database(t))
			refused := 0
			for _, size := range []int{1, 100, 255, 256, 65_535, 65_536, 1 << 20} {
				for _, data := range [][]byte{bytes.Repeat([]byte("x"), size), []byte(strings.Repeat("é", size/2+1)), everyByte(size),
					bytes.Repeat([]byte{0}, size), []byte(strings.Repeat("𝄞", size/4+1)), bytes.Repeat([]byte{0xff}, size)} {
					for _, old := range []store.Rev{{}, store.AnyRev} {
						_, err := st.Save(t.Context(), "a", data, old, store.SaveOptions{})
						switch {
						case err == nil:
							sqltest.Holds(t, st, "a", string(data))
							sqltest.Exec(t, db, "DELETE FROM "+name)
						case len(data) > st1MB:
							// more than a store takes anyway
						case !errors.Is(err, store.ErrTooLarge) && !errors.Is(err, store.ErrInvalidData):
							t.Errorf("Save of %d bytes %.10q = %v", len(data), data, err)
						default:
							refused++
							if _, err := st.Load(t.Context(), "a"); !errors.Is(err, store.ErrNotFound) {
								t.Errorf("after %d bytes %.10q were refused Load = %v", len(data), data, err)
							}
						}
					}
				}
			}
			t.Logf("%d refused", refused)
		})
	}
}

const st1MB = store.MaxBytes
