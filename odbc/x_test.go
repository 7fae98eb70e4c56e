package odbc

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"testing"
	"time"
)

func TestX(t *testing.T) {
	src := os.Getenv("SRC")
	if src == "" {
		src = "Driver=/usr/lib/x86_64-linux-gnu/odbc/libsqlite3odbc.so;Database=" + t.TempDir() + "/x.db"
	}
	db, err := sql.Open("odbc", src)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	show := func(q string, args ...any) {
		rows, err := db.Query(q, args...)
		if err != nil {
			fmt.Println(q, "ERR", err)
			return
		}
		defer rows.Close()
		ct, _ := rows.ColumnTypes()
		for _, c := range ct {
			fmt.Print(c.Name(), " ", c.DatabaseTypeName(), "; ")
		}
		for rows.Next() {
			vs := make([]any, len(ct))
			ps := make([]any, len(ct))
			for i := range vs {
				ps[i] = &vs[i]
			}
			if err := rows.Scan(ps...); err != nil {
				fmt.Println("ERR", err)
			}
			for _, v := range vs {
				if s := fmt.Sprintf("%T %#v", v, v); len(s) > 200 {
					fmt.Print(" | ", s[:200], len(s))
				} else {
					fmt.Print(" | ", s)
				}
			}
		}
		fmt.Println(q, rows.Err())
	}
	exec := func(q string, args ...any) {
		r, err := db.Exec(q, args...)
		if err != nil {
			fmt.Println(q, "ERR", err)
			return
		}
		n, _ := r.RowsAffected()
		fmt.Println(q, n)
	}
	c, _ := db.Conn(context.Background())
	if c == nil {
		t.Fatal(db.Ping())
	}
	c.Raw(func(x any) error {
		i := x.(Info)
		fmt.Printf("%q %q %q\n", i.DriverName(), i.DBMSName(), i.DBMSVersion())
		return nil
	})
	c.Close()
	exec("create table t (id char(32) primary key, a text, b blob, i integer, f double, d datetime, n numeric(10,2))")
	raw := []byte("é\x00\xff'")
	exec("insert into t values (?,?,?,?,?,?,?)", "one", raw, raw, int64(1<<62+1), 1.1, time.Now(), "3.14")
	exec("insert into t values (?,?,?,?,?,?,?)", "two", string(raw), string(raw), "xx", 0.1+0.2, nil, nil)
	exec("insert into t (id,a,b) values (?,?,?)", "three", "", []byte{})
	show("select * from t")
	show("select id, typeof(a), typeof(b), hex(a), hex(b),length(a) from t")
	show("select cast(a as blob), case when length(a) < 100 then cast(a as blob) end from t")
	show("select cast(? as blob), typeof(?), typeof(?)", raw, raw, string(raw))
	exec("insert into t (id, a, b) values (?, cast(? as blob), cast(? as blob))", "four", raw, string(raw))
	show("select id, typeof(a), typeof(b), hex(a), hex(b),length(a) from t where id='four'")
	show("select f from t")
	show("select 1; select 2")
	show("select '1', 1.5, null, 'é', x'00ff'")
	show("selec")
	show("select ?", 1, 2)
}
