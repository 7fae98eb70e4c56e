package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// A handle that the caller opened without options waits five seconds for a lock
// with mattn's driver and a minute with ncruces's.
func TestDeadlineWhileAnotherProcessHoldsTheLock(t *testing.T) {
	for _, handle := range []string{"OpenSQLite", "sql.Open"} {
		t.Run(handle, func(t *testing.T) {
			file := tempFile(t)
			st, db := tableIn(t, file, perlLike)
			if handle == "sql.Open" {
				var err error
				if db, err = sql.Open(Driver, file); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { db.Close() })
				st = newStore(t, db, nil)
			}
			rev := mustSave(t, st, "a", "one", store.Rev{})
			goroutines := runtime.NumGoroutine()
			release := held(t, file)

			within(t, "Load", func(ctx context.Context) error { return second(st.Load(ctx, "a")) })
			within(t, "Save", func(ctx context.Context) error {
				return second(st.Save(ctx, "a", []byte("two"), rev, store.SaveOptions{}))
			})
			within(t, "Delete", func(ctx context.Context) error { return st.Delete(ctx, "a", rev) })
			within(t, "Ping", st.Ping)
			within(t, "Migrate", st.Migrate)
			within(t, "IDs", func(ctx context.Context) (err error) {
				for _, err = range st.IDs(ctx) {
				}
				return err
			})

			release()
			settle(t, db, goroutines)
			// What timed out may or may not have been done, but nothing else.
			rec, err := st.Load(t.Context(), "a")
			if err != nil && !errors.Is(err, store.ErrNotFound) || err == nil && string(rec.Data) != "one" && string(rec.Data) != "two" {
				t.Errorf("after the lock is gone Load = %q, %v", rec.Data, err)
			}
			mustSave(t, st, "b", "works again", store.Rev{})
		})
	}
}

// settle waits for calls that were left to themselves, and checks that nothing
// else remains.
func settle(t *testing.T, db *sql.DB, goroutines int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		inUse, now := db.Stats().InUse, runtime.NumGoroutine()
		if inUse == 0 && now <= goroutines {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d connections in use and %d goroutines; want 0 and %d", inUse, now, goroutines)
		}
	}
}

func TestWaitsForTheLock(t *testing.T) {
	file := tempFile(t)
	st, db := tableIn(t, file, perlLike)
	release := held(t, file)
	saved := make(chan error, 1)
	go func() {
		_, err := st.Save(context.Background(), "a", []byte("one"), store.Rev{}, store.SaveOptions{})
		saved <- err
	}()
	select {
	case err := <-saved:
		t.Fatalf("Save = %v while the lock was held", err)
	case <-time.After(100 * time.Millisecond):
	}
	release()
	if err := <-saved; err != nil {
		t.Fatalf("Save = %v", err)
	}
	wantLoad(t, st, "a", "one")

	held(t, file)
	impatient := newStore(t, db, &sqlstore.Options{Wait: 20 * time.Millisecond})
	if _, err := impatient.Load(context.Background(), "a"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Load after Wait = %v, want %v", err, store.ErrUnavailable)
	}
}

func TestReadOnly(t *testing.T) {
	file := tempFile(t)
	st, _ := tableIn(t, file, perlLike)
	rev := mustSave(t, st, "a", "one", store.Rev{})
	ro := newStore(t, openDB(t, file, sqlstore.SQLiteOptions{ReadOnly: true}), nil)
	wantLoad(t, ro, "a", "one")
	for what, err := range map[string]error{
		"Save":   second(ro.Save(t.Context(), "a", []byte("two"), rev, store.SaveOptions{})),
		"Create": second(ro.Save(t.Context(), "b", []byte("two"), store.Rev{}, store.SaveOptions{})),
		"Delete": ro.Delete(t.Context(), "a", store.AnyRev),
	} {
		if err == nil || errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), "readonly") {
			t.Errorf("%s in a read-only file = %v", what, err)
		}
	}
	wantLoad(t, st, "a", "one")
}

func TestFilesThatAreNoDatabase(t *testing.T) {
	good := tempFile(t)
	st, _ := tableIn(t, good, perlLike)
	for i := range 200 {
		mustSave(t, st, fmt.Sprint("id ", i), strings.Repeat("x", 1000), store.Rev{})
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	scrambled := bytes.Clone(whole)
	for i := 4096; i < len(scrambled); i++ {
		scrambled[i] = byte(i * 31)
	}
	for name, c := range map[string]struct {
		file        string
		unavailable bool
	}{
		"missing":      {filepath.Join(dir, "missing.db"), true},
		"no directory": {filepath.Join(dir, "no", "sessions.db"), true},
		"a directory":  {dir, true},
		"text":         {write("text.db", bytes.Repeat([]byte("no database\n"), 1000)), true},
		"empty":        {write("empty.db", nil), true}, // a database, but without the table
		"cut":          {write("cut.db", whole[:len(whole)/2]), true},
		"scrambled":    {write("scrambled.db", scrambled), true},
	} {
		t.Run(name, func(t *testing.T) {
			st, err := reopen(c.file, sqlstore.SQLiteOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer st.Close()
			failed := 0
			for what, err := range map[string]error{
				"Load":   second(st.Load(t.Context(), "id 150")),
				"Save":   second(st.Save(t.Context(), "id 150", nil, store.AnyRev, store.SaveOptions{})),
				"Delete": st.Delete(t.Context(), "id 151", store.AnyRev),
			} {
				if err == nil {
					continue // the part of a broken file that is asked for may be whole
				}
				failed++
				if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrUnavailable) != c.unavailable {
					t.Errorf("%s = %v; want %v: %v", what, err, store.ErrUnavailable, c.unavailable)
				}
			}
			if failed == 0 {
				t.Errorf("nothing failed")
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "missing.db")); err == nil {
		t.Errorf("a file was made without the option Create")
	}
}

func TestFullDisk(t *testing.T) {
	t.Run("tmpfs", func(t *testing.T) {
		dir := t.TempDir()
		if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=96k", "datasession", dir).CombinedOutput(); err != nil {
			t.Skipf("cannot mount a small disk (needs root): %s", out)
		}
		t.Cleanup(func() { _ = exec.Command("umount", dir).Run() })
		fillUp(t, filepath.Join(dir, "sessions.db"), func(*sql.DB) {})
	})
	t.Run("max_page_count", func(t *testing.T) {
		fillUp(t, tempFile(t), func(db *sql.DB) {
			db.SetMaxOpenConns(1)
			query1(t, db, "PRAGMA max_page_count = 20")
		})
	})
}

func fillUp(t *testing.T, file string, limit func(*sql.DB)) {
	db, err := sqlstore.OpenSQLite(t.Context(), Driver, file, &perlLike)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	limit(db)
	st, err := sqlstore.New(db, sqlstore.SQLite, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	rev := mustSave(t, st, "a", "old", store.Rev{})
	big := bytes.Repeat([]byte("x"), 200_000)
	for range 3 {
		_, err := st.Save(t.Context(), "a", big, rev, store.SaveOptions{})
		if err == nil || errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
			t.Fatalf("Save on a full disk = %v", err)
		}
		wantLoad(t, st, "a", "old")
	}
	mustSave(t, st, "a", "small enough", rev)
	if got := query1(t, db, "PRAGMA integrity_check"); got != "ok" {
		t.Errorf("integrity_check = %s", got)
	}
}

func TestCancelledCallsLeaveNothing(t *testing.T) {
	st, db := tableIn(t, tempFile(t), fast)
	mustSave(t, st, "a", "0", store.Rev{})
	calls := []func(context.Context) error{
		func(ctx context.Context) error { return second(st.Load(ctx, "a")) },
		func(ctx context.Context) error {
			return second(st.Save(ctx, "a", make([]byte, 20_000), store.AnyRev, store.SaveOptions{}))
		},
		func(ctx context.Context) error { return st.Delete(ctx, "b", store.AnyRev) },
		func(ctx context.Context) (err error) {
			for _, err = range st.IDs(ctx) {
			}
			return err
		},
	}
	settle(t, db, runtime.NumGoroutine())
	goroutines := runtime.NumGoroutine()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 250 {
				ctx, cancel := context.WithCancel(context.Background())
				timer := time.AfterFunc(rand.N(60*time.Microsecond), cancel)
				err := calls[i%len(calls)](ctx)
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("call %d = %v", i%len(calls), err)
				}
				timer.Stop()
				cancel()
			}
		})
	}
	wg.Wait()
	settle(t, db, goroutines)
	if n := db.Stats().OpenConnections; n > 8 {
		t.Errorf("%d connections are open", n)
	}
	if _, err := st.Load(t.Context(), "a"); err != nil {
		t.Errorf("Load = %v", err)
	}
}

func TestUseAfterClose(t *testing.T) {
	file := tempFile(t)
	mine, db := tableIn(t, file, fast)
	mustSave(t, mine, "a", "one", store.Rev{})
	opened, err := reopen(file, fast)
	if err != nil {
		t.Fatal(err)
	}
	wantLoad(t, opened, "a", "one")
	for _, st := range []store.Store{mine, opened} {
		if err := st.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
		if _, err := st.Load(t.Context(), "a"); err == nil || errors.Is(err, store.ErrNotFound) {
			t.Errorf("Load after Close = %v", err)
		}
	}
	if err := db.Ping(); err != nil {
		t.Errorf("Close closed the caller's database: %v", err)
	}
}
