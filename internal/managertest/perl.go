package managertest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/perl"
	"github.com/go-datasession/datasession/store"
)

// Peer is a Perl program that writes one session again and again, and how Go writes it.
type Peer struct {
	// Script gets the place, the id, a number of writes and a name. Each time, it reads
	// the session, dies unless that is whole, and stores it with parameter by, the
	// name, a hyphen and a number N, and fill, N*37 modulo 3000 times the letter x.
	Script string

	// Codec is how the session is stored. Nil stands for Data::Dumper's text.
	Codec codec.Codec

	// IDParam is the parameter with the id, _SESSION_ID if empty.
	IDParam string

	// Opened, if there is one, is called by each Go process after its first read, with
	// the place and its name.
	Opened func(place, name string)
}

const (
	peers      = 4 // processes of each language
	peerWrites = 200
	peerID     = "0123456789abcdef0123456789abcdef"

	peerVariable = "DATASESSION_MANAGERTEST_PEER"
)

// RunBesidePerl has 4 Perl and 4 Go processes write one session 200 times each. Nobody
// may ever read a torn one, and no two saves of Go that the store accepted may have
// replaced the same version. As [RunProcesses] it runs the test binary again, so it must
// be all that the test does.
func RunBesidePerl(t *testing.T, place string, open func(t *testing.T, place string) store.Store, p Peer) {
	if p.Codec == nil {
		p.Codec = dumper.Codec{}
	}
	if p.IDParam == "" {
		p.IDParam = "_SESSION_ID"
	}
	if name := os.Getenv(peerVariable); name != "" {
		theirs := os.Getenv(placeVariable)
		st := open(t, theirs)
		if p.Opened != nil {
			if _, err := st.Load(t.Context(), peerID); err != nil {
				t.Fatal(err)
			}
			p.Opened(theirs, name)
		}
		p.write(t, st, name)
		return
	}
	st := open(t, place)
	if _, err := st.Save(t.Context(), peerID, p.session(t, "go", 0), store.Rev{}, store.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	replaced := map[string]string{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range peers {
		wg.Go(func() {
			perltest.Run(t, p.Script, place, peerID, strconv.Itoa(peerWrites), fmt.Sprint("perl", i))
		})
		name := fmt.Sprint("go", i)
		wg.Go(func() {
			out := again(t, placeVariable+"="+place, peerVariable+"="+name)
			saves := savedLine.FindAllStringSubmatch(out, -1)
			if len(saves) != peerWrites {
				t.Errorf("%s: %d saves were accepted, want %d", name, len(saves), peerWrites)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, m := range saves {
				if other := replaced[m[1]]; other != "" {
					t.Errorf("%s and %s replaced the same version", other, name)
				}
				replaced[m[1]] = name
			}
		})
	}
	wg.Wait()
	rec, err := st.Load(t.Context(), peerID)
	if err == nil {
		err = p.whole(rec.Data)
	}
	if err != nil {
		t.Errorf("in the end: %v", err)
	}
}

var savedLine = regexp.MustCompile(`(?m)^replaced ([0-9a-f]+)$`)

// write is what a Go process does.
func (p Peer) write(t *testing.T, st store.Store, name string) {
	for n := 1; n <= peerWrites; {
		rec, err := st.Load(t.Context(), peerID)
		if err == nil {
			err = p.whole(rec.Data)
		}
		if err != nil {
			t.Fatalf("load %d: %v", n, err)
		}
		if _, err = st.Save(context.Background(), peerID, p.session(t, name, n), rec.Rev, store.SaveOptions{}); err == nil {
			fmt.Printf("\nreplaced %x\n", sha256.Sum256(rec.Data))
			n++
		} else if !errors.Is(err, store.ErrConflict) {
			t.Fatalf("save %d: %v", n, err)
		}
	}
}

func (p Peer) session(t *testing.T, name string, n int) []byte {
	h := &perl.Hash{}
	for param, v := range map[string]perl.Value{
		p.IDParam: perl.String(peerID), "_SESSION_CTIME": perl.Int(1), "_SESSION_ATIME": perl.Int(1),
		"by": perl.String(fmt.Sprint(name, "-", n)), "fill": perl.String(fill(n)),
	} {
		h.Set(param, v)
	}
	data, err := codec.Bind(p.Codec, peerID).Append(nil, perl.NewRef(h), codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func fill(n int) string { return strings.Repeat("x", n*37%3000) }

// whole says what is wrong with a session.
func (p Peer) whole(data []byte) error {
	v, err := codec.Bind(p.Codec, peerID).Decode(data, codec.Limits{})
	if err != nil {
		return fmt.Errorf("torn: %w", err)
	}
	h := v.Hash()
	if h == nil {
		return fmt.Errorf("torn: want a hash, found %v", v.Kind())
	}
	text := func(name string) string { v, _ := h.Get(name); return v.Str() }
	_, number, _ := strings.Cut(text("by"), "-")
	n, err := strconv.Atoi(number)
	if err != nil || text("fill") != fill(n) || text(p.IDParam) != peerID {
		return fmt.Errorf("torn: by %q, filled with %d letters", text("by"), len(text("fill")))
	}
	return nil
}
