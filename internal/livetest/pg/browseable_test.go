package pg

import (
	"fmt"
	"testing"

	"github.com/go-datasession/datasession/store/sqlstore"
)

func TestBrowseable(t *testing.T) {
	s := server(t)
	base, db := database(t, sqlstore.PgCharacters)
	base.Browseable(t, db, "Apache::Session::Browseable::Postgres",
		fmt.Sprintf("dbi:Pg:dbname=postgres;host=%s;port=%d", s.Socket, s.Port), "postgres", "")
}

func TestUpdated(t *testing.T) {
	base, db := database(t, sqlstore.Pg)
	base.Updated(t, db, "bytea")
}
