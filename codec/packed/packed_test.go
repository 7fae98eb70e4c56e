package packed_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/codec/packed"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/perl"
)

func text(s string) perl.Value {
	h := perl.NewHash(1)
	h.Set("v", perl.Bytes(s))
	return perl.NewRef(h)
}

func pack(t testing.TB, c codec.Codec, v perl.Value) []byte {
	t.Helper()
	data, err := c.Append(nil, v, codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRoundTrip(t *testing.T) {
	noise := make([]byte, 5000)
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x = x*1664525 + 1013904223
		noise[i] = byte(x >> 24)
	}
	for name, test := range map[string]struct {
		v      perl.Value
		packed bool
	}{
		"small":                   {text("ann"), false},
		"large":                   {text(strings.Repeat("ann ", 1000)), true},
		"what does not get small": {text(string(noise)), false},
	} {
		t.Run(name, func(t *testing.T) {
			c := packed.New(dumper.Codec{}, nil)
			data := pack(t, c, test.v)
			plain := pack(t, dumper.Codec{}, test.v)
			if small := len(data) < len(plain); small != test.packed {
				t.Errorf("%d bytes, plain %d; want packed %v", len(data), len(plain), test.packed)
			}
			if len(data) > len(plain)+1 {
				t.Errorf("%d bytes, plain %d: it has grown", len(data), len(plain))
			}
			if v, err := c.Decode(data, codec.Limits{}); err != nil || !perl.Equal(v, test.v) {
				t.Errorf("Decode: %v", err)
			}
			before, err := c.Append([]byte("before"), test.v, codec.Limits{})
			if err != nil || !bytes.Equal(before, append([]byte("before"), data...)) {
				t.Errorf("Append to something: %v", err)
			}
		})
	}
}

func deflate(data []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

func TestDecodeRefuses(t *testing.T) {
	c := packed.New(perljson.Codec{}, nil)
	good := pack(t, c, text(strings.Repeat("ann ", 1000)))
	for i := range good {
		if _, err := c.Decode(good[:i], codec.Limits{}); err == nil {
			t.Errorf("accepts what is cut at %d", i)
		}
		flipped := bytes.Clone(good)
		flipped[i] ^= 0x10
		_, _ = c.Decode(flipped, codec.Limits{}) // must not panic
	}
	bomb := append([]byte{0xC1}, deflate(bytes.Repeat([]byte{'['}, 100<<20))...)
	if _, err := c.Decode(bomb, codec.Limits{}); !errors.Is(err, codec.ErrLimit) {
		t.Errorf("a bomb of 100 MiB in %d bytes: %v; want ErrLimit", len(bomb), err)
	}
	n := testing.AllocsPerRun(1, func() { _, _ = c.Decode(bomb, codec.Limits{}) })
	if n > 200 {
		t.Errorf("the bomb makes %v allocations", n)
	}
	for name, data := range map[string][]byte{
		"nothing": {}, "unpacked data": []byte(`{"a":1}`), "more behind": append(bytes.Clone(good), 0),
		"another codec inside": append([]byte{0xC0}, "$D = {};"...),
	} {
		if _, err := c.Decode(data, codec.Limits{}); !errors.As(err, new(*codec.SyntaxError)) {
			t.Errorf("%s: %v; want a SyntaxError", name, err)
		}
	}
}

func TestLimitsReachTheInnerCodec(t *testing.T) {
	c := packed.New(perljson.Codec{}, nil)
	data := pack(t, c, text(strings.Repeat("ann ", 1000)))
	if _, err := c.Decode(data, codec.Limits{Bytes: 3000}); !errors.Is(err, codec.ErrLimit) {
		t.Errorf("more than the limit comes out: %v; want ErrLimit", err)
	}
	if _, err := c.Append(nil, text("a"), codec.Limits{Bytes: 3}); !errors.Is(err, codec.ErrLimit) {
		t.Errorf("Append over the limit: %v; want ErrLimit", err)
	}
	if name := c.Name(); name != "JSON+packed" {
		t.Errorf("Name() = %q", name)
	}
}
