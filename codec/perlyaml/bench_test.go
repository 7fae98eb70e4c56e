package perlyaml_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// session returns a session with a cart of n items: 1 KB with 7, 30 KB with 260.
func session(tb testing.TB, n int) (perl.Value, map[string]any) {
	cart := []any{}
	for i := range n {
		cart = append(cart, map[string]any{
			"sku": fmt.Sprintf("A-%05d", i), "title": "It's a tea: green, 250 g", "qty": i % 7,
			"price": 12.5 + float64(i), "note": "line one\nline two", "tags": []any{"food", "tea", nil},
		})
	}
	plain := map[string]any{
		"_SESSION_ID": "a70768298953e9bcdabeaecca4a0b196", "_SESSION_CTIME": 1700000000, "_SESSION_ATIME": 1700000123,
		"_SESSION_ETIME": 3600, "_SESSION_PTIME": map[string]any{"cart": 600}, "user": "ann", "name": "Ann O'Brien",
		"return_to": "/shop/checkout?step=2&lang=en", "cart": cart,
	}
	v, err := perl.FromGo(plain)
	if err != nil {
		tb.Fatal(err)
	}
	return v, plain
}

var sizes = []struct {
	name  string
	items int
}{{"1KB", 7}, {"30KB", 260}}

func BenchmarkDecode(b *testing.B) {
	for _, size := range sizes {
		v, plain := session(b, size.items)
		for _, d := range dialects {
			data, err := d.codec.Append(nil, v, codec.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			b.Run(size.name+"/"+d.name, func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := d.codec.Decode(data, codec.Limits{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(size.name+"/encoding-json", func(b *testing.B) {
			data, err := json.Marshal(plain)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				var into map[string]any
				if err := json.Unmarshal(data, &into); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range sizes {
		v, plain := session(b, size.items)
		for _, d := range dialects {
			b.Run(size.name+"/"+d.name, func(b *testing.B) {
				var buf []byte
				b.ReportAllocs()
				for b.Loop() {
					var err error
					if buf, err = d.codec.Append(buf[:0], v, codec.Limits{}); err != nil {
						b.Fatal(err)
					}
				}
				b.SetBytes(int64(len(buf)))
			})
		}
		b.Run(size.name+"/encoding-json", func(b *testing.B) {
			var data []byte
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if data, err = json.Marshal(plain); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(data)))
		})
	}
}
