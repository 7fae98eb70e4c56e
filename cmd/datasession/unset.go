package main

import (
	"github.com/spf13/cobra"
)

func (a *app) unsetCommand() *cobra.Command {
	var f storeFlags
	var from idArgs
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "unset ID|FINGERPRINT NAME... [STORE FLAGS]",
		Short: "Remove parameters from a session",
		Long: `Removes parameters, and what was set for their expiry. A name that is not there is
no error; a reserved one is, and nothing is removed then. See datasession set.`,
		Example: `  datasession unset 5f0c9a1b cart coupon`,
		RunE: func(cmd *cobra.Command, args []string) error {
			given, names, err := from.one(a, args)
			if err != nil {
				return err
			}
			if len(names) == 0 {
				return misuse("", "want the names of parameters")
			}
			m, err := a.open(cmd, &f)
			if err != nil {
				return err
			}
			defer m.Close()
			s, err := alive(cmd.Context(), m, given)
			if err != nil {
				return err
			}
			if err := s.Clear(names...); err != nil {
				return judge(err)
			}
			return a.save(cmd.Context(), s, asJSON)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&asJSON, "json", false, "say as JSON whether something was changed")
	from.addTo(cmd)
	cmd.ValidArgsFunction = a.completeSession(&f)
	return a.storeCommand(&f, cmd)
}
