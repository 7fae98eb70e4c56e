package redisstore_test

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/redisstore"
)

// After everything that a Manager does with sessions that expire there is no key
// without an expiry, and no command that looks at all keys in one go was sent.
func TestWhatIsOnTheServer(t *testing.T) {
	r := testserver.StartRedis(t)
	p := placeAt(r.Addr)
	st := p.mustOpen(t, indexed)
	m, err := datasession.New(st, perljson.Codec{}, &datasession.Options{Lifetime: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 50 {
		s, err := m.New(t.Context())
		if err == nil {
			err = errors.Join(s.Set("user", fmt.Sprint("user", n%5)), s.Flush(t.Context()))
		}
		if err == nil {
			err = errors.Join(s.Set("n", n), s.Flush(t.Context()))
		}
		if err == nil && n%10 == 0 {
			err = m.Delete(t.Context(), s.ID())
		}
		if err != nil {
			t.Fatal(err)
		}
		mustSave(t, st, fmt.Sprint("s", n), "data", store.Rev{}, as("ann", time.Hour))
		if err := st.Touch(t.Context(), fmt.Sprint("s", n), 2*time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	mustSave(t, st, "forever", "data", store.Rev{}, as("joe", 0))
	if _, err := st.Load(t.Context(), "forever"); err != nil {
		t.Fatal(err)
	}
	listed := 0
	for _, err := range st.IDs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		listed++
	}
	if listed != 96 {
		t.Errorf("IDs yielded %d of 96", listed)
	}
	wantFound(t, st, "joe", "forever")

	stats := r.Cli(t, "INFO", "commandstats")
	for _, name := range []string{"keys", "flushdb", "flushall", "randomkey", "smembers"} {
		if strings.Contains(stats, "cmdstat_"+name+":") {
			t.Errorf("the server was sent %s", name)
		}
	}
	for _, name := range []string{"evalsha", "scan", "get"} {
		if !strings.Contains(stats, "cmdstat_"+name+":") {
			t.Errorf("the server has no statistics of %s", name)
		}
	}
	if sets, want := calls(t, stats, "set"), "cmdstat_eval:calls="; sets < 100 || !strings.Contains(stats, want) {
		t.Errorf("%d sets; want some, by scripts", sets)
	}
	if n := calls(t, stats, "eval"); n > 10 {
		t.Errorf("scripts were sent whole %d times", n)
	}
	db := p.direct(t)
	for key := range strings.FieldsSeq(r.Cli(t, "--scan")) {
		ms, err := db.Do(t.Context(), db.B().Pttl().Key(key).Build()).AsInt64()
		if err != nil {
			t.Fatal(err)
		}
		if forever := strings.HasSuffix(key, "forever") || strings.HasSuffix(key, "=joe"); (ms == -1) != forever {
			t.Errorf("%s lives for %d ms", key[:20], ms)
		}
	}
}

func calls(t *testing.T, stats, command string) int {
	t.Helper()
	m := regexp.MustCompile(`cmdstat_` + command + `:calls=(\d+),`).FindStringSubmatch(stats)
	n := 0
	if m != nil {
		fmt.Sscan(m[1], &n)
	}
	return n
}

// A session is gone when its time is over, and not before, on the server's own clock.
func TestExpiry(t *testing.T) {
	p := placeAt(testserver.StartRedis(t).Addr)
	st, db := p.mustOpen(t), p.direct(t)
	lives := func(id string) time.Duration {
		t.Helper()
		ms, err := db.Do(t.Context(), db.B().Pttl().Key(p.namespace()+id).Build()).AsInt64()
		if err != nil {
			t.Fatal(err)
		}
		return time.Duration(min(ms, math.MaxInt64/1_000_000)) * time.Millisecond
	}
	for _, ttl := range []time.Duration{time.Nanosecond, 1500 * time.Microsecond, 3 * time.Second, 40 * 24 * time.Hour, datasession.Forever - 1} {
		mustSave(t, st, "a", "data", store.AnyRev, store.SaveOptions{TTL: ttl})
		if got := lives("a"); got-ttl > time.Millisecond || got < ttl-time.Second {
			if got != -2*time.Millisecond || ttl > time.Second {
				t.Errorf("saved for %v, the key lives for %v", ttl, got)
			}
		}
	}
	rev := mustSave(t, st, "a", "data", store.AnyRev, store.SaveOptions{TTL: time.Hour})
	mustSave(t, st, "a", "data", rev, store.SaveOptions{})
	if got := lives("a"); got != -time.Millisecond {
		t.Errorf("saved for ever, the key lives for %v", got)
	}
	if err := st.Touch(t.Context(), "a", time.Minute); err != nil || lives("a") > time.Minute || lives("a") < 50*time.Second {
		t.Errorf("Touch = %v, and the key lives for %v", err, lives("a"))
	}
	if err := st.Touch(t.Context(), "a", 0); err != nil || lives("a") != -time.Millisecond {
		t.Errorf("Touch for ever = %v, and the key lives for %v", err, lives("a"))
	}
}

// What is not a session is never read as one, overwritten or listed.
func TestForeignKeys(t *testing.T) {
	r := testserver.StartRedis(t)
	p := placeAt(r.Addr)
	st := p.mustOpen(t)
	r.Cli(t, "SET", p.namespace()+"text", "somebody else's longer text")
	r.Cli(t, "SET", p.namespace()+"short", "x")
	r.Cli(t, "RPUSH", p.namespace()+"list", "x")
	r.Cli(t, "SET", "elsewhere", "x")
	for _, id := range []string{"text", "short", "list"} {
		if _, err := st.Load(t.Context(), id); err == nil || errors.Is(err, store.ErrNotFound) {
			t.Errorf("Load(%s) = %v; want an error", id, err)
		}
		for _, old := range []store.Rev{{}, store.AnyRev, store.NumRev(1)} {
			if _, err := st.Save(t.Context(), id, []byte("mine"), old, store.SaveOptions{}); err == nil {
				t.Errorf("Save(%s) over what is no session", id)
			}
			if err := st.Delete(t.Context(), id, old); err == nil {
				t.Errorf("Delete(%s) of what is no session", id)
			}
		}
	}
	if got := r.Cli(t, "DBSIZE"); got != "4" {
		t.Errorf("%s keys are left of 4", got)
	}
}

// The server forgets the scripts, as one that is started anew does.
func TestScriptsAreSentAgain(t *testing.T) {
	r := testserver.StartRedis(t)
	st := placeAt(r.Addr).mustOpen(t)
	rev := mustSave(t, st, "a", "one", store.Rev{}, store.SaveOptions{})
	r.Cli(t, "SCRIPT", "FLUSH")
	mustSave(t, st, "a", "two", rev, store.SaveOptions{})
	r.Restart()
	mustSave(t, st, "a", "three", store.Rev{}, store.SaveOptions{})
}

func TestRefusals(t *testing.T) {
	r := testserver.StartRedis(t, "--requirepass", "opensesame", "--maxmemory", "2mb")
	open := func(password string) *redisstore.Store {
		st, err := redisstore.Open(rueidis.ClientOption{InitAddress: []string{r.Addr}, Password: password}, &redisstore.Options{Wait: 200 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { st.Close() })
		return st
	}
	for _, password := range []string{"", "wrongword"} {
		_, err := open(password).Load(t.Context(), "a")
		if !errors.Is(err, store.ErrUnavailable) || strings.Contains(fmt.Sprint(err), "wrongword") {
			t.Errorf("Load with the password %q = %v; want %v", password, err, store.ErrUnavailable)
		}
	}
	st := open("opensesame")
	for n := 0; ; n++ {
		_, err := st.Save(t.Context(), fmt.Sprint("s", n), make([]byte, 100_000), store.Rev{}, store.SaveOptions{})
		if err != nil {
			if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "maxmemory") {
				t.Errorf("Save on a full server = %v; want %v that says so", err, store.ErrUnavailable)
			}
			break
		}
		if n > 100 {
			t.Fatal("the server does not become full")
		}
	}
	if err := st.Delete(t.Context(), "s0", store.AnyRev); err != nil {
		t.Errorf("Delete on a full server = %v", err)
	}
}

// A touch is seen by who loads, does not stand in the way of a save, and does keep
// somebody who has found the session expired from deleting it.
func TestTouch(t *testing.T) {
	st := placeAt(testserver.StartRedis(t).Addr).mustOpen(t)
	rev := mustSave(t, st, "a", "one", store.Rev{}, store.SaveOptions{TTL: time.Minute})
	until := func(ttl time.Duration) {
		t.Helper()
		rec, err := st.Load(t.Context(), "a")
		if left := time.Until(rec.Expires); err != nil || left > ttl || left < ttl-10*time.Second {
			t.Errorf("Load = %v, and the session expires in %v; want %v", err, left, ttl)
		}
	}
	until(time.Minute)
	if err := st.Touch(t.Context(), "a", time.Hour); err != nil {
		t.Fatal(err)
	}
	until(time.Hour)
	if err := st.Delete(t.Context(), "a", rev); !errors.Is(err, store.ErrConflict) {
		t.Errorf("Delete of what was touched since = %v; want %v", err, store.ErrConflict)
	}
	rev = mustSave(t, st, "a", "two", rev, store.SaveOptions{})
	if rec, err := st.Load(t.Context(), "a"); err != nil || !rec.Expires.IsZero() || string(rec.Data) != "two" {
		t.Errorf("Load = %q, %v, expires %v; want no expiry", rec.Data, err, rec.Expires)
	}
	if err := st.Delete(t.Context(), "a", rev); err != nil {
		t.Errorf("Delete = %v", err)
	}
}

func TestRecords(t *testing.T) {
	p := placeAt(testserver.StartRedis(t).Addr)
	st := p.mustOpen(t, func(o *redisstore.Options) { o.MaxBytes = 1000 })
	records(t, p, st)
}

func records(t *testing.T, p place, st *redisstore.Store) {
	want := map[string]string{}
	for n := range 230 {
		id := fmt.Sprint("s", n)
		want[id] = fmt.Sprint("data ", n)
		mustSave(t, st, id, want[id], store.Rev{}, store.SaveOptions{TTL: time.Hour})
	}
	mustSave(t, p.mustOpen(t), "large", strings.Repeat("x", 2000), store.Rev{}, store.SaveOptions{TTL: time.Hour})
	for e, err := range st.Records(t.Context()) {
		if e.ID == "large" && errors.Is(err, store.ErrTooLarge) {
			continue
		}
		if err != nil {
			t.Fatalf("Records = %v", err)
		}
		if want[e.ID] != string(e.Data) || e.Expires.IsZero() {
			t.Errorf("Records yielded %q for %s", e.Data, e.ID)
		}
		delete(want, e.ID)
		if _, err := st.Save(t.Context(), e.ID, []byte("changed"), e.Rev, store.SaveOptions{TTL: time.Hour}); err != nil {
			t.Errorf("Save of what Records yielded = %v", err)
		}
	}
	if len(want) > 0 {
		t.Errorf("Records did not yield %d sessions", len(want))
	}
}
