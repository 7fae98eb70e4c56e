// Package bdbstore keeps sessions in Berkeley DB, together with BerkeleyDB and DB_File.
package bdbstore
