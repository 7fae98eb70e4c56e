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
	"testing"
	"time"

	scsredis "github.com/alexedwards/scs/redisstore"
	"github.com/gomodule/redigo/redis"
	"github.com/redis/rueidis"

	"github.com/go-datasession/datasession/internal/bench"
	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/redisstore"
)

func openStore(b *testing.B, addrs []string) *redisstore.Store {
	b.Helper()
	st, err := redisstore.Open(rueidis.ClientOption{InitAddress: addrs}, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	return st
}

// stored loads and saves bytes through the store alone.
func stored(b *testing.B, addrs []string) bench.Visit {
	b.Helper()
	st := openStore(b, addrs)
	data, err := json.Marshal(bench.Visitor())
	if err != nil {
		b.Fatal(err)
	}
	for n := range bench.Visitors {
		if _, err := st.Save(b.Context(), fmt.Sprint("s", n), data, store.Rev{}, store.SaveOptions{TTL: time.Hour}); err != nil {
			b.Fatal(err)
		}
	}
	return func(ctx context.Context, n int) error {
		id := "s" + strconv.Itoa(n%bench.Visitors)
		rec, err := st.Load(ctx, id)
		if err == nil {
			_, err = st.Save(ctx, id, rec.Data, rec.Rev, store.SaveOptions{TTL: time.Hour})
		}
		return err
	}
}

// bare is the least that does the same with the client library: one get, and one script
// that compares eight bytes, and sets. With withJSON it also counts in what it got.
func bare(b *testing.B, addrs []string, withJSON bool) bench.Visit {
	b.Helper()
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: addrs, DisableCache: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	script := rueidis.NewLuaScript(`if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3]) return 1`)
	data, err := json.Marshal(bench.Visitor())
	if err != nil {
		b.Fatal(err)
	}
	for n := range bench.Visitors {
		if err := c.Do(b.Context(), c.B().Set().Key(fmt.Sprint("b", n)).Value("00000000"+string(data)).Build()).Error(); err != nil {
			b.Fatal(err)
		}
	}
	return func(ctx context.Context, n int) error {
		key := "b" + strconv.Itoa(n%bench.Visitors)
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

// visits is how many make a round.
const visits = 2048

func BenchmarkOverBareClient(b *testing.B) {
	addrs := []string{testserver.StartRedis(b).Addr}
	ways := []bench.Way{
		{Name: "bare", Visit: bare(b, addrs, false)},
		{Name: "bare+json", Visit: bare(b, addrs, true)},
		{Name: "store", Visit: stored(b, addrs)},
		{Name: "manager", Visit: bench.Managed(b, openStore(b, addrs))},
	}
	for _, g := range []int{1, 32, 256} {
		b.Run(fmt.Sprint(g), func(b *testing.B) { bench.Compare(b, g, visits, ways) })
	}
}

func BenchmarkOverScs(b *testing.B) {
	addr := testserver.StartRedis(b).Addr
	pool := &redis.Pool{MaxIdle: bench.Visitors, Dial: func() (redis.Conn, error) { return redis.Dial("tcp", addr) }}
	b.Cleanup(func() { pool.Close() })
	ways := []bench.Way{
		{Name: "scs", Visit: bench.ByScs(b, scsredis.New(pool))},
		{Name: "manager", Visit: bench.Managed(b, openStore(b, []string{addr}))},
	}
	for _, g := range []int{1, 32, 256} {
		b.Run(fmt.Sprint(g), func(b *testing.B) { bench.Compare(b, g, visits, ways) })
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
			bench.Round(b, v, 256, visits)
			var times []float64
			rounds, before := 0, processorTime(b, nodes)
			for b.Loop() {
				times = append(times, bench.Round(b, v, 256, visits))
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
