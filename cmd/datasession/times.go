package main

import (
	"regexp"
	"strings"
	"time"

	"github.com/go-datasession/datasession"
)

const timeLayout = "2006-01-02 15:04:05Z"

// date returns a time for a person, in UTC; "-" for none.
func date(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(timeLayout)
}

// lifetime reads a time as Perl writes it. An empty one is no time.
func lifetime(text string) (time.Duration, error) {
	d, err := datasession.ParseLifetime(text)
	if err == nil && text == "" {
		err = datasession.ErrLifetime
	}
	if err != nil {
		return 0, misuse("times: 90 or 90s, 15m, 2h, 30d, 4w, 1M, 1y, negative for the past, 0 for no end", "%w", err)
	}
	return d, nil
}

// A negative time would be read as a flag. It is marked before flags are read, and
// the mark is taken off again. No flag begins with a digit.
const timeMark = "\x00"

var negative = regexp.MustCompile(`^-\d`)

func guardTimes(args []string) []string {
	if len(args) == 0 || args[0] != "expire" {
		return args
	}
	guarded := append([]string(nil), args...)
	for i, arg := range guarded {
		if arg == "--" {
			break
		}
		if negative.MatchString(arg) {
			guarded[i] = timeMark + arg
		}
	}
	return guarded
}

func unguard(arg string) string { return strings.TrimPrefix(arg, timeMark) }
