package bdbfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-datasession/datasession/internal/perltest"
)

// made is what perlFile puts under each key: values and keys of many lengths, on both
// sides of what fits on a page.
func made(n int) map[string]string {
	m := map[string]string{"": "empty key", "bytes": "\x00\xff\x80\n", "\x00\xff": "binary key", strings.Repeat("K", 20_000): "long key"}
	for i := range n {
		size := i * 37 % 700
		if i%50 == 7 {
			size = i * 131 % 30_000
		}
		m["k"+strconv.Itoa(i)] = strings.Repeat("v", size)
	}
	return m
}

const perlFile = `
use DB_File;
my ($name, $kind, $order, $n) = @ARGV;
my $info = $kind eq "btree" ? DB_File::BTREEINFO->new : DB_File::HASHINFO->new;
$info->{lorder} = $order;
tie my %h, "DB_File", $name, O_RDWR|O_CREAT, 0600, $info or die "$name: $!";
$h{""} = "empty key";
$h{bytes} = "\x00\xff\x80\n";
$h{"\x00\xff"} = "binary key";
$h{"K" x 20_000} = "long key";
for my $i (0 .. $n - 1) {
	my $size = $i % 50 == 7 ? $i * 131 % 30_000 : $i * 37 % 700;
	$h{"k$i"} = "x" x 100 if $i % 3 == 0;
	$h{"gone$i"} = "x" x $size if $i % 5 == 0;
	$h{"k$i"} = "v" x $size;
}
delete $h{"gone$_"} for 0 .. $n - 1;
`

func perlMakes(t testing.TB, kind, order string, n int) string {
	name := filepath.Join(t.TempDir(), "f.db")
	perltest.Run(t, perlFile, name, kind, order, strconv.Itoa(n))
	return name
}

func TestFilesOfPerl(t *testing.T) {
	perltest.Need(t, perltest.DBFile)
	for _, kind := range []string{"hash", "btree"} {
		for _, order := range []string{"1234", "4321"} {
			for _, n := range []int{0, 3, 300, 3000} {
				t.Run(fmt.Sprint(kind, " ", order, " ", n), func(t *testing.T) {
					f, err := Open(perlMakes(t, kind, order, n))
					if err != nil {
						t.Fatal(err)
					}
					defer f.Close()
					want := made(n)
					var keys []string
					for k, err := range f.Keys() {
						if err != nil {
							t.Fatal(err)
						}
						keys = append(keys, string(k))
					}
					slices.Sort(keys)
					if w := slices.Sorted(maps.Keys(want)); !slices.Equal(keys, w) {
						t.Fatalf("%d keys, want %d", len(keys), len(w))
					}
					for k, v := range want {
						if got, err := f.Get([]byte(k), 1<<20); err != nil || string(got) != v {
							t.Fatalf("Get(%.20q) = %d bytes, %v; want %d", k, len(got), err, len(v))
						}
					}
					for _, k := range []string{"gone0", "gone5", "k", "nothing", strings.Repeat("K", 20_001)} {
						if _, err := f.Get([]byte(k), 1<<20); !errors.Is(err, ErrNotFound) {
							t.Errorf("Get(%.20q) = %v", k, err)
						}
					}
					if _, err := f.Get([]byte("bytes"), 3); !errors.Is(err, ErrTooLarge) {
						t.Errorf("Get beyond the limit = %v", err)
					}
				})
			}
		}
	}
}

const sample = "../../../internal/testdata/stores/data-session-berkeleydb-datadumper.bdb"

// The sample was written by Data::Session in a Concurrent Data Store.
func TestSample(t *testing.T) {
	text, err := os.ReadFile("../../../internal/testdata/stores/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var stores map[string]map[string]any
	if err := json.Unmarshal(text, &stores); err != nil {
		t.Fatal(err)
	}
	want := stores[filepath.Base(sample)]
	f, err := Open(sample)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for id, err := range f.Keys() {
		if err != nil {
			t.Fatal(err)
		}
		data, err := f.Get(id, 1<<20)
		if err != nil || !bytes.HasPrefix(data, []byte("$D = {")) || !bytes.Contains(data, id) {
			t.Errorf("%d bytes %.10q, %v", len(data), data, err)
		}
		if _, ok := want[string(id)]; !ok {
			t.Errorf("the manifest has no %s", id)
		}
		n++
	}
	if n != len(want) || n == 0 {
		t.Errorf("%d sessions, want %d", n, len(want))
	}
}

func TestNoFile(t *testing.T) {
	whole, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	with := func(at int, b ...byte) []byte {
		c := bytes.Clone(whole)
		copy(c[at:], b)
		return c
	}
	for name, data := range map[string][]byte{
		"empty": nil, "short": whole[:100], "text": bytes.Repeat([]byte("no database "), 1000),
		"zero": make([]byte, 8192), "cut": whole[:len(whole)-1], "magic": with(12, 1), "version": with(16, 10),
		"page size": with(20, 1, 2), "encrypted": with(24, 1), "checksum": with(26, 1), "duplicates": with(48, 1),
		"last page": with(32, 0xff), "buckets": with(72, 0xff, 0xff), "another hash": with(92, 0), "type": with(25, 9),
	} {
		if _, err := New(bytes.NewReader(data), int64(len(data))); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: New = %v; want %v", name, err, ErrFormat)
		}
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("Open of a directory succeeds")
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Open of what is missing = %v", err)
	}
}

// counting bounds what is read of a file: a loop would go over it.
type counting struct {
	io.ReaderAt
	left int
}

func (c *counting) ReadAt(p []byte, at int64) (int, error) {
	if c.left--; c.left < 0 {
		panic("reads for ever")
	}
	return c.ReaderAt.ReadAt(p, at)
}

func FuzzFile(f *testing.F) {
	seeds := []string{sample}
	if _, err := os.Stat("/usr/bin/perl"); err == nil {
		for _, kind := range []string{"hash", "btree"} {
			for _, order := range []string{"1234", "4321"} {
				seeds = append(seeds, perlMakes(f, kind, order, 60))
			}
		}
	}
	for _, name := range seeds {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { all(data) })
}

// all reads everything of a file, whatever it is.
func all(data []byte) {
	pages := len(data)/512 + 1
	r := &counting{bytes.NewReader(data), 100 + 200*pages*pages}
	f, err := New(r, int64(len(data)))
	if err != nil {
		return
	}
	_, _ = f.Get([]byte("k7"), 1<<20)
	n := 0
	for key, err := range f.Keys() {
		if n++; err != nil || n > 300 {
			break
		}
		_, _ = f.Get(key, 1<<20)
	}
}

// A plain run damages files at random places.
func TestDamaged(t *testing.T) {
	perltest.Need(t, perltest.DBFile)
	for _, kind := range []string{"hash", "btree"} {
		data, err := os.ReadFile(perlMakes(t, kind, "1234", 200))
		if err != nil {
			t.Fatal(err)
		}
		rounds, end := 0, time.Now().Add(300*time.Millisecond)
		for seed := uint64(1); time.Now().Before(end); seed++ {
			c, x := bytes.Clone(data), seed
			for range 1 + seed%4 {
				x = x*6364136223846793005 + 1442695040888963407
				at := int(x>>33) % len(c)
				if seed%2 == 0 {
					at = at/4096*4096 + at%60 // headers and offsets
				}
				c[at] = byte(x >> 20)
			}
			all(c)
			rounds++
		}
		t.Logf("%s: %d damaged files", kind, rounds)
	}
}
