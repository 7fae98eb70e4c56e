package memcachestore

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"time"

	"github.com/go-datasession/datasession/store"
)

// Enumerable is a Store that lists its sessions, as far as memcached can.
//
// The list is what `lru_crawler metadump` prints, which memcached has from 1.4.31 on,
// unless the crawler is switched off. From 1.6 on it goes through the table of all
// items; older servers go through their lists of what was used when, and an item
// that moves in them meanwhile may be missed, or come twice. A server may refuse,
// because another dump is running. The dump holds every item of the server, whoever's
// it is; what has another namespace is left out, but with an empty one everything is
// taken for a session.
//
// The ids of one server are held in memory, for a server waits for whoever reads its
// dump slowly.
type Enumerable struct{ *Store }

var _ store.Lister = Enumerable{}

// Enumerable returns a view of the store that has [store.Lister]. Its Close is the
// store's.
func (s *Store) Enumerable() Enumerable { return Enumerable{s} }

// IDs yields the ids of the sessions on all servers, each on the server that the store
// would ask for it. All servers have to answer.
func (e Enumerable) IDs(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, srv := range e.servers {
			ids, err := e.dump(ctx, srv)
			if err != nil {
				yield("", wrap("list", err))
				return
			}
			for id := range strings.SplitSeq(ids, "\n") {
				if err := ctx.Err(); err != nil {
					yield("", wrap("list", err))
					return
				}
				if id != "" && e.at(ctx, id) == srv && !yield(id, nil) {
					return
				}
			}
		}
	}
}

// at returns the server that a call would use now.
func (s *Store) at(ctx context.Context, id string) (at *server) {
	_ = s.choose(ctx, id, func(srv *server) error { at = srv; return nil })
	return at
}

var errDump = errors.New("the server does not list its items")

// dump returns the ids that one server has, each with a line feed.
func (s *Store) dump(ctx context.Context, srv *server) (string, error) {
	for _, of := range []string{"hash", "all"} {
		ids, err := s.dumpOf(ctx, srv, of)
		if !errors.Is(err, errDump) || of == "all" {
			return ids, err
		}
	}
	panic("unreachable")
}

func (s *Store) dumpOf(ctx context.Context, srv *server, of string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	c, err := srv.connect(ctx)
	if err != nil {
		return "", err
	}
	defer c.Conn.Close()
	defer context.AfterFunc(ctx, func() { c.Conn.Close() })()
	extend := func() { _ = c.Conn.SetDeadline(time.Now().Add(s.opts.Timeout)) }
	extend()
	if _, err := fmt.Fprintf(c.Conn, "lru_crawler metadump %s\r\n", of); err != nil {
		return "", failed(ctx, err)
	}
	var ids strings.Builder
	in := bufio.NewReaderSize(c.Conn, 64<<10)
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return "", failed(ctx, err)
		}
		line = bytes.TrimRight(line, "\r\n")
		key, isKey := bytes.CutPrefix(line, []byte("key="))
		switch {
		case string(line) == "END":
			return ids.String(), nil
		case !isKey:
			word, _, _ := strings.Cut(string(line), " ")
			return "", fmt.Errorf("%w: it says %.20q", errDump, word)
		}
		extend()
		raw, _, _ := strings.Cut(string(key), " ")
		name, err := url.PathUnescape(raw)
		if id, ours := strings.CutPrefix(name, s.opts.Namespace); ours && err == nil {
			if _, err := s.key(id); err == nil {
				ids.WriteString(id + "\n")
			}
		}
	}
}

func failed(ctx context.Context, err error) error {
	if end := ctx.Err(); end != nil {
		return end
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}
