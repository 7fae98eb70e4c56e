package sessionid_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-datasession/datasession/sessionid"
)

func Example() {
	id, err := sessionid.SHA256.New(context.Background())
	fmt.Println(len(id), sessionid.SHA256.Valid(id), sessionid.MD5.Valid(id), err)
	// Output: 64 true false <nil>
}

func ExampleAutoIncrement() {
	dir, err := os.MkdirTemp("", "counter")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ids, err := sessionid.AutoIncrement(&sessionid.CounterOptions{
		File: filepath.Join(dir, "data.session.id"),
		Base: 100,
		Step: 7,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		fmt.Println(ids.New(context.Background()))
	}
	// Output:
	// 107 <nil>
	// 114 <nil>
}
