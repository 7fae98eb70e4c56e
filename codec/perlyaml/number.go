package perlyaml

import (
	"regexp"
	"strings"
)

// looksNumeric reports whether Perl takes a string for a number.
func looksNumeric(s string) bool {
	if s == "" || !beginsNumber[s[0]] {
		return false
	}
	all := s
	if s[0] <= ' ' || s[len(s)-1] <= ' ' {
		s = strings.Trim(s, " \t\n\r\f\v")
	}
	if s == "-" {
		return all[len(all)-1] != '-' // Perl takes a dash and white space for a number
	}
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	if s == "" {
		return false
	}
	n := digits(s)
	rest := s[n:]
	if rest != "" && rest[0] == '.' {
		fraction := digits(rest[1:])
		n += fraction
		rest = rest[1+fraction:]
	}
	if n == 0 {
		return isInfinite(s)
	}
	if rest != "" && rest[0]|0x20 == 'e' {
		rest = rest[1:]
		if rest != "" && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		n := digits(rest)
		return n > 0 && n == len(rest)
	}
	return rest == "" || rest[0] == '#' && isInfinite(s)
}

// beginsNumber has the bytes that a number may begin with.
var beginsNumber = func() (set [256]bool) {
	for _, c := range " \t\n\r\f\v+-.0123456789IiNnQqSs" {
		set[c] = true
	}
	return set
}()

// digits returns how many digits s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// isInfinite reports whether Perl takes a string, without its sign, for an infinite
// number or for none, in the spelling of one of many C libraries.
func isInfinite(s string) bool {
	if len(s) < len("inf") {
		return false
	}
	switch a, b := s[0]|0x20, s[1]|0x20; {
	case a == 'i' && b == 'n', a == 'n' && b == 'a', (a == 'q' || a == 's') && b == 'n', a == '1' && (b == '.' || b == '#'):
		return infinite.MatchString(s)
	}
	return false
}

var infinite = regexp.MustCompile(`^(?i:inf(?:inity)?|1\.?#(?:inf(?:inity|0*)|ind0*)|` +
	`(?:1\.?#)?[qs]?nan[qs]?(?:\((?:0x[0-9a-f]+|0b[01]+|[0-9]+)\s*\))?)$`)
