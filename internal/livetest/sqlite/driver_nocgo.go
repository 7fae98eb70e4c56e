//go:build !cgo

package sqlite

import _ "github.com/ncruces/go-sqlite3/driver"
