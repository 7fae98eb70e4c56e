package redisstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/redis/rueidis"

	"github.com/go-datasession/datasession/store"
)

// page is how many keys a server is asked to look at in one go.
const page = 500

// IDs yields the id of every session, by SCAN on every master. Nothing is locked, and a
// server never works on it for more than a moment. A session may be yielded twice if the
// server shrinks its table meanwhile, or its slot moves to a master that is asked later;
// one whose slot moves to a master that was asked before is not yielded.
func (s *Store) IDs(ctx context.Context) iter.Seq2[string, error] {
	return s.scan(ctx, globQuote(s.namespace)+"*", func(key string) (string, bool) {
		return key[len(s.namespace):], len(key)-len(s.namespace) <= maxID
	})
}

// Records yields the sessions, which it reads some dozens at a time. It finds them as IDs
// does.
func (s *Store) Records(ctx context.Context) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		ids := make([]string, 0, bulk)
		flush := func() bool {
			goOn := s.readAll(ctx, ids, yield)
			ids = ids[:0]
			return goOn
		}
		for id, err := range s.IDs(ctx) {
			if err != nil {
				yield(store.Entry{}, err)
				return
			}
			if ids = append(ids, id); len(ids) == bulk && !flush() {
				return
			}
		}
		flush()
	}
}

// bulk is how many sessions are read at once.
const bulk = 50

// readAll yields those of some sessions that are there.
func (s *Store) readAll(ctx context.Context, ids []string, yield func(store.Entry, error) bool) (goOn bool) {
	if len(ids) == 0 {
		return true
	}
	values, err := call(ctx, s.server, "load from", func(ctx context.Context, c rueidis.Client, _ bool) ([]string, error) {
		cmds := make(rueidis.Commands, len(ids))
		for i, id := range ids {
			cmds[i] = c.B().Get().Key(s.namespace + id).Build()
		}
		values := make([]string, len(ids))
		for i, r := range c.DoMulti(ctx, cmds...) {
			var err error
			if values[i], err = r.ToString(); err != nil && !rueidis.IsRedisNil(err) {
				return nil, err
			}
		}
		return values, nil
	})
	if err != nil {
		yield(store.Entry{}, err)
		return false
	}
	for i, v := range values {
		if v == "" {
			continue // gone, or a foreign key
		}
		e := store.Entry{ID: ids[i]}
		if e.Record, err = s.record([]byte(v)); !yield(e, err) {
			return false
		}
	}
	return true
}

// scan yields what name makes of the keys that match a pattern and hold a string.
func (s *server) scan(ctx context.Context, pattern string, name func(key string) (string, bool)) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		nodes, err := call(ctx, s, "list", func(ctx context.Context, c rueidis.Client, _ bool) ([]rueidis.Client, error) {
			return masters(ctx, c)
		})
		for i := 0; i < len(nodes) && err == nil; i++ {
			var goOn bool
			if goOn, err = s.scanNode(ctx, nodes[i], pattern, name, yield); !goOn && err == nil {
				return
			}
		}
		if err != nil {
			yield("", err)
		}
	}
}

func (s *server) scanNode(ctx context.Context, node rueidis.Client, pattern string, name func(string) (string, bool), yield func(string, error) bool) (goOn bool, err error) {
	for cursor := uint64(0); ; {
		found, err := call(ctx, s, "list", func(ctx context.Context, _ rueidis.Client, _ bool) (rueidis.ScanEntry, error) {
			cmd := node.B().Scan().Cursor(cursor).Match(pattern).Count(page).Type("string").Build()
			return node.Do(ctx, cmd).AsScanEntry()
		})
		if err != nil {
			return false, err
		}
		slices.Sort(found.Elements)
		for _, key := range slices.Compact(found.Elements) {
			if id, ok := name(key); ok && !yield(id, nil) {
				return false, nil
			}
		}
		if cursor = found.Cursor; cursor == 0 {
			return true, nil
		}
	}
}

// masters returns a client of each master. A node that does not answer is an error: a
// dead replica is forgotten by the cluster in a moment, and a dead master replaced.
func masters(ctx context.Context, c rueidis.Client) ([]rueidis.Client, error) {
	nodes := c.Nodes()
	var found []rueidis.Client
	for _, addr := range slices.Sorted(maps.Keys(nodes)) {
		node := nodes[addr]
		role, err := node.Do(ctx, node.B().Role().Build()).ToArray()
		if err != nil {
			return nil, err
		}
		if len(role) == 0 {
			return nil, errors.New("unexpected answer to ROLE")
		}
		if is, err := role[0].ToString(); err != nil {
			return nil, fmt.Errorf("unexpected answer to ROLE: %w", err)
		} else if is == "master" {
			found = append(found, node)
		}
	}
	if len(found) == 0 {
		return nil, errors.New("there is no master")
	}
	return found, nil
}

// globQuote makes a pattern of SCAN that matches a text.
func globQuote(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `^`, `\^`).Replace(text)
}
