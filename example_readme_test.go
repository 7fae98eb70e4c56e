package datasession_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/store/memstore"
)

func Example_readme() {
	ctx := context.Background()
	m, err := datasession.New(memstore.New(nil), perljson.Codec{}, nil)
	if err != nil {
		log.Fatal(err)
	}
	s, err := m.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	const visits datasession.Key[int] = "visits"
	err = errors.Join(
		s.Set("user", "ann"),
		s.Flush(ctx),
		visits.Update(ctx, m, s.ID(), func(n int) (int, error) { return n + 1, nil }),
	)
	if err != nil {
		log.Fatal(err)
	}
	s, err = m.Load(ctx, s.ID())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.Get("user"), s.Get("visits"))
	// Output: ann 1
}
