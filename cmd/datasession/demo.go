package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"
)

// demo serves the example site at addr until ctx ends. It keeps its sessions in a
// SQLite file, and writes to out where it is to be found.
var demo func(ctx context.Context, out io.Writer, addr, dataSource string) error

func (a *app) demoCommand() *cobra.Command {
	var addr, dataSource string
	cmd := &cobra.Command{
		Use:   "demo [--addr HOST:PORT] [--data-source PATH]",
		Short: "Serve an example site whose sessions you can look at",
		Long: `Serves a small site that uses sessions, for this machine only, until it is
interrupted. The sessions are in a SQLite file, for the other commands to list and
change while it runs.`,
		Example: `  datasession demo
  datasession demo --addr 127.0.0.1:9000 --data-source /tmp/demo.db`,
		Args:   noArgs,
		Hidden: demo == nil,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if demo == nil {
				return refuse("", "this build has no demo")
			}
			return judge(demo(cmd.Context(), a.stderr, addr, dataSource))
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8080", "`HOST:PORT` to listen at")
	cmd.Flags().StringVar(&dataSource, "data-source", "", "`PATH` of the SQLite file (default: one that is removed at the end)")
	return cmd
}
