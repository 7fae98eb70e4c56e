package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/go-datasession/datasession"
)

func (a *app) rmCommand() *cobra.Command {
	var f storeFlags
	var from idArgs
	var dryRun, asJSON bool
	cmd := &cobra.Command{
		Use:   "rm ID|FINGERPRINT... [STORE FLAGS]",
		Short: "Delete sessions",
		Long: `Deletes the sessions that are named, whatever their state: their owners are logged
out, and a request that is under way does not bring them back. A session that is
not there is exit code 1; the others are deleted all the same.`,
		Example: `  datasession rm 5f0c9a1b 77e01d2c
  datasession ls --json | jq -r 'select(.error).fingerprint' | datasession rm --id-from -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := from.all(a, args)
			if err != nil {
				return err
			}
			m, err := a.open(cmd, &f)
			if err != nil {
				return err
			}
			defer m.Close()
			var worst error
			for _, given := range all {
				err := a.remove(cmd.Context(), m, given, dryRun, asJSON)
				if code := report(a.stderr, cmd.CommandPath(), err); code > exitRefused {
					return said(code)
				} else if code != exitDone {
					worst = said(code)
				}
			}
			return worst
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print the fingerprints of what would be deleted, and delete nothing")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what was deleted, a JSON object a line")
	from.addTo(cmd)
	cmd.ValidArgsFunction = a.completeSession(&f)
	return a.storeCommand(&f, cmd)
}

func (a *app) remove(ctx context.Context, m *datasession.Manager, given string, dryRun, asJSON bool) error {
	id, err := find(ctx, m, given)
	if err == nil && !dryRun {
		err = m.Delete(ctx, id)
	}
	switch {
	case err != nil:
		return judge(err)
	case asJSON:
		a.stdout.Write(jsonLine(struct {
			Fingerprint string `json:"fingerprint"`
			Deleted     bool   `json:"deleted"`
		}{datasession.Fingerprint(id), !dryRun}))
	case dryRun:
		fmt.Fprintf(a.stdout, "would delete %s\n", datasession.Fingerprint(id))
	}
	return nil
}
