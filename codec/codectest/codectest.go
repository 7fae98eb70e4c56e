// Package codectest holds what every codec must do: it runs a codec against
// vectors that the real Perl modules made, and attacks it.
//
// [Run] takes a codec and its vectors. Every encoding that Perl made must decode
// to what Perl reads in it, every value must encode to Perl's bytes with sorted
// keys, and every input for decoders must be accepted or refused as the vectors
// say. [Attacks] wants typed errors, no panic and bounded time and memory of
// whatever bytes there are. [Check] is the property behind a fuzz target.
// [Random] makes values for differential tests.
//
//	func TestVectors(t *testing.T) {
//		codectest.Run(t, dumper.Codec{}, codectest.Vectors("datadumper"), &codectest.Options{
//			Deviates: map[string]string{"dualvar": "a string that is also a number is a string in Go"},
//		})
//	}
//
// The vectors are in testdata, and so is the description of their notation, which
// [Parse] reads and [Format] writes.
package codectest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// Options says where a codec is not like Perl's. The zero value says nowhere.
type Options struct {
	// Deviates has the reason for each vector that the codec does not pass: a
	// name from cases.json, or "decode/" and a name from decode.json. One that
	// the codec passes after all fails the run.
	Deviates map[string]string

	// EscapesNonASCII is for codecs that write ASCII only where Perl's module
	// writes characters beyond it. Then vectors with such bytes need not be met
	// byte for byte; what the codec writes must be ASCII and decode to the same
	// characters.
	EscapesNonASCII bool

	// Same reports whether got says the same as Perl's own want although the bytes
	// differ. What got decodes to is checked all the same. nil stands for never.
	Same func(got, want []byte) bool

	// Equal reports whether what Decode gives is what Perl reads. nil stands for
	// [perl.Equal]. It is for codecs that tell a number from a string where the
	// notation of the vectors, of a scalar that is both, keeps the string only.
	Equal func(got, want perl.Value) bool

	// Limits are those of the runs.
	Limits codec.Limits
}

// Run runs c against vectors, the files cases.json and decode.json. nil options
// are the zero options.
func Run(t *testing.T, c codec.Codec, vectors fs.FS, opts *Options) {
	t.Helper()
	if opts == nil {
		opts = &Options{}
	}
	results, err := check(c, vectors, opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		t.Run(r.name, func(t *testing.T) {
			if r.deviates != "" {
				t.Logf("deviates: %s", r.deviates)
			}
			for _, fault := range r.faults {
				t.Error(fault)
			}
		})
	}
}

// result is what became of one vector.
type result struct {
	name     string
	deviates string // the reason for a deviation that there is
	faults   []string
}

// check is Run without a testing.T, so that the suite can be tested too.
func check(c codec.Codec, vectors fs.FS, opts *Options) ([]result, error) {
	cases, inputs, err := load(vectors)
	if err != nil {
		return nil, err
	}
	if len(cases) == 0 {
		return nil, errors.New("no vectors")
	}
	r := runner{codec: c, opts: opts}
	open := maps.Clone(opts.Deviates)
	var results []result
	add := func(name string, run func()) {
		r.faults = nil
		run()
		res := result{name: name, faults: r.faults}
		if reason, ok := open[name]; ok {
			delete(open, name)
			res.deviates, res.faults = reason, nil
			if r.faults == nil {
				res.faults = []string{"declared as a deviation and passes: take it off the list"}
			}
		}
		results = append(results, res)
	}
	for _, v := range cases {
		add(v.Name, func() { r.vector(v) })
	}
	for _, in := range inputs {
		add("decode/"+in.Name, func() { r.input(in) })
	}
	for _, name := range slices.Sorted(maps.Keys(open)) {
		results = append(results, result{name: name, faults: []string{"declared as a deviation, but there is no such vector"}})
	}
	return results, nil
}

type runner struct {
	codec  codec.Codec
	opts   *Options
	faults []string
}

func (r *runner) faultf(format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

func (r *runner) vector(v vector) {
	if v.Frozen != nil {
		r.frozen("Decode(frozen bytes)", v, v.Frozen)
		if v.Sorted != nil {
			r.frozen("Decode(frozen bytes with sorted keys)", v, v.Sorted)
		}
	}
	if v.Value.none {
		return // cannot be built in Go
	}
	got, err := r.codec.Append([]byte("dst"), v.Value.Value, r.opts.Limits)
	if err != nil {
		if string(got) != "dst" {
			r.faultf("Append returned %q with its error; want dst as it was", brief(got))
		}
		r.refused(v, err)
		return
	}
	if !bytes.HasPrefix(got, []byte("dst")) {
		r.faultf("Append(dst) = %q; want dst and more", brief(got))
		return
	}
	r.encoded(v, got[len("dst"):])
}

// frozen decodes bytes that Perl made.
func (r *runner) frozen(call string, v vector, data []byte) {
	got, err := r.codec.Decode(data, r.opts.Limits)
	switch want := v.meaning(); {
	case want == nil:
		r.wantRefusal(call, got, err)
	case want.none:
		if !errors.Is(err, codec.ErrUnsupported) {
			r.faultf("%s = %s, %v; want an *UnsupportedError: %s", call, show(got), err, brief(data))
		}
	default:
		r.want(call, got, err, want.Value)
	}
}

// refused judges the error of an encoder.
func (r *runner) refused(v vector, err error) {
	if !errors.Is(err, codec.ErrUnsupported) && !errors.Is(err, codec.ErrLimit) {
		r.faultf("Append: %v; want an *UnsupportedError or a *LimitError", err)
	}
	if v.Frozen != nil && v.ExpectError == "" && v.TextError == "" {
		r.faultf("Append: %v; want %s", err, brief(v.sorted()))
	}
}

// encoded judges the result of an encoder.
func (r *runner) encoded(v vector, got []byte) {
	if v.Frozen == nil {
		r.faultf("Append gives %s; want a refusal: %s", brief(got), v.FreezeError)
		return
	}
	want := v.sorted()
	meaning := v.meaning()
	if !bytes.Equal(got, want) {
		escaped := r.opts.EscapesNonASCII && !isASCII(want) && isASCII(got)
		if !escaped && (r.opts.Same == nil || !r.opts.Same(got, want)) {
			r.faultf("Append\ngives %s\nwant  %s", brief(got), brief(want))
		}
		if v.ExpectText != nil {
			meaning = v.ExpectText
		}
	}
	back, err := r.codec.Decode(got, r.opts.Limits)
	if meaning == nil {
		r.wantRefusal("Decode(Append)", back, err)
		return
	}
	r.want("Decode(Append)", back, err, meaning.Value)
}

func (r *runner) input(in input) {
	got, err := r.codec.Decode(in.Input, r.opts.Limits)
	switch in.Verdict {
	case "accept":
		r.want("Decode", got, err, in.meaning().Value)
	case "reject":
		r.wantRefusal("Decode", got, err)
	case "either":
		if err != nil {
			r.wantRefusal("Decode", got, err)
		} else if in.PerlError != "" || in.meaning().none {
			r.faultf("Decode gives %s; want a refusal", show(got))
		} else {
			r.want("Decode", got, err, in.meaning().Value)
		}
	default:
		r.faultf("unknown verdict %q", in.Verdict)
	}
	if len(r.faults) > 0 {
		r.faultf("input: %s", brief(in.Input))
	}
}

func (r *runner) want(call string, got perl.Value, err error, want perl.Value) {
	if err != nil {
		r.faultf("%s: %v; want %s", call, err, show(want))
		return
	}
	equal := r.opts.Equal
	if equal == nil {
		equal = perl.Equal
	}
	if !equal(got, want) {
		r.faultf("%s\ngives %s\nwant  %s", call, show(got), show(want))
	}
}

func (r *runner) wantRefusal(call string, got perl.Value, err error) {
	if err == nil {
		r.faultf("%s gives %s; want a refusal", call, show(got))
	} else if fault := faultOfError(err, r.codec.Name()); fault != "" {
		r.faultf("%s: %s", call, fault)
	}
}

// faultOfError says what is wrong with an error that Decode returned.
func faultOfError(err error, name string) string {
	var (
		syntax      *codec.SyntaxError
		unsupported *codec.UnsupportedError
		limit       *codec.LimitError
		by          string
	)
	switch {
	case errors.As(err, &syntax):
		by = syntax.Codec
	case errors.As(err, &unsupported):
		by = unsupported.Codec
	case errors.As(err, &limit):
		by = limit.Codec
	default:
		return fmt.Sprintf("error %v is a %T; want a *SyntaxError, *UnsupportedError or *LimitError", err, err)
	}
	if by != name {
		return fmt.Sprintf("error %v names codec %q; want %q", err, by, name)
	}
	return ""
}

func isASCII(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c >= 0x80 })
}

func show(v perl.Value) string { return brief([]byte(Format(v))) }

// brief shortens what is long.
func brief(b []byte) string {
	const most = 400
	if len(b) > most {
		return fmt.Sprintf("%q ... %q (%d bytes)", b[:most/2], b[len(b)-most/2:], len(b))
	}
	return fmt.Sprintf("%q", b)
}
