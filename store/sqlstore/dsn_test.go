package sqlstore

import (
	"strings"
	"testing"
)

func TestPgDSN(t *testing.T) {
	all := Login{Username: "ann", Password: `p'\w;`, Host: "db", Port: 6543}
	for _, c := range []struct {
		source string
		login  Login
		want   string
	}{
		{"dbi:Pg:dbname=app;host=h;port=5433", Login{}, "dbname='app' host='h' port='5433'"},
		{"DBI:pg(RaiseError=>1):db=app", Login{}, "dbname='app'"},
		{"dbi:Pg:database=app;sslmode=require;", all, `dbname='app' sslmode='require' user='ann' password='p\'\\w;' host='db' port='6543'`},
		{"dbi:Pg:dbname='a b;c\\'d'", Login{Socket: "/run/postgresql"}, `dbname='a b;c\'d' host='/run/postgresql'`},
		{"dbi:Pg:", Login{}, ""},
		{"dbname=app user=bob host=/tmp", all, `dbname='app' user='bob' host='/tmp' password='p\'\\w;' port='6543'`},
		{"dbname=app hostaddr=127.0.0.1", Login{Host: "db"}, "dbname='app' hostaddr='127.0.0.1'"},
		{"postgres://bob:x@h:1/app?sslmode=disable", all, "postgres://bob:x@h:1/app?sslmode=disable"},
		{"postgresql:///app", all, "postgresql://ann:p%27%5Cw;@/app?host=db&port=6543"},
		{"postgres://h/app", Login{Username: "ann", Socket: "/tmp"}, "postgres://ann@h/app"},
		{"postgres://a:1,b:2/app", Login{Port: 5}, "postgres://a:1,b:2/app"},
	} {
		if got, err := PgDSN(c.source, c.login); err != nil || got != c.want {
			t.Errorf("PgDSN(%q, %+v) = %s, %v\nwant %s", c.source, c.login, got, err, c.want)
		}
	}
	for _, source := range []string{"dbi:Pg", "app", "dbi:Pg:app", "dbname='a", "mysql://h/app", "postgres://secret@h:x/", "=a"} {
		if got, err := PgDSN(source, all); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("PgDSN(%q) = %s, %v; want an error without the source", source, got, err)
		}
	}
}

func TestMySQLDSN(t *testing.T) {
	all := Login{Username: "ann", Password: `p@/:w`, Host: "db", Port: 3307, Socket: "/run/s"}
	for _, c := range []struct {
		source string
		login  Login
		want   string
	}{
		{"dbi:mysql:database=app;host=h;port=3308", Login{}, "tcp(h:3308)/app"},
		{"dbi:mysql:app", Login{Username: "ann"}, "ann@tcp(127.0.0.1:3306)/app"},
		{"dbi:mysql:app:h:3308", Login{}, "tcp(h:3308)/app"},
		{"DBI:MariaDB(RaiseError=>1):dbname=app;mariadb_socket=/s", all, "ann:p@/:w@unix(/s)/app"},
		{"dbi:mysql:database=app;host=[::1]", Login{}, "tcp([::1]:3306)/app"},
		{"dbi:mysql:database=app;host=localhost;mysql_enable_utf8=1", Login{Socket: "/run/s"}, "unix(/run/s)/app"},
		{"dbi:mysql:database=app;mysql_ssl=1", all, "ann:p@/:w@tcp(db:3307)/app?tls=skip-verify"},
		{"dbi:mysql:database=app;mysql_ssl_verify_server_cert=1;mysql_ssl=1", Login{}, "tcp(127.0.0.1:3306)/app?tls=true"},
		{"dbi:mysql:database=a/b;mysql_connect_timeout=3", Login{}, "tcp(127.0.0.1:3306)/a%2Fb?timeout=3s"},
		{"app", Login{}, "tcp(127.0.0.1:3306)/app"},
		{"mysql://bob:x%40@h/app?tls=true", all, "bob:x@@tcp(h:3307)/app?tls=true"},
		{"mariadb://localhost/app?socket=/s", Login{}, "unix(/s)/app"},
		{"bob:x@tcp(h:1)/app", all, "bob:x@tcp(h:1)/app"},
		{"unix(/s)/app", Login{Username: "ann"}, "ann@unix(/s)/app"},
	} {
		if got, err := MySQLDSN(c.source, c.login); err != nil || got != c.want {
			t.Errorf("MySQLDSN(%q, %+v) = %s, %v\nwant %s", c.source, c.login, got, err, c.want)
		}
	}
	for _, source := range []string{"dbi:mysql", "dbi:mysql:a:b:3:d", "dbi:mysql:port=x", "mysql://secret@h:x/",
		"dbi:mysql:database=a;mysql_ssl_ca_file=/f", "dbi:mysql:mysql_read_default_file=/f", "dbi:mysql:user=a:b;database=c:d:e:f"} {
		if got, err := MySQLDSN(source, Login{}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("MySQLDSN(%q) = %s, %v; want an error without the source", source, got, err)
		}
	}
}

func TestOracleDSN(t *testing.T) {
	all := Login{Username: "ann", Password: "p@/:w", Host: "db", Port: 1522}
	for _, c := range []struct {
		source string
		login  Login
		want   string
	}{
		{"dbi:Oracle:host=h;port=1;service_name=S", all, "oracle://ann:p%40%2F%3Aw@h:1/S?SERVER+LOCATION=UTC"},
		{"dbi:Oracle:host=h;sid=XE", Login{Username: "ann"}, "oracle://ann:@h:1521/?SERVER+LOCATION=UTC&SID=XE"},
		{"dbi:Oracle://h:1/S", Login{Username: "ann"}, "oracle://ann:@h:1/S?SERVER+LOCATION=UTC"},
		{"oracle://bob:x@h/S?SERVER+LOCATION=Europe%2FBerlin", all, "oracle://bob:x@h:1522/S?SERVER+LOCATION=Europe%2FBerlin"},
		{"oracle:///S", all, "oracle://ann:p%40%2F%3Aw@db:1522/S?SERVER+LOCATION=UTC"},
	} {
		if got, err := OracleDSN(c.source, c.login); err != nil || got != c.want {
			t.Errorf("OracleDSN(%q) = %s, %v\nwant %s", c.source, got, err, c.want)
		}
	}
	for _, source := range []string{"", "dbi:Oracle:TNSNAME", "dbi:Oracle:host=h", "dbi:Oracle:host=h;port=x;sid=a", "oracle://secret@h:x/S",
		"oracle://h", "mysql://h/S", "dbi:Oracle:host=h;sid=a;secret=1"} {
		if got, err := OracleDSN(source, Login{}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("OracleDSN(%q) = %s, %v; want an error without the source", source, got, err)
		}
	}
}
