package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/filestore"
	"github.com/go-datasession/datasession/store/layered"
	"github.com/go-datasession/datasession/store/redisstore"
	"github.com/go-datasession/datasession/store/storetest"
)

// openLayered opens files, with a Redis in front of them.
func openLayered(cache place, dir string) (store.Store, error) {
	st, err := cache.open()
	if err != nil {
		return nil, err
	}
	files, err := filestore.New(dir, &filestore.Options{NoSync: true})
	if err != nil {
		return nil, err
	}
	return layered.New(st, files, nil)
}

func TestAsCache(t *testing.T) {
	r := testserver.StartRedis(t)
	storetest.Run(t, func(t testing.TB) storetest.Place {
		p, dir := placeAt(r.Addr), t.TempDir()
		return storetest.Place{Open: func() (store.Store, error) { return openLayered(p, dir) }}
	}, nil)
}

// Two processes with one cache.
func TestAsCacheProcesses(t *testing.T) {
	storetest.RunProcesses(t,
		func(t testing.TB) string { return startOne(t) + ">" + t.TempDir() },
		func(name string) (store.Store, error) {
			cache, dir, _ := strings.Cut(name, ">")
			return openLayered(place(cache), dir)
		})
}

// The cache is killed, comes back empty, is frozen, and goes on with what it had. Nobody
// sees an error, or what was before his own save.
func TestCacheIsDown(t *testing.T) {
	r := testserver.StartRedis(t)
	cache, err := redisstore.Open(rueidis.ClientOption{InitAddress: []string{r.Addr}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filestore.New(t.TempDir(), &filestore.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	st, err := layered.New(cache, files, &layered.Options{Pause: 20 * time.Millisecond, Skew: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var rev store.Rev
	n := 0
	use := func(state string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		for range 20 {
			var err error
			n++
			if rev, err = st.Save(ctx, "a", fmt.Append(nil, n), rev, store.SaveOptions{}); err != nil {
				t.Fatalf("with a cache that is %s, Save = %v", state, err)
			}
			rec, err := st.Load(ctx, "a")
			if err != nil || string(rec.Data) != fmt.Sprint(n) {
				t.Fatalf("with a cache that is %s, Load = %q, %v; want %d", state, rec.Data, err, n)
			}
		}
		t.Logf("%s: %v", state, time.Since(start).Round(time.Millisecond))
	}
	hits := func() int64 { return st.(interface{ Stats() layered.Stats }).Stats().Hits }
	use("up")
	r.Kill()
	use("dead")
	r.Restart()
	use("empty")
	r.Freeze()
	use("frozen")
	r.Thaw()
	for end := time.Now().Add(20 * time.Second); ; {
		before := hits()
		use("back")
		if hits() > before {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the cache is not used again")
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := st.Delete(t.Context(), "a", rev); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Load(t.Context(), "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Load of what was deleted = %v", err)
	}
}
