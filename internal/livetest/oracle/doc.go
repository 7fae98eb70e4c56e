// Package oracle tries store/sqlstore and a driver for Oracle. There is no Oracle Database
// that tests could start, so they run on package double, and on a real one only where
// DATASESSION_ORACLE names it: a data source for go-ora, such as
// oracle://user:password@host:1521/service, of a user who may create tables.
package oracle
