package valuejson

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/internal/jsonscan"
	"github.com/go-datasession/datasession/perl"
)

// str returns the string that token i is, in one of the three forms.
func (d *decoder) str(i int32) (perl.Value, error) {
	if tok := &d.tape[i]; tok.kind == jsonscan.String {
		if tok.ascii {
			return perl.Bytes(tok.str), nil
		}
		return perl.Text(tok.str), nil
	}
	f, err := d.tagged(i)
	switch {
	case err != nil:
		return perl.Value{}, err
	case f.tag == "$bytes":
		tok := &d.tape[f.value]
		b, err := base64.StdEncoding.Strict().DecodeString(tok.str)
		if err != nil || tok.kind != jsonscan.String || strings.ContainsAny(tok.str, "\r\n") {
			return perl.Value{}, d.fault(f.value, "want base64 with $bytes")
		}
		return perl.Bytes(string(b)), nil
	case f.tag == "$chars":
		return d.chars(f.value)
	}
	return perl.Value{}, d.fault(i, "want a string, $bytes or $chars")
}

func (d *decoder) chars(i int32) (perl.Value, error) {
	if d.tape[i].kind != jsonscan.Array {
		return perl.Value{}, d.fault(i, "want a list of code points with $chars")
	}
	var b []byte
	for j := range d.elements(i) {
		r, err := strconv.ParseUint(d.tape[j].str, 10, 31)
		if err != nil || d.tape[j].kind != jsonscan.Int {
			return perl.Value{}, d.fault(j, "want a code point of up to 31 bits")
		}
		b = perl.AppendRune(b, uint32(r))
	}
	return perl.Text(string(b)), nil
}

// number returns a number of JSON.
func (d *decoder) number(i int32) (perl.Value, error) {
	tok := &d.tape[i]
	if tok.kind == jsonscan.Int {
		if n, err := strconv.ParseInt(tok.str, 10, 64); err == nil {
			return perl.Int(n), nil
		}
		if n, err := strconv.ParseUint(tok.str, 10, 64); err == nil {
			return perl.Uint(n), nil
		}
	}
	f, err := strconv.ParseFloat(tok.str, 64)
	if err != nil {
		return perl.Value{}, d.fault(i, "a number that is too large")
	}
	return perl.Float(f), nil
}

// float returns the number that goes with $f.
func (d *decoder) float(i int32) (perl.Value, error) {
	tok := &d.tape[i]
	if tok.kind == jsonscan.String {
		switch tok.str {
		case "Inf":
			return perl.Float(math.Inf(1)), nil
		case "-Inf":
			return perl.Float(math.Inf(-1)), nil
		case "NaN":
			return perl.Float(math.NaN()), nil
		}
		f, err := strconv.ParseFloat(tok.str, 64)
		if err == nil && strings.Trim(tok.str, "+-.0123456789eE") == "" {
			return perl.Float(f), nil
		}
	}
	return perl.Value{}, d.fault(i, "want the text of a number with $f")
}

func (d *decoder) regexp(i int32) (perl.Value, error) {
	at, ok := d.two(i)
	if !ok {
		return perl.Value{}, d.fault(i, "want a list of a pattern and flags with $regexp")
	}
	pattern, err := d.str(at[0])
	if err != nil {
		return perl.Value{}, err
	}
	flags := &d.tape[at[1]]
	if flags.kind != jsonscan.String || strings.Trim(flags.str, "abcdefghijklmnopqrstuvwxyz^") != "" {
		return perl.Value{}, d.fault(at[1], "want the flags of a pattern")
	}
	return perl.NewRef(perl.NewRegexp(pattern, flags.str)), nil
}

// other reports what cannot be built.
func (d *decoder) other(i int32) error {
	what := d.tape[i].str
	if d.tape[i].kind != jsonscan.String || what == "" || strings.Trim(what, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return d.fault(i, "want the kind of a thing with $other")
	}
	return &codec.UnsupportedError{Codec: name, What: what}
}
