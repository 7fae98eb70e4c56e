package perljson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/perl"
)

// seeds are the vectors of JSON::PP; those of JSON::XS are much the same. Those of
// long strings take time, and have nothing in them to go wrong.
func seeds(tb testing.TB) [][]byte {
	all, err := codectest.Seeds(codectest.Vectors("json-pp"))
	if err != nil {
		tb.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(s []byte) bool { return len(s) > 2000 })
	for i, s := range all {
		all[i] = bytes.TrimSpace(s) // a document without its last blank is a document
	}
	return all
}

func TestAttacks(t *testing.T) {
	for _, c := range []perljson.Codec{{}, {UTF8: true}} {
		t.Run("UTF8="+strconv.FormatBool(c.UTF8), func(t *testing.T) {
			codectest.Attacks(t, c, seeds(t), &codectest.AttackOptions{
				Nest:     []string{"[", `{"a":`, `[{"a":`, " [ 1,"},
				Depth:    perljson.MaxDepth,
				Prefixes: true,
			})
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, c := range []perljson.Codec{{}, {UTF8: true}} {
			if err := codectest.Check(c, data); err != nil {
				t.Error(err)
			}
		}
		compareWithGo(t, data)
	})
}

// compareWithGo wants encoding/json to accept the same documents as we do, and to
// find the same in them. Four things are known to differ: encoding/json turns
// invalid UTF-8 and half surrogate pairs into U+FFFD, which we refuse; it goes
// 10,000 levels deep; it refuses 1e400; and what we limit it does not.
func compareWithGo(t *testing.T, data []byte) {
	got, err := perljson.Codec{UTF8: true}.Decode(data, codec.Limits{})
	if errors.Is(err, codec.ErrLimit) {
		return
	}
	want, wantErr := decodeGo(data)
	if (err == nil) != (wantErr == nil) {
		if err != nil && strings.Contains(err.Error(), "string that is not UTF-8") ||
			err != nil && strings.Contains(err.Error(), "half of a surrogate pair") {
			return
		}
		t.Fatalf("Decode(%q): %v; encoding/json: %v", data, err, wantErr)
	}
	if err == nil && !sameAsGo(got, want) {
		t.Fatalf("Decode(%q) = %s; encoding/json has %#v", data, codectest.Format(got), want)
	}
}

func decodeGo(data []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if !json.Valid(data) {
		return nil, errors.New("more than one document")
	}
	return v, nil
}

func sameAsGo(v perl.Value, want any) bool {
	switch want := want.(type) {
	case nil:
		return v.IsUndef()
	case bool:
		s, ok := v.Thing().(*perl.Scalar)
		return ok && s.Class() == "JSON::PP::Boolean" && s.Get().Truth() == want
	case string:
		return v.IsString() && perl.Upgrade(v) == want
	case json.Number:
		return sameNumber(v, want.String())
	case []any:
		a := v.Array()
		if a == nil || a.Len() != len(want) {
			return false
		}
		for i, elem := range a.All() {
			if !sameAsGo(elem, want[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		h := v.Hash()
		if h == nil || h.Len() != len(want) {
			return false
		}
		for name, member := range want {
			if elem, ok := h.Get(name); !ok || !sameAsGo(elem, member) {
				return false
			}
		}
		return true
	}
	return false
}

func sameNumber(v perl.Value, text string) bool {
	switch v.Kind() {
	case perl.KindBytes: // beyond 64 bits
		_, err := strconv.ParseUint(strings.TrimPrefix(text, "-"), 10, 63)
		return err != nil && v.Str() == text
	case perl.KindFloat:
		f, _ := strconv.ParseFloat(text, 64)
		return v.Float() == f && strings.ContainsAny(text, ".eE")
	}
	return v.String() == text || text == "-0" && v.Kind() == perl.KindInt && v.Int() == 0
}
