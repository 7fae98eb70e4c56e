package pg

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// What docs/sql.md begins with.
func visit(ctx context.Context, dsn string) error {
	db, err := sql.Open("pgx", dsn) // github.com/jackc/pgx/v5/stdlib
	if err != nil {
		return err
	}
	st, err := sqlstore.New(db, sqlstore.Pg, nil) // table sessions, columns id and a_session, as in Perl
	if err != nil {
		return err
	}
	if err := st.Migrate(ctx); err != nil {
		return err
	}
	_, err = st.Save(ctx, "docs", []byte("x"), store.AnyRev, store.SaveOptions{})
	return errors.Join(err, st.Close(), db.Close())
}

// Perl's data source leads to the same server as its URL.
func TestDataSource(t *testing.T) {
	pg := server(t)
	dsn, err := sqlstore.PgDSN("dbi:Pg:dbname=postgres", sqlstore.Login{Username: "postgres", Socket: pg.Socket, Port: pg.Port})
	if err != nil {
		t.Fatal(err)
	}
	if err := visit(t.Context(), dsn); err != nil {
		t.Error(err)
	}
}
