package storable_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/storable"
	"github.com/go-datasession/datasession/perl"
)

// session returns a session with n things in its cart: 1 KB with 7, 30 KB with 250.
func session(n int) (perl.Value, map[string]any) {
	cart := []any{}
	for i := range n {
		cart = append(cart, map[string]any{
			"sku":   fmt.Sprintf("A-%05d", i),
			"title": "A thing that somebody may want " + strings.Repeat("!", i%7),
			"qty":   i % 5,
			"price": 12.5 + float64(i),
			"tags":  []any{"new", "sale"},
		})
	}
	plain := map[string]any{
		"_SESSION_ID":    "a70768298953e9bcdabeaecca4a0b196",
		"_SESSION_CTIME": 1700000000,
		"_SESSION_ATIME": 1700000123,
		"_SESSION_ETIME": 3600,
		"_SESSION_PTIME": map[string]any{},
		"user":           "O'Brien",
		"cart":           cart,
	}
	v, err := perl.FromGo(plain)
	if err != nil {
		panic(err)
	}
	return v, plain
}

var sizes = []struct {
	name  string
	items int
}{{"1KB", 7}, {"30KB", 250}}

// BenchmarkDecode has encoding/json and Perl's thaw beside it.
func BenchmarkDecode(b *testing.B) {
	for _, size := range sizes {
		v, plain := session(size.items)
		for _, c := range []storable.Codec{{}, {Network: true}} {
			data, err := c.Append(nil, v, codec.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			b.Run(size.name+"/"+c.Name(), func(b *testing.B) {
				inGo(b, data, func() error {
					_, err := c.Decode(data, codec.Limits{})
					return err
				})
			})
			b.Run(size.name+"/"+c.Name()+"-in-Perl", func(b *testing.B) {
				inPerl(b, "Storable::thaw($frozen)", data)
			})
		}
		data, err := json.Marshal(plain)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(size.name+"/encoding-json", func(b *testing.B) {
			inGo(b, data, func() error {
				var into map[string]any
				return json.Unmarshal(data, &into)
			})
		})
	}
}

// BenchmarkAppend has encoding/json and Perl's freeze beside it, which does not
// sort keys.
func BenchmarkAppend(b *testing.B) {
	for _, size := range sizes {
		v, plain := session(size.items)
		for c, freeze := range map[storable.Codec]string{{}: "freeze", {Network: true}: "nfreeze"} {
			data, err := c.Append(nil, v, codec.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			if v, err = c.Decode(data, codec.Limits{}); err != nil { // with its keys in order
				b.Fatal(err)
			}
			b.Run(size.name+"/"+c.Name(), func(b *testing.B) {
				var buf []byte
				inGo(b, data, func() (err error) {
					buf, err = c.Append(buf[:0], v, codec.Limits{})
					return err
				})
			})
			b.Run(size.name+"/"+c.Name()+"-in-Perl", func(b *testing.B) {
				inPerl(b, "Storable::"+freeze+"($value)", data)
			})
		}
		data, err := json.Marshal(plain)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(size.name+"/encoding-json", func(b *testing.B) {
			inGo(b, data, func() error {
				_, err := json.Marshal(plain)
				return err
			})
		})
	}
}

// inGo reports the processor time that f takes, that of the garbage collector
// included, beside the time on the clock: other work on the machine does not count.
func inGo(b *testing.B, data []byte, f func() error) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	start := processorTime(b)
	for b.Loop() {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(processorTime(b)-start)/float64(b.N), "cpu-ns/op")
}

func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// inPerl reports the processor time that an expression takes within one Perl
// process. $frozen is the session and $value what thaw makes of it.
func inPerl(b *testing.B, expression string, frozen []byte) {
	cmd := exec.CommandContext(b.Context(), "perl", "-MStorable", "-MTime::HiRes=clock_gettime,CLOCK_PROCESS_CPUTIME_ID", "-e", `
		binmode STDIN;
		my $n = shift;
		my $frozen = do { local $/; <STDIN> };
		my $value = Storable::thaw($frozen);
		for (1 .. $n / 10) { my $got = `+expression+` }
		my $start = clock_gettime(CLOCK_PROCESS_CPUTIME_ID);
		for (1 .. $n) { my $got = `+expression+` }
		print clock_gettime(CLOCK_PROCESS_CPUTIME_ID) - $start;`, strconv.Itoa(b.N))
	cmd.Stdin = bytes.NewReader(frozen)
	cmd.Stderr = io.Discard
	out, err := cmd.Output()
	if err != nil {
		b.Skip("no perl: install the package perl")
	}
	seconds, err := strconv.ParseFloat(string(out), 64)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(seconds*1e9/float64(b.N), "cpu-ns/op")
	b.ReportMetric(0, "ns/op") // with the start of Perl in it
}
