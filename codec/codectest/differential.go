package codectest

import (
	"bufio"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/perl"
)

// Peer is a Perl module that freezes and thaws as a codec does.
type Peer struct {
	// Source is Perl that defines freeze, which takes a value and returns bytes
	// with sorted keys, and thaw, which does the reverse. They die where the
	// module refuses.
	Source string

	// Package is the Debian package that has the module, for the reason of
	// skipping.
	Package string

	// Features is what the values may hold.
	Features Features

	// Share is how many comparisons of one codec there are, with other options or other
	// values. Each takes its part of [Rounds] if there are many. Zero stands for one.
	Share int

	// Same reports whether the codec's bytes say the same as other bytes that
	// Perl made of the same value. nil stands for equal bytes only.
	Same func(got, want []byte) bool

	// Equal compares values that have been through the format. nil stands for
	// [perl.EqualLoose].
	Equal func(a, b perl.Value) bool
}

//go:embed peer.pl
var peerSource string

// Differential compares c with a Perl module on random values: those that Perl
// makes go to Go and back, those that Go makes go to Perl and back. At each step
// the values must be equal, and the bytes that both make of them the same.
//
// There are [Rounds] values each way, of which a seed in the fault's text makes one
// again. Without perl and the module it is skipped, or fails if CI is true.
func Differential(t *testing.T, c codec.Codec, peer Peer) {
	if peer.Same == nil {
		peer.Same = bytes.Equal
	}
	if peer.Equal == nil {
		peer.Equal = perl.EqualLoose
	}
	t.Run("from Perl", func(t *testing.T) {
		t.Parallel()
		startDifferential(t, c, peer).fromPerl(t, peer.rounds())
	})
	t.Run("from Go", func(t *testing.T) {
		t.Parallel()
		startDifferential(t, c, peer).fromGo(t, peer.rounds())
	})
}

func startDifferential(t *testing.T, c codec.Codec, peer Peer) *differential {
	return &differential{codec: c, peer: peer, perl: startPerl(t, peer)}
}

// many is how many values are shared among the comparisons of one codec.
const many = 10_000

func (p Peer) rounds() int {
	n := Rounds()
	if n >= many && p.Share > 1 {
		n /= p.Share
	}
	return n
}

// Rounds returns how many random values a comparison with Perl takes: 500, 50 with
// -short, 10,000 if DATASESSION_FULL is 1 or CI is true, and 100,000 if
// DATASESSION_LONG is 1.
func Rounds() int {
	switch {
	case os.Getenv("DATASESSION_LONG") == "1":
		return 100_000
	case testing.Short():
		return 50
	case os.Getenv("DATASESSION_FULL") == "1", os.Getenv("CI") == "true":
		return many
	}
	return 500
}

type differential struct {
	codec codec.Codec
	peer  Peer
	perl  *process
}

// fromPerl decodes what Perl made, encodes it again, and lets Perl read that.
func (d *differential) fromPerl(t *testing.T, n int) {
	for seed := range n {
		made, frozen, err := d.perl.ask(fmt.Sprintf("make %d %d\n", seed, d.peer.Features), nil)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		v, err := d.codec.Decode(frozen, codec.Limits{})
		if d.differ(t, seed, "Decode of Perl's bytes", frozen, v, made, err) {
			continue
		}
		own, err := d.codec.Append(nil, v, codec.Limits{})
		if err != nil {
			t.Errorf("seed %d: Append: %v", seed, err)
			continue
		}
		if !d.peer.Same(own, frozen) {
			t.Errorf("seed %d: Append after Decode %s", seed, difference(own, frozen))
		}
		back, again, err := d.perl.thaw(own)
		if !d.differ(t, seed, "Perl, reading its value from Go,", own, back, made, err) && !bytes.Equal(again, frozen) {
			t.Errorf("seed %d: Perl, writing its value from Go again, %s", seed, difference(again, frozen))
		}
	}
}

// fromGo lets Perl read what Go made, and decodes what Perl writes then.
func (d *differential) fromGo(t *testing.T, n int) {
	for seed := range n {
		features := d.peer.Features
		if seed%4 > 0 {
			features &^= Slots // so that most are without, and the bytes can be compared
		}
		made := Random(rand.New(rand.NewPCG(1, uint64(seed))), features)
		own, err := d.codec.Append(nil, made, codec.Limits{})
		if err != nil {
			t.Errorf("seed %d: Append(%s): %v", seed, show(made), err)
			continue
		}
		v, err := d.codec.Decode(own, codec.Limits{})
		d.differ(t, seed, "Decode after Append", own, v, made, err)
		read, frozen, err := d.perl.thaw(own)
		if d.differ(t, seed, "Perl, reading Go's bytes,", own, read, made, err) || features&Slots != 0 {
			continue // Perl may lose which element a reference means
		}
		if !d.peer.Same(own, frozen) {
			t.Errorf("seed %d: Append, compared with Perl, %s", seed, difference(own, frozen))
		}
		back, err := d.codec.Decode(frozen, codec.Limits{})
		d.differ(t, seed, "Decode of what Perl made of Go's bytes", frozen, back, made, err)
	}
}

// differ reports an error, or a value that is not the one wanted.
func (d *differential) differ(t *testing.T, seed int, what string, data []byte, got, want perl.Value, err error) bool {
	switch {
	case err != nil:
		t.Errorf("seed %d: %s: %v\nin %s", seed, what, err, brief(data))
	case !d.peer.Equal(got, want):
		t.Errorf("seed %d: %s %s\nin %s", seed, what, difference([]byte(Format(got)), []byte(Format(want))), brief(data))
	default:
		return false
	}
	return true
}

// difference shows where two texts begin to differ.
func difference(got, want []byte) string {
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	near := func(b []byte) []byte { return b[max(0, i-60):min(len(b), i+100)] }
	return fmt.Sprintf("gives at byte %d\n     %q\nwant %q", i, near(got), near(want))
}

// process is a perl that runs peer.pl.
type process struct {
	in  io.Writer
	out *bufio.Reader
}

func startPerl(t *testing.T, peer Peer) *process {
	cmd := perltest.Command(t, "-e", peer.Source+"\n"+peerSource)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	p := &process{in, bufio.NewReader(out)}
	if _, _, err := p.ask("make 1 0\n", nil); err != nil {
		perltest.Missing(t, peer.Package)
	}
	return p
}

func (p *process) thaw(data []byte) (perl.Value, []byte, error) {
	return p.ask(fmt.Sprintf("thaw %d\n", len(data)), data)
}

// ask sends a request and returns the value of the answer, and how Perl froze it.
func (p *process) ask(request string, data []byte) (v perl.Value, frozen []byte, err error) {
	if _, err := p.in.Write(append([]byte(request), data...)); err != nil {
		return v, nil, err
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		return v, nil, err
	}
	var n, m int
	if _, err := fmt.Sscanf(line, "die %d\n", &n); err == nil {
		text := make([]byte, n)
		_, err = io.ReadFull(p.out, text)
		return v, nil, errors.Join(errors.New(string(text)), err)
	}
	if _, err := fmt.Sscanf(line, "ok %d %d\n", &n, &m); err != nil {
		return v, nil, fmt.Errorf("answer %q: %w", line, err)
	}
	both := make([]byte, n+m)
	if _, err := io.ReadFull(p.out, both); err != nil {
		return v, nil, err
	}
	v, err = Parse(both[:n])
	return v, both[n:], err
}
