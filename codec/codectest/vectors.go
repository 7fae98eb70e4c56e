package codectest

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/go-datasession/datasession/perl"
)

//go:embed testdata
var testdata embed.FS

// Vectors returns the vectors of one Perl serializer: "datadumper",
// "cgisession-default", "json-pp" and so on, a directory of testdata. It panics
// if there is no such directory.
func Vectors(name string) fs.FS {
	if _, err := fs.Stat(testdata, "testdata/"+name); err != nil {
		panic(err)
	}
	sub, err := fs.Sub(testdata, "testdata/"+name)
	if err != nil {
		panic(err)
	}
	return sub
}

// Seeds returns every encoding and every decoder input among the vectors, for
// [Attacks] and as a fuzzing corpus.
func Seeds(vectors fs.FS) ([][]byte, error) {
	cases, inputs, err := load(vectors)
	if err != nil {
		return nil, err
	}
	var seeds [][]byte
	for _, c := range cases {
		if c.Frozen != nil {
			seeds = append(seeds, c.sorted())
		}
	}
	for _, in := range inputs {
		seeds = append(seeds, in.Input)
	}
	return seeds, nil
}

// vector is one element of cases.json.
type vector struct {
	Name        string
	Value       model
	Frozen      []byte `json:"frozen_base64"`
	FreezeError string `json:"freeze_error"`
	Sorted      []byte `json:"sorted_base64"`
	Expect      *model
	ExpectError string `json:"expect_error"`
	ExpectText  *model `json:"expect_text"`
	TextError   string `json:"expect_text_error"`
	ExpectRoot  *model `json:"expect_root"`
}

// sorted returns the bytes that an encoder should give.
func (c vector) sorted() []byte {
	if c.Sorted != nil {
		return c.Sorted
	}
	return c.Frozen
}

// meaning returns what a decoder should make of the frozen bytes.
func (c vector) meaning() *model {
	if c.ExpectRoot != nil {
		return c.ExpectRoot
	}
	return c.Expect
}

// input is one element of decode.json.
type input struct {
	Name         string
	Input        []byte `json:"input_base64"`
	PerlGives    model  `json:"perl_gives"`
	PerlError    string `json:"perl_error"`
	DecoderGives *model `json:"decoder_gives"`
	Verdict      string `json:"strict_decoder"`
}

func (in input) meaning() model {
	if in.DecoderGives != nil {
		return *in.DecoderGives
	}
	return in.PerlGives
}

// model is a value that may have no Go form.
type model struct {
	perl.Value
	none bool // code, a glob
}

func (m *model) UnmarshalJSON(b []byte) (err error) {
	m.Value, err = Parse(b)
	if errors.Is(err, ErrNoValue) {
		*m, err = model{none: true}, nil
	}
	return err
}

// load reads cases.json and, where there is one, decode.json.
func load(vectors fs.FS) (cases []vector, inputs []input, err error) {
	if err = read(vectors, "cases.json", &cases); err != nil {
		return nil, nil, err
	}
	err = read(vectors, "decode.json", &inputs)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return cases, inputs, err
}

func read(vectors fs.FS, name string, into any) error {
	b, err := fs.ReadFile(vectors, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
