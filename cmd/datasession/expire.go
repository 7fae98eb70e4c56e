package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/go-datasession/datasession"
)

func (a *app) expireCommand() *cobra.Command {
	var f storeFlags
	var from idArgs
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "expire ID|FINGERPRINT TIME [NAME] [STORE FLAGS]",
		Short: "Set how long a session, or a parameter, lives",
		Long: `Sets how long a session lives after it was last used, or, with a NAME, how long
that parameter does. To set it does not count as a use.

TIME is Perl's: a number and one of s m h d w M y (M is 30 days, y is 365), or
seconds if there is no letter. 0 takes the expiry away. A negative time is over
already: the session is gone for the programs that use it, and purge removes it.`,
		Example: `  datasession expire 5f0c9a1b 2h
  datasession expire 5f0c9a1b 10m coupon
  datasession expire 5f0c9a1b 0
  datasession expire 5f0c9a1b -1s`,
		RunE: func(cmd *cobra.Command, args []string) error {
			for i := range args {
				args[i] = unguard(args[i])
			}
			given, args, err := from.one(a, args)
			if err != nil {
				return err
			}
			if len(args) < 1 || len(args) > 2 {
				return misuse("", "want a TIME and, for one parameter, its NAME")
			}
			life, err := lifetime(args[0])
			if err != nil {
				return err
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
			if err := setExpiry(s, life, args[1:]); err != nil {
				return judge(err)
			}
			if err := a.save(cmd.Context(), s, asJSON); err != nil {
				return err
			}
			if end, ok := s.Expires(); ok && life >= 0 && end.Before(time.Now()) {
				a.warn("session %s has expired all the same: it was last used %s", s.Fingerprint(), date(s.AccessTime()))
			}
			return nil
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&asJSON, "json", false, "say as JSON whether something was changed")
	from.addTo(cmd)
	cmd.ValidArgsFunction = a.completeSession(&f)
	return a.storeCommand(&f, cmd)
}

func setExpiry(s *datasession.Session, life time.Duration, names []string) error {
	if len(names) == 0 {
		return s.Expire(life)
	}
	return s.ExpireParam(names[0], life)
}
