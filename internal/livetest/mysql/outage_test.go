package mysql

import (
	"database/sql"
	"testing"

	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/internal/testserver"
)

func TestOutages(t *testing.T) {
	mine := testserver.StartMariaDB(t)
	base := at("root@tcp(" + mine.Addr() + ")/test")
	base.Outages(t, mine, exactID, func(db *sql.DB) {
		ids := sqltest.Query1(t, db, "SELECT GROUP_CONCAT(CONCAT('KILL ', id) SEPARATOR ';') FROM information_schema.processlist"+
			" WHERE id <> CONNECTION_ID() AND user = 'root'")
		mine.Query(t, ids)
	})
}
