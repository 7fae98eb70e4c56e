package redis

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	scsredis "github.com/alexedwards/scs/redisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"
	"github.com/redis/rueidis"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/redisstore"
)

// visitor is the parameters of a session of about 500 bytes.
func visitor() map[string]any {
	return map[string]any{
		"user": "ann@example.com", "name": "Ann Example", "visits": 1, "theme": "dark", "lang": "en",
		"cart": []any{
			map[string]any{"sku": "A-1001", "qty": 2, "price": "19.90", "title": "A book about camels"},
			map[string]any{"sku": "B-2002", "qty": 1, "price": "7.50", "title": "A mug, large"},
		},
		"roles": []any{"reader", "writer", "moderator"},
		"token": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	}
}

// A visit is what is measured: visitor n comes once more.
type visit func(ctx context.Context, n int) error

const visitors = 256

func openStore(b *testing.B, addrs []string) *redisstore.Store {
	b.Helper()
	st, err := redisstore.Open(rueidis.ClientOption{InitAddress: addrs}, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	return st
}

// managed loads a session through a Manager, counts, and flushes.
func managed(b *testing.B, addrs []string) visit {
	b.Helper()
	m, err := datasession.New(openStore(b, addrs), perljson.Codec{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	var ids []string
	for range visitors {
		s, err := m.New(b.Context())
		if err == nil {
			err = errors.Join(s.SetAll(visitor()), s.Flush(b.Context()))
		}
		if err != nil {
			b.Fatal(err)
		}
		ids = append(ids, s.ID())
	}
	return func(ctx context.Context, n int) error {
		s, err := m.Load(ctx, ids[n%visitors])
		if err != nil {
			return err
		}
		count, _ := datasession.Get[int](s, "visits")
		return errors.Join(s.Set("visits", count+1), s.Flush(ctx))
	}
}

// stored loads and saves bytes through the store alone.
func stored(b *testing.B, addrs []string) visit {
	b.Helper()
	st := openStore(b, addrs)
	data, err := json.Marshal(visitor())
	if err != nil {
		b.Fatal(err)
	}
	for n := range visitors {
		if _, err := st.Save(b.Context(), fmt.Sprint("s", n), data, store.Rev{}, store.SaveOptions{TTL: time.Hour}); err != nil {
			b.Fatal(err)
		}
	}
	return func(ctx context.Context, n int) error {
		id := "s" + strconv.Itoa(n%visitors)
		rec, err := st.Load(ctx, id)
		if err == nil {
			_, err = st.Save(ctx, id, rec.Data, rec.Rev, store.SaveOptions{TTL: time.Hour})
		}
		return err
	}
}

// bare is the least that does the same with the client library: one get, and one script
// that compares eight bytes, and sets. With withJSON it also counts in what it got.
func bare(b *testing.B, addrs []string, withJSON bool) visit {
	b.Helper()
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: addrs, DisableCache: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	script := rueidis.NewLuaScript(`if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3]) return 1`)
	data, err := json.Marshal(visitor())
	if err != nil {
		b.Fatal(err)
	}
	for n := range visitors {
		if err := c.Do(b.Context(), c.B().Set().Key(fmt.Sprint("b", n)).Value("00000000"+string(data)).Build()).Error(); err != nil {
			b.Fatal(err)
		}
	}
	return func(ctx context.Context, n int) error {
		key := "b" + strconv.Itoa(n%visitors)
		v, err := c.Do(ctx, c.B().Get().Key(key).Build()).AsBytes()
		if err != nil {
			return err
		}
		version, data := string(v[:8]), v[8:]
		if withJSON {
			var params map[string]any
			if err := json.Unmarshal(data, &params); err != nil {
				return err
			}
			params["visits"] = params["visits"].(float64) + 1
			if data, err = json.Marshal(params); err != nil {
				return err
			}
		}
		next := make([]byte, 8, 8+len(data))
		binary.BigEndian.PutUint64(next, binary.BigEndian.Uint64([]byte(version))+1)
		next = append(next, data...)
		ok, err := script.Exec(ctx, c, []string{key}, []string{rueidis.BinaryString(next), version, "3600000"}).AsInt64()
		if err == nil && ok != 1 {
			err = errors.New("changed meanwhile")
		}
		return err
	}
}

// byScs does it with scs, which overwrites.
func byScs(b *testing.B, addr string) visit {
	b.Helper()
	pool := &redis.Pool{MaxIdle: visitors, Dial: func() (redis.Conn, error) { return redis.Dial("tcp", addr) }}
	b.Cleanup(func() { pool.Close() })
	m := scs.New()
	m.Store = scsredis.New(pool)
	m.Codec = scsJSON{}
	var tokens []string
	for range visitors {
		ctx, err := m.Load(b.Context(), "")
		if err != nil {
			b.Fatal(err)
		}
		for k, v := range visitor() {
			m.Put(ctx, k, v)
		}
		token, _, err := m.Commit(ctx)
		if err != nil {
			b.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	return func(ctx context.Context, n int) error {
		ctx, err := m.Load(ctx, tokens[n%visitors])
		if err != nil {
			return err
		}
		count, _ := m.Get(ctx, "visits").(float64)
		m.Put(ctx, "visits", count+1)
		_, _, err = m.Commit(ctx)
		return err
	}
}

// scsJSON is a codec for scs that writes what ours writes. Its own, gob, wants types
// registered.
type scsJSON struct{}

type scsRecord struct {
	Deadline time.Time
	Values   map[string]any
}

func (scsJSON) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	return json.Marshal(scsRecord{deadline, values})
}

func (scsJSON) Decode(b []byte) (time.Time, map[string]any, error) {
	var r scsRecord
	err := json.Unmarshal(b, &r)
	return r.Deadline, r.Values, err
}

// round makes so many visits by so many goroutines, each with visitors of its own, and
// returns how long one took.
func round(b *testing.B, v visit, goroutines, visits int) float64 {
	b.Helper()
	start := time.Now()
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for range visits / goroutines {
				if err := v(b.Context(), g); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return float64(time.Since(start)) / float64(visits/goroutines*goroutines)
}

// compare takes turns between ways to do the same, and reports the median time of each,
// and its ratio to the first.
func compare(b *testing.B, goroutines int, names []string, ways []visit) {
	b.Helper()
	const visits = 2048
	times := make([][]float64, len(ways))
	for _, v := range ways {
		round(b, v, goroutines, visits)
	}
	for b.Loop() {
		for i, v := range ways {
			times[i] = append(times[i], round(b, v, goroutines, visits))
		}
	}
	median := func(t []float64) float64 {
		slices.Sort(t)
		return t[len(t)/2]
	}
	base := median(times[0])
	b.ReportMetric(0, "ns/op")
	for i, name := range names {
		m := median(times[i])
		b.ReportMetric(m/1000, name+"-µs")
		if i > 0 {
			b.ReportMetric(m/base, "x-"+name)
		}
	}
}

func BenchmarkOverBareClient(b *testing.B) {
	addrs := []string{testserver.StartRedis(b).Addr}
	ways := []visit{bare(b, addrs, false), bare(b, addrs, true), stored(b, addrs), managed(b, addrs)}
	for _, g := range []int{1, 32, 256} {
		b.Run(fmt.Sprint(g), func(b *testing.B) {
			compare(b, g, []string{"bare", "bare+json", "store", "manager"}, ways)
		})
	}
}

func BenchmarkOverScs(b *testing.B) {
	addr := testserver.StartRedis(b).Addr
	ways := []visit{byScs(b, addr), managed(b, []string{addr})}
	for _, g := range []int{1, 32, 256} {
		b.Run(fmt.Sprint(g), func(b *testing.B) { compare(b, g, []string{"scs", "manager"}, ways) })
	}
}

// BenchmarkMasters makes visits to 1, 3 and 6 masters on one machine, and reports the
// processor time that the servers take for one.
func BenchmarkMasters(b *testing.B) {
	for _, n := range []int{1, 3, 6} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			nodes := []*testserver.Redis{}
			if n == 1 {
				nodes = append(nodes, testserver.StartRedis(b))
			} else {
				nodes = testserver.StartRedisCluster(b, n, 0).Nodes
			}
			var addrs []string
			for _, node := range nodes {
				addrs = append(addrs, node.Addr)
			}
			v := stored(b, addrs)
			const visits = 16384
			round(b, v, 256, visits)
			var times []float64
			rounds, before := 0, processorTime(b, nodes)
			for b.Loop() {
				times = append(times, round(b, v, 256, visits))
				rounds++
			}
			used := processorTime(b, nodes) - before
			slices.Sort(times)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(1e9/times[len(times)/2], "visits/s")
			b.ReportMetric(used*1e6/float64(rounds*visits), "server-µs")
		})
	}
}

// processorTime returns the seconds that servers have worked.
func processorTime(b *testing.B, nodes []*testserver.Redis) (sum float64) {
	b.Helper()
	for _, node := range nodes {
		for line := range strings.FieldsSeq(node.Cli(b, "INFO", "cpu")) {
			name, value, _ := strings.Cut(line, ":")
			if name == "used_cpu_sys" || name == "used_cpu_user" {
				seconds, err := strconv.ParseFloat(value, 64)
				if err != nil {
					b.Fatal(err)
				}
				sum += seconds
			}
		}
	}
	return sum
}
