package memcachestore

import (
	"context"
	"crypto/md5" // where the points of a ring are is no secret
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"

	"github.com/go-datasession/datasession/store"
)

// Choice is how a session's server is found.
type Choice int

const (
	// PerlChoice is that of Cache::Memcached: by a checksum of the id, without the
	// namespace, and if that server cannot be reached, by further ones, until one can.
	// A server that could not be connected to is left out for 20 to 30 seconds. A
	// server more or less in the list moves nearly every session.
	PerlChoice Choice = iota

	// Consistent puts the servers on a ring. A server more in the list takes over only
	// its share of the sessions, and one less leaves the others' where they are. A
	// server that cannot be reached is an error for its sessions. Perl cannot join.
	Consistent
)

// A chooser runs a call on the server that has the id.
type chooser func(ctx context.Context, id string, call func(*server) error) error

func (c Choice) over(servers []*server, noRehash bool) (chooser, error) {
	switch {
	case c != PerlChoice && c != Consistent:
		return nil, fmt.Errorf("memcachestore: unknown choice %d of servers", c)
	case len(servers) == 1:
		return func(_ context.Context, _ string, call func(*server) error) error { return call(servers[0]) }, nil
	case c == Consistent:
		return newRing(servers).choose, nil
	}
	b := buckets{tries: maxTries}
	if noRehash {
		b.tries = 1
	}
	for _, srv := range servers {
		for range srv.Weight {
			b.servers = append(b.servers, srv)
		}
	}
	return b.choose, nil
}

// buckets are the servers as Cache::Memcached has them: each as often as its weight.
type buckets struct {
	servers []*server
	tries   int
}

// maxTries is how many servers Cache::Memcached tries before it writes. Before it reads
// it tries one more.
const maxTries = 20

// choose tries servers until one can be connected to.
func (b buckets) choose(ctx context.Context, id string, call func(*server) error) error {
	var down error
	hash := perlHash(id)
	for try := 1; try <= b.tries; try++ {
		srv := b.servers[hash%uint64(len(b.servers))]
		if !srv.dead() {
			err := call(srv)
			var unreachable *connectError
			if !errors.As(err, &unreachable) {
				return err
			}
			srv.bury()
			down = err
		} else if down == nil {
			down = fmt.Errorf("%w: %s could not be connected to a moment ago", store.ErrUnavailable, srv.Addr)
		}
		hash += perlHash(strconv.Itoa(try) + id)
	}
	return down
}

func perlHash(s string) uint64 {
	return uint64(crc32.ChecksumIEEE([]byte(s))>>16) & 0x7fff
}

// ring has the servers at many points of a circle of 2^32. A session is on the server
// whose point comes next.
type ring []point

type point struct {
	at  uint32
	srv *server
}

// pointsPerWeight evens out the shares: with 3 servers they differ by some 10 %.
const pointsPerWeight = 160

// newRing places the points by the MD5 of address and number, so that they depend on
// nothing but the server itself.
func newRing(servers []*server) ring {
	var r ring
	for _, srv := range servers {
		for i := range srv.Weight * pointsPerWeight / 4 {
			sum := md5.Sum([]byte(srv.Addr + "-" + strconv.Itoa(i)))
			for q := range 4 {
				r = append(r, point{binary.LittleEndian.Uint32(sum[4*q:]), srv})
			}
		}
	}
	slices.SortFunc(r, func(a, b point) int {
		if a.at != b.at {
			return int(int64(a.at) - int64(b.at))
		}
		return int(a.srv.salt>>56) - int(b.srv.salt>>56)
	})
	return r
}

func (r ring) choose(_ context.Context, id string, call func(*server) error) error {
	sum := md5.Sum([]byte(id))
	at := binary.LittleEndian.Uint32(sum[:])
	i, _ := slices.BinarySearchFunc(r, at, func(p point, at uint32) int {
		return int(int64(p.at) - int64(at))
	})
	return call(r[i%len(r)].srv)
}
