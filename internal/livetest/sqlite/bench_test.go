package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// BenchmarkOverByHand reports what the store costs over the two statements that
// it has to run, prepared by hand on the same handle: the median of the ratios
// of many short turns, taken by turns, so that a noisy machine slows both. The
// context is one that can end, as that of a request is.
//
//	go test -run - -bench OverByHand ./sqlite
func BenchmarkOverByHand(b *testing.B) {
	for _, size := range []int{500, 8000} {
		versions := [2][]byte{bytes.Repeat([]byte("x"), size), bytes.Repeat([]byte("y"), size)}
		for _, handle := range []string{"OpenSQLite", "sql.Open"} {
			st, db := benchTable(b, handle, versions[0])
			ctx, cancel := context.WithCancel(context.Background())
			b.Cleanup(cancel)

			load := prepare(b, db, "SELECT a_session FROM sessions WHERE id = ?")
			b.Run(fmt.Sprintf("load/%d/%s", size, handle), func(b *testing.B) {
				compare(b, func(int) error {
					var data []byte
					return load.QueryRowContext(ctx, "a").Scan(&data)
				}, func(int) error {
					_, err := st.Load(ctx, "a")
					return err
				})
			})

			save := prepare(b, db, "UPDATE sessions SET a_session = ? WHERE id = ? AND a_session = ?")
			rec, err := st.Load(ctx, "a")
			if err != nil {
				b.Fatal(err)
			}
			rev := rec.Rev
			mustSave(b, st, "b", string(versions[0]), store.Rev{})
			b.Run(fmt.Sprintf("save/%d/%s", size, handle), func(b *testing.B) {
				exec1(b, db, "UPDATE sessions SET a_session = ? WHERE id = 'b'", versions[0])
				compare(b, func(i int) error {
					res, err := save.ExecContext(ctx, versions[(i+1)%2], "b", versions[i%2])
					if err != nil {
						return err
					}
					if n, err := res.RowsAffected(); n != 1 {
						return fmt.Errorf("%d rows were changed, want 1 (%v)", n, err)
					}
					return nil
				}, func(i int) error {
					rev, err = st.Save(ctx, "a", versions[i%2], rev, store.SaveOptions{})
					return err
				})
			})
		}
	}
}

// compare runs both functions by turns, b.N times each.
func compare(b *testing.B, byHand, store func(i int) error) {
	const turn = 50
	var ratios []float64
	var i, j int
	run := func(f func(int) error, i *int) time.Duration {
		start := time.Now()
		for range turn {
			if err := f(*i); err != nil {
				b.Fatal(err)
			}
			*i++
		}
		return time.Since(start)
	}
	run(byHand, &i)
	run(store, &j)
	for range b.N/turn + 1 {
		ratios = append(ratios, float64(run(store, &j))/float64(run(byHand, &i)))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
}

func prepare(b *testing.B, db *sql.DB, query string) *sql.Stmt {
	st, err := db.Prepare(query)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	return st
}

func benchTable(b *testing.B, handle string, data []byte) (*sqlstore.Store, *sql.DB) {
	file := tempFile(b)
	st, db := tableIn(b, file, fast)
	if handle == "sql.Open" {
		var err error
		if db, err = sql.Open(Driver, file); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { db.Close() })
		st = newStore(b, db, nil)
	}
	mustSave(b, st, "a", string(data), store.Rev{})
	return st, db
}
