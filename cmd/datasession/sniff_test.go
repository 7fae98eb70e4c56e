package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
)

// Every session file of the reference stores is taken for what it is.
func TestSniffStores(t *testing.T) {
	for store, want := range map[string]string{
		"data-session-file-datadumper": "DataDumper",
		"data-session-file-json":       "JSON",
		"data-session-file-storable":   "Storable",
		"data-session-file-freezethaw": "FreezeThaw",
		"data-session-file-yaml":       "YAML",
		"cgi-session-file-default":     "default",
		"cgi-session-file-storable":    "Storable",
	} {
		files, err := filepath.Glob(filepath.Join(stores, store, "*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", store, len(files), err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if names := sniff(data, codec.Limits{}); len(names) == 0 || names[0] != want {
				t.Errorf("%s: sniff = %q, want %s", store, names, want)
			}
		}
	}
}

// What a codec writes is taken for that codec's, if not first, then among those that it
// could be.
func TestSniffWhatCodecsWrite(t *testing.T) {
	const plain = `{"a":["1","two"],"b":{"c":"x"},"d":"y"}`
	for _, c := range codecs {
		if c.name == "value-json" || c.name == "apache-json" {
			continue // are JSON too
		}
		data := ds(t, exitDone, plain, "encode", "--codec", c.name, "-")
		if names := strings.Fields(ds(t, exitDone, data, "sniff", "-")); !strings.Contains(" "+strings.Join(names, " ")+" ", " "+c.name+" ") {
			t.Errorf("%s: sniff = %q of %q", c.name, names, data)
		}
	}
}

func TestSniffRefuses(t *testing.T) {
	for _, data := range []string{"", "hello", "$D = {", "\x05\x0b\x03", "--- [", `{"a":`} {
		ds(t, exitRefused, data, "sniff", "-")
	}
	ds(t, exitUsage, "", "sniff")
}
