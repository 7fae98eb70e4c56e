package oracle

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/sijms/go-ora/v2"

	"github.com/go-datasession/datasession/internal/livetest/oracle/double"
	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
	"github.com/go-datasession/datasession/store/storetest"
)

var binary sqltest.Binary

func TestMain(m *testing.M) { binary.Main(m) }

var start = sync.OnceValue(func() *double.Server { return double.Start(&binary) })

// source is the database that the tests share.
func source() string {
	if real := os.Getenv("DATASESSION_ORACLE"); real != "" {
		return real
	}
	return start().URL()
}

func at(source string, d sqlstore.Dialect) sqltest.Database {
	return sqltest.Database{Driver: "oracle", Source: source, Dialect: d}
}

func database(t testing.TB, d sqlstore.Dialect) (sqltest.Database, *sql.DB) {
	t.Helper()
	base := at(source(), d)
	return base, base.DB(t)
}

const (
	blob = "(id varchar2(128) not null primary key, a_session blob)"
	clob = "(id char(128) not null primary key, a_session clob)"
)

const (
	empty = "no bytes at all are NULL to Oracle"
	ascii = "the text column takes ASCII only"
)

var noEmpty = storetest.Deviates{
	"Create/ExistsEmpty": empty,
	"Save/RevOfSave":     empty,
	"Data/Empty":         empty,
	"Data/NilIsEmpty":    empty,
}

var onlyASCII = storetest.Deviates{
	"Create/ExistsEmpty": empty,
	"Save/RevOfSave":     empty,
	"Data/Empty":         empty,
	"Data/NilIsEmpty":    empty,
	"Data/EveryByte":     ascii,
	"Data/NUL":           ascii,
	"Data/NotUTF8":       ascii,
	"Data/UTF8":          ascii,
	"Data/Sizes":         ascii,
	"Data/AtTheLimit":    ascii,

	"Save/StaleRevDiffersInCaseOrSpace": ascii,
}

func TestStore(t *testing.T) {
	for name, c := range map[string]struct {
		dialect sqlstore.Dialect
		columns string
		dev     storetest.Deviates
	}{
		"blob": {sqlstore.Oracle, blob, noEmpty},
		"clob": {sqlstore.OracleText, clob, onlyASCII},
	} {
		t.Run(name, func(t *testing.T) {
			base, db := database(t, c.dialect)
			storetest.Run(t, func(t testing.TB) storetest.Place { return base.Place(t, db, c.columns) }, c.dev)
		})
	}
}

// What the driver shows of the double: the password is really checked, and errors are
// Oracle's.
func TestDouble(t *testing.T) {
	s := start()
	fails := func(change func(*url.URL), want string) {
		t.Helper()
		u, err := url.Parse(s.URL())
		if err != nil {
			t.Fatal(err)
		}
		change(u)
		db, err := sql.Open("oracle", u.String())
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.PingContext(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Ping() = %v, want %s", err, want)
		}
	}
	fails(func(u *url.URL) { u.User = url.UserPassword(double.User, "wrong") }, "ORA-01017")
	fails(func(u *url.URL) { u.User = url.UserPassword("nobody", double.Password) }, "ORA-01017")
	fails(func(u *url.URL) { u.Path = "/elsewhere" }, "ORA-12514")

	db := at(s.URL(), sqlstore.Oracle).DB(t)
	table := sqltest.Table(t, db, blob)
	insert := "INSERT INTO " + table + " (id, a_session) VALUES (:1, :2)"
	sqltest.Exec(t, db, insert, "a", []byte("x"))
	if _, err := db.ExecContext(t.Context(), insert, "a", []byte("x")); err == nil || !strings.Contains(err.Error(), "ORA-00001") {
		t.Errorf("a second row: %v, want ORA-00001", err)
	}
	if _, err := db.ExecContext(t.Context(), "SELECT 1 FROM nowhere"); err == nil || !strings.Contains(err.Error(), "ORA-00942") {
		t.Errorf("no table: %v, want ORA-00942", err)
	}
}

// The command opens a table of Oracle's, and shows no password.
func TestCommand(t *testing.T) {
	command := func(args ...string) string {
		t.Helper()
		args = append([]string{"run", "../../../cmd/datasession"}, args...)
		cmd := exec.CommandContext(t.Context(), "go", append(args, "--type", "driver:Oracle", "--data-source", source())...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
		return string(out)
	}
	table := sqltest.Table(t, at(source(), sqlstore.Oracle).DB(t), blob)
	const id = "0123456789abcdef0123456789abcdef"
	command("set", "--create", "--table-name", table, id, "user=ann €")
	if got := command("show", "--json", "--table-name", table, id); !strings.Contains(got, `"user":"ann €"`) {
		t.Errorf("show: %s", got)
	}
}

func TestMigrateTwice(t *testing.T) {
	base, db := database(t, sqlstore.Oracle)
	name := sqltest.Name()
	st := base.Store(t, db, &sqlstore.Options{Table: name})
	if err := st.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Ping() without a table = %v, want ErrUnavailable", err)
	}
	for range 2 {
		if err := st.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	sqltest.Save(t, st, "a", "data", store.Rev{})
	sqltest.Holds(t, st, "a", "data")
	sqltest.Exec(t, db, "DROP TABLE "+name)
}

func TestFindOracle(t *testing.T) {
	db := at(source(), sqlstore.Oracle).DB(t)
	for columns, want := range map[string]sqlstore.Dialect{blob: sqlstore.Oracle, clob: sqlstore.OracleText} {
		d, err := sqlstore.FindOracle(t.Context(), db, &sqlstore.Options{Table: sqltest.Table(t, db, columns)})
		if err != nil || d.Table != want.Table {
			t.Errorf("%s: found %s, %v", columns, d.Table, err)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	if !storetest.Long() {
		t.Skip("10,000 races take minutes on the double: DATASESSION_LONG=1")
	}
	base, db := database(t, sqlstore.Oracle)
	base.ManyAtOnce(t, db, blob)
}

func TestTwoProcessesOfManagers(t *testing.T) { processes(t, "managertest") }
func TestProcesses(t *testing.T)              { processes(t, "storetest") }

func processes(t *testing.T, suite string) {
	at("", sqlstore.Oracle).Processes(t, suite, func() string {
		base, _ := database(t, sqlstore.Oracle)
		return base.Shared(t, blob)
	})
}

// Connections that break are replaced, and leave nothing behind.
func TestCut(t *testing.T) {
	if os.Getenv("DATASESSION_ORACLE") != "" {
		t.Skip("it cuts the connections of the double")
	}
	base, db := database(t, sqlstore.Oracle)
	st := base.Store(t, db, &sqlstore.Options{Table: sqltest.Table(t, db, blob)})
	rev := sqltest.Save(t, st, "a", "data", store.Rev{})
	goroutines := runtime.NumGoroutine()
	for range 5 {
		start().Cut()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		for {
			if _, err := st.Load(ctx, "a"); err == nil {
				break
			} else if !errors.Is(err, store.ErrUnavailable) {
				t.Fatalf("Load() = %v, want data or ErrUnavailable", err)
			}
		}
		cancel()
		var err error
		if rev, err = st.Save(t.Context(), "a", []byte("data"), rev, store.SaveOptions{}); err != nil {
			t.Errorf("Save() = %v", err)
		}
	}
	sqltest.Settle(t, db, goroutines+16)
}
