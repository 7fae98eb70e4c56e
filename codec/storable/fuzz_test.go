package storable_test

import (
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/storable"
	"github.com/go-datasession/datasession/perl"
)

func FuzzDecode(f *testing.F) {
	for _, dir := range []string{"storable-native", "storable-network"} {
		for _, seed := range seeds(f, dir) {
			if len(seed) < 1000 {
				f.Add(seed)
			}
		}
	}
	for _, digits := range oddImages {
		f.Add(bytesOf(f, "050b"+digits))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, c := range []storable.Codec{{}, {Network: true}} {
			if err := codectest.Check(c, withIntegers(c, data)); err != nil {
				t.Error(err)
			}
		}
		v, err := storable.Codec{}.Decode(data, codec.Limits{})
		file, fileErr := storable.DecodeFile([]byte("pst0"+string(data)), codec.Limits{Bytes: codec.DefaultBytes + 4})
		if strings.HasPrefix(string(data), "pst0") {
			return
		}
		if (err == nil) != (fileErr == nil) || err == nil && codectest.Format(v) != codectest.Format(file) {
			t.Errorf("DecodeFile: %v; Decode: %v", fileErr, err)
		}
	})
}

// withIntegers returns data, or if Perl would print it otherwise when it has been
// written again, with integers for integral floats.
func withIntegers(c storable.Codec, data []byte) []byte {
	v, err := c.Decode(data, codec.Limits{})
	if err != nil || perl.EqualLoose(v, integral(v)) {
		return data
	}
	if again, err := c.Append(nil, integral(v), codec.Limits{}); err == nil {
		return again
	}
	return data
}

// oddImages have what the vectors have not.
var oddImages = []string{
	"02 00000002 04 08 85 00 00000002",
	"02 00000002 08 85 00 00000001",
	"03 00000001 04 00 00000001 00000001 61",
	"02 00000002 11 03 466f6f 08 81 04 00 00000001",
	"02 00000002 04 03 00000002 08 85 00000001 61 08 86 00000001 61 04 00 00000003",
	"19 01 00000002 08 81 04 00000001 61 0e 14 00000001 62",
	"1e 00000006 76312e322e33 01 00000003 010203",
	"02 00000001 1c 11 80 00000003 466f6f 20 01 00000003 612e62 01 69",
	"02 00000002 04 11 01 41 03 00000000 04 13 bf 01 00000000 00000001 78 00000001 00000000 05",
	"02 00000002 1b 0f 16 04 02 00000000 00000003",
}
