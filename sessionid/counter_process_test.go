//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package sessionid

import (
	"bufio"
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-datasession/datasession/internal/perltest"
)

func long() bool { return os.Getenv("DATASESSION_LONG") != "" }

func TestProcesses(t *testing.T) {
	processes, each := 4, 200
	switch {
	case testing.Short():
		each = 20
	case long():
		processes, each = 8, 1000
	}
	file := filepath.Join(t.TempDir(), "data.session.id")
	cmds := make([]*exec.Cmd, processes)
	for i := range cmds {
		cmds[i] = child(t, "count", file, strconv.Itoa(each))
	}
	wantOneToN(t, runAll(t, cmds), processes*each)
}

// Go's processes, and processes that do what Perl's Data::Session and
// CGI::Session do, count in one file at once.
func TestProcessesWithPerl(t *testing.T) {
	perl := needPerl(t)
	each := 200
	if testing.Short() {
		each = 20
	} else if long() {
		each = 1000
	}
	file := filepath.Join(t.TempDir(), "data.session.id")
	n := strconv.Itoa(each)
	cmds := []*exec.Cmd{
		child(t, "count", file, n),
		exec.CommandContext(t.Context(), perl, "testdata/autoincrement.pl", file, "0", "1", n),
		child(t, "count", file, n),
		exec.CommandContext(t.Context(), perl, "testdata/autoincrement.pl", file, "0", "1", n),
	}
	if err := exec.Command(perl, "-MCGI::Session::ID::incr", "-e1").Run(); err == nil {
		const incr = `print CGI::Session::ID::incr->generate_id({IDFile => $ARGV[0]}), "\n" for 1 .. $ARGV[1]`
		cmds = append(cmds, exec.CommandContext(t.Context(), perl, "-MCGI::Session::ID::incr", "-e", incr, file, n))
	}
	wantOneToN(t, runAll(t, cmds), each*len(cmds))
}

// runAll starts the commands together and returns the lines that they print.
func runAll(t *testing.T, cmds []*exec.Cmd) (lines []string) {
	t.Helper()
	outs := make([]bytes.Buffer, len(cmds))
	for i, cmd := range cmds {
		cmd.Stdout, cmd.Stderr = &outs[i], os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	for i, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		lines = append(lines, strings.Fields(outs[i].String())...)
	}
	return lines
}

func wantOneToN(t *testing.T, ids []string, n int) {
	t.Helper()
	slices.Sort(ids)
	distinct := slices.Compact(ids)
	highest := 0
	for _, id := range distinct {
		k, err := strconv.Atoi(id)
		if err != nil {
			t.Fatalf("not a number: %q", id)
		}
		highest = max(highest, k)
	}
	if len(distinct) != n || highest != n {
		t.Errorf("%d different ids up to %d, want %d up to %d", len(distinct), highest, n, n)
	}
}

// Processes are killed while they count. No id that one of them has told of is
// given out again.
func TestKill(t *testing.T) {
	kills := 20
	if testing.Short() {
		kills = 5
	} else if long() {
		kills = 300
	}
	file := filepath.Join(t.TempDir(), "data.session.id")
	seen := map[string]bool{}
	for kill := range kills {
		for _, id := range killed(t, child(t, "count", file, "1000000"), child(t, "count", file, "1000000")) {
			if seen[id] {
				t.Errorf("kill %d: id %s was given out before", kill, id)
			}
			seen[id] = true
		}
	}
	t.Logf("%d kills, %d ids", kills, len(seen))
}

// A Perl process that is killed leaves an empty file now and then, and the next Perl
// process begins again. What Go gave out is not given out by Go again.
func TestKillPerl(t *testing.T) {
	perl := needPerl(t)
	kills := 20
	if testing.Short() {
		kills = 5
	} else if long() {
		kills = 300
	}
	gen := newCounter(t, CounterOptions{})
	seen := map[string]bool{}
	empty := 0
	for range kills {
		for range 5 {
			id, err := gen.New(t.Context())
			if err != nil || seen[id] {
				t.Fatalf("New = %q, %v; given out before: %v", id, err, seen[id])
			}
			seen[id] = true
		}
		for _, id := range killed(t, exec.CommandContext(t.Context(), perl, "testdata/autoincrement.pl", gen.file, "0", "1", "1000000")) {
			if seen[id] {
				t.Errorf("id %s was given out before", id)
			}
			seen[id] = true
		}
		if read(t, gen.file) == "" {
			empty++
		}
	}
	t.Logf("%d kills, %d of them left an empty file, %d ids", kills, empty, len(seen))
}

// killed starts commands that print ids, kills the first a moment after its first id
// and then the others, and returns the whole lines that they printed.
func killed(t *testing.T, cmds ...*exec.Cmd) (ids []string) {
	t.Helper()
	type out struct{ ids []string }
	outs := make([]chan out, len(cmds))
	begun := make(chan struct{}, len(cmds))
	for i, cmd := range cmds {
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		outs[i] = make(chan out, 1)
		go func() {
			var o out
			for r := bufio.NewReader(pipe); ; {
				line, err := r.ReadString('\n')
				if err != nil {
					break
				}
				if o.ids = append(o.ids, strings.TrimSpace(line)); len(o.ids) == 1 {
					begun <- struct{}{}
				}
			}
			outs[i] <- o
		}()
	}
	for range cmds {
		<-begun
	}
	for i, cmd := range cmds {
		time.Sleep(rand.N(3 * time.Millisecond)) // any moment will do
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, (<-outs[i]).ids...)
		_ = cmd.Wait()
	}
	return ids
}

func TestContentsLikePerl(t *testing.T) {
	perl := needPerl(t)
	for _, c := range contents {
		file := filepath.Join(t.TempDir(), "id")
		write(t, file, c.content)
		out, err := exec.Command(perl, "testdata/autoincrement.pl", file, "100", "7", "1").Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSuffix(string(out), "\n"); got != c.id || read(t, file) != c.id {
			t.Errorf("from %.40q: Perl has %q and leaves %.40q, want %q", c.content, got, read(t, file), c.id)
		}
	}
}

func needPerl(t *testing.T) string {
	t.Helper()
	perltest.Need(t)
	return "perl"
}
