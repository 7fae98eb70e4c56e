package perl_test

import (
	"fmt"
	"testing"

	"github.com/go-datasession/datasession/perl"
)

var (
	sinkHash *perl.Hash
	sinkMap  map[string]any
	sinkAny  any
	sink     perl.Value
)

func keys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("_SESSION_%02d", i)
	}
	return keys
}

// What a decoder does with a session: a hash made at once, each key read once.
func BenchmarkHash(b *testing.B) {
	for _, n := range []int{5, 10, 50} {
		keys := keys(n)
		b.Run(fmt.Sprintf("Hash/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h := perl.NewHash(n)
				for i, key := range keys {
					h.Set(key, perl.Int(int64(i)))
				}
				sinkHash = h
			}
		})
		b.Run(fmt.Sprintf("map/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m := make(map[string]any, n)
				for i, key := range keys {
					m[key] = i
				}
				sinkMap = m
			}
		})
		h, m := perl.NewHash(n), make(map[string]any, n)
		for i, key := range keys {
			h.Set(key, perl.Int(int64(i)))
			m[key] = i
		}
		b.Run(fmt.Sprintf("Hash.Get/%d", n), func(b *testing.B) {
			for b.Loop() {
				for _, key := range keys {
					sink, _ = h.Get(key)
				}
			}
		})
		b.Run(fmt.Sprintf("map.Get/%d", n), func(b *testing.B) {
			for b.Loop() {
				for _, key := range keys {
					sinkAny = m[key]
				}
			}
		})
	}
}

func session() perl.Value {
	items := perl.NewArray()
	for i := range 10 {
		items.Push(perl.NewRef(hashOf("sku", perl.Bytes("tea"), "count", perl.Int(int64(i)), "price", perl.Float(1.5))))
	}
	return perl.NewRef(hashOf("user", perl.Text("ann"), "cart", perl.NewRef(items), "n", perl.Int(1)))
}

func BenchmarkWalk(b *testing.B) {
	v, w := session(), session()
	x := perl.ToGo(v)
	var s struct {
		User string `session:"user"`
		Cart []struct {
			SKU   string  `session:"sku"`
			Count int     `session:"count"`
			Price float64 `session:"price"`
		} `session:"cart"`
		N int `session:"n"`
	}
	for _, bm := range []struct {
		name string
		f    func()
	}{
		{"Equal", func() { perl.Equal(v, w) }},
		{"Clone", func() { sink = perl.Clone(v) }},
		{"ToGo", func() { sinkAny = perl.ToGo(v) }},
		{"FromGo", func() { sink, _ = perl.FromGo(x) }},
		{"Decode", func() { _ = perl.Decode(v, &s) }},
		{"FromGo of a struct", func() { sink, _ = perl.FromGo(&s) }},
		{"Patch", func() { perl.Patch(w, v, v) }},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bm.f()
			}
		})
	}
}
