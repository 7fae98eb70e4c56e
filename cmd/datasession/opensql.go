package main

import (
	"context"
	"database/sql"
	"strings"
	"time"

	_ "github.com/go-sql-driver/mysql" // registers mysql
	_ "github.com/jackc/pgx/v5/stdlib" // registers pgx

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
	"github.com/go-datasession/datasession/typestring"
)

// connectTimeout is for how long a database may take to answer at first.
const connectTimeout = 10 * time.Second

// pgDialect is that of the column that the flags name.
func pgDialect(p typestring.Params) sqlstore.Dialect {
	switch {
	case p.PgText && p.Charset == typestring.UTF8:
		return sqlstore.PgCharacters
	case p.PgText:
		return sqlstore.PgText
	}
	return sqlstore.Pg
}

func openPg(ctx context.Context, p typestring.Params, create bool) (store.Store, error) {
	const try = "try: --data-source postgres://HOST/NAME, or --data-source 'dbi:Pg:dbname=NAME;host=HOST'"
	return openServer(ctx, p, create, "pgx", sqlstore.PgDSN, pgDialect(p), try)
}

func openMySQL(ctx context.Context, p typestring.Params, create bool) (store.Store, error) {
	const try = "try: --data-source mysql://HOST/NAME, or --data-source 'dbi:mysql:database=NAME;host=HOST'"
	return openServer(ctx, p, create, "mysql", sqlstore.MySQLDSN, sqlstore.MySQL, try)
}

// openServer opens a store in a database that a server has.
func openServer(ctx context.Context, p typestring.Params, create bool, driver string,
	translate func(string, sqlstore.Login) (string, error), d sqlstore.Dialect, try string,
) (store.Store, error) {
	db, err := openDatabase(ctx, p, driver, translate, d.Name, try)
	if err != nil {
		return nil, err
	}
	return openTable(ctx, p, create, db, d)
}

// openDatabase opens a database that a server has, and sees that it answers.
func openDatabase(ctx context.Context, p typestring.Params, driver string,
	translate func(string, sqlstore.Login) (string, error), name, try string,
) (*sql.DB, error) {
	if p.DataSource == "" {
		return nil, misuse(try, "driver:%s wants --data-source", name)
	}
	dsn, err := translate(p.DataSource, sqlstore.Login{
		Username: p.Username, Password: p.Password, Host: p.Host, Port: p.Port, Socket: p.Socket,
	})
	if err != nil {
		return nil, misuse(try, "%w", err)
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, misuse(try, "the data source is not one of driver:%s", name)
	}
	connecting, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := db.PingContext(connecting); err != nil {
		db.Close()
		return nil, unreachable("the database", leaf(err), try)
	}
	return db, nil
}

// openTable returns a store in db that closes it.
func openTable(ctx context.Context, p typestring.Params, create bool, db *sql.DB, d sqlstore.Dialect) (store.Store, error) {
	st, err := tableStore(p, db, d)
	if err != nil {
		db.Close()
		return nil, misuse("", "%w", err)
	}
	if create {
		if err := st.Migrate(ctx); err != nil {
			st.Close()
			return nil, judge(err)
		}
	}
	return st, nil
}

// tableMaker is a store that can make its table.
type tableMaker interface {
	store.Store
	store.Migrator
}

func tableStore(p typestring.Params, db *sql.DB, d sqlstore.Dialect) (tableMaker, error) {
	open := func(context.Context) (*sql.DB, error) { return db, nil }
	var index []sqlstore.IndexColumn
	for _, name := range p.Index {
		param, column, _ := strings.Cut(name, "=")
		index = append(index, sqlstore.IndexColumn{Param: param, Column: column})
	}
	if p.Native {
		return sqlstore.OpenNative(open, d, &sqlstore.NativeOptions{
			Table: p.TableName, Index: index, MaxBytes: p.Options.Limits.Bytes,
		})
	}
	opts := sqlstore.FlexMySQL{
		Table: p.TableName, KeyField: p.IDColName, DataField: p.DataColName,
		NoInsert: p.NoInsert, NoDelete: p.NoDelete, NoReplace: p.NoReplace,
		AutoCreate: p.AutoCreate, AutoDisconnect: p.AutoDisconnect,
		MaxBytes: p.Options.Limits.Bytes,
	}.Options()
	opts.Index, opts.Updated = index, p.Updated
	return sqlstore.Open(open, d, opts)
}
