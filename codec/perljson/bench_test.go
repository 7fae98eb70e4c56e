package perljson_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/perljson"
)

// document returns a session with a cart of n items.
func document(tb testing.TB, n int) []byte {
	cart := []any{}
	for i := range n {
		cart = append(cart, map[string]any{
			"sku": fmt.Sprintf("A-%05d", i), "title": "Thé vert à la menthe, 250 g", "qty": i % 7,
			"price": 12.5 + float64(i), "gift": i%3 == 0, "tags": []any{"food", "tea", nil},
		})
	}
	b, err := json.Marshal(map[string]any{
		"_SESSION_ID": "a70768298953e9bcdabeaecca4a0b196", "_SESSION_CTIME": 1700000000, "_SESSION_ATIME": 1700000123,
		"_SESSION_ETIME": 3600, "_SESSION_PTIME": map[string]any{"cart": 600}, "user": "ann", "name": "Ann O'Brien",
		"return_to": "/shop/checkout?step=2&lang=en", "note": "line one\nline \"two\"\tand a tab", "cart": cart,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

var sizes = []struct {
	name  string
	items int
}{{"1KB", 6}, {"30KB", 250}}

func BenchmarkDecode(b *testing.B) {
	for _, size := range sizes {
		doc := document(b, size.items)
		b.Run(size.name+"/perljson", func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (perljson.Codec{UTF8: true}).Decode(doc, codec.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(size.name+"/perljson-latin1", func(b *testing.B) {
			v, err := perljson.Codec{UTF8: true}.Decode(doc, codec.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			doc, err := perljson.Codec{}.Append(nil, v, codec.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (perljson.Codec{}).Decode(doc, codec.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(size.name+"/encoding-json", func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				var v map[string]any
				if err := json.Unmarshal(doc, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range sizes {
		doc := document(b, size.items)
		b.Run(size.name+"/perljson", func(b *testing.B) {
			v, err := perljson.Codec{UTF8: true}.Decode(doc, codec.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			var buf []byte
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if buf, err = (perljson.Codec{}).Append(buf[:0], v, codec.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(size.name+"/encoding-json", func(b *testing.B) {
			var v map[string]any
			if err := json.Unmarshal(doc, &v); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := json.Marshal(v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
