package double

import (
	"bufio"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/internal/perltest"
)

//go:embed Bridge.java
var bridge []byte

// engine is an HSQLDB that reads Oracle's syntax, in a Java process of its own.
type engine struct{ addr string }

// startEngine starts the Java process, which ends with the test.
func startEngine(t testing.TB) *engine {
	t.Helper()
	const jar = "/usr/share/java/hsqldb.jar"
	var missing []string
	if found, err := filepath.Glob(jar); err != nil || len(found) == 0 {
		missing = append(missing, "libhsqldb-java")
	}
	if _, err := exec.LookPath("javac"); err != nil {
		missing = append(missing, "default-jdk-headless")
	}
	perltest.Packages(t, missing...)
	dir, err := os.MkdirTemp("", "datasession-oracle")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	source := filepath.Join(dir, "Bridge.java")
	if err := os.WriteFile(source, bridge, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("javac", "-cp", jar, "-d", dir, source).CombinedOutput(); err != nil {
		t.Fatalf("javac: %v\n%s", err, out)
	}
	cmd := exec.Command("java", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", dir+":"+jar, "Bridge")
	stdin, err := cmd.StdinPipe() // the process ends when this is closed
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Logf("java: %v\n%s", err, &stderr)
		}
	})
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("java: %v\n%s", err, &stderr)
	}
	return &engine{net.JoinHostPort("127.0.0.1", strings.TrimSpace(port))}
}

// dbSession is one session of the engine.
type dbSession struct {
	conn net.Conn
	r    *bufio.Reader
}

func (e *engine) session() (*dbSession, error) {
	c, err := net.Dial("tcp", e.addr)
	if err != nil {
		return nil, err
	}
	return &dbSession{c, bufio.NewReader(c)}, nil
}

// value is a value on its way into or out of the engine: 'b' bytes, 's' text, 'd' a
// decimal number. Nil data is NULL.
type value struct {
	kind byte
	data []byte
}

// column is a column of a result; jdbc is its java.sql.Types.
type column struct {
	name            string
	jdbc, precision int
}

// result is what a statement gave: rows, or how many rows it affected.
type result struct {
	columns  []column
	rows     [][][]byte
	affected int
}

// oraError is an error as Oracle would report it.
type oraError struct {
	code int
	text string
}

func (e *oraError) Error() string { return fmt.Sprintf("ORA-%05d: %s", e.code, e.text) }

// exec runs a statement whose placeholders are :1, :2 and so on, in this order.
func (s *dbSession) exec(sql string, binds []value, commit bool) (result, error) {
	if m := forUpdate.FindStringSubmatch(sql); m != nil {
		// HSQLDB reads FOR UPDATE and locks nothing. An update that changes nothing does.
		lock := "UPDATE " + m[2] + " SET " + m[4] + " = " + m[4] + " WHERE " + m[3]
		if _, err := s.exec(lock, binds, false); err != nil {
			return result{}, err
		}
		sql = "SELECT " + m[1] + " FROM " + m[2] + " WHERE " + m[3]
	}
	b := []byte{'x', 0}
	if commit {
		b[1] = 1
	}
	b = putBytes(b, []byte(question(sql)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(binds)))
	for _, v := range binds {
		b = putBytes(append(b, v.kind), v.data)
	}
	return s.call(b)
}

var forUpdate = regexp.MustCompile(`(?is)^SELECT (.*) FROM (\S+) WHERE (\(?("?\w+"?) = .*) FOR UPDATE$`)

func (s *dbSession) commit() error   { _, err := s.call([]byte{'c'}); return err }
func (s *dbSession) rollback() error { _, err := s.call([]byte{'r'}); return err }

// question replaces placeholders outside of quotes by question marks.
func question(sql string) string {
	var b strings.Builder
	quote := byte(0)
	for i := 0; i < len(sql); i++ {
		c := sql[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == ':':
			for i+1 < len(sql) && '0' <= sql[i+1] && sql[i+1] <= '9' {
				i++
			}
			c = '?'
		}
		b.WriteByte(c)
	}
	return b.String()
}

func (s *dbSession) call(request []byte) (res result, err error) {
	if _, err := s.conn.Write(request); err != nil {
		return res, err
	}
	kind, err := s.r.ReadByte()
	if err != nil {
		return res, err
	}
	switch kind {
	case 'u':
		res.affected, err = s.int()
		return res, err
	case 'e':
		code, _ := s.int()
		state, _ := s.bytes()
		text, err := s.bytes()
		if err != nil {
			return res, err
		}
		return res, oracleError(code, string(state), string(text))
	}
	columns, err := s.int()
	if err != nil {
		return res, err
	}
	for range columns {
		name, _ := s.bytes()
		jdbc, _ := s.int()
		precision, err := s.int()
		if err != nil {
			return res, err
		}
		res.columns = append(res.columns, column{string(name), jdbc, precision})
	}
	rows, err := s.int()
	for i := 0; i < rows && err == nil; i++ {
		row := make([][]byte, columns)
		for c := range row {
			if row[c], err = s.bytes(); err != nil {
				break
			}
		}
		res.rows = append(res.rows, row)
	}
	return res, err
}

func (s *dbSession) int() (int, error) {
	var b [4]byte
	_, err := io.ReadFull(s.r, b[:])
	return int(int32(binary.BigEndian.Uint32(b[:]))), err
}

func (s *dbSession) bytes() ([]byte, error) {
	n, err := s.int()
	if err != nil || n < 0 {
		return nil, err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(s.r, b)
	return b, err
}

func putBytes(b, data []byte) []byte {
	if data == nil {
		return binary.BigEndian.AppendUint32(b, 0xffffffff)
	}
	return append(binary.BigEndian.AppendUint32(b, uint32(len(data))), data...)
}

// oracleError gives an error of HSQLDB the number that Oracle has for it.
func oracleError(code int, state, text string) error {
	number := 900 // invalid SQL statement
	switch {
	case state == "23505":
		number = 1
	case state == "42504" || state == "42504 " || strings.Contains(text, "object name already exists"):
		number = 955
	case state == "42501" && strings.Contains(text, "privilege or object not found"):
		number = 942
	case state == "22001":
		number = 12899
	case state == "23502":
		number = 1400
	case strings.HasPrefix(state, "40"):
		number = 8177
	}
	return &oraError{number, text}
}
