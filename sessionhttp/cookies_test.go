package sessionhttp_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/sessionhttp"
)

// What net/http finds in a header that it accepts is what we find.
func FuzzCookieValues(f *testing.F) {
	for _, seed := range []string{"s=1", "a=b; s=1;s=\"2\"", "ss=1; s=2; =s=3", "s s=1", "x=s=1; s", "s=s=1; s=", "\ts=1\t;\t s=2", ";;s=1;;", "ss=s=1;s=2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			t.Skip("no header has control characters")
		}
		r := &http.Request{Header: http.Header{"Cookie": {line}}}
		got := sessionhttp.CookieValues(nil, r.Header["Cookie"], "s")
		for _, c := range r.CookiesNamed("s") {
			want := strings.Trim(c.Value, " \t\"") // which Perl does
			found := slices.ContainsFunc(got, func(s string) bool { return strings.Trim(s, " \t\"") == want })
			if !found && want != "" && len(got) < 64 && !hasEscape(want) {
				t.Errorf("in %q, %q is not found", line, c.Value)
			}
		}
	})
}

func hasEscape(value string) bool {
	return slices.ContainsFunc([]byte(value), func(b byte) bool { return b == '%' || b == '+' || b == '&' })
}
