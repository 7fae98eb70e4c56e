package memcachestore

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/internal/managertest"
	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/storetest"
)

// open returns a store on servers that are spelled as ParseServer reads them.
func open(t testing.TB, opts *Options, addrs ...string) *Store {
	t.Helper()
	s, err := dial(opts, addrs...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func dial(opts *Options, addrs ...string) (*Store, error) {
	var servers []Server
	for _, addr := range addrs {
		srv, err := ParseServer(addr)
		if err != nil {
			return nil, err
		}
		servers = append(servers, srv)
	}
	return New(servers, opts)
}

// big are the arguments of a server that takes all that storetest saves.
var big = []string{"-I", "8m", "-m", "256"}

func TestStore(t *testing.T) {
	m := testserver.StartMemcached(t, big...)
	n := 0
	storetest.Run(t, func(t testing.TB) storetest.Place {
		n++
		opts := &Options{Namespace: strings.Repeat("n", n) + ":"}
		return storetest.Place{
			Open: func() (store.Store, error) { return dial(opts, m.Addr) },
			Block: func(string) (func(), error) {
				m.Freeze()
				return m.Thaw, nil
			},
		}
	}, nil)
}

// The same over three servers, with the capability to list.
func TestStoreOnARing(t *testing.T) {
	var addrs []string
	for range 3 {
		addrs = append(addrs, testserver.StartMemcached(t, big...).Addr)
	}
	n := 0
	storetest.Run(t, func(t testing.TB) storetest.Place {
		n++
		opts := &Options{Namespace: strings.Repeat("n", n) + ":", Choice: Consistent}
		return storetest.Place{Open: func() (store.Store, error) {
			s, err := dial(opts, addrs...)
			return s.Enumerable(), err
		}}
	}, nil)
}

func TestProcesses(t *testing.T) {
	storetest.RunProcesses(t,
		func(t testing.TB) string { return testserver.StartMemcached(t).Addr },
		func(addr string) (store.Store, error) { return dial(nil, addr) })
}

func TestManyAtOnce(t *testing.T) {
	managertest.Run(t, func(t *testing.T) store.Store { return open(t, nil, testserver.StartMemcached(t).Addr) })
}

func TestTwoProcessesOfManagers(t *testing.T) {
	managertest.RunProcesses(t, testserver.StartMemcached(t).Addr, func(t *testing.T, addr string) store.Store { return open(t, nil, addr) })
}

func save(t testing.TB, s store.Store, id, data string, old store.Rev) store.Rev {
	t.Helper()
	rev, err := s.Save(t.Context(), id, []byte(data), old, store.SaveOptions{})
	if err != nil {
		t.Fatalf("Save(%q, %d bytes) = %v", id, len(data), err)
	}
	return rev
}

func load(t testing.TB, s store.Store, id, want string) store.Rev {
	t.Helper()
	rec, err := s.Load(t.Context(), id)
	if err != nil || string(rec.Data) != want {
		t.Fatalf("Load(%q) = %.40q, %v; want %.40q", id, rec.Data, err, want)
	}
	return rec.Rev
}

func loadFails(t testing.TB, s store.Store, id string, want error) {
	t.Helper()
	if rec, err := s.Load(t.Context(), id); !errors.Is(err, want) {
		t.Errorf("Load(%q) = %.40q, %v; want %v", id, rec.Data, err, want)
	}
}

func TestOptions(t *testing.T) {
	for name, f := range map[string]func() (*Store, error){
		"no server":     func() (*Store, error) { return New(nil, nil) },
		"no port":       func() (*Store, error) { return New([]Server{{Addr: "localhost"}}, nil) },
		"no host":       func() (*Store, error) { return New([]Server{{Addr: ":11211"}}, nil) },
		"weight":        func() (*Store, error) { return dial(nil, "localhost:11211=0") },
		"weight text":   func() (*Store, error) { return dial(nil, "localhost:11211=x") },
		"weight below":  func() (*Store, error) { return New([]Server{{"localhost:1", -1}}, nil) },
		"namespace":     func() (*Store, error) { return dial(&Options{Namespace: "a b"}, "localhost:1") },
		"namespace end": func() (*Store, error) { return dial(&Options{Namespace: "a\r\nset"}, "localhost:1") },
		"long":          func() (*Store, error) { return dial(&Options{Namespace: strings.Repeat("n", 251)}, "localhost:1") },
		"choice":        func() (*Store, error) { return dial(&Options{Choice: 7}, "localhost:1") },
		"below zero":    func() (*Store, error) { return dial(&Options{MaxBytes: -1}, "localhost:1") },
	} {
		if s, err := f(); err == nil {
			t.Errorf("%s: New = %v and no error", name, s)
		}
	}
	if srv, err := ParseServer("[::1]:11211=3"); err != nil || srv != (Server{"[::1]:11211", 3}) {
		t.Errorf("ParseServer = %v, %v", srv, err)
	}
	if _, lists := store.Store(open(t, nil, "localhost:1")).(store.Lister); lists {
		t.Error("the store lists unasked")
	}
}

// A server throws away what a set that is too large was to replace. Perl loses its
// session to that, and is told that all is well.
func TestTooLargeForTheServer(t *testing.T) {
	s := open(t, nil, testserver.StartMemcached(t).Addr)
	rev := save(t, s, "a", "old", store.Rev{})
	huge := make([]byte, 1<<20)
	for name, old := range map[string]store.Rev{"any": store.AnyRev, "written": rev, "loaded": load(t, s, "a", "old")} {
		if _, err := s.Save(t.Context(), "a", huge, old, store.SaveOptions{}); !errors.Is(err, store.ErrTooLarge) {
			t.Errorf("%s: Save of 1 MiB = %v; want %v", name, err, store.ErrTooLarge)
		}
		load(t, s, "a", "old")
	}
	if _, err := s.Save(t.Context(), "b", huge, store.Rev{}, store.SaveOptions{}); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("Save of a new one of 1 MiB = %v; want %v", err, store.ErrTooLarge)
	}
	loadFails(t, s, "b", store.ErrNotFound)
}

// A server that is down is an error and never a session that is not there; when it
// is back, nothing has to be done.
func TestServerDown(t *testing.T) {
	m := testserver.StartMemcached(t)
	s := open(t, nil, m.Addr)
	rev := save(t, s, "a", "one", store.Rev{})
	m.Kill()
	loadFails(t, s, "a", store.ErrUnavailable)
	if _, err := s.Save(t.Context(), "a", nil, rev, store.SaveOptions{}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Save = %v; want %v", err, store.ErrUnavailable)
	}
	if err := s.Delete(t.Context(), "a", store.AnyRev); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Delete = %v; want %v", err, store.ErrUnavailable)
	}
	if err := s.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Ping = %v; want %v", err, store.ErrUnavailable)
	}
	m.Restart()
	loadFails(t, s, "a", store.ErrNotFound)
	save(t, s, "b", "two", store.Rev{})
	m.Restart() // the connection that is idle now is dead, and nobody has been told
	loadFails(t, s, "b", store.ErrNotFound)
}

func TestUseAfterClose(t *testing.T) {
	s := open(t, nil, testserver.StartMemcached(t).Addr)
	save(t, s, "a", "one", store.Rev{})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Load(context.Background(), "a"); !errors.Is(err, errClosed) {
		t.Errorf("Load after Close = %v", err)
	}
}
