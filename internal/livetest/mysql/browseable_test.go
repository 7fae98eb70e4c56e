package mysql

import "testing"

func TestBrowseable(t *testing.T) {
	s := server(t)
	base, db := database(t)
	base.Browseable(t, db, "Apache::Session::Browseable::MySQL", "dbi:mysql:database=test;mysql_socket="+s.Socket, "root",
		" CHARACTER SET utf8mb4")
}

func TestUpdated(t *testing.T) {
	base, db := database(t)
	base.Updated(t, db, "longblob")
}
