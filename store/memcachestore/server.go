package memcachestore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-datasession/datasession/store"
)

// Server is the address of a memcached, and how many sessions it gets beside others.
type Server struct {
	// Addr is host:port, or the path of a socket, which begins with a slash. It is
	// spelled as Perl's program spells it.
	Addr string

	// Weight is how large its share is. Zero means 1.
	Weight int
}

// maxWeight keeps the table of servers small.
const maxWeight = 1000

// ParseServer reads an address, host:port or /path, which may be followed by "=" and
// a weight.
func ParseServer(text string) (Server, error) {
	addr, weight, weighted := strings.Cut(text, "=")
	srv := Server{Addr: addr, Weight: 1}
	if weighted {
		n, err := strconv.Atoi(weight)
		if err != nil || n < 1 {
			return Server{}, fmt.Errorf("memcachestore: bad weight %q of server %s, want a number from 1", weight, addr)
		}
		srv.Weight = n
	}
	return srv, srv.check()
}

func (s Server) check() error {
	if s.Weight < 0 || s.Weight > maxWeight {
		return fmt.Errorf("memcachestore: bad weight %d of server %q, want 1 to %d", s.Weight, s.Addr, maxWeight)
	}
	if s.network() == "unix" {
		return nil
	}
	host, port, err := net.SplitHostPort(s.Addr)
	if n, e := strconv.ParseUint(port, 10, 16); err != nil || e != nil || n == 0 || host == "" {
		return fmt.Errorf("memcachestore: bad address %q, want host:port or /path", s.Addr)
	}
	return nil
}

func (s Server) network() string {
	if strings.HasPrefix(s.Addr, "/") {
		return "unix"
	}
	return "tcp"
}

// server is one memcached with the connections to it that nobody uses.
type server struct {
	Server
	salt           uint64 // tells its cas numbers from those of others
	maxBytes       int
	timeout        time.Duration
	connectTimeout time.Duration
	maxIdle        int

	deadUntil atomic.Int64 // Unix time in nanoseconds

	mu     sync.Mutex
	idle   []*conn
	closed bool
}

func newServer(s Server, i int, o *Options) *server {
	s.Weight = or(s.Weight, 1)
	return &server{
		Server: s, salt: uint64(i) << 56, maxBytes: o.MaxBytes,
		timeout: o.Timeout, connectTimeout: o.ConnectTimeout, maxIdle: o.MaxIdle,
	}
}

// connectError reports that a server does not let itself be connected to.
type connectError struct{ err error }

func (e *connectError) Error() string { return e.err.Error() }
func (e *connectError) Unwrap() error { return e.err }

// call runs f with a connection, until the context ends or Timeout is over. key is the
// only one that replies may be about.
func (s *server) call(ctx context.Context, key string, f func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	c.used = time.Now()
	end := c.used.Add(s.timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(end) {
		end = d
	}
	if err := c.Conn.SetDeadline(end); err != nil {
		c.broken = true
	}
	stop := func() bool { return true }
	if ctx.Done() != nil {
		stop = context.AfterFunc(ctx, func() { _ = c.Conn.SetDeadline(time.Unix(1, 0)) })
	}
	c.key, c.fault, c.left = key, nil, 0
	err = f(c)
	if !stop() {
		c.broken = true // its deadline may be moved at any moment
	}
	failed := c.broken
	s.release(c)
	if end := contextError(ctx, end); failed && err != nil && end != nil {
		return fmt.Errorf("%w (%w)", end, err)
	}
	return err
}

// contextError is ctx.Err, but also when its deadline has passed and nobody has told
// ctx yet.
func contextError(ctx context.Context, end time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d, ok := ctx.Deadline(); ok && !time.Now().Before(d) && d.Equal(end) {
		return context.DeadlineExceeded
	}
	return nil
}

// fresh is for how long after its last call began a connection is used without a look at
// it, which costs a system call.
const fresh = time.Millisecond

var errClosed = errors.New("store is closed")

// acquire returns a connection that nobody else uses.
func (s *server) acquire(ctx context.Context) (*conn, error) {
	for {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			return nil, errClosed
		}
		n := len(s.idle)
		if n == 0 {
			s.mu.Unlock()
			return s.connect(ctx)
		}
		c := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		if time.Since(c.used) < fresh || quiet(c.Conn) {
			return c, nil
		}
		c.Conn.Close() // the server has closed it, or has said what nobody asked for
	}
}

func (s *server) connect(ctx context.Context) (*conn, error) {
	d := net.Dialer{Timeout: s.connectTimeout}
	nc, err := d.DialContext(ctx, s.network(), s.Addr)
	if err != nil {
		if end := ctx.Err(); end != nil {
			return nil, fmt.Errorf("%w (%w)", end, err)
		}
		return nil, &connectError{fmt.Errorf("%w: %w", store.ErrUnavailable, err)}
	}
	return newConn(nc, s), nil
}

func (s *server) release(c *conn) {
	s.mu.Lock()
	keep := !c.broken && !s.closed && len(s.idle) < s.maxIdle
	if keep {
		s.idle = append(s.idle, c)
	}
	s.mu.Unlock()
	if !keep {
		c.Conn.Close()
	}
}

func (s *server) close() {
	s.mu.Lock()
	idle := s.idle
	s.idle, s.closed = nil, true
	s.mu.Unlock()
	for _, c := range idle {
		c.Conn.Close()
	}
}

// bury keeps others from connecting for a while, as Cache::Memcached does.
func (s *server) bury() {
	s.deadUntil.Store(time.Now().Add(20*time.Second + rand.N(10*time.Second)).UnixNano())
}

func (s *server) dead() bool { return time.Now().UnixNano() < s.deadUntil.Load() }
