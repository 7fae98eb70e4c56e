package memcachestore

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store"
)

// BenchmarkVisit reports what a visit through a Manager (load, change, flush) and one
// through the store (load, save) cost beside get and cas of the client library: the
// median of the ratios of many short turns, so that a noisy machine slows both.
//
//	go test -run - -bench Visit ./store/memcachestore
func BenchmarkVisit(b *testing.B) {
	m := testserver.StartMemcached(b, "-c", "4096")
	for _, goroutines := range []int{1, 32, 256} {
		b.Run(fmt.Sprint(goroutines), func(b *testing.B) {
			opts := &Options{MaxIdle: goroutines}
			st := open(b, opts, m.Addr)
			manager, err := datasession.New(st, perljson.Codec{}, nil)
			if err != nil {
				b.Fatal(err)
			}
			client := memcache.New(m.Addr)
			client.MaxIdleConns = goroutines
			client.Timeout = 5 * time.Second
			var ids []string
			for range goroutines {
				s, err := manager.New(b.Context())
				if err == nil {
					err = s.Set("fill", strings.Repeat("x", 400))
				}
				if err == nil {
					err = s.Flush(b.Context())
				}
				if err != nil {
					b.Fatal(err)
				}
				ids = append(ids, s.ID())
			}
			bare := func(ctx context.Context, id string, i int) error {
				it, err := client.Get(id)
				if err != nil {
					return err
				}
				it.Value = bytes.Clone(it.Value)
				return client.CompareAndSwap(it)
			}
			visit := func(ctx context.Context, id string, i int) error {
				s, err := manager.Load(ctx, id)
				if err == nil {
					err = s.Set("n", i)
				}
				if err == nil {
					err = s.Flush(ctx)
				}
				return err
			}
			loadSave := func(ctx context.Context, id string, i int) error {
				rec, err := st.Load(ctx, id)
				if err == nil {
					_, err = st.Save(ctx, id, rec.Data, rec.Rev, store.SaveOptions{})
				}
				return err
			}
			for name, ours := range map[string]func(context.Context, string, int) error{"manager": visit, "store": loadSave} {
				b.Run(name, func(b *testing.B) { compare(b, ids, bare, ours) })
			}
		})
	}
}

// compare runs both by turns, b.N times each, a goroutine for each id. Every call has
// a context of its own, as a request has.
func compare(b *testing.B, ids []string, bare, ours func(context.Context, string, int) error) {
	turn := max(64/len(ids), 4)
	run := func(f func(context.Context, string, int) error) time.Duration {
		start := time.Now()
		var wg sync.WaitGroup
		for _, id := range ids {
			wg.Go(func() {
				for i := range turn {
					ctx, cancel := context.WithCancel(context.Background())
					if err := f(ctx, id, i); err != nil {
						b.Error(err)
					}
					cancel()
				}
			})
		}
		wg.Wait()
		return time.Since(start)
	}
	run(bare)
	run(ours)
	var ratios []float64
	var total time.Duration
	n := b.N/(turn*len(ids)) + 1
	b.ResetTimer()
	for range n {
		base := run(bare)
		mine := run(ours)
		total += mine
		ratios = append(ratios, float64(mine)/float64(base))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
	b.ReportMetric(float64(total.Nanoseconds())/float64(n*turn*len(ids)), "ns/visit")
}
