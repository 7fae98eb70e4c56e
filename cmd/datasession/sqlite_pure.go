//go:build !cgo

package main

import _ "github.com/ncruces/go-sqlite3/driver" // registers sqliteDriver

const sqliteDriver = "sqlite3"
