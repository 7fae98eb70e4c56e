package perlyaml_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/perlyaml"
	"github.com/go-datasession/datasession/codec/valuejson"
	"github.com/go-datasession/datasession/perl"
)

// Sessions that Data::Session wrote to files are what Perl found in them.
func TestStores(t *testing.T) {
	const dir = "../../internal/testdata/stores/"
	b, err := os.ReadFile(dir + "manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest map[string]map[string]json.RawMessage
	if err := json.Unmarshal(b, &manifest); err != nil {
		t.Fatal(err)
	}
	sessions := manifest["data-session-file-yaml"]
	if len(sessions) < 10 {
		t.Fatalf("the manifest has %d sessions; want more", len(sessions))
	}
	for id, doc := range sessions {
		data, err := os.ReadFile(filepath.Join(dir, "data-session-file-yaml", "cgisess_"+id))
		if err != nil {
			t.Fatal(err)
		}
		var plain bytes.Buffer
		if err := json.Compact(&plain, doc); err != nil {
			t.Fatal(err)
		}
		want, err := valuejson.Codec{}.Decode(plain.Bytes(), codec.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := perlyaml.Tiny.Decode(data, codec.Limits{})
		if err != nil || !perl.Equal(got, want) {
			t.Errorf("Decode(%q) = %s, %v; want %s", data, codectest.Format(got), err, codectest.Format(want))
			continue
		}
		own, err := perlyaml.Tiny.Append(nil, got, codec.Limits{})
		if err != nil || !sameButQuotes(own, quotedNumber.ReplaceAll(data, []byte("$1$2"))) {
			t.Errorf("Append(Decode(%q)) = %q, %v", data, own, err)
		}
	}
}
