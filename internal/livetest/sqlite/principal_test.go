package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// unlisted is a table that fails a test that reads all of it.
type unlisted struct {
	*sqlstore.Native
	t *testing.T
}

func (u unlisted) IDs(ctx context.Context) iter.Seq2[string, error] {
	u.t.Error("all sessions are listed")
	return u.Native.IDs(ctx)
}

// The sessions of an account are found by the index, in a table whose keys are no ids.
func TestPrincipals(t *testing.T) {
	db := openDB(t, tempFile(t), fast)
	st, err := sqlstore.NewNative(db, sqlstore.SQLite, &sqlstore.NativeOptions{
		Index: []sqlstore.IndexColumn{{Param: datasession.PrincipalParam, Column: "principal"}},
	})
	if err == nil {
		err = st.Migrate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	m, err := datasession.New(unlisted{st, t}, perljson.Codec{}, &datasession.Options{
		HashIDs: true, EpochCheck: time.Minute, RenameGrace: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !m.Indexed(datasession.PrincipalParam) {
		t.Fatal("the principal is not indexed")
	}
	var ids [3][]string
	for i := range 60 {
		s, err := m.New(t.Context())
		if err == nil { // once anonymous, then signed in: a record is left under the old id
			err = errors.Join(s.Set("cart", i), s.Flush(t.Context()), s.Login(t.Context(), fmt.Sprint("user", i%3), datasession.Client{}))
		}
		if err != nil {
			t.Fatal(err)
		}
		ids[i%3] = append(ids[i%3], s.ID())
	}
	n := 0
	for in, err := range m.SignIns(t.Context(), "user0") {
		if n++; err != nil || in.Principal != "user0" {
			t.Fatalf("SignIns yields %+v, %v", in, err)
		}
	}
	others, errOthers := m.RevokeOthers(t.Context(), "user0", ids[0][7])
	all, errAll := m.RevokeAll(t.Context(), "user1")
	if err := errors.Join(errOthers, errAll); err != nil || n != 20 || others != 19 || all != 20 {
		t.Errorf("%d signed in, %d others and %d in all ended, %v; want 20, 19, 20", n, others, all, err)
	}
	alive := [3]int{}
	for user, ids := range ids {
		for _, id := range ids {
			if _, err := m.Load(t.Context(), id); err == nil {
				alive[user]++
			} else if !errors.Is(err, datasession.ErrNotFound) {
				t.Fatal(err)
			}
		}
	}
	if alive != [3]int{1, 0, 20} {
		t.Errorf("alive: %v; want 1, 0, 20", alive)
	}
}
