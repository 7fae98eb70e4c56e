package perljson_test

import (
	"fmt"
	"testing"

	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/perl"
)

// session returns a session with a cart of n items.
func session(tb testing.TB, n int) perl.Value {
	cart := []any{}
	for i := range n {
		cart = append(cart, map[string]any{
			"sku": fmt.Sprintf("A-%05d", i), "title": "Thé vert à la menthe, 250 g", "qty": i % 7,
			"price": 12.5 + float64(i), "gift": i%3 == 0, "tags": []any{"food", "tea", nil},
		})
	}
	v, err := perl.FromGo(map[string]any{
		"_SESSION_ID": "a70768298953e9bcdabeaecca4a0b196", "_SESSION_CTIME": 1700000000, "_SESSION_ATIME": 1700000123,
		"_SESSION_ETIME": 3600, "_SESSION_PTIME": map[string]any{"cart": 600}, "user": "ann", "name": "Ann O'Brien",
		"return_to": "/shop/checkout?step=2&lang=en", "note": "line one\nline \"two\"\tand a tab", "cart": cart,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// BenchmarkSpeed has JSON::XS beside it, with the options that make it write the same
// text, sorted keys aside.
func BenchmarkSpeed(b *testing.B) {
	for size, n := range map[string]int{"1KB": 6, "30KB": 250} {
		v := session(b, n)
		for name, codec := range map[string]perljson.Codec{
			"ascii": {}, "utf8": {UTF8: true, Raw: true}, "latin1": {Raw: true},
		} {
			b.Run(size+"/"+name, func(b *testing.B) {
				codectest.Speed(b, codec, v, codectest.Rival{
					Setup:   "use JSON::XS; my $json = JSON::XS->new->" + name,
					Thaw:    "$json->decode($frozen)",
					Freeze:  "$json->encode($value)",
					Package: "libjson-xs-perl",
				})
			})
		}
	}
}
