module github.com/go-datasession/datasession/cmd/datasession

go 1.26.0

require (
	github.com/go-datasession/datasession v0.0.0
	github.com/jedib0t/go-pretty/v6 v6.8.3
	github.com/mattn/go-sqlite3 v1.14.53
	github.com/ncruces/go-sqlite3 v0.35.3
	github.com/rogpeppe/go-internal v1.16.0
	github.com/spf13/cobra v1.10.2
	github.com/spf13/pflag v1.0.9
	golang.org/x/term v0.47.0
)

require (
	github.com/jackc/puddle/v2 v2.2.3 // indirect
	github.com/sijms/go-ora/v2 v2.8.24 // indirect
	golang.org/x/sync v0.22.0 // indirect
)

require (
	filippo.io/edwards25519 v1.2.0 // indirect
	github.com/bradfitz/gomemcache v0.0.0-20260422231931-4d751bb6e37c // indirect
	github.com/ebitengine/purego v0.11.3 // indirect
	github.com/go-datasession/datasession/odbc v0.0.0
	github.com/go-datasession/datasession/store/bdbstore v0.0.0
	github.com/go-datasession/datasession/store/memcachestore v0.0.0
	github.com/go-datasession/datasession/store/redisstore v0.0.0
	github.com/go-sql-driver/mysql v1.10.1
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	github.com/jackc/pgx/v5 v5.12.0
	github.com/mattn/go-runewidth v0.0.16 // indirect
	github.com/ncruces/go-sqlite3-wasm/v3 v3.2.35304 // indirect
	github.com/ncruces/julianday v1.0.0 // indirect
	github.com/redis/rueidis v1.0.79
	github.com/rivo/uniseg v0.4.7 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.41.0 // indirect
	golang.org/x/tools v0.48.0 // indirect
)

replace github.com/go-datasession/datasession => ../..

replace github.com/go-datasession/datasession/odbc => ../../odbc

replace github.com/go-datasession/datasession/store/redisstore => ../../store/redisstore

replace github.com/go-datasession/datasession/store/memcachestore => ../../store/memcachestore

replace github.com/go-datasession/datasession/store/bdbstore => ../../store/bdbstore
