package mysql

import (
	"testing"

	"github.com/go-datasession/datasession/store/storetest"
)

func TestManyAtOnce(t *testing.T) {
	for name, c := range tables {
		if name != "blob" && !storetest.Long() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			base, db := database(t)
			base.ManyAtOnce(t, db, c.columns)
		})
	}
}

func TestTwoProcessesOfManagers(t *testing.T) { processes(t, "managertest") }
func TestProcesses(t *testing.T)              { processes(t, "storetest") }

func processes(t *testing.T, suite string) {
	at("").Processes(t, suite, func() string {
		base, _ := database(t)
		return base.Shared(t, exactID)
	})
}
