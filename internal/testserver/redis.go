package testserver

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Redis is a running Redis server.
type Redis struct {
	*Process
	Addr string // host:port
	cli  string
}

// StartRedis starts a Redis that writes nothing to disk, with further arguments for it.
func StartRedis(t testing.TB, args ...string) *Redis {
	t.Helper()
	return startRedis(t, ports(t, 1)[0], args...)
}

func startRedis(t testing.TB, port string, args ...string) *Redis {
	t.Helper()
	r := newRedis(t, port)
	program := Find(t, "redis-server", "redis-server")
	args = append([]string{"--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", t.TempDir()}, args...)
	r.Process = Start(t, func() *exec.Cmd { return exec.Command(program, args...) }, r.answers)
	return r
}

func newRedis(t testing.TB, port string) *Redis {
	t.Helper()
	return &Redis{Addr: net.JoinHostPort("127.0.0.1", port), cli: Find(t, "redis-cli", "redis-tools")}
}

func (r *Redis) answers(ctx context.Context) error {
	if err := Answers("tcp", r.Addr)(ctx); err != nil {
		return err
	}
	out, err := r.command(ctx, "PING").CombinedOutput()
	if err == nil && strings.HasPrefix(string(out), "LOADING") {
		err = fmt.Errorf("%s", out)
	}
	return err
}

func (r *Redis) command(ctx context.Context, args ...string) *exec.Cmd {
	_, port, _ := net.SplitHostPort(r.Addr)
	return exec.CommandContext(ctx, r.cli, append([]string{"-h", "127.0.0.1", "-p", port}, args...)...)
}

// Cli runs redis-cli on the server and returns what it printed. A command that fails
// fails the test.
func (r *Redis) Cli(t testing.TB, args ...string) string {
	t.Helper()
	out, err := r.command(t.Context(), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("redis-cli %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// RedisCluster is a running Redis Cluster.
type RedisCluster struct {
	Nodes []*Redis // the masters first, as it was made
}

// StartRedisCluster starts a cluster of so many masters, each with replicas. Nodes that
// do not answer for a second and a half are replaced.
func StartRedisCluster(t testing.TB, masters, replicas int, args ...string) *RedisCluster {
	t.Helper()
	n := masters * (1 + replicas)
	free := ports(t, 2*n)
	c := &RedisCluster{}
	create := []string{"--cluster", "create"}
	for i := range n {
		node := startRedis(t, free[i], append([]string{
			"--cluster-enabled", "yes", "--cluster-port", free[n+i], "--cluster-node-timeout", "1500",
			"--cluster-config-file", filepath.Join(t.TempDir(), "nodes.conf"),
			"--repl-diskless-sync-delay", "0",
		}, args...)...)
		c.Nodes = append(c.Nodes, node)
		create = append(create, node.Addr)
	}
	create = append(create, "--cluster-replicas", strconv.Itoa(replicas), "--cluster-yes")
	c.Nodes[0].Cli(t, create...)
	for _, node := range c.Nodes {
		await(t, func() bool {
			return strings.Contains(node.Cli(t, "CLUSTER", "INFO"), "cluster_state:ok") &&
				strings.Count(node.Cli(t, "CLUSTER", "NODES"), " connected") == n &&
				!strings.Contains(node.Cli(t, "INFO", "replication"), "master_link_status:down") &&
				strings.Count(node.Cli(t, "CLUSTER", "NODES"), "slave ") == masters*replicas
		})
	}
	return c
}

// Addrs are the addresses of all nodes.
func (c *RedisCluster) Addrs() []string {
	var addrs []string
	for _, node := range c.Nodes {
		addrs = append(addrs, node.Addr)
	}
	return addrs
}

// RedisSentinel is a Redis server with a replica, watched by three sentinels.
type RedisSentinel struct {
	Master, Replica *Redis
	Sentinels       []*Redis
	Name            string // of the master, to the sentinels
}

// StartRedisSentinel starts a server, a replica, and three sentinels that replace the
// server when it does not answer for a second.
func StartRedisSentinel(t testing.TB) *RedisSentinel {
	t.Helper()
	free := ports(t, 5)
	s := &RedisSentinel{Name: "sessions"}
	s.Master = startRedis(t, free[0], "--repl-diskless-sync-delay", "0")
	s.Replica = startRedis(t, free[1], "--repl-diskless-sync-delay", "0", "--replicaof", "127.0.0.1 "+free[0])
	await(t, func() bool {
		return strings.Contains(s.Replica.Cli(t, "INFO", "replication"), "master_link_status:up")
	})
	program := Find(t, "redis-server", "redis-server")
	for _, port := range free[2:] {
		file := filepath.Join(t.TempDir(), "sentinel.conf")
		conf := fmt.Sprintf("bind 127.0.0.1\nport %s\ndir %s\nsentinel monitor %s 127.0.0.1 %s 2\n"+
			"sentinel down-after-milliseconds %[3]s 1000\nsentinel failover-timeout %[3]s 5000\n",
			port, filepath.Dir(file), s.Name, free[0])
		if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
			t.Fatal(err)
		}
		r := newRedis(t, port)
		r.Process = Start(t, func() *exec.Cmd { return exec.Command(program, file, "--sentinel") }, r.answers)
		s.Sentinels = append(s.Sentinels, r)
	}
	for _, r := range s.Sentinels {
		await(t, func() bool {
			master := r.Cli(t, "SENTINEL", "MASTER", s.Name)
			return strings.Contains(master, "num-slaves\n1") && strings.Contains(master, "num-other-sentinels\n2")
		})
	}
	return s
}

// Addrs are the addresses of the sentinels.
func (s *RedisSentinel) Addrs() []string {
	var addrs []string
	for _, r := range s.Sentinels {
		addrs = append(addrs, r.Addr)
	}
	return addrs
}

// ports returns loopback ports that are free now, all different.
func ports(t testing.TB, n int) []string {
	t.Helper()
	var free []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		free = append(free, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	}
	return free
}

// await waits until servers have found each other.
func await(t testing.TB, ready func() bool) {
	t.Helper()
	for end := time.Now().Add(startTimeout); !ready(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the servers do not find each other")
		}
	}
}
