package bench

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/store"
)

// A Visit is what is measured: visitor n comes once more.
type Visit func(ctx context.Context, n int) error

// Visitors is how many sessions there are; a Visit takes n modulo that.
const Visitors = 256

// Visitor returns the parameters of a session of about 500 bytes.
func Visitor() map[string]any {
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

// Managed loads a session through a Manager, counts, and flushes.
func Managed(b *testing.B, st store.Store) Visit {
	b.Helper()
	m, err := datasession.New(st, perljson.Codec{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	var ids []string
	for range Visitors {
		s, err := m.New(b.Context())
		if err == nil {
			err = errors.Join(s.SetAll(Visitor()), s.Flush(b.Context()))
		}
		if err != nil {
			b.Fatal(err)
		}
		ids = append(ids, s.ID())
	}
	return func(ctx context.Context, n int) error {
		s, err := m.Load(ctx, ids[n%Visitors])
		if err != nil {
			return err
		}
		count, _ := datasession.Get[int](s, "visits")
		return errors.Join(s.Set("visits", count+1), s.Flush(ctx))
	}
}

// ByScs does it with scs, which overwrites.
func ByScs(b *testing.B, st scs.Store) Visit {
	b.Helper()
	m := scs.New()
	m.Store = st
	m.Codec = scsJSON{}
	var tokens []string
	for range Visitors {
		ctx, err := m.Load(b.Context(), "")
		if err != nil {
			b.Fatal(err)
		}
		for k, v := range Visitor() {
			m.Put(ctx, k, v)
		}
		token, _, err := m.Commit(ctx)
		if err != nil {
			b.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	return func(ctx context.Context, n int) error {
		ctx, err := m.Load(ctx, tokens[n%Visitors])
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

// Round makes so many visits by so many goroutines, each with visitors of its own, and
// returns how many nanoseconds one took.
func Round(b *testing.B, v Visit, goroutines, visits int) float64 {
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

// A Way is one of several to do the same.
type Way struct {
	Name  string
	Visit Visit
}

// Compare takes turns between ways, so many visits each, and reports the median time
// of each, and the median of its ratios to the first.
func Compare(b *testing.B, goroutines, visits int, ways []Way) {
	b.Helper()
	times, ratios := make([][]float64, len(ways)), make([][]float64, len(ways))
	for _, w := range ways {
		Round(b, w.Visit, goroutines, visits)
	}
	for b.Loop() {
		for i, w := range ways {
			t := Round(b, w.Visit, goroutines, visits)
			times[i] = append(times[i], t)
			ratios[i] = append(ratios[i], t/times[0][len(times[0])-1])
		}
	}
	median := func(t []float64) float64 {
		slices.Sort(t)
		return t[len(t)/2]
	}
	b.ReportMetric(0, "ns/op")
	for i, w := range ways {
		b.ReportMetric(median(times[i])/1000, w.Name+"-µs")
		if i > 0 {
			b.ReportMetric(median(ratios[i]), "x-"+w.Name)
		}
	}
}
