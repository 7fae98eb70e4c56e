// Package redisstore keeps sessions in Redis or Valkey: on one server, with Sentinel, or
// in a cluster. It is where users go when they outgrow one machine, with no change but
// this:
//
//	st, err := redisstore.Open(rueidis.ClientOption{
//		InitAddress: []string{"10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379"},
//	}, nil)
//	m, err := datasession.New(st, perljson.Codec{}, nil)
//
// There are two layouts. [Store] is for new work, and needs Redis 6.0 or any Valkey.
// [Browseable] is that of Perl's Apache::Session::Browseable::Redis, for both to use at
// the same time.
//
// # The layout of Store
//
// A session is one key, the namespace and the id, and its value holds a version, the time
// at which it expires, what it is indexed under, and the data. So one slot of a cluster
// has all of it, and sessions spread over all masters. A save is one script, which runs
// on the server in one piece: it compares the version, stores, and sets the expiry. So is
// a delete. What has been deleted, or has expired, stays so. Scripts are sent by digest,
// and whole to a server that does not know them. There is no KEYS: enumeration is by SCAN
// on every master.
//
// A version is a random number that is drawn by who saves. If an answer is lost the save
// is sent again, and knows itself if it was carried out; nothing is done twice.
//
// # When servers fail
//
// A call goes on, with growing pauses, until its context ends, or for Options.Wait: while
// a server starts, a master is being replaced, or a key is on its way to another. Then it
// reports [store.ErrUnavailable] and why. Slots can be moved at any time, and callers
// notice nothing. A server that has stopped answering holds up a call until its
// deadline, and not longer.
//
// Redis copies to replicas after it has acknowledged. If a master dies, what it had
// acknowledged in its last moment and not passed on is lost: saves, and deletes too, so
// that a session may be there again that somebody has just signed out of. Who read what
// was lost meets a conflict when he saves, and goes on from what there is. With
// Options.Replicas a save or delete is reported done only when so many replicas have it.
// What to set on the servers is in docs/redis.md.
//
// # Indexes
//
// With Options.Indexes sessions are found by the values of parameters: a set for each
// value, in whatever slot. The sessions themselves say what they are indexed under, and
// [Store.Find] believes only them; see index.go for why none is missed. A save costs a
// round trip more for each indexed value, and one that changes such a value some more.
package redisstore
