package redisstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/go-datasession/datasession/store"
)

// Options says how a Store differs from the default.
type Options struct {
	// Namespace precedes the id in the key of a session. Empty means "session:".
	// It must not begin with "index:", which is where indexes are.
	Namespace string

	// MaxBytes limits the data of one session, read or written. Zero means
	// store.MaxBytes. Longer data is read from the server before it is refused.
	MaxBytes int

	// Wait is for how long a call goes on trying, if its context has no deadline,
	// when the server does not answer or cannot do it just now. Zero means 10 seconds.
	Wait time.Duration

	// Indexes names parameters by whose values sessions are found.
	Indexes []string

	// Now is the clock, which is to be that of the Manager: it tells when a session was
	// last touched. What has expired is for the server's clock to say. Nil means time.Now.
	Now func() time.Time

	// Replicas is how many replicas must have a save or a delete before it is
	// reported as done, by Redis's command WAIT. Zero means none: then what was
	// acknowledged in the last moments of a master may be lost with it.
	Replicas int
}

// Store keeps sessions in Redis or Valkey, one key each. Beside what a [store.Store]
// does it lists, reads in bulk and touches them, and finds them by the parameters of
// Options.Indexes. It is safe for use by several goroutines.
type Store struct {
	*server
	namespace string
	maxBytes  int
	indexes   []string
	replicas  int
	now       func() time.Time
}

var _ interface {
	store.Store
	store.Lister
	store.Scanner
	store.Toucher
	store.Sweeper
	store.Indexer
	store.Pinger
} = (*Store)(nil)

// New returns a store over a client, which stays the caller's: Close does not close
// it. It does no I/O. Beside names that cannot be used it refuses nothing.
//
// A client of the caller's should have DisableRetry set, as this store tries again
// itself and knows when that is safe, and a ConnWriteTimeout of seconds.
func New(client rueidis.Client, opts *Options) (*Store, error) {
	if client == nil {
		return nil, errors.New("redisstore: no client")
	}
	s, err := newStore(opts)
	if err == nil {
		s.client.Store(&client)
	}
	return s, err
}

// Open returns a store that connects when it is first used, and again if that failed.
// What conn leaves open is set as suits sessions: no cache on the client's side, and
// seconds, rather than tens of them, until a server that does not answer is given up.
// Close closes the connections. Open itself does no I/O.
//
// One address is one server, or a node of a cluster, which the store finds out; several
// are nodes of a cluster, or, with conn.Sentinel.MasterSet, sentinels.
func Open(conn rueidis.ClientOption, opts *Options) (*Store, error) {
	if err := checkAddresses(conn); err != nil {
		return nil, err
	}
	s, err := newStore(opts)
	if err == nil {
		s.connect = connector(conn)
	}
	return s, err
}

func newStore(opts *Options) (*Store, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	if o.Namespace == "" {
		o.Namespace = "session:"
	}
	if strings.HasPrefix(o.Namespace, indexPrefix) {
		return nil, fmt.Errorf("redisstore: bad namespace %q, want one that does not begin with %q", o.Namespace, indexPrefix)
	}
	if err := checkNames(o.Indexes); err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = store.MaxBytes
	}
	return &Store{newServer(o.Wait), o.Namespace, o.MaxBytes, o.Indexes, o.Replicas, o.Now}, nil
}

// maxID is longer than any generated id and any e-mail address.
const maxID = 255

func checkID(id string) error {
	if id == "" || len(id) > maxID {
		return fmt.Errorf("%w: %d bytes, want 1 to %d", store.ErrInvalidID, len(id), maxID)
	}
	return nil
}

// Load returns the data stored under id, or ErrNotFound.
func (s *Store) Load(ctx context.Context, id string) (store.Record, error) {
	if err := checkID(id); err != nil {
		return store.Record{}, err
	}
	key := s.namespace + id
	return call(ctx, s.server, "load from", func(ctx context.Context, c rueidis.Client, _ bool) (store.Record, error) {
		b, err := c.Do(ctx, c.B().Get().Key(key).Build()).AsBytes()
		if rueidis.IsRedisNil(err) {
			return store.Record{}, store.ErrNotFound
		}
		if err != nil {
			return store.Record{}, err
		}
		return s.record(b)
	})
}

// record is what a value holds, which is kept.
func (s *Store) record(b []byte) (store.Record, error) {
	v, err := parse(b)
	if err != nil {
		return store.Record{}, err
	}
	if len(v.data) > s.maxBytes {
		return store.Record{}, tooLarge(len(v.data), s.maxBytes)
	}
	return store.Record{Data: v.data, Rev: store.DataRev(v.head), Expires: v.expires}, nil
}

func tooLarge(n, most int) error {
	return fmt.Errorf("%w: %d bytes, want at most %d", store.ErrTooLarge, n, most)
}

// Save stores data under id with one command, which compares the version, stores, and
// sets the expiry. If the answer is lost, the command is sent again and finds out
// whether it was carried out. If somebody else saved after that, it is not known any
// more, and Save reports ErrUnavailable, and not a conflict, after which a caller would
// do it twice.
//
// If ctx ends while the server is at work it may still save.
func (s *Store) Save(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
	if err := checkID(id); err != nil {
		return store.Rev{}, err
	}
	if len(data) > s.maxBytes {
		return store.Rev{}, fmt.Errorf("save to Redis: %w", tooLarge(len(data), s.maxBytes))
	}
	key, block := s.namespace+id, s.block(opts.Index)
	v, rev := newValue(block, data, s.expiry(opts.TTL))
	args := []string{v, milliseconds(opts.TTL), oldVersion(old)}
	if len(s.indexes) > 0 {
		return rev, s.saveIndexed(ctx, id, key, block, args, opts.TTL)
	}
	_, err := call(ctx, s.server, "save to", func(ctx context.Context, c rueidis.Client, unsure bool) (struct{}, error) {
		return struct{}{}, verdict(s.write(ctx, c, saveScript, key, args), unsure)
	})
	if err != nil {
		return store.Rev{}, err
	}
	return rev, nil
}

// Delete removes the session with one command, if it was neither saved nor touched since
// old was read.
func (s *Store) Delete(ctx context.Context, id string, old store.Rev) error {
	if err := checkID(id); err != nil {
		return err
	}
	key := s.namespace + id
	args := []string{oldVersion(old)}
	block, err := call(ctx, s.server, "delete from", func(ctx context.Context, c rueidis.Client, _ bool) (string, error) {
		r := s.write(ctx, c, deleteScript, key, args)
		err := verdict(r, false)
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return r.block, err
	})
	if err == nil {
		s.forget(ctx, id, block)
	}
	return err
}

// Touch lets the session live for ttl from now, for ever if ttl is zero, or reports
// ErrNotFound.
func (s *Store) Touch(ctx context.Context, id string, ttl time.Duration) error {
	if err := checkID(id); err != nil {
		return err
	}
	key := s.namespace + id
	args := []string{milliseconds(ttl), string(binary.BigEndian.AppendUint64(nil, s.expiry(ttl)))}
	block, err := call(ctx, s.server, "touch in", func(ctx context.Context, c rueidis.Client, _ bool) (string, error) {
		r := s.write(ctx, c, touchScript, key, args)
		return r.block, verdict(r, false)
	})
	if err == nil && block != "" {
		err = s.enter(ctx, id, block, ttl)
	}
	return err
}

// milliseconds is a TTL as the scripts take it: 0 is for ever, and a part of one is one.
func milliseconds(ttl time.Duration) string {
	if ttl <= 0 {
		return "0"
	}
	ms := ttl.Milliseconds()
	if ttl%time.Millisecond != 0 {
		ms++
	}
	return strconv.FormatInt(ms, 10)
}
