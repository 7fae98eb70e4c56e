// Package redis measures store/redisstore beside the bare client library, and beside scs
// with its Redis store, and clusters of several sizes. See docs/benchmarks.md.
package redis
