// Package sql measures store/sqlstore beside scs with its stores for PostgreSQL, MariaDB
// and SQLite. See docs/benchmarks.md.
package sql
