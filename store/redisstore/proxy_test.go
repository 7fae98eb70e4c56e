package redisstore_test

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// A proxy stands between a store and its server, and spoils replies.
type proxy struct {
	addr, server string

	mu    sync.Mutex
	spoil func(reply []byte) (pass []byte, then verdict)
}

// What happens to a connection after a reply.
type verdict int

const (
	keep verdict = iota
	hangUp
)

func startProxy(t testing.TB, server string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: l.Addr().String(), server: server}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	track := func(c net.Conn) {
		mu.Lock()
		defer mu.Unlock()
		open = append(open, c)
	}
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s, err := net.Dial("tcp", server)
			if err != nil {
				c.Close()
				continue
			}
			track(c)
			track(s)
			wg.Go(func() { io.Copy(s, c); s.Close() })
			wg.Go(func() { p.replies(c, s); c.Close(); s.Close() })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return p
}

func (p *proxy) replies(to, from net.Conn) {
	b := make([]byte, 1<<16)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		p.mu.Lock()
		spoil := p.spoil
		p.mu.Unlock()
		reply, then := b[:n], keep
		if spoil != nil {
			reply, then = spoil(reply)
		}
		if _, err := to.Write(reply); err != nil || then == hangUp {
			return
		}
	}
}

// set has what the server sends go through a function, or nil for as it is.
func (p *proxy) set(spoil func(reply []byte) ([]byte, verdict)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spoil = spoil
}

// half lets a half of each reply through and hangs up.
func half(reply []byte) ([]byte, verdict) { return reply[:len(reply)/2], hangUp }

// once spoils one reply, and then calls after before the next is looked at.
func (p *proxy) once(spoil func([]byte) ([]byte, verdict), after func()) {
	p.set(func(reply []byte) ([]byte, verdict) {
		p.set(nil)
		b, v := spoil(reply)
		if after != nil {
			after()
		}
		return b, v
	})
}

// late delays every reply by a time.
func late(d time.Duration) func([]byte) ([]byte, verdict) {
	return func(reply []byte) ([]byte, verdict) {
		time.Sleep(d)
		return reply, keep
	}
}
