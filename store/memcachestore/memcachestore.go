// Package memcachestore keeps sessions in memcached, together with Perl's
// Cache::Memcached: under the same keys, on the same servers, with the same flags.
//
// Perl overwrites whatever is there. Here every write is conditional: a session is
// made with add, and replaced and deleted with cas. So no update is lost between
// programs that use this package, Perl's writes are noticed, and what was deleted
// stays deleted: a cas that comes after it finds nothing.
//
// Memcached is a cache. A server that restarts, or needs the room, forgets sessions
// without a word; those whose users must not be signed out belong in a database, with
// memcached in front of it. With several servers and Cache::Memcached's choice of
// server, a server that was away for a while may come back with an old copy of what
// was changed or deleted meanwhile on its stand-in. The choice [Consistent] has no
// stand-ins, and is for new work.
//
// What Cache::Memcached compressed is inflated, within [Options].MaxBytes; what is
// written is not compressed, and Perl reads it all the same. A lifetime of more than 30
// days is sent as the moment when it ends, which goes by the clocks of both machines:
// Perl's driver sends such a number as it is, and the session is gone at once.
package memcachestore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/go-datasession/datasession/store"
)

// Options says how the servers are used. The zero value is for a single server, or
// several that Perl's Cache::Memcached uses with its own defaults.
type Options struct {
	// Namespace precedes the id in each key. (Perl: namespace)
	Namespace string

	// Choice says which of several servers has a session. The default is [PerlChoice].
	Choice Choice

	// NoRehash keeps PerlChoice from going to another server when one cannot be
	// reached: that is an error then. Cache::Memcached still reads from the other one,
	// where it finds nothing. (Perl: no_rehash)
	NoRehash bool

	// MaxBytes limits the data of one session, read or written, also after
	// inflating. Zero means store.MaxBytes. The server has a limit of its own, which is
	// a little less than 1 MiB unless it was started with -I.
	MaxBytes int

	// Timeout is the most that a call waits for a server, whatever its context. Zero
	// means a second, as in Cache::Memcached.
	Timeout time.Duration

	// ConnectTimeout is the most that connecting takes. Zero means 250 milliseconds,
	// as in Cache::Memcached.
	ConnectTimeout time.Duration

	// MaxIdle is how many connections to each server are kept while nobody uses them.
	// Zero means 64. It should not be less than the usual number of calls at a time.
	MaxIdle int
}

// Store keeps sessions on one or more servers. It implements [store.Store],
// [store.Toucher] and [store.Pinger], and is safe for use by several goroutines.
// [Store.Enumerable] can list sessions too.
type Store struct {
	opts    Options
	servers []*server
	choose  chooser
}

var _ interface {
	store.Store
	store.Toucher
	store.Pinger
} = (*Store)(nil)

// New returns a store on these servers. With Cache::Memcached in play they have to be
// the same, spelled the same, with the same weights and in the same order, as there. New
// does no I/O, and reports addresses and options that make no sense.
func New(servers []Server, opts *Options) (*Store, error) {
	s := &Store{}
	if opts != nil {
		s.opts = *opts
	}
	o := &s.opts
	o.MaxBytes = or(o.MaxBytes, store.MaxBytes)
	o.Timeout = or(o.Timeout, time.Second)
	o.ConnectTimeout = or(o.ConnectTimeout, 250*time.Millisecond)
	o.MaxIdle = or(o.MaxIdle, 64)
	if o.MaxBytes < 0 || o.Timeout < 0 || o.ConnectTimeout < 0 || o.MaxIdle < 0 {
		return nil, errors.New("memcachestore: an option is below zero")
	}
	if o.Namespace != "" && !sendable(o.Namespace) {
		return nil, errors.New("memcachestore: bad namespace, want visible ASCII characters and fewer than 250")
	}
	if len(servers) == 0 {
		return nil, errors.New("memcachestore: no servers")
	}
	for i, srv := range servers {
		if err := srv.check(); err != nil {
			return nil, err
		}
		s.servers = append(s.servers, newServer(srv, i, o))
	}
	var err error
	s.choose, err = o.Choice.over(s.servers, o.NoRehash)
	return s, err
}

func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// maxKey is the longest key that a server takes.
const maxKey = 250

// key returns the key of an id, or ErrInvalidID for what must not be sent: it would
// end the command, or be cut.
func (s *Store) key(id string) (string, error) {
	key := s.opts.Namespace + id
	if id == "" || len(key) > maxKey || !sendable(id) {
		return "", fmt.Errorf("%w: want 1 to %d visible ASCII characters",
			store.ErrInvalidID, maxKey-len(s.opts.Namespace))
	}
	return key, nil
}

// sendable reports whether all of a string are visible ASCII characters.
func sendable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) < maxKey+1
}

// Load returns the data stored under id. Data with flags that are unknown, or that
// Cache::Memcached has frozen by itself, is [ErrFlags].
func (s *Store) Load(ctx context.Context, id string) (store.Record, error) {
	var rec store.Record
	err := s.call(ctx, "load", id, func(c *conn, key string) (err error) {
		var it *memcache.Item
		if it, err = c.get(key); err != nil {
			return err
		}
		rec.Rev = c.rev(it.CasID)
		rec.Data, err = plain(it, s.opts.MaxBytes)
		return err
	})
	return rec, err
}

// Save stores data. A version that came from Load costs one round trip, one that came
// from Save two: the server does not tell the version of what it has stored.
//
// AnyRev overwrites with cas, too: when set fails for want of room, the server also
// throws away what was there before.
func (s *Store) Save(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
	err := s.call(ctx, "save", id, func(c *conn, key string) error {
		if len(data) > s.opts.MaxBytes {
			return store.ErrTooLarge
		}
		it := &memcache.Item{Key: key, Value: data, Expiration: exptime(opts.TTL)}
		if old.IsZero() {
			return c.do(func(cl *memcache.Client) error { return cl.Add(it) })
		}
		return s.swap(ctx, c, it, old)
	})
	if err != nil {
		return store.Rev{}, err
	}
	return writtenRev(data), nil
}

// Delete removes the session: with AnyRev whatever is there, else with a cas that
// replaces it by something that has expired.
func (s *Store) Delete(ctx context.Context, id string, old store.Rev) error {
	err := s.call(ctx, "delete", id, func(c *conn, key string) error {
		switch {
		case old.IsAny():
			return c.do(func(cl *memcache.Client) error { return cl.Delete(key) })
		case old.IsZero():
			if _, err := c.get(key); err != nil {
				return err
			}
			return store.ErrConflict
		}
		return s.swap(ctx, c, &memcache.Item{Key: key, Expiration: gone}, old)
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// swap replaces what is stored if it is still old.
func (s *Store) swap(ctx context.Context, c *conn, it *memcache.Item, old store.Rev) error {
	cas := func(cl *memcache.Client) error { return cl.CompareAndSwap(it) }
	for {
		create, err := c.match(it, old, s.opts.MaxBytes)
		switch {
		case err != nil:
			return err
		case create:
			err = c.do(func(cl *memcache.Client) error { return cl.Add(it) })
		default:
			err = c.do(cas)
		}
		lost := errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound)
		if !old.IsAny() || !lost || ctx.Err() != nil {
			return err
		}
	}
}

// Touch lets the session live for ttl from now. Its version stays the same.
func (s *Store) Touch(ctx context.Context, id string, ttl time.Duration) error {
	return s.call(ctx, "touch", id, func(c *conn, key string) error {
		return c.do(func(cl *memcache.Client) error { return cl.Touch(key, exptime(ttl)) })
	})
}

// Ping reports whether every server answers.
func (s *Store) Ping(ctx context.Context) error {
	for _, srv := range s.servers {
		err := srv.call(ctx, "", func(c *conn) error { return c.do((*memcache.Client).Ping) })
		if err != nil {
			return wrap("ping", err)
		}
	}
	return nil
}

// Close closes the connections that nobody uses. Calls after it fail.
func (s *Store) Close() error {
	for _, srv := range s.servers {
		srv.close()
	}
	return nil
}

// call runs one operation on the server that has the session.
func (s *Store) call(ctx context.Context, doing, id string, f func(c *conn, key string) error) error {
	key, err := s.key(id)
	if err == nil {
		err = s.choose(ctx, id, func(srv *server) error {
			return srv.call(ctx, key, func(c *conn) error { return f(c, key) })
		})
	}
	return wrap(doing, err)
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s memcached: %w", doing, err)
}

const (
	month = 30 * 24 * 60 * 60 // what is more is taken as a time since 1970
	gone  = -1                // has expired before it is stored
)

// exptime returns how a lifetime is sent, in whole seconds, rounded up. Zero is for
// ever.
func exptime(ttl time.Duration) int32 {
	switch seconds := int64(ttl / time.Second); {
	case ttl == 0:
		return 0
	case ttl < 0:
		return gone
	default:
		if ttl%time.Second != 0 {
			seconds++
		}
		if seconds > month {
			seconds += time.Now().Unix()
		}
		return int32(min(seconds, math.MaxInt32))
	}
}
