package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestODBCDSN(t *testing.T) {
	ann := Login{Username: "ann", Password: "a;b}c"}
	for _, c := range []struct {
		source string
		l      Login
		want   string
	}{
		{"dbi:ODBC:DSN=web", Login{}, "DSN=web"},
		{"dbi:ODBC:web", Login{}, "DSN=web"},
		{"DBI:odbc(RaiseError=>1):DSN=web;UID=x", Login{}, "DSN=web;UID=x"},
		{"dbi:ODBC:DRIVER={My Driver};Server=h:1", Login{}, "DRIVER={My Driver};Server=h:1"},
		{"DSN=web", Login{}, "DSN=web"},
		{"web", Login{}, "DSN=web"},
		{"DSN=web;", ann, "DSN=web;UID=ann;PWD={a;b}}c}"},
		{"DSN=web; uid =bob", ann, "DSN=web; uid =bob;PWD={a;b}}c}"},
		{"DSN=web;Uid=bob;Pwd={x;UID=}}y}", ann, "DSN=web;Uid=bob;Pwd={x;UID=}}y}"},
		{"Extra={;PWD=no;};DSN=web", ann, "Extra={;PWD=no;};DSN=web;UID=ann;PWD={a;b}}c}"},
	} {
		if got, err := ODBCDSN(c.source, c.l); got != c.want || err != nil {
			t.Errorf("ODBCDSN(%q, %+v) = %q, %v; want %q", c.source, c.l, got, err, c.want)
		}
	}
	for _, source := range []string{"", " ", "dbi:ODBC", "dbi:ODBC:", "dbi:ODBC(x=>1):", "DSN=a\x00b", ";;"} {
		if got, err := ODBCDSN(source, Login{}); err == nil {
			t.Errorf("ODBCDSN(%q) = %q, want an error", source, got)
		}
	}
	for _, l := range []Login{{Host: "h"}, {Port: 1}, {Socket: "/s"}} {
		if _, err := ODBCDSN("DSN=web", l); err == nil {
			t.Errorf("ODBCDSN with %+v = no error", l)
		}
	}
}

// odbcError is an error of an ODBC driver.
type odbcError struct {
	state  string
	native int32
}

func (e odbcError) Error() string {
	return fmt.Sprintf("no such table, it says (%s, %d)", e.state, e.native)
}
func (e odbcError) SQLState() string { return e.state }
func (e odbcError) Native() int32    { return e.native }

func TestODBCFault(t *testing.T) {
	for _, c := range []struct {
		behind Dialect
		err    odbcError
		want   Fault
	}{
		{Pg, odbcError{"08S01", 26}, Unreachable},
		{Pg, odbcError{"IM002", 0}, Unreachable},
		{Pg, odbcError{"28000", 101}, Unreachable},
		{Pg, odbcError{"40001", 1}, Busy},
		{Pg, odbcError{"42P01", 1}, NoTable},
		{Pg, odbcError{"23505", 1}, Duplicate},
		{MySQL, odbcError{"HY000", 2013}, Unreachable},
		{MySQL, odbcError{"08S01", 2006}, Unreachable},
		{MySQL, odbcError{"40001", 1213}, Busy},
		{MySQL, odbcError{"HY000", 1205}, Busy},
		{MySQL, odbcError{"42S02", 1146}, NoTable},
		{MySQL, odbcError{"23000", 1062}, Duplicate},
		{MySQL, odbcError{"22001", 1406}, TooLarge},
		{SQLite, odbcError{"HY000", 1}, NoTable},
		{SQLite, odbcError{"HYT00", 0}, Unreachable},
	} {
		if got := ODBC(c.behind).Fault(fmt.Errorf("x: %w", c.err)); got != c.want {
			t.Errorf("%s: Fault(%v) = %d, want %d", c.behind.Name, c.err, got, c.want)
		}
	}
}

func TestODBCDialects(t *testing.T) {
	for name, want := range map[string]string{
		"SQLite": "SQLite", "PostgreSQL": "Pg", "MySQL": "mysql", "MariaDB": "mysql", "Oracle": "", "": "",
	} {
		d, ok := behind(name)
		if d.Name != want || ok != (want != "") {
			t.Errorf("behind(%q) = %q, %v; want %q", name, d.Name, ok, want)
		}
		if !ok {
			continue
		}
		d = ODBC(d).complete()
		for _, template := range []string{"SELECT " + d.Data, d.Exists, d.Create, d.Replace} {
			q := d.expand(template, "`t`", "`i`", "`d`")
			if strings.Count(q.text, "?") != len(q.binds) || strings.Contains(q.text, "octet_length(`d`)") && want == "SQLite" {
				t.Errorf("%s: %s binds %q", name, q.text, q.binds)
			}
		}
	}
	if got := string(fromHex([]byte("00FFab"))); got != "\x00\xff\xab" {
		t.Errorf("fromHex = %q", got)
	}
	if got := fromHex(nil); got != nil {
		t.Errorf("fromHex(nil) = %q, want nil", got)
	}
	if got := fromHex([]byte{}); got == nil || len(got) != 0 {
		t.Errorf("fromHex of nothing = %v, want no bytes", got)
	}
	db := sql.OpenDB(&fake{})
	defer db.Close()
	if _, err := FindODBC(t.Context(), db); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("FindODBC of another driver = %v, want %v", err, errors.ErrUnsupported)
	}
}
