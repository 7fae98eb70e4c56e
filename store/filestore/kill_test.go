//go:build linux

package filestore_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/filestore"
	"github.com/go-datasession/datasession/store/storetest"
)

// value returns the n-th value that a process under test saves: about size
// bytes, every part of which tells n.
func value(n, size int) []byte {
	line := fmt.Sprintf("%09d\n", n)
	lines := size/len(line) + n%7 + 1
	return []byte(strconv.Itoa(lines) + "\n" + strings.Repeat(line, lines))
}

// number returns the n of a value, or an error if it is not a whole one.
func number(data []byte, size int) (int, error) {
	_, line, _ := bytes.Cut(data, []byte("\n"))
	line, _, _ = bytes.Cut(line, []byte("\n"))
	n, err := strconv.Atoi(string(line))
	if err != nil || !bytes.Equal(data, value(n, size)) {
		return 0, fmt.Errorf("torn: %d bytes, beginning with %.20q", len(data), data)
	}
	return n, nil
}

// killedSaver saves one session again and again, and says so, until it is killed.
func killedSaver(args []string) error {
	size, _ := strconv.Atoi(args[1])
	s, err := filestore.New(args[0], &filestore.Options{GoOnly: args[2] == "true", MaxBytes: 2 << 20})
	if err != nil {
		return err
	}
	rec, err := s.Load(context.Background(), "x")
	if err != nil {
		return err
	}
	n, err := number(rec.Data, size)
	if err != nil {
		return err
	}
	for rev := rec.Rev; ; {
		n++
		if rev, err = s.Save(context.Background(), "x", value(n, size), rev, store.SaveOptions{}); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// killedCreator makes and deletes sessions, and says so, until it is killed.
func killedCreator(args []string) error {
	size, _ := strconv.Atoi(args[1])
	n, _ := strconv.Atoi(args[3])
	s, err := filestore.New(args[0], &filestore.Options{GoOnly: args[2] == "true", MaxBytes: 2 << 20})
	if err != nil {
		return err
	}
	for ; ; n++ {
		if _, err := s.Save(context.Background(), strconv.Itoa(n), value(n, size), store.Rev{}, store.SaveOptions{}); err != nil {
			return err
		}
		fmt.Println(n)
		if n > 10 {
			if err := s.Delete(context.Background(), strconv.Itoa(n-10), store.AnyRev); err != nil {
				return err
			}
		}
	}
}

// killed runs a child until it has said a few things, kills it in the middle of
// what it does then, and returns the last number that it said; or -1.
func killed(t *testing.T, name string, args ...any) int {
	t.Helper()
	cmd := child(t, name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last, killAfter := -1, 1+rand.IntN(5)
	lines := bufio.NewScanner(out)
	for said := 0; lines.Scan(); {
		last, _ = strconv.Atoi(lines.Text())
		if said++; said == killAfter {
			time.AfterFunc(rand.N(2*time.Millisecond), func() { cmd.Process.Kill() })
		}
	}
	cmd.Wait()
	if stderr.Len() > 0 {
		t.Fatalf("the process that was to be killed ended by itself: %s", stderr.Bytes())
	}
	return last
}

func TestKilledWhileSaving(t *testing.T) {
	eachKill(t, func(t *testing.T, s *filestore.Store, dir string, size, kills int, goOnly bool) {
		if _, err := s.Save(t.Context(), "x", value(0, size), store.Rev{}, store.SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		tornFiles, journals := 0, 0
		for range kills {
			acked := killed(t, "save", dir, size, goOnly)
			if raw, err := os.ReadFile(filepath.Join(dir, "cgisess_x")); err != nil {
				t.Fatal(err)
			} else if _, err := number(raw, size); err != nil {
				tornFiles++
			}
			if _, err := os.Lstat(filepath.Join(dir, ".cgisess_x.j")); err == nil {
				journals++
			}
			rec, err := s.Load(t.Context(), "x")
			if err != nil {
				t.Fatalf("Load after a kill = %v", err)
			}
			n, err := number(rec.Data, size)
			if err != nil {
				t.Fatalf("after a kill the session is %v", err)
			}
			if n < acked || n > acked+1 {
				t.Fatalf("after a kill there is value %d; the last acknowledged one is %d", n, acked)
			}
			if _, err := os.Lstat(filepath.Join(dir, ".cgisess_x.j")); err == nil {
				t.Fatal("Load left the journal")
			}
		}
		t.Logf("%d kills: %d journals, %d torn files, all mended", kills, journals, tornFiles)
	})
}

func TestKilledWhileCreating(t *testing.T) {
	eachKill(t, func(t *testing.T, s *filestore.Store, dir string, size, kills int, goOnly bool) {
		next := 0
		for range kills {
			acked := killed(t, "create", dir, size, goOnly, next)
			for n := max(next, acked-9); n <= acked+1; n++ {
				rec, err := s.Load(t.Context(), strconv.Itoa(n))
				if n == acked+1 && errors.Is(err, store.ErrNotFound) {
					break
				}
				if err != nil || !bytes.Equal(rec.Data, value(n, size)) {
					t.Fatalf("session %d after a kill at %d: %d bytes, %v", n, acked, len(rec.Data), err)
				}
			}
			next = acked + 1
			if err := s.Delete(t.Context(), strconv.Itoa(next), store.AnyRev); err != nil {
				t.Fatal(err)
			}
		}
		leftovers, err := s.Recover(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		names, _ := filepath.Glob(filepath.Join(dir, ".*"))
		if len(names) != 0 {
			t.Errorf("Recover left %q", names)
		}
		t.Logf("%d kills: %d leftovers", kills, leftovers)
	})
}

func eachKill(t *testing.T, test func(t *testing.T, s *filestore.Store, dir string, size, kills int, goOnly bool)) {
	for _, goOnly := range []bool{false, true} {
		for name, size := range map[string]int{"200B": 200, "100kB": 100_000, "1MB": 1_000_000} {
			mode := map[bool]string{false: "Shared/", true: "GoOnly/"}[goOnly]
			t.Run(mode+name, func(t *testing.T) {
				kills := 15
				switch {
				case storetest.Long():
					kills = 200
				case testing.Short() || goOnly:
					kills = 3
				}
				dir := tempDir(t)
				test(t, open(t, dir, &filestore.Options{GoOnly: goOnly, MaxBytes: 2 << 20}), dir, size, kills, goOnly)
			})
		}
	}
}
