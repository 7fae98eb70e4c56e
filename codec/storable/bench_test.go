package storable_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/storable"
	"github.com/go-datasession/datasession/perl"
)

// session returns a session with n things in its cart: 1 KB with 7, 30 KB with 250.
func session(n int) perl.Value {
	cart := []any{}
	for i := range n {
		cart = append(cart, map[string]any{
			"sku":   fmt.Sprintf("A-%05d", i),
			"title": "A thing that somebody may want " + strings.Repeat("!", i%7),
			"qty":   i % 5,
			"price": 12.5 + float64(i),
			"tags":  []any{"new", "sale"},
		})
	}
	v, err := perl.FromGo(map[string]any{
		"_SESSION_ID":    "a70768298953e9bcdabeaecca4a0b196",
		"_SESSION_CTIME": 1700000000,
		"_SESSION_ATIME": 1700000123,
		"_SESSION_ETIME": 3600,
		"_SESSION_PTIME": map[string]any{},
		"user":           "O'Brien",
		"cart":           cart,
	})
	if err != nil {
		panic(err)
	}
	return v
}

// BenchmarkSpeed has Perl's thaw and freeze beside it, which does not sort keys.
func BenchmarkSpeed(b *testing.B) {
	for size, n := range map[string]int{"1KB": 7, "30KB": 250} {
		for c, freeze := range map[storable.Codec]string{{}: "freeze", {Network: true}: "nfreeze"} {
			b.Run(size+"/"+c.Name(), func(b *testing.B) {
				codectest.Speed(b, c, session(n), codectest.Rival{
					Setup:   "use Storable",
					Thaw:    "Storable::thaw($frozen)",
					Freeze:  "Storable::" + freeze + "($value)",
					Package: "perl",
				})
			})
		}
	}
}
