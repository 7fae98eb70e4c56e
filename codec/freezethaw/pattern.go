package freezethaw

import (
	"regexp"
	"strings"

	"github.com/go-datasession/datasession/perl"
)

// patternText returns the text of a pattern as Perl prints it, (?^i:a.b). What
// cannot be written is named in the second result.
func patternText(re *perl.Regexp) (text perl.Value, fault string) {
	s := re.Pattern.Str()
	switch {
	case strings.Trim(re.Flags, "msixpnaul") != "":
		return text, "pattern with unknown flags"
	case hasCode(s):
		return text, "CODE in a pattern"
	case re.Flags == "" && grouped.MatchString(s):
		return re.Pattern, ""
	}
	flags := re.Flags
	if re.Pattern.Kind() == perl.KindText && !isASCII(s) && !strings.ContainsAny(flags, "aul") {
		flags = "u" + flags
	}
	return group(re.Pattern, flags), ""
}

// readPattern returns the pattern of a text. It is one without flags, as in Perl, and
// patternText gives the text again.
func readPattern(text perl.Value) (pattern perl.Value, fault string) {
	switch s := text.Str(); {
	case hasCode(s):
		return text, "CODE in a pattern"
	case grouped.MatchString(s):
		return text, ""
	}
	return group(text, ""), ""
}

// grouped are patterns that stand in a group with flags. Perl before 5.14 wrote those
// that are off too: (?i-xsm:a.b).
var grouped = regexp.MustCompile(`(?s)^\(\?(\^[a-z]*|[a-z]*-[a-z]+):.*\)$`)

func group(pattern perl.Value, flags string) perl.Value {
	s := pattern.Str()
	end := ")"
	if strings.Contains(flags, "x") && strings.LastIndexByte(s, '#') > strings.LastIndexByte(s, '\n') {
		end = "\n)" // so that a comment does not take the parenthesis
	}
	s = "(?^" + flags + ":" + s + end
	if pattern.Kind() == perl.KindText {
		return perl.Text(s)
	}
	return perl.Bytes(s)
}

// hasCode reports whether a pattern has Perl code in it.
func hasCode(pattern string) bool {
	return strings.Contains(pattern, "(?{") || strings.Contains(pattern, "(??{") || strings.Contains(pattern, "(*{")
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
