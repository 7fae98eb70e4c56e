package sqlstore

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Login is what a data source may leave out. What it says itself wins over the fields.
// The zero value adds nothing.
type Login struct {
	Username, Password string

	Host   string
	Port   int
	Socket string // the Unix socket; of PostgreSQL, its directory
}

// PgDSN returns what the driver pgx takes for a data source: a URL postgres://…, or what
// Perl's DBI takes, dbi:Pg:dbname=…;host=…;port=…, or libpq's "dbname=… host=…". It
// holds the password, if there is one. What is in neither source nor login comes from
// the environment, PGHOST and so on, as in Perl.
func PgDSN(source string, l Login) (string, error) {
	rest, dbi := cutPrefixFold(source, "dbi:Pg")
	if dbi {
		lead := dbiAttributes.FindString(rest)
		if lead == "" {
			return "", errors.New("open Pg: want dbi:Pg:dbname=NAME;host=HOST")
		}
		source = rest[len(lead):]
	} else if scheme, _, ok := strings.Cut(source, "://"); ok {
		if scheme != "postgres" && scheme != "postgresql" {
			return "", errors.New("open Pg: want postgres://HOST/NAME")
		}
		return pgURL(source, l)
	}
	given, err := keywords(source)
	if err != nil {
		return "", err
	}
	port := ""
	if l.Port != 0 {
		port = strconv.Itoa(l.Port)
	}
	for _, k := range [][2]string{{"user", l.Username}, {"password", l.Password}, {"host", cmp.Or(l.Socket, l.Host)}, {"port", port}} {
		if k[1] != "" && !given.has(k[0]) {
			given = append(given, k)
		}
	}
	return given.String(), nil
}

func pgURL(source string, l Login) (string, error) {
	u, err := url.Parse(source)
	if err != nil {
		return "", errors.New("open Pg: malformed URL") // whose error has the URL, with the password
	}
	query := u.Query()
	user, password := u.User.Username(), ""
	password, given := u.User.Password()
	user = cmp.Or(user, query.Get("user"), l.Username)
	if !given && !query.Has("password") {
		password, given = l.Password, l.Password != ""
	}
	switch {
	case given:
		u.User = url.UserPassword(user, password)
	case user != "":
		u.User = url.User(user)
	}
	host, port := u.Hostname(), u.Port()
	if strings.Contains(u.Host, ",") { // several hosts, which say it all
		return u.String(), nil
	}
	if host == "" && !query.Has("host") && cmp.Or(l.Socket, l.Host) != "" {
		query.Set("host", cmp.Or(l.Socket, l.Host))
	}
	if port == "" && !query.Has("port") && l.Port != 0 {
		query.Set("port", strconv.Itoa(l.Port))
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// pairs are libpq's keywords and values.
type pairs [][2]string

func (p pairs) has(key string) bool {
	for _, kv := range p {
		if kv[0] == key || kv[0] == "hostaddr" && key == "host" {
			return true
		}
	}
	return false
}

var escapeKeyword = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

func (p pairs) String() string {
	parts := make([]string, len(p))
	for i, kv := range p {
		parts[i] = kv[0] + "='" + escapeKeyword.Replace(kv[1]) + "'"
	}
	return strings.Join(parts, " ")
}

var keyword = regexp.MustCompile(`^[\s;]*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s;'\\]|\\.)*))(?:[\s;]+|$)`)

var unescapeKeyword = regexp.MustCompile(`\\(.)`)

// keywords reads name=value pairs between blanks or, as DBD::Pg has them, semicolons.
func keywords(source string) (pairs, error) {
	var p pairs
	for strings.Trim(source, " ;\t\n") != "" {
		m := keyword.FindStringSubmatch(source)
		if m == nil {
			return nil, fmt.Errorf("open Pg: want name=value pairs, and pair %d is none", len(p)+1)
		}
		key, value := m[1], unescapeKeyword.ReplaceAllString(m[2]+m[3], "$1")
		if key == "db" || key == "database" {
			key = "dbname"
		}
		p = append(p, [2]string{key, value})
		source = source[len(m[0]):]
	}
	return p, nil
}

// MySQLDSN returns what go-sql-driver/mysql takes for a data source: a URL
// mysql://user@host:port/name or mariadb://…, what Perl's DBI takes,
// dbi:mysql:database=…;host=…;port=…;mysql_socket=…, what the driver itself takes, or
// the mere name of a database. It holds the password, if there is one.
//
// Without a host or with localhost, and without a socket, it is TCP to 127.0.0.1. Perl
// goes to the socket that its client library was built with.
func MySQLDSN(source string, l Login) (string, error) {
	s := mysqlSource{params: url.Values{}}
	rest, dbi := cutPrefixFold(source, "dbi:mysql")
	if !dbi {
		rest, dbi = cutPrefixFold(source, "dbi:MariaDB")
	}
	var err error
	scheme, _, isURL := strings.Cut(source, "://")
	switch {
	case dbi:
		lead := dbiAttributes.FindString(rest)
		if lead == "" {
			return "", errors.New("open mysql: want dbi:mysql:database=NAME;host=HOST")
		}
		err = s.readDBI(rest[len(lead):])
	case isURL && (scheme == "mysql" || scheme == "mariadb"):
		err = s.readURL(source)
	case strings.Contains(source, "/"):
		if !strings.Contains(source[:strings.LastIndexByte(source, '/')], "@") && l.Username != "" {
			source = userinfo(l.Username, l.Password) + source
		}
		return source, nil
	default:
		err = s.readDBI(source)
	}
	if err != nil {
		return "", err
	}
	return s.with(l)
}

type mysqlSource struct {
	Login
	database string
	params   url.Values
}

func userinfo(user, password string) string {
	if password != "" {
		user += ":" + password
	}
	return user + "@"
}

func (s mysqlSource) with(l Login) (string, error) {
	user, password := cmp.Or(s.Username, l.Username), cmp.Or(s.Password, l.Password)
	if strings.Contains(user, ":") {
		return "", errors.New("open mysql: the driver takes no user name with a colon")
	}
	dsn := ""
	if user != "" {
		dsn = userinfo(user, password)
	}
	host := cmp.Or(s.Host, l.Host)
	socket := s.Socket
	if socket == "" && (host == "" || host == "localhost") {
		socket = l.Socket
	}
	if socket != "" {
		dsn += "unix(" + socket + ")"
	} else {
		if host == "" || host == "localhost" {
			host = "127.0.0.1"
		}
		dsn += "tcp(" + net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(cmp.Or(s.Port, l.Port, 3306))) + ")"
	}
	dsn += "/" + url.PathEscape(s.database)
	if len(s.params) > 0 {
		dsn += "?" + s.params.Encode()
	}
	return dsn, nil
}

func (s *mysqlSource) readURL(source string) error {
	u, err := url.Parse(source)
	if err != nil {
		return errors.New("open mysql: malformed URL")
	}
	s.Username = u.User.Username()
	s.Password, _ = u.User.Password()
	s.Host, s.database = u.Hostname(), strings.TrimPrefix(u.Path, "/")
	s.params = u.Query()
	s.Socket = s.params.Get("socket")
	s.params.Del("socket")
	return s.port(u.Port())
}

var dbiPart = regexp.MustCompile(`^([^:;\[]*(?:\[[^\]]*\])?[^:;]*)(?:[:;]|$)`)

// readDBI reads name=value pairs, and values without a name, which are the database, the
// host and the port, as DBD::mysql does.
func (s *mysqlSource) readDBI(source string) error {
	free := []string{"database", "host", "port"}
	for source != "" {
		m := dbiPart.FindStringSubmatch(source)
		if m == nil {
			return errors.New("open mysql: malformed data source")
		}
		source = source[len(m[0]):]
		key, value, named := strings.Cut(m[1], "=")
		if !named {
			if key == "" {
				continue
			}
			if len(free) == 0 {
				return errors.New("open mysql: want name=value pairs")
			}
			key, value, free = free[0], key, free[1:]
		}
		if err := s.set(key, value); err != nil {
			return err
		}
	}
	return nil
}

// set takes one of DBD::mysql's options. Those that decide whom one talks to, and are not
// known here, are refused; others are about the Perl side and ignored.
func (s *mysqlSource) set(key, value string) error {
	on := value != "" && value != "0"
	switch key {
	case "database", "db", "dbname":
		s.database = value
	case "host", "hostname":
		s.Host = value
	case "port":
		return s.port(value)
	case "user":
		s.Username = value
	case "password":
		s.Password = value
	case "mysql_socket", "mariadb_socket":
		s.Socket = value
	case "mysql_connect_timeout":
		s.params.Set("timeout", value+"s")
	case "mysql_read_timeout":
		s.params.Set("readTimeout", value+"s")
	case "mysql_write_timeout":
		s.params.Set("writeTimeout", value+"s")
	case "mysql_ssl", "mariadb_ssl":
		if on && !s.params.Has("tls") {
			s.params.Set("tls", "skip-verify") // Perl does not verify unless told to
		}
	case "mysql_ssl_verify_server_cert", "mariadb_ssl_verify_server_cert":
		if on {
			s.params.Set("tls", "true")
		}
	default:
		if strings.Contains(key, "_ssl_") || strings.Contains(key, "_read_default_") {
			return fmt.Errorf("open mysql: %s in a data source is not supported", key)
		}
	}
	return nil
}

func (s *mysqlSource) port(text string) error {
	if text == "" {
		return nil
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return errors.New("open mysql: the port is no number from 1 to 65535")
	}
	s.Port = int(n)
	return nil
}
