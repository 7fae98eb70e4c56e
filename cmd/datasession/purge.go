package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"github.com/spf13/cobra"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/store"
)

func (a *app) purgeCommand() *cobra.Command {
	var f storeFlags
	var opts datasession.PurgeOptions
	var idle string
	var yes, asJSON bool
	cmd := &cobra.Command{
		Use:   "purge [--dry-run] [--idle TIME] [STORE FLAGS]",
		Short: "Delete the sessions that have expired",
		Long: `Deletes the sessions that have expired and prints how many there were. A session
that somebody uses at that moment stays. Sessions that cannot be decoded are
counted and kept. On a terminal a bar shows how far it is. In a table of the layout
--native it looks at no session that has not expired, and one purge runs at a time.

With --idle it also deletes what has not been used for that long, whatever its own
expiry: that asks first, or wants --yes where nobody can be asked.`,
		Example: `  datasession purge --directory /var/lib/shop/sessions --family cgi
  datasession purge --idle 90d --dry-run`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := setIdle(&opts, idle); err != nil {
				return err
			}
			m, err := a.open(cmd, &f)
			if err != nil {
				return err
			}
			defer m.Close()
			if opts.Idle > 0 && !opts.DryRun {
				err := a.confirm(yes, "Delete the sessions that were not used for "+datasession.FormatLifetime(opts.Idle))
				if err != nil {
					return err
				}
			}
			done, err := a.purge(cmd.Context(), m, opts)
			a.purged(done, opts.DryRun, asJSON)
			return judge(err)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "count, and delete nothing")
	cmd.Flags().StringVar(&idle, "idle", "", "also delete sessions that were not used for `TIME`, such as 90d")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the counts as JSON")
	return a.storeCommand(&f, cmd)
}

func setIdle(opts *datasession.PurgeOptions, text string) (err error) {
	if text == "" {
		return nil
	}
	if opts.Idle, err = lifetime(text); err == nil && opts.Idle <= 0 {
		err = misuse("", "--idle wants a time above zero")
	}
	return err
}

// purge runs a purge, on a terminal under a bar.
func (a *app) purge(ctx context.Context, m *datasession.Manager, opts datasession.PurgeOptions) (datasession.PurgeResult, error) {
	if !isTerminal(a.stderr) || !m.CanList() {
		return m.Purge(ctx, &opts)
	}
	total, err := purgeTotal(ctx, m, opts)
	if err != nil {
		return datasession.PurgeResult{}, err
	}
	tracker := &progress.Tracker{Message: "purge", Total: int64(total)}
	bar := progress.NewWriter()
	bar.SetOutputWriter(a.stderr)
	bar.SetUpdateFrequency(100 * time.Millisecond)
	bar.SetTrackerLength(40)
	bar.SetTrackerPosition(progress.PositionRight)
	bar.SetStyle(progress.StyleBlocks)
	bar.AppendTracker(tracker)
	ended := make(chan struct{})
	go func() { bar.Render(); close(ended) }()
	opts.Progress = func(done datasession.PurgeResult) {
		tracker.SetValue(int64(min(done.Seen, total)))
	}
	done, err := m.Purge(ctx, &opts)
	if err != nil {
		tracker.MarkAsErrored()
	} else {
		tracker.MarkAsDone()
	}
	bar.Stop()
	<-ended
	return done, err
}

// purgeTotal returns how many sessions a purge will look at.
func purgeTotal(ctx context.Context, m *datasession.Manager, opts datasession.PurgeOptions) (total int, err error) {
	if _, ok := m.Store().(store.Sweeper); ok && opts.Idle == 0 {
		opts.DryRun = true
		expired, err := m.Purge(ctx, &opts)
		return expired.Seen, err
	}
	for _, err := range m.IDs(ctx) {
		if err != nil {
			return 0, err
		}
		total++
	}
	return total, nil
}

// purged prints what a purge has done.
func (a *app) purged(done datasession.PurgeResult, dryRun, asJSON bool) {
	if asJSON {
		a.stdout.Write(jsonLine(struct {
			Seen    int  `json:"seen"`
			Removed int  `json:"removed"`
			Corrupt int  `json:"corrupt"`
			DryRun  bool `json:"dry_run"`
		}{done.Seen, done.Removed, done.Failed, dryRun}))
		return
	}
	verb := "deleted"
	if dryRun {
		verb = "would delete"
	}
	fmt.Fprintf(a.stdout, "%s %d of %d sessions\n", verb, done.Removed, done.Seen)
	if done.Failed > 0 {
		a.warn("%d of %d sessions cannot be decoded, and were kept", done.Failed, done.Seen)
	}
}
