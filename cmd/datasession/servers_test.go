package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/internal/testserver"
)

// serverCase is ways to say which table it is.
type serverCase struct {
	name  string
	flags [][]string
}

// Each way to say which database it is leads to the same table, and no password is shown.
func TestServers(t *testing.T) {
	pg, maria := testserver.StartPostgres(t), testserver.StartMariaDB(t)
	pgHost := url.QueryEscape(pg.Socket)
	const password = "ann's secret"
	const id = "0123456789abcdef0123456789abcdef"
	for _, c := range append([]serverCase{
		{"Pg", [][]string{
			{"--type", "driver:Pg", "--data-source", fmt.Sprintf("dbi:Pg:dbname=postgres;host=%s;port=%d", pg.Socket, pg.Port), "--username", "postgres"},
			{"--type", "driver:Pg;id:MD5;serialize:DataDumper", "--data-source", pg.URL()},
			{"--type", "driver:Pg", "--pg-bytea", "--data-source", "postgresql:///postgres?host=" + pgHost, "--username", "postgres", "--port", fmt.Sprint(pg.Port)},
			{"--type", "driver:Pg", "--data-source", "dbname=postgres", "--host", "127.0.0.1", "--port", fmt.Sprint(pg.Port), "--username", "postgres"},
		}},
		{"Pg text", [][]string{
			{"--type", "driver:Pg;serialize:JSON", "--pg-text", "--table-name", "texts", "--data-source", pg.URL()},
		}},
		{"mysql", [][]string{
			{"--type", "driver:mysql", "--data-source", "dbi:mysql:database=test;mysql_socket=" + maria.Socket, "--username", "root"},
			{"--type", "driver:mysql", "--data-source", "mysql://root@" + maria.Addr() + "/test"},
			{"--type", "driver:mysql", "--data-source", "test", "--socket", maria.Socket, "--username", "root"},
			{"--type", "driver:mysql", "--data-source", maria.DSN(), "--no-replace", "--auto-create", "--auto-disconnect"},
		}},
	}, odbcServers(t, pg, maria)...) {
		t.Run(c.name, func(t *testing.T) {
			ds(t, exitDone, "", append([]string{"set", "--create", "--create-store", id, "user=ann €"}, c.flags[0]...)...)
			for _, flags := range c.flags {
				shown := ds(t, exitDone, "", append([]string{"show", "--json", id}, flags...)...)
				if !strings.Contains(shown, `"user":"ann €"`) {
					t.Errorf("show %q: %s", flags, shown)
				}
				if listed := ds(t, exitDone, "", append([]string{"ls", "--show-ids"}, flags...)...); listed != id+"\n" {
					t.Errorf("ls %q: %s", flags, listed)
				}
			}
			ds(t, exitRefused, "", append([]string{"set", "--create", "--no-insert", "another", "a=b"}, c.flags[0]...)...)
			keep := append([]string{"rm", "--no-delete", id}, c.flags[0]...)
			if strings.HasPrefix(c.name, "Pg") { // its column is not null
				ds(t, exitUnreachable, "", keep...)
			}
			ds(t, exitDone, "", append([]string{"rm", id}, c.flags[0]...)...)
			ds(t, exitRefused, "", append([]string{"show", id}, c.flags[0]...)...)
		})
	}

	t.Run("password", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		source := "mysql://ann@" + maria.Addr() + "/test"
		said := dsError(t, exitUnreachable, "ls", "--type", "driver:mysql", "--data-source", source, "--password-file", file)
		if strings.Contains(said, password) || !strings.Contains(said, "Access denied") {
			t.Errorf("with a wrong password: %s", said)
		}
		ds(t, exitDone, "", "set", "--create", "--create-store", "abc", "a=b", "--type", "driver:mysql", "--data-source", maria.DSN())
		maria.Query(t, "CREATE USER ann@localhost IDENTIFIED BY '"+strings.ReplaceAll(password, "'", "''")+"'; GRANT ALL ON test.* TO ann@localhost")
		ds(t, exitDone, "", "show", "abc", "--type", "driver:mysql", "--data-source", source, "--password-file", file)
		t.Setenv(passwordVariable, password)
		ds(t, exitDone, "", "show", "abc", "--type", "driver:mysql", "--data-source", source)
		t.Setenv(passwordVariable, "wrong "+password)
		for _, args := range [][]string{
			{"--type", "driver:mysql", "--data-source", source},
			{"--type", "driver:mysql", "--data-source", "mysql://ann:" + url.QueryEscape(password) + "@127.0.0.1:x/test"},
			{"--type", "driver:Pg", "--data-source", "postgres://ann:" + url.QueryEscape(password) + "@127.0.0.1:1/x?sslmode=nonsense"},
			{"--type", "driver:Pg", "--data-source", "postgres://127.0.0.1:1/x"},
		} {
			code := exitUnreachable
			if strings.Contains(args[3], ":x/") {
				code = exitUsage
			}
			if said := dsError(t, code, append([]string{"ls"}, args...)...); strings.Contains(said, "secret") {
				t.Errorf("%q: %s", args, said)
			}
		}
	})
}
