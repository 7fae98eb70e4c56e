package main

import (
	"github.com/spf13/cobra"

	"github.com/go-datasession/datasession/codec/valuejson"
	"github.com/go-datasession/datasession/perl"
)

func (a *app) idCommand() *cobra.Command {
	var f storeFlags
	var n int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "id [-n N] [--type 'id:NAME'] [STORE FLAGS]",
		Short: "Make session ids",
		Long: `Prints new ids, one a line, made by the id generator of the type string: MD5 if it
names none. All of them come from the system's random source, but for those of
AutoIncrement, which counts on in --id-file, and Static. No store is opened and
nothing is stored.

UUID16 ids are 16 raw bytes, which --json prints as what they are.`,
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
			for range n {
				id, err := m.Options().NewID.New(cmd.Context())
				if err != nil {
					return judge(err)
				}
				text := []byte(id)
				if asJSON {
					text, _ = valuejson.Codec{}.Append(nil, perl.Bytes(id), unlimited)
				}
				if _, err := a.stdout.Write(append(text, '\n')); err != nil {
					return nil // run reports it
				}
			}
			return nil
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().IntVarP(&n, "number", "n", 1, "how many")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON strings, of bytes in value-json")
	return a.storeCommand(&f, cmd)
}
