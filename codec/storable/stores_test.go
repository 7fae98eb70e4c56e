package storable_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/storable"
	"github.com/go-datasession/datasession/codec/valuejson"
	"github.com/go-datasession/datasession/perl"
)

// TestStores reads every session that the real modules left in files, and finds what
// Perl found in it.
func TestStores(t *testing.T) {
	const dir = "../../internal/testdata/stores"
	b, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest map[string]map[string]json.RawMessage
	if err := json.Unmarshal(b, &manifest); err != nil {
		t.Fatal(err)
	}
	for _, store := range []string{"data-session-file-storable", "cgi-session-file-storable"} {
		t.Run(store, func(t *testing.T) {
			if len(manifest[store]) < 20 {
				t.Errorf("%d sessions, want 20 or more", len(manifest[store]))
			}
			for id, doc := range manifest[store] {
				data, err := os.ReadFile(filepath.Join(dir, store, "cgisess_"+id))
				if err != nil {
					t.Fatal(err)
				}
				want, err := valuejson.Codec{}.Decode(doc, codec.Limits{})
				if err != nil {
					t.Fatal(err)
				}
				got, err := storable.Codec{}.Decode(data, codec.Limits{})
				if err != nil || !perl.Equal(got, want) {
					t.Errorf("Decode = %s, %v\nwant     %s", codectest.Format(got), err, codectest.Format(want))
				}
				again, err := storable.Codec{}.Append(nil, got, codec.Limits{})
				if err != nil || len(again) != len(data) {
					t.Errorf("Append gives %d bytes, %v; want %d", len(again), err, len(data))
				}
				if got, err = (storable.Codec{}).Decode(again, codec.Limits{}); err != nil || !perl.Equal(got, want) {
					t.Errorf("Decode(Append) = %s, %v\nwant             %s", codectest.Format(got), err, codectest.Format(want))
				}
			}
		})
	}
}
