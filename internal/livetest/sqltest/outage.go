package sqltest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// Server is one that a test may do harm to.
type Server interface {
	Kill()
	Stop()
	Restart()
	Freeze()
	Thaw()
}

// deadline is that of each call while a server is away, and late how much later it may
// return.
const deadline, late = 200 * time.Millisecond, 100 * time.Millisecond

// Outages does each harm to a server while goroutines use a store of it. Calls fail with
// ErrUnavailable or because their context ended, and in time; sessions are never said to be
// gone; and it works again, with the same handle, when the server does. cut ends all
// connections but the one it is given.
func (d Database) Outages(t *testing.T, server Server, columns string, cut func(db *sql.DB)) {
	for _, c := range []struct {
		name       string
		harm, mend func()
	}{
		{"killed", server.Kill, server.Restart},
		{"stopped", server.Stop, server.Restart},
		{"frozen", server.Freeze, server.Thaw},
		{"cut off", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := d.DB(t)
			goroutines := runtime.NumGoroutine() // with no connection; some drivers have one for each
			st := d.Store(t, db, &sqlstore.Options{Table: Table(t, db, columns)})
			Save(t, st, "other", "there", store.Rev{})
			w := workers{st: st, stop: make(chan struct{})}
			w.start(t)
			time.Sleep(100 * time.Millisecond)
			if c.harm == nil {
				admin := d.DB(t)
				for range 5 {
					cut(admin)
					time.Sleep(20 * time.Millisecond)
				}
				admin.Close()
			} else {
				c.harm()
				for what, call := range map[string]func(context.Context) error{
					"Load": func(ctx context.Context) error { _, err := st.Load(ctx, "other"); return err },
					"Save": func(ctx context.Context) error {
						_, err := st.Save(ctx, "other", []byte("there"), store.AnyRev, store.SaveOptions{})
						return err
					},
					"Create": func(ctx context.Context) error {
						_, err := st.Save(ctx, "new", []byte("new"), store.Rev{}, store.SaveOptions{})
						return err
					},
					"Delete": func(ctx context.Context) error { return st.Delete(ctx, "new", store.AnyRev) },
					"Ping":   st.Ping,
					"IDs": func(ctx context.Context) (err error) {
						for _, err = range st.IDs(ctx) {
						}
						return err
					},
				} {
					inTime(t, what, call)
				}
				c.mend()
			}
			recovers(t, st)
			close(w.stop)
			w.wg.Wait()
			w.check(t)
			db.SetMaxIdleConns(0)
			Settle(t, db, goroutines)
		})
	}
}

// inTime checks that a call fails, and not late. The best of five counts: a machine with
// much to do is late by itself.
func inTime(t *testing.T, what string, call func(context.Context) error) {
	t.Helper()
	var took time.Duration
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), deadline)
		start := time.Now()
		err := call(ctx)
		took = time.Since(start)
		cancel()
		if !expected(err) {
			t.Errorf("%s while the server is away = %v", what, err)
		}
		if took <= deadline+late {
			return
		}
	}
	t.Errorf("%s took %v with a deadline of %v", what, took, deadline)
}

func expected(err error) bool {
	return errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
}

func recovers(t *testing.T, st store.Store) {
	t.Helper()
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		rec, err := st.Load(ctx, "other")
		cancel()
		if err == nil && string(rec.Data) == "there" {
			return
		}
		if time.Since(start) > 20*time.Second {
			t.Fatalf("it does not work again: Load = %q, %v", rec.Data, err)
		}
	}
}

// workers each store one session again and again.
type workers struct {
	st   store.Store
	stop chan struct{}
	wg   sync.WaitGroup
	mu   sync.Mutex
	errs []error
}

func (w *workers) start(t *testing.T) {
	for i := range 8 {
		id := fmt.Sprint("worker", i)
		Save(t, w.st, id, "0", store.Rev{})
		w.wg.Go(func() {
			if err := w.work(id); err != nil {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.errs = append(w.errs, err)
			}
		})
	}
}

// work returns what ought not to be. acked is what the store has accepted, and tried what
// it may have stored without saying so.
func (w *workers) work(id string) error {
	acked, tried := "0", ""
	for n := 1; ; n++ {
		select {
		case <-w.stop:
			return nil
		default:
		}
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		rec, err := w.st.Load(ctx, id)
		switch got := string(rec.Data); {
		case err == nil && got != acked && (tried == "" || !strings.Contains(tried, "|"+got+"|")):
			cancel()
			return fmt.Errorf("loaded %q; want %q, or one of %s", got, acked, tried)
		case err == nil:
			acked = got
			next := fmt.Sprint(n)
			if _, err = w.st.Save(ctx, id, []byte(next), rec.Rev, store.SaveOptions{}); err == nil {
				acked, tried = next, ""
			} else {
				tried += "|" + next + "|"
			}
		}
		cancel()
		// A conflict is with a save of its own that was reported as an error.
		if err != nil && !expected(err) && !(errors.Is(err, store.ErrConflict) && tried != "") {
			return fmt.Errorf("call %d = %w", n, err)
		}
	}
}

func (w *workers) check(t *testing.T) {
	t.Helper()
	for _, err := range w.errs {
		t.Error(err)
	}
}
