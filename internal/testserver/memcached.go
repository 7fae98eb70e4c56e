package testserver

import (
	"net"
	"os/exec"
	"os/user"
	"strconv"
	"testing"
)

// Memcached is a running memcached.
type Memcached struct {
	*Process
	Addr string // host:port
}

// StartMemcached starts a memcached, with further arguments for it.
func StartMemcached(t testing.TB, args ...string) *Memcached {
	t.Helper()
	program := Find(t, "memcached", "memcached")
	port := strconv.Itoa(Port(t))
	addr := net.JoinHostPort("127.0.0.1", port)
	args = append([]string{"-l", "127.0.0.1", "-p", port, "-U", "0"}, args...)
	if me, err := user.Current(); err == nil {
		args = append(args, "-u", me.Username) // it refuses to run as root unasked
	}
	p := Start(t, func() *exec.Cmd { return exec.Command(program, args...) }, Answers("tcp", addr))
	return &Memcached{p, addr}
}
