package main

import (
	"context"
	"database/sql"
	"errors"

	_ "github.com/go-datasession/datasession/odbc" // registers odbc

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
	"github.com/go-datasession/datasession/typestring"
)

// openODBC opens a store in the database that a data source of ODBC leads to.
func openODBC(ctx context.Context, p typestring.Params, create bool) (store.Store, error) {
	const try = "try: --data-source dbi:ODBC:DSN=NAME, or --data-source 'dbi:ODBC:DRIVER={NAME};...'; odbcinst -q -d lists the drivers"
	if p.DataSource == "" {
		return nil, misuse(try, "driver:ODBC wants --data-source")
	}
	dsn, err := sqlstore.ODBCDSN(p.DataSource, sqlstore.Login{
		Username: p.Username, Password: p.Password, Host: p.Host, Port: p.Port, Socket: p.Socket,
	})
	if err != nil {
		return nil, misuse(try, "%w", err)
	}
	db, err := sql.Open("odbc", dsn)
	if err != nil {
		return nil, misuse(try, "%w", err)
	}
	connecting, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	dialect, err := sqlstore.FindODBC(connecting, db, pgDialect(p))
	if err != nil {
		db.Close()
		if errors.Is(err, errors.ErrUnsupported) {
			return nil, misuse("", "%w", err)
		}
		return nil, unreachable("the database", leaf(err), try)
	}
	return openTable(ctx, p, create, db, dialect)
}
