package datasession

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/go-datasession/datasession/perl"
)

// Dump writes the session for a person to read: a heading, then a line for each key
// of the stored hash in order, reserved ones included. Times are also shown as
// dates, ids as their fingerprint, and what is nested is shown one level deep.
// Control characters are escaped.
func (s *Session) Dump(w io.Writer, heading string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.collect(); err != nil {
		return err
	}
	f := &s.m.opts.Family
	b := bufio.NewWriter(w)
	if heading != "" {
		fmt.Fprintf(b, "# %s\n", escape(heading))
	}
	for k, v := range s.root.Sorted() {
		line := ""
		switch name := k.String(); name {
		case f.id:
			line = "fingerprint " + Fingerprint(s.key)
		case f.ctime, f.atime:
			line = strconv.FormatInt(v.AsInt(), 10)
			if name == f.atime {
				line = strconv.FormatInt(s.accessed, 10)
			}
			n, _ := strconv.ParseInt(line, 10, 64)
			line += " (" + time.Unix(n, 0).UTC().Format("2006-01-02 15:04:05 UTC") + ")"
		case f.etime:
			line = "never"
			if t := v.AsInt(); t != 0 {
				line = fmt.Sprintf("%d (%s)", t, FormatLifetime(toDuration(t)))
			}
		default:
			line = describe(v, 1)
		}
		fmt.Fprintf(b, "# %s: %s\n", escape(k.String()), line)
	}
	return b.Flush()
}

// describe returns a value in one line, with containers down to a depth.
func describe(v perl.Value, depth int) string {
	if v.Kind() != perl.KindRef {
		if v.IsUndef() {
			return "undef"
		}
		return escape(text(v))
	}
	var parts []string
	open, end := "", ""
	switch t := v.Thing().(type) {
	case *perl.Hash:
		open, end = "{", "}"
		if depth > 0 {
			for k, e := range t.Sorted() {
				parts = append(parts, escape(k.String())+": "+describe(e, depth-1))
			}
		} else if t.Len() > 0 {
			parts = []string{"..."}
		}
	case *perl.Array:
		open, end = "[", "]"
		if depth > 0 {
			for _, e := range t.All() {
				parts = append(parts, describe(e, depth-1))
			}
		} else if t.Len() > 0 {
			parts = []string{"..."}
		}
	default:
		return v.String()
	}
	text := open + strings.Join(parts, ", ") + end
	if class := v.Thing().Class(); class != "" {
		return escape(class) + "=" + text
	}
	return text
}

// text returns what Perl would print for v, which is not a reference, with characters
// in UTF-8 where they are known to be characters.
func text(v perl.Value) string {
	if v.IsLatin1() {
		return perl.Upgrade(v)
	}
	return v.String()
}

// escape makes text harmless for a terminal and a log line.
func escape(s string) string {
	q := strconv.Quote(s)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}
