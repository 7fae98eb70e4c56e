//go:build linux

package filestore_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/filestore"
)

// bareLoad and bareSave are what Perl does: open, lock, read, write in place,
// close. bareSave waits for the disk as often as the store does, each time for a
// write; it makes no file, and does not survive a crash.
func bareLoad(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH); err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}

func bareSave(name string, data []byte, syncs int) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	if _, err := io.ReadAll(f); err != nil {
		return err
	}
	for i := range max(syncs, 1) {
		if _, err := f.WriteAt(data, 0); err != nil {
			return err
		}
		if err := f.Truncate(int64(len(data))); err != nil {
			return err
		}
		if i < syncs {
			if err := f.Sync(); err != nil {
				return err
			}
		}
	}
	return nil
}

// safeSave is the least that survives a crash: the bytes go into a second file
// first, and then in place, or the second file is renamed. It checks nothing.
func safeSave(name string, data []byte, opts filestore.Options) error {
	old, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer old.Close()
	if err := syscall.Flock(int(old.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	now, err := io.ReadAll(old)
	if err != nil {
		return err
	}
	second, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer second.Close()
	first := data
	if !opts.GoOnly {
		first = append(now, data...)
	}
	if _, err := second.Write(first); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer dir.Close()
	sync := func(f *os.File) error {
		if opts.NoSync {
			return nil
		}
		return f.Sync()
	}
	if err := sync(second); err != nil {
		return err
	}
	if opts.GoOnly {
		if err := os.Rename(name+".new", name); err != nil {
			return err
		}
		return sync(dir)
	}
	if err := sync(dir); err != nil {
		return err
	}
	if _, err := old.WriteAt(data, 0); err != nil {
		return err
	}
	if err := old.Truncate(int64(len(data))); err != nil {
		return err
	}
	if err := sync(old); err != nil {
		return err
	}
	return os.Remove(name + ".new")
}

// BenchmarkStore takes turns with the bare and the safe calls and reports the
// medians, and what the store takes as a multiple of each, so that it means
// something on a busy machine too.
func BenchmarkStore(b *testing.B) {
	for _, size := range []int{1000, 100_000} {
		for _, m := range []struct {
			name  string
			opts  filestore.Options
			syncs int
		}{
			{"Shared", filestore.Options{}, 3},
			{"GoOnly", filestore.Options{GoOnly: true}, 2},
			{"SharedNoSync", filestore.Options{NoSync: true}, 0},
			{"GoOnlyNoSync", filestore.Options{GoOnly: true, NoSync: true}, 0},
		} {
			dir, ctx := b.TempDir(), b.Context()
			bare, safe, id := filepath.Join(dir, "bare"), filepath.Join(dir, "safe"), strings.Repeat("0123456789abcdef", 2)
			values := [2][]byte{value(0, size), value(1, size)}
			s := open(b, dir, &m.opts)
			rev, err := s.Save(ctx, id, values[0], store.AnyRev, store.SaveOptions{})
			for _, name := range []string{bare, safe} {
				if err == nil {
					err = os.WriteFile(name, values[0], 0o600)
				}
			}
			if err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("%s/load/%d", m.name, size), func(b *testing.B) {
				against(b, func(int) error { _, err := s.Load(ctx, id); return err }, map[string]func(int) error{
					"bare": func(int) error { _, err := bareLoad(bare); return err },
				})
			})
			b.Run(fmt.Sprintf("%s/save/%d", m.name, size), func(b *testing.B) {
				against(b, func(i int) (err error) {
					rev, err = s.Save(ctx, id, values[i%2], rev, store.SaveOptions{})
					return err
				}, map[string]func(int) error{
					"bare": func(i int) error { return bareSave(bare, values[i%2], m.syncs) },
					"safe": func(i int) error { return safeSave(safe, values[i%2], m.opts) },
				})
			})
		}
	}
}

func against(b *testing.B, call func(i int) error, others map[string]func(i int) error) {
	times := map[string][]time.Duration{}
	measure := func(name string, call func(int) error, i int) {
		start := time.Now()
		if err := call(i); err != nil {
			b.Fatal(err)
		}
		times[name] = append(times[name], time.Since(start))
	}
	for i := 1; b.Loop(); i++ {
		measure("store", call, i)
		for name, other := range others {
			measure(name, other, i)
		}
	}
	median := func(name string) float64 {
		slices.Sort(times[name])
		return float64(times[name][len(times[name])/2])
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median("store"), "store-ns")
	for name := range others {
		b.ReportMetric(median(name), name+"-ns")
		b.ReportMetric(median("store")/median(name), "x-"+name)
	}
}
