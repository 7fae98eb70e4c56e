package dumper

import (
	"strconv"
	"strings"

	"github.com/go-datasession/datasession/perl"
)

// appendKey appends a key, which is always quoted.
func appendKey(dst []byte, k perl.Key) []byte {
	if k.IsText() || k.IsLatin1() {
		return appendText(dst, k.String())
	}
	s := k.String()
	if !isASCII(s) {
		s = k.Value().Str()
	}
	return appendSingle(dst, s)
}

// appendSingle appends s in single quotes.
func appendSingle(dst []byte, s string) []byte {
	dst = append(dst, '\'')
	for {
		i := escaped(s)
		if i < 0 {
			break
		}
		dst = append(append(dst, s[:i]...), '\\', s[i])
		s = s[i+1:]
	}
	return append(append(dst, s...), '\'')
}

// escaped returns where the first byte is that has a backslash before it in
// single quotes, or -1.
func escaped(s string) int {
	if len(s) < 32 {
		for i := range len(s) {
			if s[i] == '\'' || s[i] == '\\' {
				return i
			}
		}
		return -1
	}
	i := strings.IndexByte(s, '\'')
	if i >= 0 {
		s = s[:i]
	}
	if j := strings.IndexByte(s, '\\'); j >= 0 {
		return j
	}
	return i
}

// appendText appends a string with the UTF-8 flag: in double quotes if it has
// something beyond ASCII, which is then written as \x{...}.
func appendText(dst []byte, s string) []byte {
	if isASCII(s) {
		return appendSingle(dst, s)
	}
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x80 {
			r, n, _ := perl.DecodeRune(s[i:])
			dst = appendHex(dst, r)
			i += n
			continue
		}
		if c == '"' || c == '\\' || c == '$' || c == '@' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
		i++
	}
	return append(dst, '"')
}

func appendHex(dst []byte, r uint32) []byte {
	dst = append(dst, `\x{`...)
	return append(strconv.AppendUint(dst, uint64(r), 16), '}')
}

// In a pattern, Perl interpolates ${\q(...)}, which is what stands in it. So
// Data::Dumper writes a $ that Perl would take for a variable's.
const (
	literalOpen  = `${\q(`
	literalClose = `)}`
)

// appendLiteral appends the beginning of a pattern, which is $ or @, and what
// after it Perl would take for a subscript, and returns the rest.
func appendLiteral(dst []byte, s string) ([]byte, string) {
	n := 1
	for n < len(s) && strings.IndexByte("[{-", s[n]) >= 0 {
		n++
	}
	dst = append(append(dst, literalOpen...), s[:n]...)
	return append(dst, literalClose...), s[n:]
}

// cutLiteral returns what a pattern begins with, if that is what appendLiteral
// writes, and its length.
func cutLiteral(s string) (literal string, n int) {
	rest, ok := strings.CutPrefix(s, literalOpen)
	if !ok || rest == "" || rest[0] != '$' && rest[0] != '@' {
		return "", 0
	}
	end := len(rest) - len(strings.TrimLeft(rest[1:], "[{-"))
	if !strings.HasPrefix(rest[end:], literalClose) {
		return "", 0
	}
	return rest[:end], len(literalOpen) + end + len(literalClose)
}

// appendRegexp appends a pattern as qr/.../. What cannot be written is named in
// the second result.
func appendRegexp(dst []byte, re *perl.Regexp) ([]byte, string) {
	if !areFlags(re.Flags) {
		return dst, "pattern with unknown flags"
	}
	s := re.Pattern.String()
	if hasCode(s) {
		return dst, "CODE in a pattern"
	}
	text := re.Pattern.Kind() == perl.KindText
	dst = append(dst, "qr/"...)
	for s != "" {
		c := s[0]
		switch {
		case c == '\\' && len(s) == 1:
			return dst, "pattern that ends in a backslash"
		case c == '\\' && (s[1] < 0x80 || !text):
			dst = append(dst, c, s[1])
			s = s[2:]
			continue
		case c >= 0x80 && text:
			r, n, _ := perl.DecodeRune(s)
			dst = appendHex(dst, r)
			s = s[n:]
			continue
		case c == '@' && interpolates(s[1:]), c == '$' && len(s) > 1 && s[1] != '|' && s[1] != ')':
			dst, s = appendLiteral(dst, s)
			continue
		case c == '/':
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
		s = s[1:]
	}
	return append(append(dst, '/'), re.Flags...), ""
}

// interpolates reports whether Perl takes an @ before s for an array.
func interpolates(s string) bool {
	return s != "" && (isWord(s[0]) || s[0] >= 0x80 || strings.IndexByte("{$:-+", s[0]) >= 0)
}

// hasCode reports whether a pattern has Perl code in it.
func hasCode(pattern string) bool {
	return strings.Contains(pattern, "(?{") || strings.Contains(pattern, "(??{") || strings.Contains(pattern, "(*{")
}

func areFlags(s string) bool {
	return strings.Trim(s, "msixpnadlu") == ""
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isWord reports whether c may be in an identifier.
func isWord(c byte) bool {
	return c == '_' || isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// versionString returns what a version string contains, given how it is written,
// such as v1.2.3 or 1.22.333.
func versionString(literal string) (perl.Value, bool) {
	digits, v := strings.CutPrefix(literal, "v")
	if !v && strings.Count(digits, ".") < 2 {
		return perl.Value{}, false
	}
	var b []byte
	for part := range strings.SplitSeq(digits, ".") {
		r, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return perl.Value{}, false
		}
		b = perl.AppendRune(b, uint32(r))
	}
	str := perl.Text(string(b))
	if s, ok := perl.Downgrade(str); ok {
		str = perl.Bytes(s)
	}
	return str, true
}
