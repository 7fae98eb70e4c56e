package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/filestore"
	"github.com/go-datasession/datasession/store/sqlstore"
	"github.com/go-datasession/datasession/typestring"
)

const defaultType = "driver:File;id:MD5;serialize:DataDumper"

// drivers are the stores that the command links, beside those that need nothing.
// With create they make what they need to keep sessions in.
func drivers(create bool) *typestring.Set {
	return typestring.Std.With(
		typestring.Driver("File", func(ctx context.Context, p typestring.Params) (store.Store, error) {
			return openFile(ctx, p, create)
		}),
		typestring.Driver("SQLite", func(ctx context.Context, p typestring.Params) (store.Store, error) {
			return openSQLite(ctx, p, create)
		}),
		typestring.Driver("Pg", func(ctx context.Context, p typestring.Params) (store.Store, error) {
			return openPg(ctx, p, create)
		}),
		typestring.Driver("mysql", func(ctx context.Context, p typestring.Params) (store.Store, error) {
			return openMySQL(ctx, p, create)
		}),
		typestring.Driver("ODBC", func(ctx context.Context, p typestring.Params) (store.Store, error) {
			return openODBC(ctx, p, create)
		}),
		typestring.Driver("Oracle", func(ctx context.Context, p typestring.Params) (store.Store, error) {
			return openOracle(ctx, p, create)
		}),
		typestring.Driver("Redis", openRedis),
		typestring.Driver("Memcached", openMemcached),
		typestring.Driver("BerkeleyDB", func(ctx context.Context, p typestring.Params) (store.Store, error) {
			return openBerkeleyDB(ctx, p, create)
		}),
		typestring.Driver("DB_File", func(ctx context.Context, p typestring.Params) (store.Store, error) {
			return openDBFile(ctx, p, create)
		}),
	)
}

// open opens the store that the flags name. It makes nothing that is not there, but
// for set --create-store.
func (a *app) open(cmd *cobra.Command, f *storeFlags) (*datasession.Manager, error) {
	p, err := f.params()
	if err != nil {
		return nil, err
	}
	t, err := f.parse(p.Options.Family)
	if err != nil {
		return nil, err
	}
	m, err := drivers(f.createStore).Open(cmd.Context(), t.String(), p)
	return m, judgeOpen(err)
}

// parse reads the type string: CGI::Session's if that is the family.
func (f *storeFlags) parse(family datasession.Family) (typestring.Type, error) {
	set := drivers(f.createStore)
	parse := set.Parse
	if family == datasession.CGISession {
		parse = set.ParseDSN
	}
	t, err := parse(cmp.Or(f.typ, defaultType))
	if t.ID == "Static" && (f.id == "" || f.id == "0") {
		err = misuse("", "id:Static wants --id ID")
	}
	return t, judgeOpen(err)
}

// params are the flags as package typestring takes them.
func (f *storeFlags) params() (p typestring.Params, err error) {
	if err := checkLimits(f.limits); err != nil {
		return p, err
	}
	p = typestring.Params{
		ID: f.id, Name: f.name,
		Directory: f.directory, FileName: f.fileName, NoFlock: f.noFlock, ForeignOwner: f.foreignOwner,
		DataSource: f.dataSource, Username: f.username,
		Host: f.host, Port: f.port, Socket: f.socket, PgBytea: f.pgBytea, PgText: f.pgText,
		NoInsert: f.noInsert, NoDelete: f.noDelete, NoReplace: f.noReplace, AutoCreate: f.autoCreate,
		TableName: f.tableName, IDColName: f.idColName, DataColName: f.dataColName,
		Servers: f.servers, Cluster: f.cluster, Service: f.service, Namespace: f.namespace, DBFile: f.dbFile, DBHome: f.dbHome, Index: f.index, Updated: f.updated, Native: f.native,
		IDFile: f.idFile, IDBase: f.idBase, IDStep: f.idStep,
		Options: datasession.Options{Limits: f.limits, Lifetime: f.lifetime},
	}
	if p.Options.Family, err = familyNamed(f.family); err != nil {
		return p, err
	}
	if p.Charset, err = charsetNamed(f.charset); err != nil {
		return p, err
	}
	if f.umask != "" {
		mode, err := strconv.ParseUint(f.umask, 8, 32)
		if err != nil || mode > 0o777 {
			return p, misuse("", "--umask wants an octal mode such as 0660")
		}
		p.Umask = fs.FileMode(mode)
	}
	p.Password, err = f.password()
	return p, err
}

// judgeOpen is judge for opening a store. What is not a failure yet comes from the type
// string or the options, and not from the store.
func judgeOpen(err error) error {
	var f *failure
	var bad *typestring.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return f
	case errors.As(err, &bad):
		hint := "such as: --type '" + defaultType + "'"
		if len(bad.Known) > 0 {
			hint = "known: " + strings.Join(bad.Known, ", ")
		}
		return misuse(hint, "--type: %s", bad.Text)
	case errors.Is(err, typestring.ErrNotLinked):
		what, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "typestring: "), " is ")
		return misuse("linked: drivers BerkeleyDB, DB_File, File, Memcached, mysql, ODBC, Oracle, Pg, Redis, SQLite; all serializers", "--type: %s is not in this release", what)
	}
	return misuse("", "%w", err)
}

func openFile(ctx context.Context, p typestring.Params, create bool) (store.Store, error) {
	st, err := filestore.New(p.Directory, &filestore.Options{
		FileName: p.FileName,
		NoFlock:  p.NoFlock,
		Mode:     p.Umask,
		MaxBytes: p.Options.Limits.Bytes,

		ForeignOwner: p.ForeignOwner,
	})
	if err == nil && create {
		err = st.Migrate(ctx)
	}
	if err == nil {
		err = st.Ping(ctx)
	}
	switch {
	case errors.Is(err, store.ErrUnavailable):
		return nil, unreachable(p.Directory, leaf(err), "try: --directory DIR, where the application has its session files")
	case err != nil:
		return nil, misuse("", "%w", err)
	}
	return st, nil
}

func openSQLite(ctx context.Context, p typestring.Params, create bool) (store.Store, error) {
	if p.DataSource == "" {
		return nil, misuse("try: --data-source app.db, or --data-source dbi:SQLite:dbname=app.db", "driver:SQLite wants --data-source")
	}
	opts := &sqlstore.SQLiteOptions{Create: create}
	dsn, err := sqlstore.SQLiteDSN(p.DataSource, opts)
	if err != nil {
		return nil, misuse("", "%w", err)
	}
	if err := checkFile(dsn); err != nil && !(create && errors.Is(err, fs.ErrNotExist)) {
		return nil, err
	}
	db, err := sqlstore.OpenSQLite(ctx, sqliteDriver, p.DataSource, opts)
	if err != nil {
		return nil, unreachable("the database", leaf(err), tryDatabase)
	}
	return openTable(ctx, p, create, db, sqlstore.SQLite)
}

const tryDatabase = "try: --data-source PATH, where the application has its database"

// checkFile says why a database file cannot be opened, where SQLite says only that
// it cannot.
func checkFile(dsn string) error {
	u, err := url.Parse(dsn)
	if err != nil || u.Query().Get("mode") == "memory" {
		return nil
	}
	name, err := url.PathUnescape(cmp.Or(u.Opaque, u.EscapedPath()))
	if err != nil {
		return nil
	}
	f, err := os.Open(name)
	if err == nil {
		defer f.Close()
		if info, e := f.Stat(); e == nil && info.IsDir() {
			err = errors.New("it is a directory")
		}
	}
	if err != nil {
		return unreachable(name, err, tryDatabase)
	}
	return nil
}

// unreachable reports a store that cannot be opened.
func unreachable(name string, err error, hint string) error {
	if errors.Is(err, fs.ErrPermission) {
		hint = "try: as the user that the application runs as"
	}
	return &failure{exitUnreachable, fmt.Errorf("cannot open %s: %w", name, cause(err)), hint}
}

// leaf returns the innermost cause of an error.
func leaf(err error) error {
	for {
		switch e := err.(type) {
		case interface{ Unwrap() []error }:
			all := e.Unwrap()
			err = all[len(all)-1]
		case interface{ Unwrap() error }:
			if e.Unwrap() == nil {
				return err
			}
			err = e.Unwrap()
		default:
			return err
		}
	}
}
