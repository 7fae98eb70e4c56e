// Package redisstore keeps sessions in Redis or Valkey: one server, Sentinel, or a cluster.
package redisstore
