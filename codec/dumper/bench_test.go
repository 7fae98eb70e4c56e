package dumper_test

import (
	"encoding/json"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/dumper"
)

func BenchmarkDecode1K(b *testing.B)  { benchmarkDecode(b, 8) }
func BenchmarkDecode30K(b *testing.B) { benchmarkDecode(b, 260) }
func BenchmarkEncode1K(b *testing.B)  { benchmarkEncode(b, 8) }
func BenchmarkEncode30K(b *testing.B) { benchmarkEncode(b, 260) }

func benchmarkDecode(b *testing.B, n int) {
	v, plain := codectest.Session(b, n)
	data, err := dumper.Codec{}.Append(nil, v, codec.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	asJSON, err := json.Marshal(plain)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("dumper", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := (dumper.Codec{}).Decode(data, codec.Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.SetBytes(int64(len(asJSON)))
		b.ReportAllocs()
		for b.Loop() {
			var into any
			if err := json.Unmarshal(asJSON, &into); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func benchmarkEncode(b *testing.B, n int) {
	v, plain := codectest.Session(b, n)
	b.Run("dumper", func(b *testing.B) {
		var buf []byte
		b.ReportAllocs()
		for b.Loop() {
			var err error
			if buf, err = (dumper.Codec{}).Append(buf[:0], v, codec.Limits{}); err != nil {
				b.Fatal(err)
			}
		}
		b.SetBytes(int64(len(buf)))
	})
	b.Run("encoding-json", func(b *testing.B) {
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
