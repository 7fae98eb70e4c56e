package datasession

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Forever is the lifetime of a session, or of a parameter, that does not expire.
const Forever time.Duration = math.MaxInt64

// ErrLifetime reports text that is not a Perl time string.
var ErrLifetime = errors.New("cannot parse time")

var lifetimeUnits = map[byte]int64{
	's': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 604800, 'M': 2592000, 'y': 31536000,
}

// ParseLifetime reads Perl's time strings, as Data::Session and CGI::Session take
// them: an optional sign, digits, and one of s m h d w M y (M is 30 days, y 365).
// Digits alone are seconds; the empty text and zero mean no expiry and give 0. A
// negative time is one that is already over.
//
// Unlike Perl it refuses a trailing newline, digits other than ASCII, and times
// beyond what a [time.Duration] holds, some 292 years.
func ParseLifetime(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	digits, unit := s, int64(1)
	if u, ok := lifetimeUnits[s[len(s)-1]]; ok {
		digits, unit = s[:len(s)-1], u
	}
	sign := int64(1)
	if rest, ok := strings.CutPrefix(digits, "-"); ok {
		digits, sign = rest, -1
	} else {
		digits = strings.TrimPrefix(digits, "+")
	}
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, fmt.Errorf("%w %q: want a sign, digits and one of s m h d w M y, as in +10m", ErrLifetime, s)
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > int64(math.MaxInt64/time.Second)/unit {
		return 0, fmt.Errorf("%w %q: too long", ErrLifetime, s)
	}
	return time.Duration(sign*n*unit) * time.Second, nil
}

// FormatLifetime returns a lifetime in Perl's notation, in the largest unit that
// divides it: "90m", "1d", "-5s"; "0s" for one that never ends.
func FormatLifetime(d time.Duration) string {
	if d == Forever || d == 0 {
		return "0s"
	}
	n := toSeconds(d)
	for _, u := range []byte{'y', 'w', 'd', 'h', 'm'} {
		if size := lifetimeUnits[u]; n%size == 0 {
			return strconv.FormatInt(n/size, 10) + string(u)
		}
	}
	return strconv.FormatInt(n, 10) + "s"
}

// toSeconds returns a duration in whole seconds away from zero, so that what is to
// live a moment does not live for ever. Forever is zero.
func toSeconds(d time.Duration) int64 {
	if d == Forever {
		return 0
	}
	n := int64(d / time.Second)
	switch rest := d % time.Second; {
	case rest > 0:
		n++
	case rest < 0:
		n--
	}
	return n
}

func toDuration(seconds int64) time.Duration {
	const most = int64(math.MaxInt64 / time.Second)
	switch {
	case seconds > most:
		return Forever
	case seconds < -most:
		return math.MinInt64
	}
	return time.Duration(seconds) * time.Second
}
