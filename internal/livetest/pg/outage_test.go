package pg

import (
	"database/sql"
	"testing"

	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store/sqlstore"
)

func TestOutages(t *testing.T) {
	mine := testserver.StartPostgres(t)
	base := at("postgres://postgres@"+mine.Addr()+"/postgres", sqlstore.Pg)
	base.Outages(t, mine, bytea, func(db *sql.DB) {
		_, err := db.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
		if err != nil {
			t.Error(err)
		}
	})
}
