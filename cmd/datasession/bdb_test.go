package main

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/store/bdbstore"
)

// The sessions of Data::Session in Berkeley DB are listed and shown by every build, in
// each way to open the file; and changed where there is libdb.
func TestBerkeleyDB(t *testing.T) {
	const name = "data-session-berkeleydb-datadumper.bdb"
	want := manifest(t)[name]
	ids := slices.Sorted(maps.Keys(want))
	dir := t.TempDir()
	file := filepath.Join(dir, name)
	if err := copyStore(filepath.Join(stores, name), file); err != nil {
		t.Fatal(err)
	}
	ways := map[string][]string{
		"read only": {"--type", "driver:BerkeleyDB", "--db-file", file},
		"db_file":   {"--type", "driver:DB_File", "--db-file", file},
		"cgi":       {"--family", "cgi", "--type", "driver:db_file", "--db-file", file},
	}
	if bdbstore.Linked {
		ways["environment"] = []string{"--type", "driver:BerkeleyDB", "--db-file", name, "--db-home", dir}
	}
	for way, flags := range ways {
		t.Run(way, func(t *testing.T) {
			with := func(args ...string) []string { return append(args, flags...) }
			listed := strings.Fields(ds(t, exitDone, "", with("ls", "--show-ids")...))
			if slices.Sort(listed); !slices.Equal(listed, ids) || len(ids) == 0 {
				t.Fatalf("ls lists %d ids, want %d", len(listed), len(ids))
			}
			for _, id := range ids[:3] {
				if got := ds(t, exitDone, "", with("show", "--json", id)...); got != canonical(t, string(want[id])) {
					t.Errorf("show = %s, want %s", got, want[id])
				}
			}
			switch {
			case way == "read only":
				if said := dsError(t, exitRefused, with("set", ids[3], "n=1")...); !strings.Contains(said, "--db-home") {
					t.Errorf("set: %s", said)
				}
			case !bdbstore.Linked:
				if said := dsError(t, exitRefused, with("set", ids[3], "n=1")...); !strings.Contains(said, "-tags bdb") {
					t.Errorf("set: %s", said)
				}
			default:
				ds(t, exitDone, "", with("set", ids[3], "n="+way)...)
				if got := ds(t, exitDone, "", with("show", "--json", ids[3])...); !strings.Contains(got, `"n":"`+way+`"`) {
					t.Errorf("after set, show = %s", got)
				}
				id := "new" + strings.Repeat("0", 29)
				ds(t, exitDone, "", with("set", "--create", id, "n=1")...)
				ds(t, exitDone, "", with("rm", id)...)
				ds(t, exitRefused, "", with("show", id)...)
			}
		})
	}
}

func TestBerkeleyDBRefusals(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.db")
	for _, test := range []struct {
		code int
		say  string
		args []string
	}{
		{exitUsage, "--db-file", []string{"--type", "driver:BerkeleyDB"}},
		{exitUsage, "--db-file", []string{"--type", "driver:DB_File"}},
		{exitUnreachable, "no such file", []string{"--type", "driver:DB_File", "--db-file", missing}},
		{exitUnreachable, "no such file", []string{"--type", "driver:BerkeleyDB", "--db-file", missing}},
		{exitUnreachable, "not a Berkeley DB file", []string{"--type", "driver:BerkeleyDB", "--db-file", filepath.Join(stores, "manifest.json")}},
	} {
		if said := dsError(t, test.code, append([]string{"ls"}, test.args...)...); !strings.Contains(said, test.say) {
			t.Errorf("%q: %s", test.args, said)
		}
	}
}

// What the command makes is there for CGI::Session.
func TestDBFileOfCGISession(t *testing.T) {
	if !bdbstore.Linked {
		t.Skip("built without libdb")
	}
	perltest.Need(t, perltest.CGISession, perltest.DBFile)
	const id = "0123456789abcdef0123456789abcdef"
	file := filepath.Join(t.TempDir(), "cgisess.db")
	flags := []string{"--family", "cgi", "--type", "driver:db_file", "--db-file", file}
	ds(t, exitDone, "", append([]string{"set", "--create", "--create-store", id, "user=ann"}, flags...)...)
	got := perltest.Run(t, `use CGI::Session;
my $s = CGI::Session->load("driver:db_file", $ARGV[1], { FileName => $ARGV[0] }) or die; print $s->param("user"); $s->param(user => "bob"); $s->flush`, file, id)
	if got != "ann" {
		t.Errorf("perl has %q", got)
	}
	if shown := ds(t, exitDone, "", append([]string{"show", "--json", id}, flags...)...); !strings.Contains(shown, `"user":"bob"`) {
		t.Errorf("show: %s", shown)
	}
}
