package datasession_test

import (
	"encoding/json"
	"errors"
	"sync"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/store/memstore"
)

// visitor is the parameters of a session of about 500 bytes.
func visitor() map[string]any {
	return map[string]any{
		"user": "ann@example.com", "name": "Ann Example", "visits": 1, "theme": "dark", "lang": "en",
		"cart": []any{
			map[string]any{"sku": "A-1001", "qty": 2, "price": "19.90", "title": "A book about camels"},
			map[string]any{"sku": "B-2002", "qty": 1, "price": "7.50", "title": "A mug, large"},
		},
		"roles": []any{"reader", "writer", "moderator"},
		"token": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	}
}

// kept returns a Manager over memory, and the id of a visitor's session in it.
func kept(b *testing.B) (*datasession.Manager, string) {
	b.Helper()
	m, err := datasession.New(memstore.New(nil), perljson.Codec{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	s, err := m.New(b.Context())
	if err == nil {
		err = errors.Join(s.SetAll(visitor()), s.Flush(b.Context()))
	}
	if err != nil {
		b.Fatal(err)
	}
	return m, s.ID()
}

// BenchmarkLoadChangeFlush is one visit: load, count, flush. The rival does the same
// with nothing around it: a map under a mutex and encoding/json.
func BenchmarkLoadChangeFlush(b *testing.B) {
	b.Run("datasession", func(b *testing.B) {
		m, id := kept(b)
		b.ReportAllocs()
		for b.Loop() {
			s, err := m.Load(b.Context(), id)
			if err != nil {
				b.Fatal(err)
			}
			n, _ := datasession.Get[int](s, "visits")
			if err := s.Set("visits", n+1); err != nil {
				b.Fatal(err)
			}
			if err := s.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		var mu sync.Mutex
		data, err := json.Marshal(visitor())
		if err != nil {
			b.Fatal(err)
		}
		sessions := map[string][]byte{"id": data}
		b.ReportAllocs()
		for b.Loop() {
			mu.Lock()
			data := sessions["id"]
			mu.Unlock()
			var params map[string]any
			if err := json.Unmarshal(data, &params); err != nil {
				b.Fatal(err)
			}
			params["visits"] = params["visits"].(float64) + 1
			data, err := json.Marshal(params)
			if err != nil {
				b.Fatal(err)
			}
			mu.Lock()
			sessions["id"] = data
			mu.Unlock()
		}
	})
}

// BenchmarkReadOne loads a session and reads one of its parameters.
func BenchmarkReadOne(b *testing.B) {
	m, id := kept(b)
	b.ReportAllocs()
	for b.Loop() {
		s, err := m.Load(b.Context(), id)
		if err != nil {
			b.Fatal(err)
		}
		if s.Get("user") != "ann@example.com" {
			b.Fatal("wrong user")
		}
	}
}
