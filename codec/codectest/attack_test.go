package codectest_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/perl"
)

// broken is a sound codec with one fault.
type broken struct {
	dumper.Codec
	append func(c dumper.Codec, dst []byte, v perl.Value, lim codec.Limits) ([]byte, error)
	decode func(c dumper.Codec, data []byte, lim codec.Limits) (perl.Value, error)
}

func (b broken) Append(dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
	if b.append == nil {
		return b.Codec.Append(dst, v, lim)
	}
	return b.append(b.Codec, dst, v, lim)
}

func (b broken) Decode(data []byte, lim codec.Limits) (perl.Value, error) {
	if b.decode == nil {
		return b.Codec.Decode(data, lim)
	}
	return b.decode(b.Codec, data, lim)
}

var sink []byte

func TestAttacksFindFaults(t *testing.T) {
	seeds := [][]byte{[]byte(`$D = {'a' => [1,'2'],'b' => []};$D->{'b'} = $D->{'a'};;$D`)}
	opts := &codectest.AttackOptions{Head: "$D = ", Nest: []string{"["}}
	big := codec.Limits{Depth: 1 << 19, Nodes: 1 << 21, Bytes: 1 << 24}
	for _, test := range []struct {
		name  string
		fault broken
		want  string // the part that must notice; "" for none
	}{
		{"sound", broken{}, ""},
		{"no limit when decoding", broken{decode: func(c dumper.Codec, data []byte, _ codec.Limits) (perl.Value, error) {
			return c.Decode(data, big)
		}}, "nesting"},
		{"depth off by one", broken{decode: func(c dumper.Codec, data []byte, lim codec.Limits) (perl.Value, error) {
			lim = lim.WithDefaults()
			lim.Depth++
			return c.Decode(data, lim)
		}}, "limits"},
		{"no limit when encoding", broken{append: func(c dumper.Codec, dst []byte, v perl.Value, _ codec.Limits) ([]byte, error) {
			return c.Append(dst, v, big)
		}}, "values"},
		{"dst lost on error", broken{append: func(c dumper.Codec, dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
			dst, err := c.Append(dst, v, lim)
			if err != nil {
				return nil, err
			}
			return dst, nil
		}}, "limits"},
		{"panics", broken{decode: func(c dumper.Codec, data []byte, lim codec.Limits) (perl.Value, error) {
			if len(data) > 1 && data[1] != 'D' {
				panic("index out of range")
			}
			return c.Decode(data, lim)
		}}, "flips"},
		{"too much memory", broken{decode: func(c dumper.Codec, data []byte, lim codec.Limits) (perl.Value, error) {
			if len(data) > 1000 {
				sink = make([]byte, 65<<20)
			}
			return c.Decode(data, lim)
		}}, "nesting"},
		{"too much time", broken{decode: func(c dumper.Codec, data []byte, lim codec.Limits) (perl.Value, error) {
			if len(data) > 1000 {
				for start := time.Now(); time.Since(start) < 1050*time.Millisecond; {
				}
			}
			return c.Decode(data, lim)
		}}, "nesting"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if testing.Short() && test.want == "nesting" {
				t.Skip("takes a second")
			}
			var found bool
			for name, faults := range codectest.Attack(test.fault, seeds, opts) {
				found = found || name == test.want
				if test.want == "" {
					t.Errorf("%s: %q", name, faults)
				}
			}
			if !found && test.want != "" {
				t.Errorf("no fault in %s", test.want)
			}
		})
	}
}

func TestPrefixesAreFound(t *testing.T) {
	seeds := [][]byte{[]byte("$D = {}; ")}
	opts := &codectest.AttackOptions{Prefixes: true}
	if len(codectest.Attack(dumper.Codec{}, seeds, opts)["prefixes"]) == 0 {
		t.Error("a prefix that decodes was not found")
	}
}

func TestCheckFindsFaults(t *testing.T) {
	data := []byte(`$D = {'a' => [1,'two']};`)
	calls := 0
	for _, test := range []struct {
		name  string
		fault broken
	}{
		{"changes its input", broken{decode: func(c dumper.Codec, data []byte, lim codec.Limits) (perl.Value, error) {
			v, err := c.Decode(data, lim)
			data[0] = 0
			return v, err
		}}},
		{"keeps its input", broken{decode: func(c dumper.Codec, data []byte, lim codec.Limits) (perl.Value, error) {
			return perl.NewRef(&keeper), keep(data)
		}}},
		{"unknown error", broken{decode: func(dumper.Codec, []byte, codec.Limits) (perl.Value, error) {
			return perl.Value{}, errors.New("bad")
		}}},
		{"offset beyond the end", broken{decode: func(c dumper.Codec, data []byte, _ codec.Limits) (perl.Value, error) {
			return perl.Value{}, &codec.SyntaxError{Codec: c.Name(), Offset: int64(len(data)) + 1, Err: errors.New("bad")}
		}}},
		{"other bytes each time", broken{append: func(c dumper.Codec, dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
			calls++
			dst, err := c.Append(dst, v, lim)
			return append(dst, bytes.Repeat([]byte(" "), calls)...), err
		}}},
		{"does not read its own", broken{append: func(c dumper.Codec, dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
			return append(dst, "$D = "...), nil
		}}},
		{"reads something else", broken{append: func(c dumper.Codec, dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
			return append(dst, "$D = {};"...), nil
		}}},
		{"does not write what it read", broken{append: func(c dumper.Codec, dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
			return dst, errors.New("no")
		}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := codectest.Check(test.fault, data); err == nil {
				t.Error("Check found nothing")
			}
		})
	}
	if err := codectest.Check(dumper.Codec{}, data); err != nil {
		t.Errorf("Check of a sound codec: %v", err)
	}
}

// keeper is a value that changes when the bytes it was made of do.
var keeper perl.Array

func keep(data []byte) error {
	keeper = *perl.NewArray(perl.Bytes(codectest.BytesAsString(data)))
	return nil
}
