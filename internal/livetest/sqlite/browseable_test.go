package sqlite

import (
	"testing"

	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/store/sqlstore"
)

func TestBrowseable(t *testing.T) {
	file := tempFile(t)
	db := openDB(t, file, perlLike)
	sqltest.Database{Dialect: sqlstore.SQLite}.Browseable(t, db, "Apache::Session::Browseable::SQLite", "dbi:SQLite:dbname="+file, "", "")
}

func TestUpdated(t *testing.T) {
	sqltest.Database{Dialect: sqlstore.SQLite}.Updated(t, openDB(t, tempFile(t), fast), "blob")
}
