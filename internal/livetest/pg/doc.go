// Package pg tests store/sqlstore against a PostgreSQL server of its own, beside other
// processes and beside Perl.
package pg
