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

func TestRedis(t *testing.T) {
	r := StartRedis(t)
	if got := r.Cli(t, "SET", "a", "b"); got != "OK" {
		t.Errorf("SET = %q", got)
	}
	r.Restart()
	if got := r.Cli(t, "EXISTS", "a"); got != "0" {
		t.Errorf("after a crash the server still has a key: %q", got)
	}
}

func TestRedisCluster(t *testing.T) {
	start := time.Now()
	c := StartRedisCluster(t, 3, 1)
	t.Logf("%d nodes after %v", len(c.Nodes), time.Since(start))
	if got := c.Nodes[5].Cli(t, "-c", "SET", "a", "b"); got != "OK" {
		t.Errorf("SET through a replica = %q", got)
	}
}

func TestRedisSentinel(t *testing.T) {
	s := StartRedisSentinel(t)
	if got := s.Sentinels[2].Cli(t, "SENTINEL", "CKQUORUM", s.Name); got[:2] != "OK" {
		t.Errorf("CKQUORUM = %q", got)
	}
}
