package codectest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/perl"
)

// Session returns a session for benchmarks, with n things in its cart, as a Perl value
// and as plain Go data: about 1 KB with 8, 30 KB with 260.
func Session(b testing.TB, n int) (perl.Value, map[string]any) {
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
	v, err := perl.FromGo(plain)
	if err != nil {
		b.Fatal(err)
	}
	return v, plain
}
