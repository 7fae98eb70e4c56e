package dumper_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/perl"
)

// session returns a session with n things in its cart: 1 KB with 8, 30 KB with 260.
func session(n int) (perl.Value, map[string]any) {
	var cart []any
	for i := range n {
		cart = append(cart, map[string]any{
			"sku":   fmt.Sprintf("A-%05d", i),
			"title": "A thing that somebody may want " + strings.Repeat("!", i%7),
			"qty":   i % 5,
			"tags":  []any{"new", "sale"},
		})
	}
	plain := map[string]any{
		"_SESSION_ID":    "a70768298953e9bcdabeaecca4a0b196",
		"_SESSION_CTIME": 1700000000,
		"_SESSION_ATIME": 1700000123,
		"_SESSION_ETIME": 3600,
		"_SESSION_PTIME": map[string]any{},
		"user":           "O'Brien",
		"cart":           cart,
	}
	return toPerl(plain), plain
}

func toPerl(v any) perl.Value {
	switch v := v.(type) {
	case string:
		return perl.String(v)
	case int:
		return perl.Int(int64(v))
	case []any:
		a := perl.NewArray()
		for _, x := range v {
			a.Push(toPerl(x))
		}
		return perl.NewRef(a)
	case map[string]any:
		h := perl.NewHash(len(v))
		for k, x := range v {
			h.Set(k, toPerl(x))
		}
		return perl.NewRef(h)
	}
	panic(v)
}

func BenchmarkDecode1K(b *testing.B)  { benchmarkDecode(b, 8) }
func BenchmarkDecode30K(b *testing.B) { benchmarkDecode(b, 260) }
func BenchmarkEncode1K(b *testing.B)  { benchmarkEncode(b, 8) }
func BenchmarkEncode30K(b *testing.B) { benchmarkEncode(b, 260) }

func benchmarkDecode(b *testing.B, n int) {
	v, plain := session(n)
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
	v, plain := session(n)
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
