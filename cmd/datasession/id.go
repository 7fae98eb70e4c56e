package main

import "github.com/spf13/cobra"

func (a *app) idCommand() *cobra.Command {
	var f storeFlags
	var n int
	cmd := &cobra.Command{
		Use:   "id [-n N] [--type 'id:NAME'] [STORE FLAGS]",
		Short: "Make session ids",
		Long: `Prints new ids, one a line, made by the id generator of the type string: MD5 if it
names none. All of them come from the system's random source, but for those of
AutoIncrement, which counts on in --id-file, and Static. No store is opened and
nothing is stored.

UUID16 ids are 16 raw bytes, with no newline between them.`,
		Example: `  datasession id --type id:SHA256
  datasession id -n 3 --type id:AutoIncrement --id-file /var/lib/shop/last-id`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if n < 1 {
				return misuse("", "-n wants a number from 1")
			}
			p, err := f.params()
			if err != nil {
				return err
			}
			t, err := f.parse(p.Options.Family)
			if err != nil {
				return err
			}
			m, err := drivers(false).Open(cmd.Context(), "driver:Memory;id:"+t.ID, p)
			if err != nil {
				return judgeOpen(err)
			}
			end := "\n"
			if t.ID == "UUID16" {
				end = ""
			}
			for range n {
				id, err := m.Options().NewID.New(cmd.Context())
				if err != nil {
					return judge(err)
				}
				if a.stdout.WriteString(id + end); a.stdout.Available() == 0 && a.stdout.Flush() != nil {
					break
				}
			}
			return nil
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().IntVarP(&n, "number", "n", 1, "how many")
	return a.storeCommand(&f, cmd)
}
