package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/redisstore"
)

// operations are the calls of a store, on a session that is there.
func operations(st *redisstore.Store, id string) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Load": func(ctx context.Context) error { _, err := st.Load(ctx, id); return err },
		"Save": func(ctx context.Context) error {
			_, err := st.Save(ctx, id, []byte("new"), store.AnyRev, store.SaveOptions{})
			return err
		},
		"Delete": func(ctx context.Context) error { return st.Delete(ctx, id, store.AnyRev) },
		"Touch":  func(ctx context.Context) error { return st.Touch(ctx, id, time.Hour) },
		"Ping":   st.Ping,
		"IDs": func(ctx context.Context) (err error) {
			for _, err = range st.IDs(ctx) {
			}
			return err
		},
	}
}

// inTime checks that a call fails at its deadline, and not more than 100 ms after it. On
// a busy machine the deadline is when another goroutine gets to see it.
func inTime(t *testing.T, name string, call func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	seen := make(chan time.Time, 1)
	go func() {
		<-ctx.Done()
		seen <- time.Now()
	}()
	err := call(ctx)
	if late := time.Since(<-seen); late > 100*time.Millisecond {
		t.Errorf("%s returned %v after its deadline", name, late)
	}
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%s = %v; want %v and %v", name, err, context.DeadlineExceeded, store.ErrUnavailable)
	}
}

func TestFrozenServer(t *testing.T) {
	r := testserver.StartRedis(t)
	p := placeAt(r.Addr)
	st, late := p.mustOpen(t), p.mustOpen(t)
	mustSave(t, st, "a", "data", store.Rev{}, store.SaveOptions{})
	r.Freeze()
	for name, call := range operations(st, "a") {
		inTime(t, name, call)
	}
	for name, call := range operations(late, "a") { // connects only now
		inTime(t, name+" on a new connection", call)
	}
	// More than fit into the buffer of a connection: none waits until that is given up,
	// after five seconds.
	var wg sync.WaitGroup
	began := time.Now()
	for range 1100 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
			defer cancel()
			if _, err := st.Load(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Load among many = %v; want %v", err, context.DeadlineExceeded)
			}
		})
	}
	wg.Wait()
	if d := time.Since(began); d > 3*time.Second {
		t.Errorf("1100 loads with a deadline of 150ms took %v", d)
	}

	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	start := time.Now()
	if _, err := st.Load(ctx, "a"); !errors.Is(err, context.Canceled) || time.Since(start) > time.Second {
		t.Errorf("Load that is cancelled after 100ms = %v after %v", err, time.Since(start))
	}
	r.Thaw()
	if rec, err := st.Load(t.Context(), "a"); err != nil || len(rec.Data) == 0 {
		t.Errorf("after the server goes on, Load = %q, %v", rec.Data, err)
	}
}

func TestWait(t *testing.T) {
	r := testserver.StartRedis(t)
	st, err := redisstore.Open(rueidis.ClientOption{InitAddress: []string{r.Addr}}, &redisstore.Options{Wait: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	mustSave(t, st, "a", "data", store.Rev{}, store.SaveOptions{})
	r.Kill()
	start := time.Now()
	_, err = st.Load(t.Context(), "a")
	if !errors.Is(err, store.ErrUnavailable) || time.Since(start) > time.Second {
		t.Errorf("Load from a dead server = %v after %v; want %v after 300ms", err, time.Since(start), store.ErrUnavailable)
	}
	r.Restart()
	if _, err := st.Load(t.Context(), "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Load after a restart = %v; want %v", err, store.ErrNotFound)
	}
}

func TestReplyCutInHalf(t *testing.T) {
	r := testserver.StartRedis(t)
	px := startProxy(t, r.Addr)
	direct := placeAt(r.Addr)
	st := place(strings.Replace(string(direct), r.Addr, px.addr, 1)).mustOpen(t)
	data := strings.Repeat("data", 1000)
	rev := mustSave(t, st, "a", data, store.Rev{}, store.SaveOptions{})

	// One lost reply is nothing that a caller sees, whatever was asked.
	px.once(half, nil)
	if rec, err := st.Load(t.Context(), "a"); err != nil || string(rec.Data) != data {
		t.Errorf("Load = %d bytes, %v", len(rec.Data), err)
	}
	px.once(half, nil)
	rev = mustSave(t, st, "a", "two", rev, store.SaveOptions{})
	px.once(half, nil)
	mustSave(t, st, "b", "new", store.Rev{}, store.SaveOptions{})
	rev = mustSave(t, st, "a", "three", rev, store.SaveOptions{})
	px.once(half, nil)
	if err := st.Delete(t.Context(), "b", store.AnyRev); err != nil {
		t.Errorf("Delete = %v", err)
	}

	// Saved, not told so, and saved by somebody else: a conflict would make the caller
	// do it again.
	px.once(half, func() { mustSave(t, direct.mustOpen(t), "a", "theirs", store.AnyRev, store.SaveOptions{}) })
	_, err := st.Save(t.Context(), "a", []byte("mine"), rev, store.SaveOptions{})
	if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrConflict) {
		t.Errorf("Save whose fate is unknown = %v; want %v", err, store.ErrUnavailable)
	}

	// Every reply is cut.
	px.set(half)
	for name, call := range operations(st, "a") {
		inTime(t, name, call)
	}
	px.set(nil)
	if _, err := st.Save(t.Context(), "a", nil, store.AnyRev, store.SaveOptions{}); err != nil {
		t.Errorf("when replies come again, Save = %v", err)
	}
}

// Replies come after whoever asked has gone. None of them goes to another.
func TestLateReplies(t *testing.T) {
	r := testserver.StartRedis(t)
	px := startProxy(t, r.Addr)
	st := placeAt(px.addr).mustOpen(t)
	const sessions = 16
	for n := range sessions {
		mustSave(t, st, fmt.Sprint("s", n), fmt.Sprint("data of ", n), store.Rev{}, store.SaveOptions{})
	}
	px.set(late(10 * time.Millisecond))
	var wg sync.WaitGroup
	var answers, timeouts atomic.Int64
	for n := range sessions {
		wg.Go(func() {
			for range 60 {
				ctx, cancel := context.WithTimeout(t.Context(), rand.N(30*time.Millisecond))
				rec, err := st.Load(ctx, fmt.Sprint("s", n))
				cancel()
				switch {
				case err == nil && string(rec.Data) != fmt.Sprint("data of ", n):
					t.Errorf("Load of session %d = %q", n, rec.Data)
				case err == nil:
					answers.Add(1)
				case errors.Is(err, context.DeadlineExceeded):
					timeouts.Add(1)
				default:
					t.Errorf("Load = %v", err)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d answers, %d too late", answers.Load(), timeouts.Load())
	if answers.Load() == 0 || timeouts.Load() == 0 {
		t.Error("want both answers and deadlines")
	}
}
