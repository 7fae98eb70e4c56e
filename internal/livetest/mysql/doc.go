// Package mysql tests store/sqlstore against a MariaDB server of its own, beside other
// processes and beside Perl.
package mysql
