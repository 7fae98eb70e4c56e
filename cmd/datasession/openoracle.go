package main

import (
	"context"

	_ "github.com/sijms/go-ora/v2" // registers oracle

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
	"github.com/go-datasession/datasession/typestring"
)

// openOracle opens a store in a table whose data column may be binary or text.
func openOracle(ctx context.Context, p typestring.Params, create bool) (store.Store, error) {
	const try = "try: --data-source oracle://HOST/SERVICE, or --data-source 'dbi:Oracle:host=HOST;service_name=SERVICE'"
	db, err := openDatabase(ctx, p, "oracle", sqlstore.OracleDSN, "Oracle", try)
	if err != nil {
		return nil, err
	}
	d, err := sqlstore.FindOracle(ctx, db, &sqlstore.Options{Table: p.TableName, IDColumn: p.IDColName, DataColumn: p.DataColName})
	if err != nil {
		db.Close()
		return nil, misuse("", "%w", err)
	}
	return openTable(ctx, p, create, db, d)
}
