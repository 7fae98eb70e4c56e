package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/internal/testserver"
)

// odbcDriver returns the file of an ODBC driver, from a Debian package.
func odbcDriver(t *testing.T, file, debian string) string {
	t.Helper()
	find := func() []string {
		found, err := filepath.Glob("/usr/lib/*/odbc/" + file)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if len(find()) == 0 {
		perltest.Packages(t, "unixodbc", debian)
	}
	if len(find()) == 0 {
		t.Fatalf("the Debian package %s has no %s", debian, file)
	}
	return find()[0]
}

// odbcServers is for TestServers: the same tables, through the driver manager.
func odbcServers(t *testing.T, pg *testserver.Postgres, maria *testserver.MariaDB) []serverCase {
	toPg := fmt.Sprintf("Driver={%s};Server=127.0.0.1;Port=%d;Database=postgres", odbcDriver(t, "psqlodbcw.so", "odbc-postgresql"), pg.Port)
	toMaria := fmt.Sprintf("DRIVER={%s};Server=127.0.0.1;Port=%d;Database=test;UID=root", odbcDriver(t, "libmaodbc.so", "odbc-mariadb"), maria.Port)
	toSQLite := fmt.Sprintf("Driver=%s;Database=%s", odbcDriver(t, "libsqlite3odbc.so", "libsqliteodbc"), filepath.Join(t.TempDir(), "s.db"))
	direct := []string{"--type", "driver:mysql", "--data-source", maria.DSN()}
	return []serverCase{
		{"Pg over ODBC", [][]string{
			{"--type", "driver:ODBC", "--data-source", "dbi:ODBC:" + toPg + ";UID=postgres"},
			{"--type", "driver:ODBC", "--data-source", toPg, "--username", "postgres"},
			{"--type", "driver:Pg", "--data-source", pg.URL()},
		}},
		{"Pg text over ODBC", [][]string{
			{"--type", "driver:ODBC;serialize:JSON", "--pg-text", "--table-name", "odbctexts", "--data-source", toPg, "--username", "postgres"},
		}},
		{"mysql over ODBC", [][]string{
			{"--type", "driver:ODBC;id:MD5;serialize:DataDumper", "--data-source", "dbi:ODBC:" + toMaria, "--auto-create"},
			direct,
		}},
		{"SQLite over ODBC", [][]string{
			{"--type", "driver:ODBC", "--data-source", "DBI:ODBC:" + toSQLite},
		}},
	}
}

func TestODBCUsage(t *testing.T) {
	odbcDriver(t, "libsqlite3odbc.so", "libsqliteodbc")
	const password = "ann's secret"
	t.Setenv(passwordVariable, password)
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{exitUsage, "driver:ODBC wants --data-source", nil},
		{exitUsage, "want dbi:ODBC:NAME", []string{"--data-source", "dbi:ODBC:"}},
		{exitUsage, "stand in the data source", []string{"--data-source", "dbi:ODBC:DSN=x", "--host", "h"}},
		{exitUnreachable, "Data source name not found", []string{"--data-source", "dbi:ODBC:no-such-source"}},
		{exitUnreachable, "SQLSTATE", []string{"--data-source", "Driver=/no/such.so;UID=ann;PWD={" + password + "}"}},
	} {
		said := dsError(t, c.code, append([]string{"ls", "--type", "driver:ODBC"}, c.args...)...)
		if !strings.Contains(said, c.want) || strings.Contains(said, "secret") {
			t.Errorf("%q: %s", c.args, said)
		}
	}
}
