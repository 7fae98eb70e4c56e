package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// A purge of Perl's table, which has rows with numbers or not.
func TestPurgeOfPerlTable(t *testing.T) {
	for _, kind := range []string{"", " WITHOUT ROWID"} {
		t.Run("table"+kind, func(t *testing.T) {
			db := openDB(t, tempFile(t), fast)
			exec1(t, db, "CREATE TABLE sessions (id char(32) not null primary key, a_session text not null)"+kind)
			purgeOfPerlTable(t, newStore(t, db, &sqlstore.Options{MaxBytes: 2000}), newStore(t, db, nil))
		})
	}
}

func purgeOfPerlTable(t *testing.T, st, big *sqlstore.Store) {
	m, err := datasession.New(st, dumper.Codec{Tail: true}, &datasession.Options{Family: datasession.CGISession})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	session := func(id string, atime int64, rest string) string {
		return fmt.Sprintf(`$D = {'_SESSION_ID' => '%s','_SESSION_ATIME' => %d,'_SESSION_CTIME' => 1,'_SESSION_ETIME' => 60%s};;$D`, id, atime, rest)
	}
	kept := map[string]string{
		"live":     session("live", now, ""),
		"foreign":  session("other", now-1000, ""),
		"corrupt":  "$D = {",
		"damaged":  session("damaged", now-1000, `,'x' => [1,,2]`), // Pick does not see that
		"code":     session("code", now-1000, `,'x' => sub { "DUMMY" }`),
		"noend":    strings.Replace(session("noend", now-1000, ""), "'_SESSION_ETIME' => 60", "'x' => 1", 1),
		"late use": session("late use", now-1000, ""),
	}
	for id, data := range kept {
		mustSave(t, st, id, data, store.Rev{})
	}
	mustSave(t, big, "huge", session("huge", now-1000, ",'x' => '"+strings.Repeat("x", 3000)+"'"), store.Rev{})
	for i := range 450 {
		id := fmt.Sprintf("dead%03d", i)
		mustSave(t, st, id, session(id, now-1000, ",'list' => [1,{'a' => \\'x'}]"), store.Rev{})
	}

	want := datasession.PurgeResult{Seen: 458, Removed: 451, Failed: 5}
	if got, err := m.Purge(t.Context(), &datasession.PurgeOptions{DryRun: true}); err != nil || got != want {
		t.Errorf("a dry run = %+v, %v; want %+v", got, err, want)
	}
	used := false
	got, err := m.Purge(t.Context(), &datasession.PurgeOptions{Progress: func(datasession.PurgeResult) {
		if !used { // it has not been removed yet: 200 go at once
			used = true
			kept["late use"] = session("late use", now, "")
			mustSave(t, st, "late use", kept["late use"], store.AnyRev)
		}
	}})
	if want.Removed = 450; err != nil || got != want {
		t.Errorf("Purge = %+v, %v; want %+v", got, err, want)
	}
	kept["huge"] = ""
	var left []string
	for id, err := range st.IDs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, id)
		if rec, err := st.Load(t.Context(), id); string(rec.Data) != kept[id] || err != nil && !errors.Is(err, store.ErrTooLarge) {
			t.Errorf("%s is %q, %v; want %q", id, rec.Data, err, kept[id])
		}
	}
	if len(left) != len(kept) {
		slices.Sort(left)
		t.Errorf("%q are left, want %d", left, len(kept))
	}
}
