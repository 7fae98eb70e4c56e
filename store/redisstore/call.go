package redisstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/go-datasession/datasession/store"
)

// server is the connection to whatever holds the sessions.
type server struct {
	wait    time.Duration
	connect func() (rueidis.Client, error) // nil: client is the caller's
	turn    chan struct{}                  // held while connecting and closing
	client  atomic.Pointer[rueidis.Client]
	closed  atomic.Bool

	// steady says that the last call went well. While it is not, a call may have to
	// connect first, or wait for another that does, and is watched from outside: the
	// client library does not look at the context then.
	steady atomic.Bool
}

func newServer(wait time.Duration) *server {
	return &server{wait: cmp.Or(max(wait, 0), 10*time.Second), turn: make(chan struct{}, 1)}
}

func checkAddresses(conn rueidis.ClientOption) error {
	if len(conn.InitAddress) == 0 {
		return errors.New("redisstore: no server, want host:port")
	}
	for _, a := range conn.InitAddress {
		if _, _, err := net.SplitHostPort(a); err != nil {
			return fmt.Errorf("redisstore: bad address %q, want host:port", a)
		}
	}
	return nil
}

// connector returns a function that connects, with what conn leaves open set.
func connector(conn rueidis.ClientOption) func() (rueidis.Client, error) {
	conn.DisableCache = true // nothing is read twice
	conn.DisableRetry = true // see call
	// Requests that are alone would else be read by the caller, who cannot give up without
	// closing the connection.
	conn.AlwaysPipelining = !conn.DisableAutoPipelining
	conn.Dialer.Timeout = cmp.Or(conn.Dialer.Timeout, 2*time.Second)
	conn.ConnWriteTimeout = cmp.Or(conn.ConnWriteTimeout, 5*time.Second)
	conn.ClusterOption.ShardsRefreshInterval = cmp.Or(conn.ClusterOption.ShardsRefreshInterval, 5*time.Second)
	conn.ClusterOption.MaxMovedRedirections = cmp.Or(conn.ClusterOption.MaxMovedRedirections, 16)
	conn.Sentinel.TopologyRefreshInterval = cmp.Or(conn.Sentinel.TopologyRefreshInterval, 5*time.Second)
	return func() (rueidis.Client, error) { return rueidis.NewClient(conn) }
}

var errClosed = errors.New("store is closed")

// handle returns the client, connecting if that is still to be done.
func (s *server) handle(ctx context.Context) (rueidis.Client, error) {
	if s.closed.Load() {
		return nil, errClosed
	}
	if c := s.client.Load(); c != nil {
		return *c, nil
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.closed.Load() {
		return nil, errClosed
	}
	if c := s.client.Load(); c != nil {
		return *c, nil
	}
	c, err := s.connect()
	if err != nil {
		return nil, err
	}
	s.client.Store(&c)
	return c, nil
}

// Close closes the connections, if the store made them.
func (s *server) Close() error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if s.closed.Swap(true) {
		return nil
	}
	if c := s.client.Load(); c != nil && s.connect != nil {
		(*c).Close()
	}
	return nil
}

// Ping asks every master that is known whether it answers.
func (s *server) Ping(ctx context.Context) error {
	_, err := call(ctx, s, "ping", func(ctx context.Context, c rueidis.Client, _ bool) (struct{}, error) {
		_, err := masters(ctx, c)
		return struct{}{}, err
	})
	return err
}

// A try is one attempt at an operation. unsure tells it that an earlier attempt may
// have been carried out, although nothing was heard of it.
type try[T any] func(ctx context.Context, c rueidis.Client, unsure bool) (T, error)

// call runs one operation of the store, again for as long as the server cannot be
// reached or has a reason that passes. It returns when ctx ends, also where the client
// library does not, and says in its error what was being done.
func call[T any](ctx context.Context, s *server, doing string, f try[T]) (T, error) {
	v, err := attempt(ctx, s, f)
	if err != nil {
		var zero T
		return zero, fmt.Errorf("%s Redis: %w", doing, err)
	}
	return v, nil
}

func attempt[T any](ctx context.Context, s *server, f try[T]) (T, error) {
	var zero T
	if err := ctx.Err(); err != nil {
		return zero, err
	}
	var last error
	if c := s.client.Load(); c != nil && s.steady.Load() && !s.closed.Load() {
		v, err := f(ctx, *c, false)
		if ctx.Err() != nil {
			s.steady.Store(err == nil)
		}
		if err == nil || !passes(ctx, err) {
			return v, explain(ctx, err)
		}
		s.steady.Store(false)
		last = err
	}
	if ctx.Done() == nil {
		return persist(ctx, s, f, last)
	}
	type result struct {
		v   T
		err error
	}
	over := make(chan result, 1)
	go func() {
		v, err := persist(ctx, s, f, last)
		over <- result{v, err}
	}()
	select {
	case r := <-over:
		return r.v, r.err
	case <-ctx.Done():
		grace := time.NewTimer(5 * time.Millisecond) // to learn what the matter was
		defer grace.Stop()
		select {
		case r := <-over:
			return r.v, r.err
		case <-grace.C:
			return zero, fmt.Errorf("%w: no answer: %w", store.ErrUnavailable, ctx.Err())
		}
	}
}

// persist tries until f succeeds, fails for good, or the time is over. last is how the
// attempt before it failed, if there was one.
func persist[T any](ctx context.Context, s *server, f try[T], last error) (v T, err error) {
	const shortest, longest = time.Millisecond, 128 * time.Millisecond
	start, pause, unsure := time.Now(), shortest, last != nil && unanswered(last)
	for {
		if last != nil {
			if !sleep(ctx, pause/2+rand.N(pause)) {
				return v, fmt.Errorf("%w: %w: %w", store.ErrUnavailable, ctx.Err(), last)
			}
			pause = min(2*pause, longest)
		}
		c, err := s.handle(ctx)
		if err == nil {
			if v, err = f(ctx, c, unsure); err == nil {
				s.steady.Store(true)
				return v, nil
			}
			unsure = unsure || unanswered(err)
		}
		if !passes(ctx, err) {
			s.steady.Store(ctx.Err() == nil && !unusable(err)) // it was an answer
			return v, explain(ctx, err)
		}
		if _, bounded := ctx.Deadline(); !bounded && time.Since(start) > s.wait {
			return v, fmt.Errorf("%w: for %v: %w", store.ErrUnavailable, s.wait, err)
		}
		last = err
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// passing are the errors of a server that another try, in a moment, may not meet: it
// starts, is being replaced, or the key is on its way to another.
var passing = []string{
	"LOADING", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "TRYAGAIN", "MOVED", "ASK", "BUSY", "NOREPLICAS",
}

// passes reports whether another try may succeed.
func passes(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() != nil || unusable(err) {
		return false
	}
	if e, ok := rueidis.IsRedisErr(err); ok {
		text, _, _ := strings.Cut(e.Error(), " ")
		return slices.Contains(passing, text)
	}
	return !ours(err)
}

// unusable reports an error that is about the store and not about the server.
func unusable(err error) bool { return errors.Is(err, errClosed) || errors.Is(err, errCluster) }

// ours reports whether an error is the outcome of a try that was answered.
func ours(err error) bool {
	for _, e := range []error{store.ErrNotFound, store.ErrConflict, store.ErrTooLarge, store.ErrUnavailable, errForeign, errReplicas} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// unanswered reports whether a try may have been carried out although it failed.
func unanswered(err error) bool {
	_, answered := rueidis.IsRedisErr(err)
	return !answered && !ours(err)
}

// explain adds to an error what the caller may decide on.
func explain(ctx context.Context, err error) error {
	if err == nil || ours(err) && !errors.Is(err, errReplicas) || unusable(err) {
		return err
	}
	if e, ok := rueidis.IsRedisErr(err); ok {
		for _, refused := range []string{"OOM", "NOAUTH", "WRONGPASS", "NOPERM", "MISCONF"} {
			if strings.HasPrefix(e.Error(), refused) {
				return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
			}
		}
		return err
	}
	if end := ctx.Err(); end != nil && !errors.Is(err, end) {
		return fmt.Errorf("%w: %w: %w", store.ErrUnavailable, end, err)
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}
