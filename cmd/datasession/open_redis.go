package main

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/redis/rueidis"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/redisstore"
	"github.com/go-datasession/datasession/typestring"
)

const tryRedis = "try: --server HOST:6379, or HOST:6379/2 for database 2; with --cluster, or --service NAME, several of them"

// openRedis opens sessions in Redis: those of Perl's Browseable if the family is
// Apache::Session, which is what keeps sessions there in Perl.
func openRedis(ctx context.Context, p typestring.Params) (store.Store, error) {
	conn, err := redisOption(p)
	if err != nil {
		return nil, err
	}
	var st interface {
		store.Store
		store.Pinger
	}
	if p.Options.Family == datasession.ApacheSession {
		if p.Namespace != "" || p.Cluster {
			return nil, misuse("", "--family apache has bare ids on one server, and neither --namespace nor --cluster")
		}
		st, err = redisstore.OpenBrowseable(conn, &redisstore.BrowseableOptions{Indexes: p.Index, MaxBytes: p.Options.Limits.Bytes})
	} else {
		st, err = redisstore.Open(conn, &redisstore.Options{
			Namespace: p.Namespace, Indexes: p.Index, MaxBytes: p.Options.Limits.Bytes,
		})
	}
	if err != nil {
		return nil, misuse(tryRedis, "%w", err)
	}
	connecting, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := st.Ping(connecting); err != nil {
		st.Close()
		if errors.Is(err, store.ErrUnavailable) {
			return nil, unreachable("Redis", leaf(err), tryRedis)
		}
		return nil, judge(err)
	}
	return st, nil
}

// redisOption is where the flags say that the servers are.
func redisOption(p typestring.Params) (conn rueidis.ClientOption, err error) {
	conn = rueidis.ClientOption{
		Username: p.Username, Password: p.Password,
		Sentinel: rueidis.SentinelOption{MasterSet: p.Service},
	}
	for _, server := range p.Servers {
		addr, database, ok := strings.Cut(server, "/")
		if ok {
			if conn.SelectDB, err = strconv.Atoi(database); err != nil || conn.SelectDB < 0 {
				return conn, misuse(tryRedis, "--server wants a number after the /")
			}
		}
		conn.InitAddress = append(conn.InitAddress, addr)
	}
	switch {
	case len(conn.InitAddress) == 0:
		return conn, misuse(tryRedis, "driver:Redis wants --server")
	case p.Cluster && p.Service != "":
		return conn, misuse("", "--cluster and --service exclude each other")
	case len(conn.InitAddress) > 1 && !p.Cluster && p.Service == "":
		return conn, misuse(tryRedis, "several servers of driver:Redis want --cluster or --service")
	}
	return conn, nil
}
