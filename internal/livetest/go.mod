module github.com/go-datasession/datasession/internal/livetest

go 1.26

require (
	github.com/go-datasession/datasession v0.0.0-00010101000000-000000000000
	github.com/mattn/go-sqlite3 v1.14.53
	github.com/ncruces/go-sqlite3 v0.35.3
)

require (
	github.com/ncruces/go-sqlite3-wasm/v3 v3.2.35304 // indirect
	github.com/ncruces/julianday v1.0.0 // indirect
	golang.org/x/sys v0.47.0 // indirect
)

replace github.com/go-datasession/datasession => ../..
