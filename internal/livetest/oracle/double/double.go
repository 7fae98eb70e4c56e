// Package double stands in for an Oracle Database, which cannot be had for tests: it speaks
// as much of the wire protocol (TNS 3.14, TTC as of 11g) as a driver needs to sign in with
// a password, to prepare, execute and re-execute statements with values of text, bytes and
// numbers, to fetch rows, and to commit; and it has the statements answered by HSQLDB, which
// reads Oracle's syntax. What passes here has been understood by a driver for Oracle and by an
// SQL engine that is not Oracle's: it is evidence, and no proof.
package double

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The user, the password and the service of every double.
const (
	User     = "scott"
	Password = "tiger ü"
	Service  = "XEPDB1"
)

// Server is a running double.
type Server struct {
	Addr string // host:port

	user, password string
	engine         *engine
	listener       net.Listener

	mu    sync.Mutex
	conns map[net.Conn]bool
	sent  []string
}

// Start starts a double with an empty database, until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	e := startEngine(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: l.Addr().String(), user: User, password: Password, engine: e, listener: l, conns: map[net.Conn]bool{}}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			done.Go(func() {
				s.track(c, true)
				defer s.track(c, false)
				defer c.Close()
				if err := (&conn{server: s, net: c}).serve(); err != nil {
					t.Logf("Oracle double: %v", err)
				}
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		s.Cut()
		done.Wait()
	})
	return s
}

// URL is the data source for go-ora.
func (s *Server) URL() string {
	u := url.URL{Scheme: "oracle", User: url.UserPassword(User, Password), Host: s.Addr, Path: "/" + Service}
	return u.String() + "?SERVER+LOCATION=UTC"
}

// Cut closes all connections, as a network does that fails.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
}

// Statements returns what drivers had parsed, each statement once.
func (s *Server) Statements() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

func (s *Server) note(statement string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.sent, statement) {
		s.sent = append(s.sent, statement)
	}
}

func (s *Server) track(c net.Conn, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if open {
		s.conns[c] = true
	} else {
		delete(s.conns, c)
	}
}

// conn is one connection of a driver.
type conn struct {
	server  *Server
	net     net.Conn
	r       reader
	packets chan packet // what comes in, interrupts excepted
	breaks  chan struct{}
	db      *dbSession
	cursors map[int]*cursor
	last    int
}

func (c *conn) serve() error {
	first, err := readPacket(c.net)
	if err != nil {
		return err
	}
	if first.kind != packetConnect || len(first.body) < 62 {
		return fmt.Errorf("packet of type %d, want a connect", first.kind)
	}
	text := string(first.body[62:])
	if text == "" { // a long one comes in a packet of its own
		more, err := readPacket(c.net)
		if err != nil {
			return err
		}
		text = string(more.body[2:])
	}
	if !strings.Contains(strings.ToUpper(text), "SERVICE_NAME="+Service) {
		refusal := "(DESCRIPTION=(ERR=12514)(VSNNUM=0)(ERROR_STACK=(ERROR=(CODE=12514)(EMFI=4))))"
		body := append([]byte{4, 0, 0, byte(len(refusal))}, refusal...)
		return writePacket(c.net, packetRefuse, body)
	}
	accept := make([]byte, 24)
	for at, v := range map[int]uint16{0: 314, 4: sdu, 6: sdu, 8: 1, 12: 32} {
		accept[at], accept[at+1] = byte(v>>8), byte(v)
	}
	accept[14] = 4 // no encryption or checksums
	if err := writePacket(c.net, packetAccept, accept); err != nil {
		return err
	}
	return c.talk()
}

func (c *conn) talk() (err error) {
	c.packets, c.breaks = make(chan packet, 64), make(chan struct{}, 1)
	stop := make(chan struct{})
	defer close(stop)
	go c.listen(stop)
	c.r.next = func() ([]byte, error) {
		p, ok := <-c.packets
		switch {
		case !ok:
			return nil, net.ErrClosed
		case p.kind != packetData || len(p.body) < 2:
			return nil, fmt.Errorf("packet of type %d, want data", p.kind)
		}
		return p.body[2:], nil
	}
	if c.db, err = c.server.engine.session(); err != nil {
		return err
	}
	defer c.db.conn.Close()
	defer func() {
		if wire, ok := recover().(errWire); ok && wire.err != net.ErrClosed {
			err = wire.err
		}
	}()
	if err := c.negotiate(); err != nil {
		return err
	}
	if err := c.login(); err != nil {
		return err
	}
	c.cursors = map[int]*cursor{}
	for {
		if done, err := c.call(); done || err != nil {
			return err
		}
	}
}

// listen reads packets ahead, so that an interrupt is seen while a statement runs.
func (c *conn) listen(stop chan struct{}) {
	defer close(c.packets)
	for {
		p, err := readPacket(c.net)
		if err != nil {
			return
		}
		if p.kind == packetMarker {
			if p.body[2] == markerInterrupt {
				select {
				case c.breaks <- struct{}{}:
				default:
				}
				continue
			}
		}
		select {
		case c.packets <- p:
		case <-stop:
			return
		}
	}
}

const (
	markerBreak     = 1
	markerReset     = 2
	markerInterrupt = 3
)

func (c *conn) marker(kind byte) error { return writePacket(c.net, packetMarker, []byte{1, 0, kind}) }

func (c *conn) send(w *writer) error { return writeData(c.net, w.b) }

// summary ends an answer: how many rows there were, in which cursor, and what went wrong.
func (c *conn) summary(w *writer, rows, cursor int, fault *oraError) {
	code := 0
	if fault != nil {
		code = fault.code
	}
	w.bytes(4)
	w.ints(rows, code, 0, 0, cursor, 0)
	w.bytes(0, 0)
	w.ints(0, 0)
	w.bytes(0, 0)
	w.ints(0, 0)
	w.bytes(0)
	w.ints(0, 0, 0)
	w.bytes(0, 0)
	w.ints(0, 0)
	w.ints(0, 0, 0, 0)
	if fault != nil {
		w.clr([]byte(fault.Error() + "\n"))
	}
}
