package nativetest

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// BenchmarkPurge purges n sessions of 500 bytes, of which three in ten have expired, while
// four writers load and save others without a pause: by Sweep, and by one DELETE in another
// table. It reports how long each took, and the longest that a load and a save took before
// and during it.
func (d Database) BenchmarkPurge(b *testing.B, n int) {
	for range b.N {
		b.StopTimer()
		place := d.Fresh(b)
		st := d.open(b, place, sqlstore.NativeOptions{Wait: 10 * time.Minute}) // one DELETE can keep them for long
		db, table, err := d.Open(b.Context(), place)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { db.Close() })
		d.fill(b, db, table, n)
		w := newWriters(b, st, n)
		time.Sleep(2 * time.Second)
		calm := w.lap()
		b.StartTimer()
		start := time.Now()
		removed, err := st.Purge(context.WithoutCancel(b.Context()))
		took := time.Since(start)
		b.StopTimer()
		purging := w.lap()
		w.stop()
		if err != nil || removed != n/10*3 {
			b.Fatalf("Purge = %d, %v", removed, err)
		}
		b.Logf("purge of %d in %v, writers: calm %v, then %v", removed, took, calm, purging)

		d.fill(b, db, table, n/10*3) // the expired ones again
		w = newWriters(b, st, n)
		time.Sleep(time.Second)
		w.lap()
		start = time.Now()
		statement := fmt.Sprintf("DELETE FROM %s WHERE expires > 0 AND expires < %d", table, start.Unix())
		_, err = db.ExecContext(b.Context(), statement)
		for err != nil && d.Dialect.Fault(err) == sqlstore.Busy {
			_, err = db.ExecContext(b.Context(), statement)
		}
		plain := time.Since(start)
		deleting := w.lap()
		w.stop()
		if err != nil {
			b.Fatal(err)
		}
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		b.ReportMetric(took.Seconds(), "purge-s")
		b.ReportMetric(plain.Seconds(), "delete-s")
		for name, l := range map[string]laps{"calm": calm, "purge": purging, "delete": deleting} {
			b.ReportMetric(ms(l.most), name+"-max-ms")
			b.ReportMetric(ms(l.p999), name+"-p99.9-ms")
			b.ReportMetric(l.perSecond, name+"-writes/s")
		}
	}
}

// fill makes n sessions, the first three of each ten expired; if they are there already,
// only those that are not.
func (d Database) fill(b *testing.B, db *sql.DB, table string, n int) {
	b.Helper()
	const rows = 100
	bind := d.Dialect.Bind
	one := make([]string, rows)
	for i := range one {
		one[i] = "(" + bind(4*i+1) + "," + bind(4*i+2) + "," + bind(4*i+3) + "," + bind(4*i+4) + ")"
	}
	insert := "INSERT INTO " + table + " (id, data, version, expires) VALUES " + strings.Join(one, ",")
	data := []byte(strings.Repeat("0123456789", 50))
	now := time.Now().Unix()
	refill := 0
	if err := db.QueryRowContext(b.Context(), "SELECT count(*) FROM "+table).Scan(&refill); err != nil {
		b.Fatal(err)
	}
	var args []any
	for i, made := 0, 0; made < n; i++ {
		expired := i%10 < 3
		if refill > 0 && !expired {
			continue
		}
		expires := now + 3600 + int64(i%3600)
		if expired {
			expires = now - int64(i%86400) - 1
		}
		args = append(args, sessionID(i), data, int64(1), expires)
		if made++; made%rows == 0 {
			if _, err := db.ExecContext(b.Context(), insert, args...); err != nil {
				b.Fatal(err)
			}
			args = args[:0]
		}
	}
}

// sessionID scatters the sessions over the table, as real ids do.
func sessionID(i int) string {
	return fmt.Sprintf("%016x%016x", uint64(i+1)*0x9E3779B97F4A7C15, uint64(i))
}

// writers load and save sessions that have not expired.
type writers struct {
	mu   sync.Mutex
	took []time.Duration
	from time.Time
	quit chan struct{}
	wg   sync.WaitGroup
}

type laps struct {
	most, p999 time.Duration
	perSecond  float64
}

func (l laps) String() string {
	return fmt.Sprintf("max %v, p99.9 %v, %.0f/s", l.most, l.p999, l.perSecond)
}

func newWriters(b *testing.B, st store.Store, n int) *writers {
	w := &writers{quit: make(chan struct{}), from: time.Now()}
	ctx := context.WithoutCancel(b.Context())
	for range 4 {
		w.wg.Go(func() {
			for {
				select {
				case <-w.quit:
					return
				default:
				}
				id := sessionID(rand.IntN(n/10)*10 + 3 + rand.IntN(7))
				start := time.Now()
				rec, err := st.Load(ctx, id)
				if err == nil {
					_, err = st.Save(ctx, id, rec.Data, store.AnyRev, store.SaveOptions{TTL: time.Hour})
				}
				if err != nil {
					b.Errorf("a writer: %v", err)
					return
				}
				w.mu.Lock()
				w.took = append(w.took, time.Since(start))
				w.mu.Unlock()
			}
		})
	}
	return w
}

// lap returns what was since the last lap.
func (w *writers) lap() laps {
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.Sort(w.took)
	n := len(w.took)
	l := laps{perSecond: float64(n) / time.Since(w.from).Seconds()}
	if n > 0 {
		l.most, l.p999 = w.took[n-1], w.took[n*999/1000]
	}
	w.took, w.from = nil, time.Now()
	return l
}

func (w *writers) stop() {
	close(w.quit)
	w.wg.Wait()
}
