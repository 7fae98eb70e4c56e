package memcachestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/go-datasession/datasession/store"
)

// A conn is one connection, with a client library that knows only this one. The
// library writes requests and parses replies; between it and the network stands conn,
// so that the call has the connection for itself, with its context and its key, and
// every byte of a reply is accounted for. A connection on which anything was wrong is
// not used again.
type conn struct {
	net.Conn // for all that is not below
	srv      *server
	client   *memcache.Client

	// Of the call that is under way.
	key   string
	line  []byte // first line of the reply
	left  int    // bytes of the reply to come after it
	fault error  // what is wrong with the reply

	broken bool
	used   time.Time // when its last call began
}

// only is the choice of server of a client that has one, and the address of that.
type only struct{}

func (only) PickServer(string) (net.Addr, error)        { return only{}, nil }
func (only) Each(visit func(addr net.Addr) error) error { return visit(only{}) }
func (only) Network() string                            { return "tcp" }
func (only) String() string                             { return "memcached" }

func newConn(nc net.Conn, srv *server) *conn {
	c := &conn{Conn: nc, srv: srv}
	c.client = memcache.NewFromSelector(only{})
	dialed := false
	c.client.DialContext = func(context.Context, string, string) (net.Conn, error) {
		if dialed {
			return nil, net.ErrClosed
		}
		dialed = true
		return c, nil
	}
	return c
}

// SetDeadline does nothing: the library sets its own at each step, where the call
// has one for all.
func (c *conn) SetDeadline(time.Time) error { return nil }

// Close is called by the library when it will not use the connection again.
func (c *conn) Close() error {
	c.broken = true
	return nil
}

// Write begins a new reply: the library writes all of a request before it reads.
func (c *conn) Write(p []byte) (int, error) {
	c.line = c.line[:0]
	return c.Conn.Write(p)
}

// maxLine is the longest first line of a reply that can be right.
const maxLine = 400

// Read reads a part of the reply: first as much as it takes to judge its first line.
func (c *conn) Read(p []byte) (int, error) {
	if c.fault != nil {
		return 0, c.fault
	}
	n := 0
	for len(c.line) == 0 {
		if n >= min(len(p), maxLine) {
			return 0, c.refuse(errReply)
		}
		m, err := c.Conn.Read(p[n:])
		n += m
		if i := bytes.IndexByte(p[:n], '\n'); i >= 0 {
			c.line = append(c.line, p[:i+1]...)
			size, err := c.judge()
			if err != nil {
				return 0, c.refuse(err)
			}
			c.left = size - (n - i - 1)
			if c.left < 0 {
				return 0, c.refuse(errReply)
			}
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
	n, err := c.Conn.Read(p)
	if c.left -= n; c.left < 0 {
		return 0, c.refuse(errReply)
	}
	return n, err
}

func (c *conn) refuse(err error) error {
	c.fault = err
	return err
}

var (
	errReply   = fmt.Errorf("%w: the reply is not as memcached's are", store.ErrUnavailable)
	errForeign = fmt.Errorf("%w: the reply is about another key", store.ErrUnavailable)
)

// judge looks at the first line of a reply and returns how many bytes follow it. An
// item of another key, or one that is too large, is refused before it is read.
func (c *conn) judge() (int, error) {
	line, ok := bytes.CutSuffix(c.line, []byte("\r\n"))
	if !ok {
		return 0, errReply
	}
	item, ok := bytes.CutPrefix(line, []byte("VALUE "))
	if !ok {
		return 0, nil
	}
	fields := strings.Split(string(item), " ")
	if fields[0] != c.key || c.key == "" {
		return 0, errForeign
	}
	if len(fields) != 4 { // a cas number was asked for
		return 0, errReply
	}
	size, err := strconv.ParseUint(fields[2], 10, 32)
	if err != nil {
		return 0, errReply
	}
	if size > uint64(c.srv.maxBytes) {
		return 0, store.ErrTooLarge
	}
	return int(size) + len("\r\nEND\r\n"), nil
}

// get returns an item as it is stored.
func (c *conn) get(key string) (it *memcache.Item, err error) {
	err = c.do(func(cl *memcache.Client) error {
		it, err = cl.Get(key)
		return err
	})
	return it, err
}

// do makes one request, and explains what the library says of it.
func (c *conn) do(request func(*memcache.Client) error) error {
	if c.broken {
		return errReply // a request before this one has failed
	}
	err := request(c.client)
	if c.left != 0 || c.fault != nil {
		c.broken = true
	}
	switch err {
	case nil:
		return c.fault
	case memcache.ErrCacheMiss:
		return store.ErrNotFound
	case memcache.ErrCASConflict, memcache.ErrNotStored:
		return store.ErrConflict
	}
	c.broken = true
	return c.explain(err)
}

// explain returns an error without the words of the library, which quotes replies, and
// those may have keys in them.
func (c *conn) explain(err error) error {
	reply := strings.TrimSpace(string(c.line))
	var network net.Error
	switch {
	case c.fault != nil:
		return c.fault
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	case strings.HasPrefix(reply, "SERVER_ERROR object too large"):
		return fmt.Errorf("%w for the server", store.ErrTooLarge)
	case strings.HasPrefix(reply, "SERVER_ERROR out of memory"):
		return fmt.Errorf("%w: the server is out of memory", store.ErrUnavailable)
	}
	return errReply
}
