//go:build linux

package filestore_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/filestore"
	"github.com/go-datasession/datasession/store/storetest"
)

// perl returns a command that runs a script, or skips the test.
func perl(t *testing.T, script string, args ...string) *exec.Cmd {
	t.Helper()
	return perltest.Command(t, append([]string{"-e", script, "--"}, args...)...)
}

// cgiSession is perl with CGI::Session.
func cgiSession(t *testing.T, script string, args ...string) *exec.Cmd {
	t.Helper()
	perltest.Need(t, perltest.CGISession)
	return perl(t, "use strict; use CGI::Session; my ($dir, $id, $n, $me) = @ARGV; "+script, args...)
}

// TestPeerKeepsLock has Perl open a session file, as its drivers do before they
// wait for the lock, and get the lock after this store has saved. Its write must
// reach the session.
func TestPeerKeepsLock(t *testing.T) {
	dir := tempDir(t)
	s := open(t, dir, nil)
	if _, err := s.Save(t.Context(), "x", []byte("start"), store.Rev{}, store.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	cmd := perl(t, `
		use Fcntl qw(:DEFAULT :flock);
		$| = 1;
		sysopen(F, "$ARGV[0]/cgisess_x", O_WRONLY|O_NOFOLLOW) or die "open: $!";
		print "opened\n";
		<STDIN>;
		flock(F, LOCK_EX) or die "flock: $!";
		truncate(F, 0) or die "truncate: $!";
		print F "from Perl";
		close(F) or die "close: $!";
	`, dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("perl said %q, %v", line, err)
	}
	if _, err := s.Save(t.Context(), "x", []byte("from Go"), store.AnyRev, store.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	io.WriteString(in, "go on\n")
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if rec, err := s.Load(t.Context(), "x"); err != nil || string(rec.Data) != "from Perl" {
		t.Errorf("Load = %q, %v; want what Perl wrote", rec.Data, err)
	}
}

// TestWaitsForPerl has Perl hold the lock.
func TestWaitsForPerl(t *testing.T) {
	dir := tempDir(t)
	s := open(t, dir, nil)
	if _, err := s.Save(t.Context(), "x", []byte("start"), store.Rev{}, store.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	cmd := perl(t, `
		use Fcntl qw(:DEFAULT :flock);
		$| = 1;
		sysopen(F, "$ARGV[0]/cgisess_x", O_RDWR) or die "open: $!";
		flock(F, LOCK_EX) or die "flock: $!";
		truncate(F, 0) or die "truncate: $!";
		print "locked\n";
		<STDIN>;
		print F "from Perl";
		close(F) or die "close: $!";
	`, dir)
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("perl said %q, %v", line, err)
	}
	time.AfterFunc(20*time.Millisecond, func() { io.WriteString(in, "go on\n") })
	if rec, err := s.Load(t.Context(), "x"); err != nil || string(rec.Data) != "from Perl" {
		t.Errorf("Load = %q, %v; want what Perl wrote under its lock", rec.Data, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestPerlReadsAndLists: CGI::Session finds what Go saved, and nothing else, also
// while there is a journal.
func TestPerlReadsAndLists(t *testing.T) {
	dir := tempDir(t)
	s := open(t, dir, nil)
	id := strings.Repeat("0123456789abcdef", 2)
	data := fmt.Sprintf("$D = {'_SESSION_ID' => '%s','_SESSION_ATIME' => %d,'_SESSION_CTIME' => 1,'name' => 'from Go'};;$D", id, time.Now().Unix())
	if _, err := s.Save(t.Context(), id, []byte(data), store.Rev{}, store.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".cgisess_" + id + ".j", ".cgisess_" + id + ".t"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("left behind"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := cgiSession(t, `
		CGI::Session->find("driver:file", sub { print "found ", $_[0]->id, "\n" }, {Directory => $dir}) or die CGI::Session->errstr;
		my $s = CGI::Session->load("driver:file", $id, {Directory => $dir}) or die CGI::Session->errstr;
		print $s->param("name"), "\n";
		$s->param(name => "from Perl");
		$s->flush or die $s->errstr;
	`, dir, id).CombinedOutput()
	if want := "found " + id + "\nfrom Go\n"; err != nil || string(out) != want {
		t.Fatalf("perl said %q, %v; want %q", out, err, want)
	}
	rec, err := s.Load(t.Context(), id)
	if err != nil || !bytes.Contains(rec.Data, []byte("from Perl")) {
		t.Errorf("Load = %q, %v; want what Perl wrote", rec.Data, err)
	}
}

// TestLiveWithPerl has CGI::Session and this store change one session at once.
func TestLiveWithPerl(t *testing.T) {
	perls, gos, rounds := 2, 2, 40
	if storetest.Long() {
		perls, gos, rounds = 4, 4, 400
	}
	dir := tempDir(t)
	id := strings.Repeat("0123456789abcdef", 2)
	first := fmt.Sprintf("$D = {'_SESSION_ID' => '%s','_SESSION_ATIME' => %d,'_SESSION_CTIME' => 1,'go' => 'start'};;$D", id, time.Now().Unix())
	if _, err := open(t, dir, nil).Save(t.Context(), id, []byte(first), store.Rev{}, store.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var running atomic.Int32
	running.Add(int32(perls))
	for i := range perls {
		cmd := cgiSession(t, `
			for my $i (1 .. $n) {
				my $s = CGI::Session->load("driver:file", $id, {Directory => $dir}) or die CGI::Session->errstr;
				die "round $i: the session is gone" if $s->is_empty;
				$s->param("perl$me" => $i . "x" x ($i * 37 % 5000));
				$s->flush or die $s->errstr;
			}
		`, dir, id, fmt.Sprint(rounds), fmt.Sprint(i))
		wg.Go(func() {
			defer running.Add(-1)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("perl: %v: %s", err, out)
			}
		})
	}
	var mu sync.Mutex
	over := map[string]int{} // how many saves of Go were accepted over a version
	conflicts := 0
	whole := regexp.MustCompile(`^\$D = \{(?s:.*)'_SESSION_ID' => '` + id + `'(?s:.*)\};;\$D$`)
	token := regexp.MustCompile(`'go' => '[^']*'`)
	for i := range gos {
		s := open(t, dir, nil) // each as if in a process of its own
		wg.Go(func() {
			for n := 0; running.Load() > 0; n++ {
				rec, err := s.Load(t.Context(), id)
				if err != nil || !whole.Match(rec.Data) {
					t.Errorf("Load = %d bytes (%.60q), %v", len(rec.Data), rec.Data, err)
					return
				}
				mine := fmt.Sprintf("'go' => '%d-%d-%s'", i, n, strings.Repeat("y", n*53%4000))
				_, err = s.Save(t.Context(), id, token.ReplaceAll(rec.Data, []byte(mine)), rec.Rev, store.SaveOptions{})
				mu.Lock()
				switch {
				case err == nil:
					over[string(rec.Data)]++
				case errors.Is(err, store.ErrConflict):
					conflicts++
				default:
					t.Errorf("Save = %v", err)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for data, n := range over {
		if n > 1 {
			t.Errorf("%d saves of Go were accepted over one version: %.60q", n, data)
		}
	}
	t.Logf("%d saves of Go were accepted, %d were conflicts; Perl wrote %d times", len(over), conflicts, perls*rounds)
	if len(over) == 0 || conflicts == 0 {
		t.Error("the writers did not meet")
	}
	if rec, err := open(t, dir, &filestore.Options{}).Load(t.Context(), id); err != nil || !whole.Match(rec.Data) {
		t.Errorf("at the end there are %d bytes, %v", len(rec.Data), err)
	}
}
