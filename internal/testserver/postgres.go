package testserver

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Postgres is a running PostgreSQL server. Its superuser is postgres, without a
// password, and the database postgres is of UTF-8 with the collation C.
type Postgres struct {
	*Process
	Socket string // the directory of the Unix socket
	Port   int    // on loopback, and in the socket's name
}

// StartPostgres starts a PostgreSQL server, with further settings such as
// "fsync=on". Without that it does not wait for the disk: its data survive a kill of the
// server, and not one of the machine.
func StartPostgres(t testing.TB, settings ...string) *Postgres {
	t.Helper()
	initdb, err := filepath.EvalSymlinks(Find(t, "initdb", "postgresql", "/usr/lib/postgresql/*/bin"))
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Dir(initdb)
	dir, as := ownDir(t, "postgres")
	data := filepath.Join(dir, "data")
	init := exec.Command(initdb, "-D", data, "-U", "postgres", "--auth=trust",
		"--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	setUp(t, init, dir, as)

	port := Port(t)
	args := []string{"-D", data, "-k", dir, "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"}
	for _, s := range append([]string{"fsync=off", "full_page_writes=off"}, settings...) {
		args = append(args, "-c", s)
	}
	p := Start(t, func() *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, "postgres"), args...)
		cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as}
		return cmd
	}, func(ctx context.Context) error {
		return exec.CommandContext(ctx, filepath.Join(bin, "pg_isready"), "-q", "-h", dir, "-p", strconv.Itoa(port)).Run()
	})
	p.family = true
	return &Postgres{p, dir, port}
}

// Stop shuts the server down at once, as an administrator does, and cuts connections.
func (p *Postgres) Stop() { p.end(syscall.SIGINT) }

// URL is that of the database postgres, over the Unix socket.
func (p *Postgres) URL() string {
	return fmt.Sprintf("postgres://postgres@/postgres?host=%s&port=%d", p.Socket, p.Port)
}

// Addr is the address of the server on loopback.
func (p *Postgres) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Port)) }

// ownDir makes a directory that is removed when the test ends, and whose owner runs the
// server: user if this process is root's, since servers of databases refuse root.
func ownDir(t testing.TB, name string) (dir string, as *syscall.Credential) {
	t.Helper()
	dir, err := os.MkdirTemp("", "ds-"+name) // short: a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if os.Getuid() != 0 {
		return dir, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // clients of other users reach the socket
		t.Fatal(err)
	}
	return dir, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// setUp runs a command that makes a server's data.
func setUp(t testing.TB, cmd *exec.Cmd, dir string, as *syscall.Credential) {
	t.Helper()
	cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(cmd.Path), err, strings.TrimSpace(string(out)))
	}
}
