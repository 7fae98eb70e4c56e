package sqltest

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// BenchVisit reports what it costs to load a session of some 500 bytes, change a
// parameter and flush, over the two statements that this takes, prepared by hand on the
// same handle, at 1, 8 and 64 goroutines with a session each: the median of the ratios
// of many short turns, taken by turns, so that a noisy machine slows both; and the ratio of
// their 10th percentiles, which is what a machine with nothing else to do would show. load
// and save are the statements, with the placeholders of id; and of data, id, old data.
func (d Database) BenchVisit(b *testing.B, db *sql.DB, table, load, save string) {
	st, err := sqlstore.New(db, d.Dialect, &sqlstore.Options{Table: table})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	m, err := datasession.New(st, perljson.Codec{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	get, put := prepare(b, db, load), prepare(b, db, save)
	for _, goroutines := range []int{1, 8, 64} {
		sessions := make([]benchSession, goroutines)
		for i := range sessions {
			sessions[i] = newBenchSession(b, m, i)
		}
		b.Run(fmt.Sprint(goroutines), func(b *testing.B) {
			ctx := b.Context()
			hand := func(s *benchSession) error { return s.byHand(ctx, get, put) }
			ours := func(s *benchSession) error { return s.byManager(ctx, m) }
			const turn = 64
			each := max(1, turn/goroutines)
			var ratios, hands, times []float64
			run(b, sessions, each, hand)
			run(b, sessions, each, ours)
			for range max(b.N/turn, 1) {
				h, o := run(b, sessions, each, hand), run(b, sessions, each, ours)
				ratios = append(ratios, float64(o)/float64(h))
				hands = append(hands, float64(h.Nanoseconds())/float64(each*goroutines)/1000)
				times = append(times, float64(o.Nanoseconds())/float64(each*goroutines)/1000)
			}
			slices.Sort(ratios)
			slices.Sort(hands)
			slices.Sort(times)
			b.ReportMetric(ratios[len(ratios)/2], "ratio")
			b.ReportMetric(times[len(times)/10]/hands[len(hands)/10], "quiet-ratio")
			b.ReportMetric(times[len(times)/10], "µs/visit")
			b.ReportMetric(0, "ns/op") // of both
		})
	}
}

func run(b *testing.B, sessions []benchSession, each int, visit func(*benchSession) error) time.Duration {
	var wg sync.WaitGroup
	start := time.Now()
	for i := range sessions {
		wg.Go(func() {
			for range each {
				if err := visit(&sessions[i]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

func prepare(b *testing.B, db *sql.DB, query string) *sql.Stmt {
	st, err := db.Prepare(query)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	return st
}

// benchSession is one session by the Manager, and a row of as many bytes by hand.
type benchSession struct {
	id, row string
	n       int
	data    []byte
}

func newBenchSession(b *testing.B, m *datasession.Manager, i int) benchSession {
	s := benchSession{id: fmt.Sprintf("%032x", i), row: fmt.Sprintf("%032x", 1000+i)}
	for _, id := range []string{s.id, s.row} {
		err := m.Delete(b.Context(), id) // one by hand is not a session any more
		if err != nil {
			b.Fatal(err)
		}
		ses, err := m.Open(b.Context(), id)
		if err == nil {
			err = ses.SetAll(map[string]any{
				"user": "ann@example.com", "n": 0, "cart": []map[string]any{{"sku": "A-1", "qty": 2}, {"sku": "B-2", "qty": 1}},
				"note": strings.Repeat("some text ", 20),
			})
		}
		if err == nil {
			err = ses.Flush(b.Context())
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	return s
}

func (s *benchSession) byManager(ctx context.Context, m *datasession.Manager) error {
	ses, err := m.Load(ctx, s.id)
	if err != nil {
		return err
	}
	s.n++
	if err := ses.Set("n", s.n); err != nil {
		return err
	}
	return ses.Flush(ctx)
}

func (s *benchSession) byHand(ctx context.Context, get, put *sql.Stmt) error {
	var old []byte
	if err := get.QueryRowContext(ctx, s.row).Scan(&old); err != nil {
		return err
	}
	s.data = append(s.data[:0], old...)
	s.data[len(s.data)-20]++ // some byte of the text
	if s.data[len(s.data)-20] > 'z' {
		s.data[len(s.data)-20] = 'a'
	}
	res, err := put.ExecContext(ctx, s.data, s.row, old)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); n != 1 {
		return fmt.Errorf("%d rows were changed, want 1 (%v)", n, err)
	}
	return nil
}
