package testserver

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// Both keep their data over a kill and a stop, and answer on both of their addresses.
func TestDatabases(t *testing.T) {
	pg := StartPostgres(t)
	maria := StartMariaDB(t)
	query := func(sql string, want string) {
		t.Helper()
		psql := exec.Command("psql", "-h", pg.Socket, "-p", strconv.Itoa(pg.Port), "-U", "postgres", "-Atqc", sql)
		mysql := exec.Command("mariadb", "--no-defaults", "-uroot", "-h127.0.0.1", "-P", strconv.Itoa(maria.Port), "-BN", "test", "-e", sql)
		for _, cmd := range []*exec.Cmd{psql, mysql} {
			if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != want {
				t.Errorf("%s: %s, %v; want %s", sql, out, err, want)
			}
		}
	}
	query("create table t (i int)", "")
	query("insert into t values (1)", "")
	pg.Stop()
	maria.Stop()
	pg.Restart()
	maria.Restart()
	query("insert into t values (1)", "")
	pg.Restart() // kills it
	maria.Restart()
	query("select count(*) from t where i = 1", "2")
}
