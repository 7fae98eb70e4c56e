package typestring_test

import (
	"context"
	"fmt"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/memstore"
	"github.com/go-datasession/datasession/typestring"
)

func ExampleSet_Open() {
	ctx := context.Background()
	m, err := typestring.Std.Open(ctx, "driver:Memory; id:SHA256; serialize:JSON", typestring.Params{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	s, err := m.New(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(s.ID()), m.Codec().Name())
	// Output: 64 JSON
}

func ExampleSet_With() {
	openRedis := func(_ context.Context, p typestring.Params) (store.Store, error) {
		return memstore.New(nil), nil // connect to p.DataSource
	}
	set := typestring.Std.With(typestring.Driver("Redis", openRedis))
	t, err := set.Parse("driver:redis;id:sha1")
	fmt.Println(t, err)
	_, err = typestring.Parse("driver:redis;id:sha1")
	fmt.Println(err)
	// Output:
	// driver:Redis;id:SHA1;serialize:DataDumper <nil>
	// typestring: Unknown driver 'redis'; known are BerkeleyDB, File, Memcached, Memory, mysql, ODBC, Oracle, Pg, SQLite
}
