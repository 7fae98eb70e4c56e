package freezethaw_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/freezethaw"
)

var sizes = []struct {
	name  string
	items int
}{{"1KB", 8}, {"30KB", 260}}

func BenchmarkDecode(b *testing.B) {
	for _, size := range sizes {
		v, plain := codectest.Session(b, size.items)
		data, err := freezethaw.Codec{}.Append(nil, v, codec.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		asJSON, err := json.Marshal(plain)
		if err != nil {
			b.Fatal(err)
		}
		for _, c := range []freezethaw.Codec{{}, {UTF8: true}} {
			b.Run(fmt.Sprintf("%s/freezethaw/UTF8=%t", size.name, c.UTF8), func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := c.Decode(data, codec.Limits{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(size.name+"/encoding-json", func(b *testing.B) {
			b.SetBytes(int64(len(asJSON)))
			b.ReportAllocs()
			for b.Loop() {
				var into map[string]any
				if err := json.Unmarshal(asJSON, &into); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range sizes {
		v, plain := codectest.Session(b, size.items)
		for _, c := range []freezethaw.Codec{{}, {UTF8: true}} {
			b.Run(fmt.Sprintf("%s/freezethaw/UTF8=%t", size.name, c.UTF8), func(b *testing.B) {
				var buf []byte
				b.ReportAllocs()
				for b.Loop() {
					var err error
					if buf, err = c.Append(buf[:0], v, codec.Limits{}); err != nil {
						b.Fatal(err)
					}
				}
				b.SetBytes(int64(len(buf)))
			})
		}
		b.Run(size.name+"/encoding-json", func(b *testing.B) {
			var asJSON []byte
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if asJSON, err = json.Marshal(plain); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(asJSON)))
		})
	}
}
