package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-datasession/datasession/store"
)

// A plain comparison is for a table both of whose columns compare byte by byte, for as
// long as it is known to be so.
func TestPlainComparison(t *testing.T) {
	for _, d := range []Dialect{MySQL, PgText} {
		synctest.Test(t, func(t *testing.T) {
			exact, plain := int64(2), false
			f := &fake{answer: func(_ context.Context, query string, _ []driver.NamedValue) (int64, [][]driver.Value, error) {
				if strings.Contains(strings.ToUpper(query), "COUNT(") {
					return 0, [][]driver.Value{{int64(2), nil, nil, exact}}, nil
				}
				plain = !strings.Contains(query, "CAST(") && !strings.Contains(query, "COLLATE")
				return 1, [][]driver.Value{{[]byte("x")}}, nil
			}}
			db := sql.OpenDB(f)
			defer db.Close()
			s, err := New(db, d, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for _, want := range []bool{true, false} {
				rec, err := s.Load(t.Context(), "a")
				if err != nil || plain != want {
					t.Errorf("%s: %d exact columns: Load = %v, plain %v; want %v", d.Name, exact, err, plain, want)
				}
				if _, err = s.Save(t.Context(), "a", []byte("y"), rec.Rev, store.SaveOptions{}); err != nil || plain != want {
					t.Errorf("%s: %d exact columns: Save = %v, plain %v; want %v", d.Name, exact, err, plain, want)
				}
				exact = 1
				time.Sleep(askAgain)
			}
		})
	}
}
