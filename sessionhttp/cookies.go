package sessionhttp

import (
	"strings"

	"github.com/go-datasession/datasession"
)

// cookieValues appends the values of the cookies of a name to dst, as Perl's CGI reads
// them. It takes time in proportion to the headers, and memory in proportion to what it
// returns: net/http makes an object of each cookie there is, or none from its limit on.
func cookieValues(dst []string, headers []string, name string) []string {
	for _, line := range headers {
		for rest := line; len(dst) < mostCookies; {
			i := strings.Index(rest, name)
			if i < 0 {
				break
			}
			before := strings.TrimRight(rest[:i], " \t")
			begins := before == "" && len(rest) == len(line) || strings.HasSuffix(before, ";")
			rest = strings.TrimLeft(rest[i+len(name):], " \t")
			if !begins || rest == "" || rest[0] != '=' {
				continue
			}
			var value string
			value, rest, _ = strings.Cut(rest[1:], ";")
			dst = append(dst, datasession.UnescapeCookie(unquote(strings.Trim(value, " \t"))))
			line = rest // the next cookie begins here
		}
	}
	return dst
}

func unquote(value string) string {
	if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' {
		return value[1 : n-1]
	}
	return value
}

// mostCookies is how many cookies of our name are looked at. No browser sends so many.
const mostCookies = 64
