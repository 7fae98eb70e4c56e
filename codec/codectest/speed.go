package codectest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/perl"
)

// Rival is how a Perl module reads and writes a format, as fast as it can.
type Rival struct {
	Setup   string // what is done once
	Thaw    string // an expression for the value of $frozen
	Freeze  string // an expression for the bytes of $value
	Package string // the Debian package that has the module
}

// Speed measures c on a value, beside a Perl module and encoding/json. All three take
// turns of some 30 ms for as long as the benchmark lasts, each in one process, and what
// counts is the least processor time of each, that of Go's garbage collector included:
// other work on the machine makes all slower, but not in every turn.
//
// It reports the time of c, by how much Perl and encoding/json take longer (x-Perl,
// x-json), and the allocations.
func Speed(b *testing.B, c codec.Codec, v perl.Value, rival Rival) {
	frozen, err := c.Append(nil, v, codec.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	plain := perl.ToGo(v)
	asJSON, err := json.Marshal(plain)
	if err != nil {
		b.Fatal(err)
	}
	if v, err = c.Decode(frozen, codec.Limits{}); err != nil { // with its keys in order
		b.Fatal(err)
	}
	ask := startRival(b, rival, frozen)
	var buf []byte
	b.Run("decode", func(b *testing.B) {
		race(b, len(frozen), func() error {
			_, err := c.Decode(frozen, codec.Limits{})
			return err
		}, func(n int) time.Duration { return ask(b, "thaw", n) }, func() error {
			var into map[string]any
			return json.Unmarshal(asJSON, &into)
		})
	})
	b.Run("append", func(b *testing.B) {
		race(b, len(frozen), func() (err error) {
			buf, err = c.Append(buf[:0], v, codec.Limits{})
			return err
		}, func(n int) time.Duration { return ask(b, "freeze", n) }, func() error {
			_, err := json.Marshal(plain)
			return err
		})
	})
}

// race has the three take turns.
func race(b *testing.B, size int, own func() error, inPerl func(int) time.Duration, asJSON func() error) {
	inGo := func(f func() error) func(int) time.Duration {
		return func(n int) time.Duration {
			start := processorTime(b)
			for range n {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
			return processorTime(b) - start
		}
	}
	runs := [...]func(int) time.Duration{inGo(own), inPerl, inGo(asJSON)}
	var rounds [len(runs)]int
	var best [len(runs)]float64
	for i, run := range runs {
		rounds[i], best[i] = 1, math.Inf(1)
		for run(rounds[i]) < 30*time.Millisecond {
			rounds[i] *= 2
		}
	}
	for b.Loop() {
		for i, run := range runs {
			best[i] = min(best[i], float64(run(rounds[i]))/float64(rounds[i]))
		}
	}
	b.ReportMetric(0, "ns/op") // of all three
	b.ReportMetric(best[0], "cpu-ns/op")
	b.ReportMetric(best[1]/best[0], "x-Perl")
	b.ReportMetric(best[2]/best[0], "x-json")
	b.ReportMetric(float64(size)*1e3/best[0], "MB/s")
	b.ReportMetric(testing.AllocsPerRun(100, func() { _ = own() }), "allocs/value")
}

func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// startRival starts Perl, and returns what has it thaw or freeze n times.
func startRival(b *testing.B, r Rival, frozen []byte) func(b *testing.B, what string, n int) time.Duration {
	perltest.Need(b)
	cmd := exec.CommandContext(b.Context(), "perl", "-MTime::HiRes=clock_gettime,CLOCK_PROCESS_CPUTIME_ID", "-e", `
		binmode STDIN;
		$| = 1;
		`+r.Setup+`;
		read STDIN, my $frozen, shift;
		my $value = `+r.Thaw+`;
		print "ready\n";
		while (<STDIN>) {
			my ($what, $n) = split;
			my $start = clock_gettime(CLOCK_PROCESS_CPUTIME_ID);
			if ($what eq 'thaw') { for (1 .. $n) { my $got = `+r.Thaw+` } }
			else { for (1 .. $n) { my $got = `+r.Freeze+` } }
			printf "%.9f\n", clock_gettime(CLOCK_PROCESS_CPUTIME_ID) - $start;
		}`, strconv.Itoa(len(frozen)))
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	out := bufio.NewReader(pipe)
	if _, err := in.Write(frozen); err != nil {
		b.Fatal(err)
	}
	if line, err := out.ReadString('\n'); err != nil || line != "ready\n" {
		perltest.Missing(b, r.Package)
	}
	return func(b *testing.B, what string, n int) time.Duration {
		if _, err := fmt.Fprintln(in, what, n); err != nil {
			b.Fatal(err)
		}
		line, err := out.ReadString('\n')
		if err != nil {
			b.Fatal(err)
		}
		seconds, err := strconv.ParseFloat(strings.TrimSpace(line), 64)
		if err != nil {
			b.Fatal(err)
		}
		return time.Duration(seconds * 1e9)
	}
}
