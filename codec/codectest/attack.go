package codectest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// What one call of a codec may cost, whatever it is given.
const (
	maxTime  = time.Second
	maxAlloc = 64 << 20
)

// AttackOptions describes a format to [Attacks].
type AttackOptions struct {
	// Head is what an encoding begins with, before the first value.
	Head string

	// Nest has what opens one more level of nesting, such as "[" and `{"a":`.
	Nest []string

	// Depth is how deep the format itself goes, whatever the limits are. Zero
	// means that only the limits count.
	Depth int

	// Prefixes says that no strict prefix of an encoding is an encoding.
	Prefixes bool
}

// Attacks wants c to withstand what no writer wrote: nesting without end, seeds
// that are cut, spoilt and mixed, values too deep, too wide, too long, shared and
// cyclic. Every error must be of the types that [codec.Codec] promises, limits
// must hold exactly, and no call may take more than a second or allocate more
// than 64 MB. With -short, an eighth of the seeds are used.
func Attacks(t *testing.T, c codec.Codec, seeds [][]byte, opts *AttackOptions) {
	t.Helper()
	if opts == nil {
		opts = &AttackOptions{}
	}
	if testing.Short() {
		seeds = slices.DeleteFunc(slices.Clone(seeds), func(seed []byte) bool { return len(seed)%8 > 0 })
	}
	for _, r := range attack(c, seeds, opts) {
		t.Run(r.name, func(t *testing.T) {
			for _, fault := range r.faults {
				t.Error(fault)
			}
		})
	}
}

// attack is Attacks without a testing.T.
func attack(c codec.Codec, seeds [][]byte, opts *AttackOptions) []result {
	a := attacker{runner: runner{codec: c, opts: &Options{}}, seeds: seeds, attacks: opts}
	var results []result
	for _, part := range []struct {
		name string
		run  func()
	}{
		{"nesting", a.nesting},
		{"prefixes", a.prefixes},
		{"flips", a.flips},
		{"mixtures", a.mixtures},
		{"limits", a.limits},
		{"values", a.values},
	} {
		a.faults = nil
		part.run()
		if len(a.faults) > 20 {
			a.faults = append(a.faults[:20], fmt.Sprintf("and %d more", len(a.faults)-20))
		}
		results = append(results, result{name: part.name, faults: a.faults})
	}
	return results
}

type attacker struct {
	runner
	seeds   [][]byte
	attacks *AttackOptions
}

// bounded runs f and notes its error or panic, and what it costs beyond the
// bounds. What takes too long is tried again, as the machine may be busy.
func (a *attacker) bounded(what string, f func() error) {
	var took time.Duration
	for range 3 {
		alloc, start := allocated(), time.Now()
		err := guarded(f)
		took, alloc = time.Since(start), allocated()-alloc
		if err != nil {
			a.faultf("%s: %v", what, err)
			return
		}
		if alloc > maxAlloc {
			a.faultf("%s: allocated %d MB; want at most %d", what, alloc>>20, maxAlloc>>20)
			return
		}
		if took <= maxTime {
			return
		}
	}
	a.faultf("%s: took %v; want at most %v", what, took, maxTime)
}

// guarded returns f's error, or its panic as one.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}

func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

func (a *attacker) nesting() {
	depth := codec.DefaultDepth
	if a.attacks.Depth > 0 {
		depth = min(depth, a.attacks.Depth)
	}
	for _, open := range a.attacks.Nest {
		data := []byte(a.attacks.Head)
		data = append(data, strings.Repeat(open, (codec.DefaultBytes-len(data))/len(open))...)
		a.bounded(fmt.Sprintf("1 MB of %q", open), func() error {
			_, err := a.codec.Decode(data, codec.Limits{})
			return wantLimit(err, "depth", depth)
		})
	}
}

// sample yields at most n of the numbers below size, evenly.
func sample(size, n int) []int {
	n = min(size, n)
	list := make([]int, n)
	for i := range list {
		list[i] = i * size / n
	}
	return list
}

func (a *attacker) prefixes() {
	if !a.attacks.Prefixes {
		return
	}
	for _, seed := range a.seeds {
		if _, err := a.codec.Decode(seed, codec.Limits{}); err != nil {
			continue
		}
		for _, n := range sample(len(seed), 500) {
			if v, err := a.codec.Decode(seed[:n], codec.Limits{}); err == nil {
				a.faultf("Decode of the first %d bytes of %s gives %s; want an error", n, brief(seed), show(v))
			}
		}
	}
}

func (a *attacker) flips() {
	for _, seed := range a.seeds {
		for _, at := range sample(len(seed), 50) {
			for _, flip := range []byte{0x01, 0x20, 0x80, 0xFF} {
				data := bytes.Clone(seed)
				data[at] ^= flip
				a.bounded("Check", func() error { return Check(a.codec, data) })
			}
		}
	}
}

// mixtures joins the head of a seed and the tail of another.
func (a *attacker) mixtures() {
	if len(a.seeds) == 0 {
		return
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		x, y := a.seeds[r.IntN(len(a.seeds))], a.seeds[r.IntN(len(a.seeds))]
		data := slices.Concat(x[:r.IntN(len(x)+1)], y[r.IntN(len(y)+1):])
		a.bounded("Check", func() error { return Check(a.codec, data) })
	}
}

// limits holds each limit against a value that just keeps to it.
func (a *attacker) limits() {
	const n = 100
	wide := make([]perl.Value, n)
	for i := range wide {
		wide[i] = perl.Int(1)
	}
	list := root(perl.NewRef(perl.NewArray(wide...)))
	deep := root(nested(n - 1))
	long := root(perl.Bytes(strings.Repeat("x", 4*n)))
	data, err := a.codec.Append(nil, long, codec.Limits{})
	if err != nil {
		a.faultf("Append: %v", err)
		return
	}
	for _, test := range []struct {
		what          string
		max           int
		value         perl.Value
		enough, short codec.Limits
	}{
		{"depth", n - 1, deep, codec.Limits{Depth: n}, codec.Limits{Depth: n - 1}},
		{"nodes", n, list, codec.Limits{Nodes: n + 2}, codec.Limits{Nodes: n}},
		{"bytes", len(data) - 1, long, codec.Limits{Bytes: len(data)}, codec.Limits{Bytes: len(data) - 1}},
	} {
		data, err := a.codec.Append([]byte("dst"), test.value, test.enough)
		if err != nil {
			a.faultf("Append at the limit of %s: %v", test.what, err)
			continue
		}
		if _, err := a.codec.Decode(data[3:], test.enough); err != nil {
			a.faultf("Decode at the limit of %s: %v", test.what, err)
		}
		_, err = a.codec.Decode(data[3:], test.short)
		if err := wantLimit(err, test.what, test.max); err != nil {
			a.faultf("Decode beyond the limit: %v", err)
		}
		dst, err := a.codec.Append([]byte("dst"), test.value, test.short)
		if err := wantLimit(err, test.what, test.max); err != nil {
			a.faultf("Append beyond the limit: %v", err)
		}
		if string(dst) != "dst" {
			a.faultf("Append beyond the limit of %s returned %s; want dst as it was", test.what, brief(dst))
		}
	}
}

func wantLimit(err error, what string, most int) error {
	var limit *codec.LimitError
	if !errors.As(err, &limit) {
		return fmt.Errorf("error %v; want a *LimitError for %s", err, what)
	}
	if limit.What != what || limit.Max != most {
		return fmt.Errorf("error %v; want more than %d %s", err, most, what)
	}
	return nil
}

// values encodes what is too big and what has no end.
func (a *attacker) values() {
	self := perl.NewHash(1)
	self.Set("self", perl.NewRef(self))
	ring := &perl.Scalar{}
	ring.Set(perl.NewRef(ring))
	shared := perl.NewRef(perl.NewArray())
	for range 60 {
		shared = perl.NewRef(perl.NewArray(shared, shared))
	}
	wide := perl.NewArray()
	wide.Grow(2 * codec.DefaultNodes)
	for range 2 * codec.DefaultNodes {
		wide.Push(perl.Value{})
	}
	for _, test := range []struct {
		name  string
		value perl.Value
		limit string // the only limit that may stop it, or "" if it may pass
	}{
		{"a hash in itself", perl.NewRef(self), ""},
		{"a scalar in itself", root(perl.NewRef(ring)), ""},
		{"2^60 paths", root(shared), ""},
		{"very deep", root(nested(50_000)), "depth"},
		{"very wide", root(perl.NewRef(wide)), "nodes"},
		{"very long", root(perl.Bytes(strings.Repeat("x", maxAlloc))), "bytes"},
		{"very long in UTF-8", root(perl.Text(strings.Repeat("\u20ac", codec.DefaultBytes))), "bytes"},
	} {
		a.bounded(test.name, func() error {
			_, err := a.codec.Append(nil, test.value, codec.Limits{})
			var limit *codec.LimitError
			if errors.As(err, &limit) && (test.limit == "" || test.limit == limit.What) {
				return nil
			}
			if test.limit == "" && (err == nil || errors.Is(err, codec.ErrUnsupported)) {
				return nil
			}
			return fmt.Errorf("from Append: %v; want a limit on %s", err, test.limit)
		})
	}
}

func root(v perl.Value) perl.Value {
	h := perl.NewHash(1)
	h.Set("v", v)
	return perl.NewRef(h)
}

// nested returns n arrays in each other.
func nested(n int) perl.Value {
	v := perl.NewRef(perl.NewArray())
	for range n - 1 {
		v = perl.NewRef(perl.NewArray(v))
	}
	return v
}
