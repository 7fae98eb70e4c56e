package main

import (
	"context"
	"errors"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/bdbstore"
	"github.com/go-datasession/datasession/typestring"
)

// pingMigrator is what the stores in Berkeley DB can, beside what every store can.
type pingMigrator interface {
	store.Store
	store.Pinger
	store.Migrator
}

// openBerkeleyDB opens a database in its environment, or without that, to read only.
func openBerkeleyDB(ctx context.Context, p typestring.Params, create bool) (store.Store, error) {
	const try = "try: --db-file FILE --db-home DIR, where the application has its database and its environment; without --db-home it is only read"
	opts := &bdbstore.Options{Mode: p.Umask, MaxBytes: p.Options.Limits.Bytes}
	if p.DBHome == "" {
		st, err := bdbstore.ReadOnly(p.DBFile, opts)
		return openedBDB(ctx, st, err, false, p, try)
	}
	st, err := bdbstore.New(p.DBHome, p.DBFile, opts)
	return openedBDB(ctx, st, err, create, p, try)
}

// openDBFile opens a file as CGI::Session's db_file has it.
func openDBFile(ctx context.Context, p typestring.Params, create bool) (store.Store, error) {
	st, err := bdbstore.NewDBFile(p.DBFile, &bdbstore.Options{Mode: p.Umask, MaxBytes: p.Options.Limits.Bytes})
	return openedBDB(ctx, st, err, create, p, "try: --db-file FILE, where the application has its sessions, such as cgisess.db")
}

func openedBDB(ctx context.Context, st pingMigrator, err error, create bool, p typestring.Params, try string) (store.Store, error) {
	if err != nil {
		return nil, misuse(try, "%w", err)
	}
	if create {
		err = st.Migrate(ctx)
	}
	if err == nil {
		err = st.Ping(ctx)
	}
	switch {
	case err == nil:
		return st, nil
	case errors.Is(err, store.ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded):
		err = unreachable(p.DBFile, leaf(err), try)
	default:
		err = judge(err)
	}
	st.Close()
	return nil, err
}
