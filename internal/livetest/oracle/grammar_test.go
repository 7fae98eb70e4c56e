package oracle

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/internal/livetest/oracle/double"
	"github.com/go-datasession/datasession/internal/livetest/sqltest"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// The grammar, which is no part of the project.
const grammar = "@griffithswaite/ts-plsql-parser@1.1.1"

// notOracle are statements that other databases read, and that Oracle does not: the
// grammar must tell them.
var notOracle = []string{
	`SELECT id FROM sessions ORDER BY id LIMIT 10`,
	`SELECT a_session FROM sessions WHERE id = $1`,
	`DELETE FROM sessions WHERE id = :1 LIMIT 1`,
	`INSERT INTO sessions (id) VALUES (:1) ON CONFLICT (id) DO NOTHING`,
	`INSERT INTO sessions (a_session, id) SELECT ?, ? ON DUPLICATE KEY UPDATE a_session = ?`,
	`REPLACE INTO sessions (id, a_session) VALUES (:1, :2)`,
}

// Every statement that the store sends is one to a grammar of Oracle's language, which
// does not accept what HSQLDB accepts beyond it.
func TestGrammar(t *testing.T) {
	var missing []string
	for _, program := range []string{"npm", "node"} {
		if _, err := exec.LookPath(program); err != nil {
			missing = []string{"nodejs", "npm"}
		}
	}
	perltest.Packages(t, missing...)

	s := double.Start(t)
	useAll(t, at(s.URL(), sqlstore.Oracle))
	text := at(s.URL(), sqlstore.OracleText) // has another table, and the same statements
	if err := text.Store(t, text.DB(t), &sqlstore.Options{Table: sqltest.Name()}).Migrate(t.Context()); err != nil {
		t.Error(err)
	}
	sent := s.Statements()
	if len(sent) < 12 {
		t.Errorf("only %d statements were sent", len(sent))
	}
	found := parse(t, append(sent, notOracle...))
	for i, n := range found {
		switch {
		case i < len(sent) && n > 0:
			t.Errorf("the grammar refuses %s", sent[i])
		case i >= len(sent) && n == 0:
			t.Errorf("the grammar accepts %s", notOracle[i-len(sent)])
		}
	}
}

// useAll does all that a store can do.
func useAll(t *testing.T, base sqltest.Database) {
	t.Helper()
	ctx := t.Context()
	st := base.Store(t, base.DB(t), &sqlstore.Options{Table: sqltest.Name()})
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	do(st.Migrate(ctx))
	do(st.Ping(ctx))
	rev := sqltest.Save(t, st, "a", "one", store.Rev{})
	rev = sqltest.Save(t, st, "a", "two", rev)
	if _, err := st.Save(ctx, "a", []byte("x"), store.Rev{}, store.SaveOptions{}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("Save over a session = %v, want ErrConflict", err)
	}
	sqltest.Save(t, st, "b", "one", store.AnyRev)
	sqltest.Save(t, st, "b", "two", store.AnyRev)
	sqltest.Holds(t, st, "b", "two")
	for _, err := range st.IDs(ctx) {
		do(err)
	}
	for _, err := range st.Records(ctx) {
		do(err)
	}
	do(st.Delete(ctx, "a", rev))
	do(st.Delete(ctx, "a", rev))
	do(st.Delete(ctx, "b", store.AnyRev))
}

// parse returns how many errors the grammar finds in each statement.
func parse(t *testing.T, statements []string) []int {
	t.Helper()
	dir := t.TempDir()
	install := exec.Command("npm", "install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts", grammar)
	if out, err := install.CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("npm: %v\n%s", err, out)
		}
		t.Skipf("npm cannot install %s: %v", grammar, err)
	}
	script, err := os.ReadFile("grammar.mjs")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "grammar.mjs"), script, 0o600); err != nil {
		t.Fatal(err)
	}
	var in strings.Builder
	for _, s := range statements {
		line, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	cmd := exec.Command("node", "grammar.mjs")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(in.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	var found []int
	for line := range strings.Lines(string(out)) {
		var n int
		if err := json.Unmarshal([]byte(line), &n); err != nil {
			t.Fatal(err)
		}
		found = append(found, n)
	}
	if len(found) != len(statements) {
		t.Fatalf("%d answers to %d statements", len(found), len(statements))
	}
	return found
}
