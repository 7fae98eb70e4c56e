package testserver

import (
	"context"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// MariaDB is a running MariaDB server with the database test. Its superuser is root,
// without a password.
type MariaDB struct {
	*Process
	Socket string // the path of the Unix socket
	Port   int    // on loopback
}

// StartMariaDB starts a MariaDB server, with further options such as
// "--innodb-flush-log-at-trx-commit=1". Without that it does not wait for the disk: its data
// survive a kill of the server, and not one of the machine.
func StartMariaDB(t testing.TB, options ...string) *MariaDB {
	t.Helper()
	program := Find(t, "mariadbd", "mariadb-server")
	dir, as := ownDir(t, "mysql")
	data := filepath.Join(dir, "data")
	setUp(t, exec.Command(Find(t, "mariadb-install-db", "mariadb-server"), "--no-defaults", "--datadir="+data,
		"--auth-root-authentication-method=normal"), dir, as)

	port := Port(t)
	socket := filepath.Join(dir, "s")
	args := append([]string{"--no-defaults", "--datadir=" + data, "--socket=" + socket, "--pid-file=" + filepath.Join(dir, "pid"),
		"--bind-address=127.0.0.1", "--port=" + strconv.Itoa(port), "--max-connections=200",
		"--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=64M"}, options...)
	p := Start(t, func() *exec.Cmd {
		cmd := exec.Command(program, args...)
		cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as}
		return cmd
	}, func(ctx context.Context) error {
		return exec.CommandContext(ctx, "mariadb", "--no-defaults", "-uroot", "-S", socket, "-e", "CREATE DATABASE IF NOT EXISTS test").Run()
	})
	return &MariaDB{p, socket, port}
}

// DSN is the name of the database test for go-sql-driver/mysql, over the Unix socket.
func (m *MariaDB) DSN() string { return "root@unix(" + m.Socket + ")/test" }

// Addr is the address of the server on loopback.
func (m *MariaDB) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(m.Port)) }

// Query runs statements as root and returns what they select, a tab between columns.
func (m *MariaDB) Query(t testing.TB, sql string) string {
	t.Helper()
	out, err := exec.Command("mariadb", "--no-defaults", "-uroot", "-S", m.Socket, "-BN", "test", "-e", sql).CombinedOutput()
	if err != nil {
		t.Fatalf("mariadb: %v\n%s", err, out)
	}
	return string(out)
}
