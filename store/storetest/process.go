package storetest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-datasession/datasession/store"
)

// The environment of a process that RunProcesses started.
const (
	envPlace = "DATASESSION_STORETEST_PLACE"
	envID    = "DATASESSION_STORETEST_ID"
)

// RunProcesses checks that increments by two processes of [Run]'s workers each
// are all counted. It runs the test binary again for each process, with the
// calling test only, so it must be the only thing that the test does.
//
// setup makes an empty place and names it; open opens a store on the place of
// that name, in this process or in another.
func RunProcesses(t *testing.T, setup func(testing.TB) string, open func(place string) (store.Store, error)) {
	t.Helper()
	if place := os.Getenv(envPlace); place != "" {
		work(t, place, os.Getenv(envID), open)
		return
	}
	place, id := setup(t), newID()
	st, err := open(place)
	if err != nil {
		t.Fatalf("cannot open the store: %v", err)
	}
	defer st.Close()
	if _, err := st.Save(t.Context(), id, []byte("0"), store.Rev{}, store.SaveOptions{}); err != nil {
		t.Fatalf("Save = %v", err)
	}
	var acked [2]int
	var wg sync.WaitGroup
	for i := range acked {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+pattern(t.Name()), "-test.v")
			if testing.Short() {
				cmd.Args = append(cmd.Args, "-test.short")
			}
			cmd.Env = append(os.Environ(), envPlace+"="+place, envID+"="+id)
			out, err := cmd.CombinedOutput()
			m := ackedLine.FindSubmatch(out)
			if err != nil || m == nil {
				t.Errorf("process %d: %v\n%s", i, err, out)
				return
			}
			acked[i], _ = strconv.Atoi(string(m[1]))
		})
	}
	wg.Wait()
	t.Logf("%v increments by 2 processes of %d workers", acked, workers)
	rec, err := st.Load(t.Context(), id)
	if want := strconv.Itoa(acked[0] + acked[1]); err != nil || string(rec.Data) != want {
		t.Errorf("Load = %q, %v; want %s, the number of increments that were accepted", rec.Data, err, want)
	}
}

var ackedLine = regexp.MustCompile(`(?m)^storetest: acked (\d+)$`)

// work is what RunProcesses does in the processes it started.
func work(t *testing.T, place, id string, open func(string) (store.Store, error)) {
	st, err := open(place)
	if err != nil {
		t.Fatalf("cannot open the store: %v", err)
	}
	defer st.Close()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	acked, err := incrementAll(ctx, st, id)
	if err != nil {
		t.Fatalf("increment: %v", err)
	}
	fmt.Printf("\nstoretest: acked %d\n", acked)
}

// pattern returns what makes go test run the test of that name and no other.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}
