module github.com/go-datasession/datasession/internal/bench

go 1.26.0

require (
	github.com/alexedwards/scs/redisstore v0.0.0-20250417082927-ab20b3feb5e9
	github.com/alexedwards/scs/v2 v2.9.0
	github.com/go-datasession/datasession v0.0.0
	github.com/go-datasession/datasession/store/redisstore v0.0.0
	github.com/gomodule/redigo v1.8.0
	github.com/redis/rueidis v1.0.79
)

require golang.org/x/sys v0.47.0 // indirect

replace github.com/go-datasession/datasession => ../..

replace github.com/go-datasession/datasession/store/redisstore => ../../store/redisstore
