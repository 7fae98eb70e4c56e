package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/valuejson"
	"github.com/go-datasession/datasession/perl"
)

func (a *app) lsCommand() *cobra.Command {
	var f storeFlags
	var l lister
	cmd := &cobra.Command{
		Use:   "ls [STORE FLAGS]",
		Short: "List the sessions of a store",
		Long: `Prints a line for each session: the fingerprint of its id, when it was made, when
it was last used, how many parameters it has, and when it expires. Times are in
UTC. Expired sessions are listed until somebody removes them, and sessions that
cannot be decoded are listed as corrupt.

Sessions come in the order in which the store has them, and as they are found, so
that a listing of millions begins at once: pipe it through sort. Looking does not
count as a use and changes nothing.

With --where it lists the sessions in which a parameter has a value: by the index,
where the store has one of that parameter (--index), or else by reading all.`,
		Example: `  datasession ls --directory /var/lib/shop/sessions --family cgi
  datasession ls --type driver:SQLite --data-source app.db | sort -k4
  datasession ls --where user=ann --type driver:Pg --data-source postgres:///shop --index user
  datasession ls --json | jq -r 'select(.expired).fingerprint'
  datasession ls --show-ids | datasession rm --id-from -      # everybody out`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := a.open(cmd, &f)
			if err != nil {
				return err
			}
			defer m.Close()
			l.app, l.m = a, m
			if l.where != "" && !strings.Contains(l.where, "=") {
				return misuse("", "--where wants NAME=VALUE")
			}
			if l.showIDs && !l.json {
				return l.ids(cmd)
			}
			return l.sessions(cmd)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&l.showIDs, "show-ids", false, "print the ids, credentials, one a line, and nothing else")
	cmd.Flags().BoolVarP(&l.null, "null", "0", false, "with --show-ids: end each with a NUL and not a newline, as xargs -0 wants")
	cmd.Flags().StringVar(&l.where, "where", "", "only sessions whose parameter `NAME=VALUE`")
	cmd.Flags().BoolVar(&l.json, "json", false, "print a JSON object a line; with --show-ids the ids are in it")
	return a.storeCommand(&f, cmd)
}

type lister struct {
	*app
	m                   *datasession.Manager
	showIDs, null, json bool
	where               string

	seen, corrupt, unreadable int
}

// ids prints every id, also of sessions that are corrupt or expired.
func (l *lister) ids(cmd *cobra.Command) error {
	for id, err := range l.listed(cmd.Context()) {
		var se *datasession.SessionError
		if errors.As(err, &se) { // who knows what is in it
			l.unreadable++
			continue
		}
		if err != nil {
			return judge(err)
		}
		end := "\n"
		if l.null {
			end = "\x00"
		} else if l.screen {
			id = printable(id)
		}
		if _, err := l.stdout.WriteString(id + end); err != nil {
			return nil // run reports it
		}
		l.seen++
	}
	l.seen += l.unreadable
	return l.summary()
}

// listed yields the ids of the sessions that are asked for.
func (l *lister) listed(ctx context.Context) iter.Seq2[string, error] {
	if name, value, ok := strings.Cut(l.where, "="); ok {
		return l.m.FindBy(ctx, name, value)
	}
	return l.m.IDs(ctx)
}

// peeked yields the sessions that are asked for, as Manager.All does.
func (l *lister) peeked(ctx context.Context) iter.Seq2[*datasession.Session, error] {
	if l.where == "" {
		return l.m.All(ctx)
	}
	return func(yield func(*datasession.Session, error) bool) {
		for id, err := range l.listed(ctx) {
			var s *datasession.Session
			if err == nil {
				s, err = l.m.Peek(ctx, id)
			}
			if errors.Is(err, datasession.ErrNotFound) {
				continue // gone since it was found
			}
			if !yield(s, err) {
				return
			}
		}
	}
}

func (l *lister) sessions(cmd *cobra.Command) error {
	for s, err := range l.peeked(cmd.Context()) {
		var se *datasession.SessionError
		if err != nil && !errors.As(err, &se) {
			return judge(err)
		}
		l.head()
		l.seen++
		if err != nil {
			err = se.Err
			if errors.Is(err, datasession.ErrCorrupt) {
				l.corrupt++
			} else if err = judge(err); err.(*failure).code != exitRefused {
				l.unreadable++
			}
		}
		if l.json {
			l.line(s, se)
		} else {
			l.row(s, se)
		}
		if l.stdout.Available() < 512 && l.stdout.Flush() != nil {
			return nil
		}
	}
	l.head()
	return l.summary()
}

// head writes the head of the table before the first session, or at the end if there
// is none, but not above an error.
func (l *lister) head() {
	if l.seen == 0 && !l.json {
		l.stdout.WriteString(header)
	}
}

const (
	columns = "%-11s  %-20s  %-20s  %6s  %s\n"
	header  = "FINGERPRINT  CREATED               LAST USED             PARAMS  EXPIRES\n"
)

func (l *lister) row(s *datasession.Session, se *datasession.SessionError) {
	if s == nil {
		fmt.Fprintf(l.stdout, "%-11s  %s\n", datasession.Fingerprint(se.ID), printable(se.Err.Error()))
		return
	}
	fmt.Fprintf(l.stdout, columns, s.Fingerprint(), date(s.CreateTime()), date(s.AccessTime()),
		strconv.Itoa(len(s.Names())), expires(s))
}

// expires says when a session expires, for a person.
func expires(s *datasession.Session) string {
	switch end, ok := s.Expires(); {
	case s.Expired():
		return "expired " + date(end)
	case !ok:
		return "never"
	default:
		return date(end)
	}
}

// listed is a session in ls --json.
type listed struct {
	Fingerprint string          `json:"fingerprint"`
	ID          json.RawMessage `json:"id,omitempty"`
	Error       string          `json:"error,omitempty"`
	*listedTimes
}

type listedTimes struct {
	Created    *string `json:"created"`
	Used       *string `json:"used"`
	Expires    *string `json:"expires"`
	Expired    bool    `json:"expired"`
	Parameters int     `json:"parameters"`
}

func (l *lister) line(s *datasession.Session, se *datasession.SessionError) {
	var out listed
	var id string
	if s == nil {
		id = se.ID
		out.Error = se.Err.Error()
	} else {
		id = s.ID()
		end, _ := s.Expires()
		out.listedTimes = &listedTimes{utc(s.CreateTime()), utc(s.AccessTime()), utc(end), s.Expired(), len(s.Names())}
	}
	out.Fingerprint = datasession.Fingerprint(id)
	if l.showIDs {
		out.ID, _ = valuejson.Codec{}.Append(nil, perl.Bytes(id), unlimited)
	}
	l.stdout.Write(jsonLine(out))
}

// utc returns a time for a program; nil, JSON's null, for none. Unlike time.Time's
// own JSON it has no end in the year 9999, which corrupt data is beyond.
func utc(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := t.UTC().Format(time.RFC3339)
	return &text
}

// jsonLine returns x, one of our own structs, as JSON on a line.
func jsonLine(x any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(x); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func (l *lister) summary() error {
	if l.unreadable > 0 {
		return &failure{exitUnreachable, fmt.Errorf("%d of %d sessions could not be read", l.unreadable, l.seen),
			"try: as the user that the application runs as"}
	}
	if l.corrupt > 0 {
		l.warn("%d of %d sessions cannot be decoded", l.corrupt, l.seen)
	}
	return nil
}
