// Package memcachestore keeps sessions in memcached, together with Cache::Memcached.
package memcachestore
