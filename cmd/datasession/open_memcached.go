package main

import (
	"context"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/memcachestore"
	"github.com/go-datasession/datasession/typestring"
)

const tryMemcached = "try: --server HOST:11211, or HOST:11211=3 with a weight; several in the order that the application has them"

// openMemcached opens sessions in memcached, where Cache::Memcached has them. They are
// listed as far as the server can.
func openMemcached(ctx context.Context, p typestring.Params) (store.Store, error) {
	var servers []memcachestore.Server
	for _, text := range p.Servers {
		srv, err := memcachestore.ParseServer(text)
		if err != nil {
			return nil, misuse(tryMemcached, "%w", err)
		}
		servers = append(servers, srv)
	}
	if len(servers) == 0 {
		return nil, misuse(tryMemcached, "driver:Memcached wants --server")
	}
	st, err := memcachestore.New(servers, &memcachestore.Options{
		Namespace: p.Namespace, MaxBytes: p.Options.Limits.Bytes,
	})
	if err != nil {
		return nil, misuse(tryMemcached, "%w", err)
	}
	if err := st.Ping(ctx); err != nil {
		st.Close()
		return nil, unreachable("memcached", leaf(err), tryMemcached)
	}
	return st.Enumerable(), nil
}
