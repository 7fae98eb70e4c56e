package memcachestore

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store"
)

// raw sends commands to a server and returns the first of what it answers.
func raw(t testing.TB, addr, format string, args ...any) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(c, format, args...); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1000)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func put(t testing.TB, addr, key string, flags uint32, data []byte) {
	t.Helper()
	if out := raw(t, addr, "set %s %d 0 %d\r\n%s\r\n", key, flags, len(data), data); out != "STORED\r\n" {
		t.Fatalf("set: %s", out)
	}
}

func zip(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(data)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFlags(t *testing.T) {
	m := testserver.StartMemcached(t)
	s := open(t, nil, m.Addr)
	text := strings.Repeat("session ", 100)
	packed := zip(t, []byte(text))
	for name, c := range map[string]struct {
		flags uint32
		data  []byte
		want  error // nil: text
	}{
		"plain":            {0, []byte(text), nil},
		"gzip":             {2, packed, nil},
		"storable":         {1, []byte(text), ErrFlags},
		"storable, gzip":   {3, packed, ErrFlags},
		"unknown":          {4, []byte(text), ErrFlags},
		"unknown and gzip": {6, packed, ErrFlags},
		"all":              {math.MaxUint32, []byte(text), ErrFlags},
		"no gzip":          {2, []byte(text), gzip.ErrHeader},
		"gzip, empty":      {2, nil, io.EOF},
		"gzip, cut":        {2, packed[:len(packed)-9], io.ErrUnexpectedEOF},
		"gzip, changed":    {2, append(bytes.Clone(packed[:len(packed)-8]), make([]byte, 8)...), gzip.ErrChecksum},
		"gzip, more":       {2, append(bytes.Clone(packed), 'x'), errAny},
		"gzip, two":        {2, append(bytes.Clone(packed), packed...), errAny},
		"bomb":             {2, zip(t, make([]byte, 100<<20)), store.ErrTooLarge},
		"over the limit":   {2, zip(t, make([]byte, 1<<20+1)), store.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			put(t, m.Addr, "a", c.flags, c.data)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			rec, err := s.Load(t.Context(), "a")
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; n > 16<<20 {
				t.Errorf("Load took %d bytes", n)
			}
			switch {
			case c.want == nil && (err != nil || string(rec.Data) != text):
				t.Errorf("Load = %d bytes, %v; want the text", len(rec.Data), err)
			case c.want == errAny && err == nil, c.want != nil && c.want != errAny && !errors.Is(err, c.want):
				t.Errorf("Load = %d bytes, %v; want %v", len(rec.Data), err, c.want)
			}
			if err == nil {
				save(t, s, "a", "replaced", rec.Rev)
				load(t, s, "a", "replaced")
			}
		})
	}
	// One layer only.
	put(t, m.Addr, "a", 2, zip(t, packed))
	load(t, s, "a", string(packed))
}

var errAny = errors.New("any error")

func TestExpiry(t *testing.T) {
	m := testserver.StartMemcached(t)
	s := open(t, nil, m.Addr)
	const day = 24 * time.Hour
	left := func() int {
		t.Helper()
		out, ok := strings.CutPrefix(strings.TrimSpace(raw(t, m.Addr, "mg a t\r\n")), "HD t")
		n, err := strconv.Atoi(out)
		if !ok || err != nil {
			t.Fatalf("mg = %q", out)
		}
		return n
	}
	for _, ttl := range []time.Duration{time.Second, time.Minute, 30 * day, 30*day + time.Second, 400 * day, 3000 * day} {
		near := func(call string) {
			t.Helper()
			if n, want := left(), int(ttl/time.Second); n < want-1 || n > want+1 {
				t.Errorf("%s with %v leaves %d seconds, want %d", call, ttl, n, want)
			}
		}
		rev, err := s.Save(t.Context(), "a", []byte("x"), store.AnyRev, store.SaveOptions{TTL: ttl})
		if err != nil {
			t.Fatal(err)
		}
		near("Save")
		if ttl == time.Second {
			continue
		}
		save(t, s, "a", "for ever", rev)
		if n := left(); n != -1 {
			t.Errorf("Save without a TTL leaves %d seconds", n)
		}
		if err := s.Touch(t.Context(), "a", ttl); err != nil {
			t.Error(err)
		}
		near("Touch")
	}
	for ttl, want := range map[time.Duration]int32{
		0: 0, 1: 1, time.Second + 1: 2, -1: gone, month * time.Second: month, math.MaxInt64: math.MaxInt32,
	} {
		if got := exptime(ttl); got != want {
			t.Errorf("exptime(%d) = %d, want %d", ttl, got, want)
		}
	}
}
