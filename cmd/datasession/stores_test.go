package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/valuejson"
	"github.com/go-datasession/datasession/perl"
)

// Stores that Data::Session and CGI::Session wrote, with the flags to open them.
var perlStores = []struct {
	name  string
	flags []string
}{
	{"data-session-file-datadumper", []string{"--directory", "$STORE"}},
	{"data-session-file-json", []string{"--type", "serialize:JSON", "--directory", "$STORE"}},
	{"data-session-sqlite-datadumper.db", []string{"--type", "driver:SQLite", "--data-source", "$STORE"}},
	{"data-session-sqlite-json.db", []string{"--type", "driver:SQLite;serialize:JSON", "--data-source", "dbi:SQLite:dbname=$STORE"}},
	{"cgi-session-file-default", []string{"--family", "cgi", "--type", "driver:file;serializer:default", "--directory", "$STORE"}},
	{"data-session-file-storable", []string{"--type", "serialize:Storable", "--directory", "$STORE"}},
	{"data-session-file-freezethaw", []string{"--type", "serialize:FreezeThaw", "--directory", "$STORE"}},
	{"data-session-file-yaml", []string{"--type", "serialize:YAML", "--directory", "$STORE"}},
	{"data-session-sqlite-storable.db", []string{"--type", "driver:SQLite;serialize:Storable", "--data-source", "$STORE"}},
	{"cgi-session-file-storable", []string{"--family", "cgi", "--type", "driver:file;serializer:storable", "--directory", "$STORE"}},
	// Data::Session opens what CGI::Session wrote.
	{"cgi-session-file-default", []string{"--directory", "$STORE"}},
}

// ds runs the command, which is to end with a code, and returns what it printed.
func ds(t *testing.T, want int, stdin string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, strings.NewReader(stdin), &stdout, &stderr); code != want {
		t.Fatalf("datasession %s: code %d, want %d: %s", strings.Join(args, " "), code, want, &stderr)
	}
	return stdout.String()
}

// openCopy copies a store and returns the flags that open the copy.
func openCopy(t *testing.T, name string, flags []string) []string {
	t.Helper()
	place := filepath.Join(t.TempDir(), name)
	if err := copyStore(filepath.Join(stores, name), place); err != nil {
		t.Fatal(err)
	}
	opened := make([]string, len(flags))
	for i, f := range flags {
		opened[i] = strings.ReplaceAll(f, "$STORE", place)
	}
	return opened
}

func manifest(t *testing.T) map[string]map[string]json.RawMessage {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(stores, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]map[string]json.RawMessage
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// value reads value-json.
func value(t *testing.T, text string) perl.Value {
	t.Helper()
	v, err := valuejson.Codec{}.Decode([]byte(text), unlimited)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// canonical returns value-json as the command prints it.
func canonical(t *testing.T, text string) string {
	t.Helper()
	b, err := valuejson.Codec{}.Append(nil, value(t, text), unlimited)
	if err != nil {
		t.Fatal(err)
	}
	return string(b) + "\n"
}

// Every session of every store is listed, and shown as the manifest has it, by its id
// and by its fingerprint. Some are changed, and then differ in nothing but what is set.
func TestPerlStores(t *testing.T) {
	const change = 4
	sessions := manifest(t)
	for _, st := range perlStores {
		t.Run(st.name+" "+strings.Join(st.flags, " "), func(t *testing.T) {
			flags := openCopy(t, st.name, st.flags)
			with := func(args ...string) []string { return append(args, flags...) }
			want := sessions[st.name]
			if len(want) == 0 {
				t.Fatal("no such store in the manifest")
			}

			ids := slices.Sorted(maps.Keys(want))
			listed := strings.Fields(ds(t, exitDone, "", with("ls", "--show-ids")...))
			if slices.Sort(listed); !slices.Equal(listed, ids) {
				t.Errorf("ls --show-ids lists %d ids, want the %d of the manifest", len(listed), len(ids))
			}
			table := ds(t, exitDone, "", with("ls")...)

			for i, id := range ids {
				shown := ds(t, exitDone, "", with("show", "--json", id)...)
				if wanted := canonical(t, string(want[id])); shown != wanted {
					t.Errorf("show --json: %s\nwant %s", shown, wanted)
				}
				print := datasession.Fingerprint(id)
				if !strings.Contains(table, "\n"+print+" ") {
					t.Errorf("ls does not list %s", print)
				}
				if again := ds(t, exitDone, "", with("show", "--json", print)...); again != shown {
					t.Errorf("show of fingerprint %s is another session", print)
				}
				if i >= change {
					continue
				}

				ds(t, exitDone, "", with("set", id, "added=later", "--json", `list=["1","2",{"deep":null}]`)...)
				changed := value(t, shown)
				changed.Hash().Set("added", value(t, `"later"`))
				changed.Hash().Set("list", value(t, `["1","2",{"deep":null}]`))
				if is := ds(t, exitDone, "", with("show", "--json", id)...); !perl.Equal(value(t, is), changed) {
					t.Errorf("after set: %s\nbefore: %s", is, shown)
				}
				ds(t, exitDone, "", with("unset", id, "added", "list")...)
				if again := ds(t, exitDone, "", with("show", "--json", id)...); again != shown {
					t.Errorf("after unset: %s\nwant %s", again, shown)
				}
			}
		})
	}
}

// A store that is read with the wrong serializer is a store of corrupt sessions, and
// no session changes.
func TestUnreadableStores(t *testing.T) {
	for _, name := range []string{
		"data-session-file-storable", "data-session-file-freezethaw", "data-session-file-yaml", "cgi-session-file-storable",
	} {
		t.Run(name, func(t *testing.T) {
			flags := openCopy(t, name, []string{"--directory", "$STORE"})
			want := len(manifest(t)[name])
			if n := strings.Count(ds(t, exitDone, "", append([]string{"ls"}, flags...)...), "corrupt session: DataDumper: "); n != want {
				t.Errorf("ls lists %d corrupt sessions, want %d", n, want)
			}
			for id := range manifest(t)[name] {
				ds(t, exitRefused, "", append([]string{"show", id}, flags...)...)
				ds(t, exitRefused, "", append([]string{"set", "--create", id, "a=b"}, flags...)...)
			}
			same, err := os.ReadDir(flags[1])
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range same {
				was, err1 := os.ReadFile(filepath.Join(stores, name, file.Name()))
				is, err2 := os.ReadFile(filepath.Join(flags[1], file.Name()))
				if err1 != nil || err2 != nil || !bytes.Equal(was, is) {
					t.Errorf("a session was changed: %v, %v", err1, err2)
				}
			}
			if len(same) != want {
				t.Errorf("%d files, want %d", len(same), want)
			}
		})
	}
}

// dsError is ds for a run that fails, and returns what it said.
func dsError(t *testing.T, want int, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr); code != want {
		t.Fatalf("datasession %s: code %d, want %d: %s", strings.Join(args, " "), code, want, &stderr)
	}
	return stderr.String()
}
