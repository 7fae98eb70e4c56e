package pg

import (
	"testing"

	"github.com/go-datasession/datasession/store/sqlstore"
	"github.com/go-datasession/datasession/store/storetest"
)

func TestManyAtOnce(t *testing.T) {
	for name, c := range tables {
		if name == "varchar" && !storetest.Long() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			base, db := database(t, c.dialect)
			base.ManyAtOnce(t, db, c.columns)
		})
	}
}

func TestTwoProcessesOfManagers(t *testing.T) { processes(t, "managertest") }
func TestProcesses(t *testing.T)              { processes(t, "storetest") }

func processes(t *testing.T, suite string) {
	at("", sqlstore.Pg).Processes(t, suite, func() string {
		base, _ := database(t, sqlstore.Pg)
		return base.Shared(t, bytea)
	})
}
