package testserver

import (
	"net"
	"strings"
	"testing"
	"time"
)

func version(addr string) (string, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		return "", err
	}
	if _, err := c.Write([]byte("version\r\n")); err != nil {
		return "", err
	}
	b := make([]byte, 100)
	n, err := c.Read(b)
	return string(b[:n]), err
}

func TestProcess(t *testing.T) {
	m := StartMemcached(t)
	answers := func(want bool) {
		t.Helper()
		if v, err := version(m.Addr); strings.HasPrefix(v, "VERSION") != want {
			t.Errorf("answers %q, %v; want an answer: %t", v, err, want)
		}
	}
	answers(true)
	m.Freeze()
	answers(false)
	m.Thaw()
	answers(true)
	m.Stop()
	answers(false)
	m.Restart()
	answers(true)
	m.Kill()
	m.Kill()
	answers(false)
}
