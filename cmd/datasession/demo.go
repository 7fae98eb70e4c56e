package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/cmd/datasession/internal/demo"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/store/sqlstore"
)

func (a *app) demoCommand() *cobra.Command {
	var addr, dataSource string
	cmd := &cobra.Command{
		Use:   "demo [--addr HOST:PORT] [--data-source PATH]",
		Short: "Serve an example site whose sessions you can look at",
		Long: `Serves a small site that uses sessions, for this machine only, until it is
interrupted: sign in, fill a cart, see your session, let a parameter expire. The
sessions are in a SQLite file, for the other commands to list and change while it
runs, and are there again when it is started again.`,
		Example: `  datasession demo
  datasession demo --addr 127.0.0.1:9000 --data-source shop.db`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			source, err := demoSource(dataSource)
			if err != nil {
				return err
			}
			return a.demo(cmd.Context(), addr, source)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8080", "`HOST:PORT` to listen at")
	cmd.Flags().StringVar(&dataSource, "data-source", "", "`PATH` of the SQLite file (default: datasession/demo.db in the user's cache)")
	return cmd
}

// demoSource returns the demo's own database file, unless another is given.
func demoSource(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "datasession")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", unreachable(dir, err, "try: --data-source PATH")
	}
	return filepath.Join(dir, "demo.db"), nil
}

func (a *app) demo(ctx context.Context, addr, source string) error {
	db, err := sqlstore.OpenSQLite(ctx, sqliteDriver, source, &sqlstore.SQLiteOptions{Create: true, WAL: true})
	if err != nil {
		return unreachable(source, leaf(err), "try: --data-source PATH")
	}
	st, err := sqlstore.Open(func(context.Context) (*sql.DB, error) { return db, nil }, sqlstore.SQLite, nil)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	defer st.Close()
	if err := st.Migrate(ctx); err != nil {
		return judge(err)
	}
	m, err := datasession.New(st, perljson.Codec{}, nil)
	if err != nil {
		return err
	}
	err = demo.Serve(ctx, m, addr, func(url string) {
		fmt.Fprintf(a.stderr, "The demo is at %s (stop it with Ctrl-C)\n", url)
		fmt.Fprintf(a.stderr, "Its sessions: datasession ls --type 'driver:SQLite;id:SHA256;serialize:JSON' --data-source %s\n", printable(source))
	})
	var f *failure
	switch {
	case err == nil || errors.As(err, &f):
		return err
	case errors.Is(err, syscall.EADDRINUSE):
		return &failure{exitUnreachable, err, "try: --addr 127.0.0.1:8081, or --addr 127.0.0.1:0 for any that is free"}
	}
	return &failure{exitUnreachable, fmt.Errorf("cannot serve at %s: %w", cmp.Or(addr, "that address"), leaf(err)), "try: --addr 127.0.0.1:8081"}
}
