package redisstore_test

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redis/rueidis"

	"github.com/go-datasession/datasession/internal/managertest"
	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/redisstore"
	"github.com/go-datasession/datasession/store/storetest"
)

// A place is where sessions are, as one word that another process understands: addresses
// and a namespace.
type place string

var places atomic.Int64

// placeAt returns a namespace that nobody has used.
func placeAt(addrs ...string) place {
	return place(fmt.Sprintf("%s|test%d-%d:", strings.Join(addrs, ","), os.Getpid(), places.Add(1)))
}

func (p place) open(change ...func(*redisstore.Options)) (*redisstore.Store, error) {
	addrs, namespace, _ := strings.Cut(string(p), "|")
	opts := &redisstore.Options{Namespace: namespace}
	for _, c := range change {
		c(opts)
	}
	return redisstore.Open(rueidis.ClientOption{InitAddress: strings.Split(addrs, ",")}, opts)
}

func (p place) mustOpen(t testing.TB, change ...func(*redisstore.Options)) *redisstore.Store {
	t.Helper()
	st, err := p.open(change...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	return st
}

func indexed(o *redisstore.Options) { o.Indexes = []string{"user", "role"} }

// suite runs what every store must pass.
func suite(t *testing.T, change []func(*redisstore.Options), addrs ...string) {
	storetest.Run(t, func(testing.TB) storetest.Place {
		p := placeAt(addrs...)
		return storetest.Place{Open: func() (store.Store, error) {
			st, err := p.open(change...)
			if err == nil {
				err = st.Ping(t.Context()) // on every node, so that all connections are there when they are counted
			}
			return st, err
		}}
	}, nil)
}

func manager(t *testing.T, addrs ...string) {
	managertest.Run(t, func(t *testing.T) store.Store { return placeAt(addrs...).mustOpen(t) })
}

func TestStore(t *testing.T) { suite(t, nil, testserver.StartRedis(t).Addr) }

func TestStoreWithIndexes(t *testing.T) {
	suite(t, []func(*redisstore.Options){indexed}, testserver.StartRedis(t).Addr)
}

func TestManager(t *testing.T) { manager(t, testserver.StartRedis(t).Addr) }

func TestCluster(t *testing.T) {
	addrs := testserver.StartRedisCluster(t, 3, 1).Addrs()
	t.Run("Store", func(t *testing.T) { suite(t, nil, addrs...) })
	t.Run("StoreWithIndexes", func(t *testing.T) { suite(t, []func(*redisstore.Options){indexed}, addrs...) })
	t.Run("Records", func(t *testing.T) {
		p := placeAt(addrs...)
		records(t, p, p.mustOpen(t, func(o *redisstore.Options) { o.MaxBytes = 1000 }))
	})
	t.Run("Browseable", func(t *testing.T) { browseableOnCluster(t, addrs...) })
	t.Run("Index", func(t *testing.T) { index(t, addrs...) })
	t.Run("Manager", func(t *testing.T) { manager(t, addrs...) })
}

// inChild reports whether a suite runs this process for a part of a test.
func inChild() bool {
	return os.Getenv("DATASESSION_STORETEST_PLACE") != "" || os.Getenv("DATASESSION_MANAGERTEST_PLACE") != ""
}

func openPlace(name string) (store.Store, error) { return place(name).open() }

func startOne(t testing.TB) string { return string(placeAt(testserver.StartRedis(t).Addr)) }

func startCluster(t testing.TB) string {
	return string(placeAt(testserver.StartRedisCluster(t, 3, 1).Addrs()...))
}

func TestProcesses(t *testing.T)        { storetest.RunProcesses(t, startOne, openPlace) }
func TestClusterProcesses(t *testing.T) { storetest.RunProcesses(t, startCluster, openPlace) }

func managerProcesses(t *testing.T, start func(testing.TB) string) {
	name := ""
	if !inChild() {
		name = start(t)
	}
	managertest.RunProcesses(t, name, func(t *testing.T, name string) store.Store { return place(name).mustOpen(t) })
}

func TestManagerProcesses(t *testing.T)        { managerProcesses(t, startOne) }
func TestClusterManagerProcesses(t *testing.T) { managerProcesses(t, startCluster) }
