package datasession

import (
	"strconv"
	"strings"
)

// EscapeCookie returns a cookie value as Perl's CGI writes it: each byte but letters,
// digits and _.~- as %XX.
func EscapeCookie(value string) string {
	const hex = "0123456789ABCDEF"
	plain := 0
	for plain < len(value) && stays(value[plain]) {
		plain++
	}
	if plain == len(value) {
		return value
	}
	b := append(make([]byte, 0, 3*len(value)), value[:plain]...)
	for _, c := range []byte(value[plain:]) {
		if stays(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

func stays(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_.~-", c) >= 0
}

// UnescapeCookie reads a cookie value as Perl's CGI does: %XX is a byte, + is a space,
// and the value ends at the first &. A % that begins no such escape stands for itself.
func UnescapeCookie(value string) string {
	value, _, _ = strings.Cut(value, "&")
	if !strings.ContainsAny(value, "%+") {
		return value
	}
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
