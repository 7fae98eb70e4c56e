package codectest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

var directories = []string{"datadumper", "cgisession-default", "json-pp", "json-xs"}

// replay is a codec that knows the vectors by heart, so that there is a codec
// that passes and can be broken.
type replay struct {
	decode map[string]model  // by encoding
	encode map[string][]byte // by value

	// Plants.
	spoilAppend func([]byte) []byte
	spoilDecode func(perl.Value) perl.Value
	spoilError  func(error) error
}

func newReplay(t *testing.T, vectors fs.FS) *replay {
	cases, inputs, err := load(vectors)
	if err != nil {
		t.Fatal(err)
	}
	r := &replay{decode: map[string]model{}, encode: map[string][]byte{}}
	for _, v := range cases {
		if v.Frozen == nil {
			continue
		}
		r.encode[Format(v.Value.Value)] = v.sorted()
		if m := v.meaning(); m != nil {
			r.decode[string(v.Frozen)], r.decode[string(v.sorted())] = *m, *m
		}
	}
	for _, in := range inputs {
		if in.Verdict == "accept" {
			r.decode[string(in.Input)] = in.meaning()
		}
	}
	return r
}

func (r *replay) Name() string { return "Replay" }

func (r *replay) Append(dst []byte, v perl.Value, _ codec.Limits) ([]byte, error) {
	b, ok := r.encode[Format(v)]
	if !ok {
		return dst, r.error(&codec.UnsupportedError{Codec: "Replay", What: "value"})
	}
	if r.spoilAppend != nil {
		b = r.spoilAppend(b)
	}
	return append(dst, b...), nil
}

func (r *replay) Decode(data []byte, _ codec.Limits) (perl.Value, error) {
	m, ok := r.decode[string(data)]
	if !ok {
		return perl.Value{}, r.error(&codec.SyntaxError{Codec: "Replay", Err: errors.New("not by heart")})
	}
	if m.none {
		return perl.Value{}, r.error(&codec.UnsupportedError{Codec: "Replay", What: "CODE"})
	}
	if r.spoilDecode != nil {
		return r.spoilDecode(m.Value), nil
	}
	return m.Value, nil
}

func (r *replay) error(err error) error {
	if r.spoilError != nil {
		return r.spoilError(err)
	}
	return err
}

func faulty(t *testing.T, c codec.Codec, vectors fs.FS, opts *Options) []string {
	t.Helper()
	results, err := check(c, vectors, opts)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range results {
		if r.faults != nil {
			names = append(names, r.name)
		}
	}
	return names
}

func TestSoundCodecPasses(t *testing.T) {
	for _, dir := range directories {
		t.Run(dir, func(t *testing.T) {
			c := newReplay(t, Vectors(dir))
			if got := faulty(t, c, Vectors(dir), &Options{}); len(got) > 0 {
				t.Errorf("faults in %v", got)
			}
		})
	}
}

func TestBrokenCodecFails(t *testing.T) {
	vectors := Vectors("datadumper")
	for _, plant := range []struct {
		name  string
		want  string // a vector that must notice
		spoil func(*replay)
	}{
		{"a byte too many", "undef", func(r *replay) {
			r.spoilAppend = func(b []byte) []byte { return append(bytes.Clone(b), ' ') }
		}},
		{"sharing lost", "shared-list", func(r *replay) {
			r.spoilDecode = func(v perl.Value) perl.Value {
				h := perl.NewHash(2)
				h.Set("a", perl.NewRef(perl.NewArray(perl.Int(1))))
				h.Set("b", perl.NewRef(perl.NewArray(perl.Int(1))))
				return perl.NewRef(h)
			}
		}},
		{"class lost", "bless-root", func(r *replay) {
			r.spoilDecode = func(v perl.Value) perl.Value {
				if t := v.Thing(); t != nil {
					perl.Bless(t, "")
				}
				return v
			}
		}},
		{"text taken for bytes", "char-euro", func(r *replay) {
			r.spoilDecode = func(v perl.Value) perl.Value {
				if h := v.Hash(); h != nil {
					if v, ok := h.Get("v"); ok && v.Kind() == perl.KindText {
						h.Set("v", perl.Bytes(v.Str()))
					}
				}
				return v
			}
		}},
		{"accepts everything", "decode/system", func(r *replay) {
			r.decode[`$D = {'a' => system('id')};`] = model{Value: perl.Int(1)}
		}},
		{"refuses what is good", "decode/plain", func(r *replay) {
			delete(r.decode, `$D = {'a' => 1};`)
		}},
		{"error of no known type", "decode/empty", func(r *replay) {
			r.spoilError = func(error) error { return errors.New("bad") }
		}},
		{"error of another codec", "decode/empty", func(r *replay) {
			r.spoilError = func(err error) error { return &codec.SyntaxError{Codec: "Other", Err: err} }
		}},
		{"code read as undef", "code", func(r *replay) {
			for data, m := range r.decode {
				r.decode[data] = model{Value: m.Value}
			}
		}},
	} {
		t.Run(plant.name, func(t *testing.T) {
			c := newReplay(t, vectors)
			plant.spoil(c)
			if got := faulty(t, c, vectors, &Options{}); !slices.Contains(got, plant.want) {
				t.Errorf("faults in %v; want one in %s", got, plant.want)
			}
		})
	}
}

func TestRefusalsAreWanted(t *testing.T) {
	vectors := Vectors("json-pp")
	c := newReplay(t, vectors)
	cases, _, _ := load(vectors)
	for _, v := range cases {
		if v.Name == "bless-hash" {
			c.encode[Format(v.Value.Value)] = []byte(`{"v":{"a":1}}`)
		}
	}
	if got := faulty(t, c, vectors, &Options{}); !slices.Equal(got, []string{"bless-hash"}) {
		t.Errorf("faults in %v; want bless-hash", got)
	}
}

func TestEscapesNonASCII(t *testing.T) {
	vectors := Vectors("json-pp")
	c := newReplay(t, vectors)
	c.spoilAppend = func(b []byte) []byte {
		if string(b) == "{\"v\":\"\u20ac\"}" {
			return []byte(`{"v":"\u20ac"}`)
		}
		return b
	}
	h := perl.NewHash(1)
	h.Set("v", perl.Text("\u20ac"))
	c.decode[`{"v":"\u20ac"}`] = model{Value: perl.NewRef(h)}
	if got := faulty(t, c, vectors, &Options{EscapesNonASCII: true}); len(got) > 0 {
		t.Errorf("faults in %v", got)
	}
	if got := faulty(t, c, vectors, &Options{}); !slices.Equal(got, []string{"char-euro"}) {
		t.Errorf("without the option: faults in %v; want char-euro", got)
	}
	c.decode[`{"v":"\u20ac"}`] = model{Value: perl.Int(1)}
	if got := faulty(t, c, vectors, &Options{EscapesNonASCII: true}); !slices.Equal(got, []string{"char-euro"}) {
		t.Errorf("escaped to another value: faults in %v; want char-euro", got)
	}
}

func TestSame(t *testing.T) {
	vectors := Vectors("datadumper")
	c := newReplay(t, vectors)
	c.spoilAppend = func(b []byte) []byte { return slices.Concat(b, []byte(" ")) }
	for data, m := range c.decode {
		c.decode[data+" "] = m
	}
	c.decode["$D = {'v' => 1}; "] = model{Value: perl.Int(1)}
	same := func(got, want []byte) bool { return string(got) == string(want)+" " }
	if got := faulty(t, c, vectors, &Options{Same: same}); !slices.Equal(got, []string{"int-1", "bool-true"}) {
		t.Errorf("faults in %v; want int-1, bool-true: other bytes that decode to something else", got)
	}
}

func TestDeviations(t *testing.T) {
	vectors := Vectors("datadumper")
	c := newReplay(t, vectors)
	delete(c.decode, `$D = {'a' => 1};`)
	for _, test := range []struct {
		name     string
		deviates map[string]string
		want     []string
	}{
		{"declared", map[string]string{"decode/plain": "why"}, nil},
		{"not declared", nil, []string{"decode/plain"}},
		{"declared and passes", map[string]string{"decode/plain": "why", "undef": "why"}, []string{"undef"}},
		{"declared and not there", map[string]string{"decode/plain": "why", "nowhere": "why"}, []string{"nowhere"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := maps.Clone(test.deviates)
			if got := faulty(t, c, vectors, &Options{Deviates: test.deviates}); !slices.Equal(got, test.want) {
				t.Errorf("faults in %v; want %v", got, test.want)
			}
			if !maps.Equal(before, test.deviates) {
				t.Error("the caller's map was changed")
			}
		})
	}
}

func TestVectorsThatCannotBeRead(t *testing.T) {
	for name, vectors := range map[string]fs.FS{
		"no file":     fstest.MapFS{},
		"empty":       fstest.MapFS{"cases.json": {Data: []byte("[]")}},
		"not a model": fstest.MapFS{"cases.json": {Data: []byte(`[{"name":"x","value":{"what":1}}]`)}},
	} {
		if _, err := check(&replay{}, vectors, &Options{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestNotation parses every model of the vectors, and parses again what Format
// makes of it.
func TestNotation(t *testing.T) {
	for _, dir := range directories {
		cases, inputs, err := load(Vectors(dir))
		if err != nil {
			t.Fatal(err)
		}
		models := map[string]model{}
		for _, v := range cases {
			models[v.Name] = v.Value
			if m := v.meaning(); m != nil {
				models[v.Name+"/expect"] = *m
			}
		}
		for _, in := range inputs {
			models["decode/"+in.Name] = in.meaning()
		}
		for name, m := range models {
			text := Format(m.Value)
			again, err := Parse([]byte(text))
			if err != nil {
				t.Errorf("%s/%s: Parse(%s): %v", dir, name, brief([]byte(text)), err)
			} else if got := Format(again); got != text {
				t.Errorf("%s/%s: Format(Parse(s)) = %s; want %s", dir, name, brief([]byte(got)), brief([]byte(text)))
			}
		}
	}
}

func TestFormat(t *testing.T) {
	for _, text := range []string{
		`null`,
		`{"i":"18446744073709551615"}`,
		`{"n":"0","bits":"8000000000000000"}`,
		`{"s":"é"}`,
		`{"s":"é","utf8":true}`,
		`{"cps":[55296,65,2147483647],"utf8":true}`,
		`{"bool":false}`,
		`{"vstring":"1.22.333"}`,
		`{"regexp":"é","flags":"i","utf8":true}`,
		`{"id":1,"list":[{"same":1},{"same":1,"weak":true}]}`,
		`{"list":[{"id":1,"elem":{"i":"1"}},{"same":1}]}`,
		`{"list":[{"id":1,"ref":{"i":"1"}},{"alias":1}]}`,
		`{"id":1,"bless":"A","of":{"hash":[[{"s":"k"},{"same":1}]]}}`,
		`{"ref":{"ref":{"list":[]}}}`,
		`{"bless":"B","of":{"regexp":"a","flags":""}}`,
	} {
		v, err := Parse([]byte(text))
		if err != nil {
			t.Errorf("Parse(%s): %v", text, err)
		} else if got := Format(v); got != text {
			t.Errorf("Format(Parse(%s)) = %s", text, got)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		``, `5`, `{}`, `null null`, `{"i":"x"}`, `{"i":5}`, `{"s":5}`, `{"s":"€"}`, `{"rep":["x"]}`, `{"rep":["x",-1]}`,
		`{"same":1}`, `{"list":[{"alias":1}]}`, `{"list":5}`, `{"hash":[[{"s":"a"}]]}`, `{"bless":"A","of":{"i":"1"}}`,
		`{"code":true}`, `{"n":"1"}`, `{"vstring":"a"}`,
	} {
		if v, err := Parse([]byte(text)); err == nil {
			t.Errorf("Parse(%s) = %s; want an error", text, Format(v))
		} else if strings.Contains(text, "code") != errors.Is(err, ErrNoValue) {
			t.Errorf("Parse(%s): %v", text, err)
		}
	}
}

func ExampleFormat() {
	cart := perl.NewArray(perl.Int(1))
	h := perl.NewHash(2)
	h.Set("a", perl.NewRef(cart))
	h.Set("b", perl.NewRef(cart))
	fmt.Println(Format(perl.NewRef(h)))
	// Output: {"hash":[[{"s":"a"},{"id":1,"list":[{"i":"1"}]}],[{"s":"b"},{"same":1}]]}
}
