// Package perltest runs real Perl in tests. What a script needs is a module with
// the Debian package it is in; a test whose module is missing is skipped with the
// name of that package. Under CI=true it fails instead. As root on Debian, with CI
// or DATASESSION_INSTALL in the environment, the package is installed.
package perltest

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// Module is a Perl module and the Debian package that brings it.
type Module struct{ Name, Package string }

// The modules that the live tests use.
var (
	CGISession    = Module{"CGI::Session", "libcgi-session-perl"}
	ApacheSession = Module{"Apache::Session", "libapache-session-perl"}
	SQLite        = Module{"DBD::SQLite", "libdbd-sqlite3-perl"}
	JSONXS        = Module{"JSON::XS", "libjson-xs-perl"}

	CacheMemcached      = Module{"Cache::Memcached", "libcache-memcached-perl"}
	CGISessionMemcached = Module{"CGI::Session::Driver::memcached", "libcgi-session-driver-memcached-perl"}
	BerkeleyDB          = Module{"BerkeleyDB", "libberkeleydb-perl"}
	DBFile              = Module{"DB_File", "perl"}
)

// CGISessionJSON is Perl that gives CGI::Session a serializer json which does what
// Data::Session's JSON does, over JSONXS. Debian's package has none.
const CGISessionJSON = `
	BEGIN {
		package CGI::Session::Serialize::json;
		require JSON::XS;
		$INC{'CGI/Session/Serialize/json.pm'} = __FILE__;
		sub freeze { JSON::XS->new->encode($_[1]) }
		sub thaw { JSON::XS->new->decode($_[1]) }
	}`

// Need skips the test, or fails it under CI=true, if perl or a module is missing
// and cannot be installed.
func Need(t testing.TB, modules ...Module) {
	t.Helper()
	var missing []string
	if _, err := exec.LookPath("perl"); err != nil {
		missing = append(missing, "perl")
	}
	for _, m := range modules {
		if !has(m.Name) {
			missing = append(missing, m.Package)
		}
	}
	Packages(t, missing...)
}

// Packages is for Debian packages that a test found missing: it installs them if it
// may, and else skips the test, or fails it under CI=true. Without packages it does
// nothing.
func Packages(t testing.TB, missing ...string) {
	t.Helper()
	if len(missing) > 0 && !install(t, missing) {
		Missing(t, missing...)
	}
}

// Missing skips the test, or fails it under CI=true, and says which Debian packages it
// wants.
func Missing(t testing.TB, packages ...string) {
	t.Helper()
	text := "not on this machine: apt-get install " + strings.Join(packages, " ")
	if os.Getenv("CI") == "true" {
		t.Fatal(text)
	}
	t.Skip(text)
}

func has(module string) bool {
	return exec.Command("perl", "-M"+module, "-e1").Run() == nil
}

var installing sync.Mutex

func install(t testing.TB, packages []string) bool {
	t.Helper()
	if os.Getenv("CI") == "" && os.Getenv("DATASESSION_INSTALL") == "" || os.Getuid() != 0 {
		return false
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return false
	}
	installing.Lock()
	defer installing.Unlock()
	cmd := exec.Command("apt-get", append([]string{"install", "-y", "--no-install-recommends"}, packages...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Logf("apt-get install %s: %v\n%s", strings.Join(packages, " "), err, out)
	}
	return err == nil
}

// Command returns a command that runs perl with these arguments, until the test ends.
// Without perl it is as [Need] says.
func Command(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	Need(t)
	return exec.CommandContext(t.Context(), "perl", args...)
}

// Run runs a script, with strict and warnings on, and returns what it printed. A
// script that fails or warns fails the test.
func Run(t testing.TB, script string, args ...string) string {
	t.Helper()
	cmd := Command(t, append([]string{"-Mstrict", "-Mwarnings", "-e", script}, args...)...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Errorf("perl: %v\n%s", err, &stderr)
	}
	return stdout.String()
}
