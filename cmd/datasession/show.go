package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/perl"
)

func (a *app) showCommand() *cobra.Command {
	var f storeFlags
	var from idArgs
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show ID|FINGERPRINT [STORE FLAGS]",
		Short: "Print one session",
		Long: `Prints what is stored under an id, reserved names included. A fingerprint, as ls
prints it, will do if only one session has it. The id itself is not printed.

Values are value-json, long ones cut. With --json the whole stored hash is printed
as value-json, id included and nothing cut: canonical and on one line, unless it
goes to a terminal. An expired session is shown as long as it is there.`,
		Example: `  datasession show 5f0c9a1b --directory /var/lib/shop/sessions
  datasession show 5f0c9a1b --json | jq .cart`,
		RunE: func(cmd *cobra.Command, args []string) error {
			given, rest, err := from.one(a, args)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return misuse("", "want one session, in an argument or with --id-from")
			}
			m, err := a.open(cmd, &f)
			if err != nil {
				return err
			}
			defer m.Close()
			s, err := peek(cmd.Context(), m, given)
			if err != nil {
				return err
			}
			root, err := s.Hash()
			if err != nil {
				return judge(err)
			}
			if asJSON {
				return a.print(perl.NewRef(root))
			}
			a.show(s, root)
			return nil
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the whole stored hash as value-json")
	from.addTo(cmd)
	cmd.ValidArgsFunction = a.completeSession(&f)
	return a.storeCommand(&f, cmd)
}

// show writes a session as a heading and a table.
func (a *app) show(s *datasession.Session, root *perl.Hash) {
	fmt.Fprintf(a.stdout, "session %s  %s\n", s.Fingerprint(), s.Manager().Options().Family)
	if !s.CreateTime().IsZero() {
		fmt.Fprintf(a.stdout, "created %s, last used %s, ", date(s.CreateTime()), date(s.AccessTime()))
	}
	switch end, ok := s.Expires(); {
	case s.Expired():
		fmt.Fprintf(a.stdout, "expired %s\n", date(end))
	case ok:
		fmt.Fprintf(a.stdout, "expires %s\n", date(end))
	default:
		fmt.Fprint(a.stdout, "never expires\n")
	}
	fmt.Fprintln(a.stdout)

	lifetimes := s.ParamLifetimes()
	rows := a.table()
	rows.AppendHeader(table.Row{"NAME", "VALUE"})
	for k, v := range root.Sorted() {
		name := k.String()
		value := brief(v)
		switch name {
		case "_SESSION_ID", "_session_id":
			value = "(fingerprint " + s.Fingerprint() + ")"
		case "_SESSION_CTIME", "_SESSION_ATIME":
			value += " (" + date(time.Unix(v.AsInt(), 0)) + ")"
		case "_SESSION_ETIME":
			if t := s.Lifetime(); t != datasession.Forever {
				value += " (" + datasession.FormatLifetime(t) + ")"
			}
		}
		if t, ok := lifetimes[name]; ok {
			value += " (lives " + datasession.FormatLifetime(t) + " after the last use)"
		}
		rows.AppendRow(table.Row{printable(name), value})
	}
	for line := range strings.Lines(rows.Render() + "\n") {
		fmt.Fprintln(a.stdout, strings.TrimRight(line, " \n"))
	}
}

// table returns an empty table, on a terminal as wide as that, elsewhere as wide
// as what is in it.
func (a *app) table() table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.Style{
		Box:     table.BoxStyle{PaddingRight: "  "},
		Format:  table.FormatOptions{Header: text.FormatDefault},
		Options: table.OptionsNoBordersAndSeparators,
	})
	if !a.screen {
		return t
	}
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil || width == 0 {
		width = 80
	}
	const name = 24
	t.SetColumnConfigs([]table.ColumnConfig{
		{Number: 1, WidthMax: name, WidthMaxEnforcer: text.WrapHard},
		{Number: 2, WidthMax: max(width-name-2, name), WidthMaxEnforcer: text.WrapHard},
	})
	return t
}
