package datasession

import (
	"strconv"
	"strings"
)

// EscapeCookie returns a cookie value as Perl's CGI writes it: each byte but letters,
// digits and _.~- as %XX.
func EscapeCookie(value string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(value) {
		switch c := value[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("_.~-", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// UnescapeCookie reads a cookie value as Perl's CGI does: %XX is a byte, + is a space,
// and the value ends at the first &. A % that begins no such escape stands for itself.
func UnescapeCookie(value string) string {
	value, _, _ = strings.Cut(value, "&")
	b := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(value):
			if n, err := strconv.ParseUint(value[i+1:i+3], 16, 8); err == nil {
				c = byte(n)
				i += 2
			}
		}
		b = append(b, c)
	}
	return string(b)
}
