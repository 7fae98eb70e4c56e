package filestore

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestJournalRoundTrip(t *testing.T) {
	for _, j := range []journal{
		{[]byte{}, []byte{}},
		{[]byte("old"), []byte("new and longer")},
		{bytes.Repeat([]byte("x"), 5000), []byte{}},
	} {
		b := j.appendTo(nil)
		got, ok := decodeJournal(b)
		if !ok || !bytes.Equal(got.old, j.old) || !bytes.Equal(got.new, j.new) {
			t.Errorf("decode(encode(%d, %d bytes)) = %d, %d bytes, %v", len(j.old), len(j.new), len(got.old), len(got.new), ok)
		}
		for n := range b {
			if _, ok := decodeJournal(b[:n]); ok {
				t.Errorf("a journal of %d bytes cut to %d is accepted", len(b), n)
			}
			if n%7 == 0 {
				bad := bytes.Clone(b)
				bad[n] ^= 1
				if _, ok := decodeJournal(bad); ok {
					t.Errorf("a journal damaged at byte %d is accepted", n)
				}
			}
		}
		if _, ok := decodeJournal(append(b, 0)); ok {
			t.Error("a journal with a byte more is accepted")
		}
	}
}

// session returns data as a codec might write it.
func session(seed, size int) []byte {
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	b := make([]byte, size)
	for i := range b {
		b[i] = "abcdefghij'=>,{}"[r.IntN(16)]
	}
	return b
}

// TestTornByKill stops a write after each byte.
func TestTornByKill(t *testing.T) {
	for _, c := range []struct{ old, new int }{{200, 200}, {200, 150}, {150, 200}, {0, 300}, {300, 0}, {1500, 1400}, {1400, 1500}, {1, 1}} {
		j := journal{session(1, c.old), session(2, c.new)}
		now := bytes.Clone(j.old)
		for n := 0; ; n++ {
			whole := bytes.Equal(now, j.old) || bytes.Equal(now, j.new)
			if j.torn(now) == whole {
				t.Fatalf("%d over %d bytes, killed after %d: torn = %v", c.new, c.old, n, !whole)
			}
			if n == c.new {
				break
			}
			if n < len(now) {
				now[n] = j.new[n]
			} else {
				now = append(now, j.new[n])
			}
		}
		if j.torn(j.new) {
			t.Errorf("%d over %d bytes: the complete write counts as torn", c.new, c.old)
		}
	}
}

// TestTornByPowerLoss has each block old, new or zero.
func TestTornByPowerLoss(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		j := journal{session(1, r.IntN(4000)), session(2, r.IntN(4000))}
		size := max(len(j.old), len(j.new))
		over := append(bytes.Clone(j.new), j.old[min(len(j.new), len(j.old)):]...)
		now := append(bytes.Clone(j.old), make([]byte, size-len(j.old))...)
		for at := 0; at < size; at += block {
			switch end := min(at+block, size); r.IntN(3) {
			case 0:
				copy(now[at:end], over[at:end])
			case 1:
				if at >= len(j.old) {
					clear(now[at:end])
				}
			}
		}
		now = now[:min(len(j.old), len(j.new))+r.IntN(size-min(len(j.old), len(j.new))+1)]
		if bytes.Equal(now, j.old) || bytes.Equal(now, j.new) {
			continue
		}
		if !j.torn(now) {
			t.Fatalf("%d over %d bytes: a mixture of %d bytes does not count as torn", len(j.new), len(j.old), len(now))
		}
	}
}

// TestLaterWritesStay: what another program wrote after the crash is no mixture.
func TestLaterWritesStay(t *testing.T) {
	old := []byte(`$D = {'_SESSION_ATIME' => 1700000000,'n' => 1};;$D`)
	new := []byte(`$D = {'_SESSION_ATIME' => 1700000007,'n' => 2,'user' => 'ann'};;$D`)
	later := `$D = {'_SESSION_ATIME' => 1700000009,'n' => 3};;$D`
	big := strings.Repeat("'k' => 'v',", 1000)
	for _, j := range []journal{
		{old, new}, {new, old},
		{[]byte(string(old) + big), []byte(string(new) + big)},
	} {
		for name, now := range map[string]string{
			"a session":                later,
			"a longer one":             later + big,
			"an empty file":            "",
			"the beginning of one":     later[:20],
			"a session for both sizes": string(session(9, len(j.new))),
			"the old size":             string(session(9, len(j.old))),
			"old with another end":     string(j.old[:len(j.old)-1]) + "X",
			"new with another end":     string(j.new[:len(j.new)-1]) + "X",
			"new and more":             string(j.new) + "X",
			"old and more":             string(j.old) + strings.Repeat("X", len(j.new)+1),
		} {
			if j.torn([]byte(now)) {
				t.Errorf("%d over %d bytes: %s counts as torn", len(j.new), len(j.old), name)
			}
		}
	}
}

func FuzzJournal(f *testing.F) {
	f.Add(journal{[]byte("old"), []byte("newer")}.appendTo(nil), []byte("newer"))
	f.Fuzz(func(t *testing.T, b, now []byte) {
		if j, ok := decodeJournal(b); ok && j.torn(now) && (bytes.Equal(now, j.old) || bytes.Equal(now, j.new)) {
			t.Error("a whole session counts as torn")
		}
		j := journal{b[:len(b)/2], b[len(b)/2:]}
		j.torn(now)
	})
}
