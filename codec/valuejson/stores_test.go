package valuejson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/valuejson"
	"github.com/go-datasession/datasession/perl"
)

// The manifest has what Perl found in stores that the real modules wrote.
func TestManifest(t *testing.T) {
	b, err := os.ReadFile("../../internal/testdata/stores/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest map[string]map[string]json.RawMessage
	if err := json.Unmarshal(b, &manifest); err != nil {
		t.Fatal(err)
	}
	n := 0
	for store, sessions := range manifest {
		for _, doc := range sessions {
			v := decode(t, string(doc))
			canonical := text(t, v)
			if got, want := canonical, compact(t, doc); got != want {
				t.Errorf("%s: Append(Decode)\ngives %s\nwant  %s", store, got, want)
			}
			if !perl.Equal(v, decode(t, canonical)) {
				t.Errorf("%s: %s is read as two different values", store, canonical)
			}
			checkIndent(t, v)
			n++
		}
	}
	if n < 100 {
		t.Errorf("the manifest has %d sessions; want more", n)
	}
}

// compact brings a canonical document that has been indented to canonical text by
// way of encoding/json, which sorts names as we do and escapes otherwise.
func compact(t *testing.T, doc []byte) string {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(
		`\\`, `\\`, `\b`, `\u0008`, `\t`, `\u0009`, `\n`, `\u000a`, `\f`, `\u000c`, `\r`, `\u000d`,
		"\x7f", `\u007f`, `\u2028`, "\u2028", `\u2029`, "\u2029", "\n", "",
	).Replace(b.String())
}

// Each value of the vectors is written and read back as it was.
func TestVectors(t *testing.T) {
	for _, dir := range []string{"datadumper", "json-xs"} {
		b, err := fs.ReadFile(codectest.Vectors(dir), "cases.json")
		if err != nil {
			t.Fatal(err)
		}
		var cases []struct {
			Name  string
			Value json.RawMessage
		}
		if err := json.Unmarshal(b, &cases); err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			v, err := codectest.Parse(c.Value)
			if errors.Is(err, codectest.ErrNoValue) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			b, err := valuejson.Codec{}.Append(nil, v, codec.Limits{})
			if err != nil {
				t.Errorf("%s: %v", c.Name, err)
				continue
			}
			if back := decode(t, string(b)); !perl.Equal(back, v) {
				t.Errorf("%s: Decode(%s) = %s; want %s", c.Name, b, codectest.Format(back), codectest.Format(v))
			}
			checkIndent(t, v)
		}
	}
}
