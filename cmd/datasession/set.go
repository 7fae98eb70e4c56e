package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/valuejson"
)

// peek returns a session that somebody looks at or edits, which does not count as
// a use.
func peek(ctx context.Context, m *datasession.Manager, given string) (*datasession.Session, error) {
	id, err := find(ctx, m, given)
	if err != nil {
		return nil, err
	}
	s, err := m.Peek(ctx, id)
	return s, judge(err)
}

// alive returns a session that can be changed: what has expired is not brought back.
func alive(ctx context.Context, m *datasession.Manager, given string) (*datasession.Session, error) {
	s, err := peek(ctx, m, given)
	if err == nil && s.Expired() {
		return nil, refuse("try: datasession expire, to give it more time, or datasession rm", "session %s has expired", s.Fingerprint())
	}
	return s, err
}

// save stores the changes of a session and, for machines, says whether there were any.
func (a *app) save(ctx context.Context, s *datasession.Session, asJSON bool) error {
	changed := s.Modified()
	err := s.Flush(ctx)
	if err == nil && asJSON {
		a.stdout.Write(jsonLine(struct {
			Fingerprint string `json:"fingerprint"`
			Changed     bool   `json:"changed"`
		}{s.Fingerprint(), changed}))
	}
	return judge(err)
}

func (a *app) setCommand() *cobra.Command {
	var f storeFlags
	var from idArgs
	var values []string
	var create bool
	var life string
	cmd := &cobra.Command{
		Use:   "set ID|FINGERPRINT [NAME=VALUE...] [--json NAME=JSON...] [STORE FLAGS]",
		Short: "Set parameters of a session",
		Long: `Sets parameters, all of them or, if one is refused, none. A VALUE is text, also if
it looks like a number. With --json it is value-json: numbers, lists, hashes and
whatever else Perl has.

What others change in the session meanwhile stays, but for the parameters that are
set. The change does not count as a use of the session. An expired session cannot
be changed. Reserved names are refused: those that begin with _ (--family data),
with _SESSION_ (cgi), _session_id (apache).

With --create the session is made if there is none, under the given id, or anew if
it has expired. It does not expire unless --lifetime says so.`,
		Example: `  datasession set 5f0c9a1b user=ann lang=de
  datasession set 5f0c9a1b --json 'cart=[{"sku":"A-1","qty":2}]' --json visits=3
  datasession set --create maintenance until=18:00 --lifetime 1d`,
		RunE: func(cmd *cobra.Command, args []string) error {
			given, args, err := from.one(a, args)
			if err != nil {
				return err
			}
			params, err := assignments(args, values, f.limits)
			if err != nil {
				return err
			}
			if len(params) == 0 && !create {
				return misuse("", "want NAME=VALUE or --json NAME=JSON")
			}
			f.lifetime, err = newLifetime(life, create)
			if err != nil {
				return err
			}
			if f.createStore && !create {
				return misuse("", "--create-store goes with --create")
			}
			m, err := a.open(cmd, &f)
			if err != nil {
				return err
			}
			defer m.Close()
			get := alive
			if create {
				get = aliveOrNew
			}
			s, err := get(cmd.Context(), m, given)
			if err != nil {
				return err
			}
			if err := s.SetAll(params); err != nil {
				return judge(err)
			}
			return a.save(cmd.Context(), s, false)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringArrayVar(&values, "json", nil, "`NAME=JSON`: set a parameter to what value-json says")
	cmd.Flags().BoolVar(&create, "create", false, "make the session if there is none")
	cmd.Flags().StringVar(&life, "lifetime", "", "with --create: `TIME` that a new session lives after its last use, as for expire (default 0, for ever, as in Perl)")
	cmd.Flags().BoolVar(&f.createStore, "create-store", false, "with --create: make the directory, or the database and its table, if there is none")
	from.addTo(cmd)
	cmd.ValidArgsFunction = a.completeSession(&f)
	return a.storeCommand(&f, cmd)
}

func newLifetime(text string, create bool) (time.Duration, error) {
	switch {
	case text == "":
		return 0, nil
	case !create:
		return 0, misuse("try: datasession expire, for a session that is there", "--lifetime goes with --create")
	}
	d, err := lifetime(text)
	if err == nil && d < 0 {
		err = misuse("", "--lifetime is negative")
	}
	if d == 0 {
		d = datasession.Forever
	}
	return d, err
}

// aliveOrNew returns the session of that id, or a new one if there is none or only
// one that has expired.
func aliveOrNew(ctx context.Context, m *datasession.Manager, id string) (*datasession.Session, error) {
	s, err := m.Peek(ctx, id)
	if errors.Is(err, datasession.ErrNotFound) || err == nil && s.Expired() {
		if s, err = m.Open(ctx, id); err == nil {
			s.SetModified(true) // stored also if it has no parameters
		}
	}
	return s, judge(err)
}

// assignments reads NAME=VALUE and NAME=JSON. Of those with one name the last counts,
// and those in JSON come last.
func assignments(texts, values []string, lim codec.Limits) (map[string]any, error) {
	params := make(map[string]any, len(texts)+len(values))
	for i, arg := range texts {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || name == "" { // it may be an id: do not print it
			return nil, misuse("", "argument %d after the session is not NAME=VALUE", i+1)
		}
		params[name] = value
	}
	for _, arg := range values {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || name == "" {
			return nil, misuse("", "--json wants NAME=JSON")
		}
		v, err := valuejson.Codec{}.Decode([]byte(value), lim)
		if err != nil {
			return nil, misuse(`text wants quotes: --json 'user="ann"'`, "--json %s: %w", name, err)
		}
		params[name] = v
	}
	return params, nil
}
