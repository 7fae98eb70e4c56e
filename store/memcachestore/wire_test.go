package memcachestore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-datasession/datasession/internal/testserver"
	"github.com/go-datasession/datasession/store"
)

// scripted is a server whose replies a test makes. It knows gets, add, set, cas,
// delete, touch and version by how many lines they have.
type scripted struct {
	addr string

	mu       sync.Mutex
	requests []string
}

// script starts a server that answers each request with what reply writes. When that
// returns false the connection is closed.
func script(t testing.TB, reply func(request string, w net.Conn) bool) *scripted {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scripted{addr: l.Addr().String()}
	var wg sync.WaitGroup
	done := make(chan struct{})
	t.Cleanup(func() { close(done); l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				go func() { <-done; c.Close() }()
				in := bufio.NewReader(c)
				for {
					line, err := in.ReadString('\n')
					if err != nil {
						return
					}
					if verb, _, _ := strings.Cut(line, " "); verb == "add" || verb == "cas" || verb == "set" {
						if _, err := in.ReadString('\n'); err != nil {
							return
						}
					}
					line = strings.TrimSuffix(line, "\r\n")
					s.mu.Lock()
					s.requests = append(s.requests, line)
					s.mu.Unlock()
					if !reply(line, c) {
						return
					}
				}
			})
		}
	})
	return s
}

func says(texts ...string) func(string, net.Conn) bool {
	return func(_ string, c net.Conn) bool {
		for _, text := range texts {
			fmt.Fprint(c, text)
			time.Sleep(time.Millisecond)
		}
		return true
	}
}

// in200ms makes a call with a deadline of 200 ms and checks that it keeps it.
func in200ms(t testing.TB, what string, call func(context.Context) error) error {
	t.Helper()
	err := within(t, what, 100*time.Millisecond, func() (time.Duration, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		return 200 * time.Millisecond, call(ctx)
	})
	if err != nil && strings.Contains(err.Error(), "secret") {
		t.Errorf("%s tells an id or data: %v", what, err)
	}
	return err
}

// within checks that a call takes no longer than it says it should, and a little. A
// machine that is busy may be late, but hardly three times in a row.
func within(t testing.TB, what string, slack time.Duration, call func() (time.Duration, error)) error {
	t.Helper()
	for try := 1; ; try++ {
		start := time.Now()
		limit, err := call()
		d := time.Since(start)
		if d <= limit+slack {
			return err
		}
		if try == 3 {
			t.Errorf("%s took %v, want %v", what, d, limit)
			return err
		}
	}
}

// Whatever a server answers, Load gives an error in time or what belongs to the id.
func TestBrokenReplies(t *testing.T) {
	const right = "VALUE secret1 0 4 7\r\nmine\r\nEND\r\n"
	for name, c := range map[string]struct {
		reply []string
		want  error
	}{
		"in pieces":         {[]string{"VA", "LUE secret1 0 4 7\r", "\nmi", "ne\r\nEN", "D\r\n"}, nil},
		"nothing":           {nil, context.DeadlineExceeded},
		"half a line":       {[]string{"VALUE secret1 0"}, context.DeadlineExceeded},
		"half an item":      {[]string{"VALUE secret1 0 4 7\r\nmi"}, context.DeadlineExceeded},
		"no end":            {[]string{"VALUE secret1 0 4 7\r\nmine\r\n"}, context.DeadlineExceeded},
		"another key":       {[]string{"VALUE secret2 0 4 7\r\nhers\r\nEND\r\n"}, store.ErrUnavailable},
		"a longer key":      {[]string{"VALUE secret12 0 4 7\r\nhers\r\nEND\r\n"}, store.ErrUnavailable},
		"two items":         {[]string{"VALUE secret1 0 4 7\r\nmine\r\nVALUE secret2 0 4 7\r\nhers\r\nEND\r\n"}, store.ErrUnavailable},
		"two replies":       {[]string{right + "VALUE secret2 0 4 7\r\nhers\r\nEND\r\n"}, store.ErrUnavailable},
		"longer than said":  {[]string{"VALUE secret1 0 2 7\r\nmine\r\nEND\r\n"}, store.ErrUnavailable},
		"shorter than said": {[]string{"VALUE secret1 0 9 7\r\nmine\r\nEND\r\n"}, context.DeadlineExceeded},
		"no cas number":     {[]string{"VALUE secret1 0 4\r\nmine\r\nEND\r\n"}, store.ErrUnavailable},
		"bad cas number":    {[]string{"VALUE secret1 0 4 x\r\nmine\r\nEND\r\n"}, store.ErrUnavailable},
		"bad flags":         {[]string{"VALUE secret1 -1 4 7\r\nmine\r\nEND\r\n"}, store.ErrUnavailable},
		"size below zero":   {[]string{"VALUE secret1 0 -4 7\r\nmine\r\nEND\r\n"}, store.ErrUnavailable},
		"4 GiB":             {[]string{"VALUE secret1 0 4294967295 7\r\nmine"}, store.ErrTooLarge},
		"over 32 bits":      {[]string{"VALUE secret1 0 99999999999 7\r\nmine"}, store.ErrUnavailable},
		"over the limit":    {[]string{"VALUE secret1 0 1048577 7\r\nmine"}, store.ErrTooLarge},
		"a line for ever":   {[]string{strings.Repeat("x", 10_000)}, store.ErrUnavailable},
		"an answer to cas":  {[]string{"STORED\r\n"}, store.ErrUnavailable},
		"an error":          {[]string{"SERVER_ERROR no: secret1\r\n"}, store.ErrUnavailable},
		"another protocol":  {[]string{"HTTP/1.1 400 Bad Request\r\n\r\n"}, store.ErrUnavailable},
		"zero bytes":        {[]string{strings.Repeat("\x00", 5000)}, store.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			srv := script(t, says(c.reply...))
			s := open(t, nil, srv.addr)
			var rec store.Record
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := in200ms(t, "Load", func(ctx context.Context) (err error) {
				rec, err = s.Load(ctx, "secret1")
				return err
			})
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
				t.Errorf("Load took %d bytes", n)
			}
			if !errors.Is(err, c.want) || c.want == nil && string(rec.Data) != "mine" || c.want != nil && len(rec.Data) > 0 {
				t.Fatalf("Load = %q, %v; want %v", rec.Data, err, c.want)
			}
			if kept := len(s.servers[0].idle); (kept == 1) != (c.want == nil) {
				t.Errorf("%d connections were kept", kept)
			}
		})
	}
}

func TestBrokenAnswersToWrites(t *testing.T) {
	for name, c := range map[string]struct {
		reply []string
		want  error
	}{
		"nothing":      {nil, context.DeadlineExceeded},
		"half":         {[]string{"STOR"}, context.DeadlineExceeded},
		"an item":      {[]string{"VALUE secret1 0 4 7\r\nmine\r\nEND\r\n"}, store.ErrUnavailable},
		"twice":        {[]string{"STORED\r\nSTORED\r\n"}, store.ErrUnavailable},
		"end":          {[]string{"END\r\n"}, store.ErrUnavailable},
		"line feed":    {[]string{"STORED\n"}, store.ErrUnavailable},
		"too large":    {[]string{"SERVER_ERROR object too large for cache\r\n"}, store.ErrTooLarge},
		"no memory":    {[]string{"SERVER_ERROR out of memory storing object\r\n"}, store.ErrUnavailable},
		"client error": {[]string{"CLIENT_ERROR bad data chunk\r\n"}, store.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, nil, script(t, says(c.reply...)).addr)
			for call, f := range map[string]func(context.Context) error{
				"create": func(ctx context.Context) error {
					_, err := s.Save(ctx, "secret1", []byte("x"), store.Rev{}, store.SaveOptions{})
					return err
				},
				"replace": func(ctx context.Context) error {
					_, err := s.Save(ctx, "secret1", []byte("x"), store.NumRev(7), store.SaveOptions{})
					return err
				},
				"delete": func(ctx context.Context) error { return s.Delete(ctx, "secret1", store.NumRev(7)) },
			} {
				if err := in200ms(t, call, f); !errors.Is(err, c.want) {
					t.Errorf("%s = %v; want %v", call, err, c.want)
				}
				if n := len(s.servers[0].idle); n != 0 {
					t.Errorf("%s: %d connections were kept", call, n)
				}
			}
		})
	}
}

// The reply to a request that was given up comes when the next one has been sent.
func TestLateReply(t *testing.T) {
	srv := script(t, func(request string, c net.Conn) bool {
		if request == "gets secret1" {
			time.Sleep(300 * time.Millisecond)
		}
		id := strings.TrimPrefix(request, "gets ")
		fmt.Fprintf(c, "VALUE %s 0 %d 7\r\n%s\r\nEND\r\n", id, len(id), id)
		return true
	})
	s := open(t, nil, srv.addr)
	for range 3 {
		err := in200ms(t, "Load", func(ctx context.Context) error { _, err := s.Load(ctx, "secret1"); return err })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Load = %v", err)
		}
		for _, id := range []string{"b", "c"} {
			load(t, s, id, id)
			time.Sleep(60 * time.Millisecond)
		}
	}
}

// What a server says between two requests is not the answer to the second.
func TestUnsolicited(t *testing.T) {
	srv := script(t, func(request string, c net.Conn) bool {
		if strings.HasPrefix(request, "gets") {
			fmt.Fprint(c, "VALUE a 0 1 7\r\nx\r\nEND\r\n")
			go func() { time.Sleep(20 * time.Millisecond); fmt.Fprint(c, "STORED\r\n") }()
		} else {
			fmt.Fprint(c, "EXISTS\r\n")
		}
		return true
	})
	s := open(t, nil, srv.addr)
	rev := load(t, s, "a", "x")
	time.Sleep(60 * time.Millisecond)
	if _, err := s.Save(t.Context(), "a", []byte("y"), rev, store.SaveOptions{}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("Save = %v; want %v", err, store.ErrConflict)
	}
}

func TestFrozenServer(t *testing.T) {
	m := testserver.StartMemcached(t)
	s := open(t, &Options{Timeout: 400 * time.Millisecond}, m.Addr)
	rev := save(t, s, "a", "one", store.Rev{})
	m.Freeze()
	for name, call := range map[string]func(context.Context) error{
		"Load":   func(ctx context.Context) error { _, err := s.Load(ctx, "a"); return err },
		"Save":   func(ctx context.Context) error { _, err := s.Save(ctx, "a", nil, rev, store.SaveOptions{}); return err },
		"Delete": func(ctx context.Context) error { return s.Delete(ctx, "a", rev) },
		"Touch":  func(ctx context.Context) error { return s.Touch(ctx, "a", time.Hour) },
		"Ping":   s.Ping,
		"IDs": func(ctx context.Context) error {
			for _, err := range s.Enumerable().IDs(ctx) {
				return err
			}
			return nil
		},
	} {
		if err := in200ms(t, name, call); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s of a frozen server = %v", name, err)
		}
		err := within(t, name+", cancelled after 50ms", 100*time.Millisecond, func() (time.Duration, error) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			return 50 * time.Millisecond, call(ctx)
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled after 50ms = %v", name, err)
		}
		err = within(t, name+" without a deadline", 200*time.Millisecond, func() (time.Duration, error) {
			return 400 * time.Millisecond, call(context.Background())
		})
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s without a deadline = %v", name, err)
		}
	}
	m.Thaw()
	save(t, s, "b", "works again", store.Rev{})
}

// Nothing of an id that is not a key reaches a server.
func TestHostileIDs(t *testing.T) {
	srv := script(t, says("END\r\n"))
	s := open(t, &Options{Namespace: "ns:"}, srv.addr)
	ids := []string{"", strings.Repeat("a", 248), strings.Repeat("a", 100_000), "\r\nset x 0 0 1\r\n1\r\n", "é", "\xff", "a b"}
	for b := range 256 {
		if b > ' ' && b < 0x7f {
			continue
		}
		for _, form := range []string{"%c", "%cabc", "abc%c", "a%cb"} {
			ids = append(ids, strings.Replace(form, "%c", string([]byte{byte(b)}), 1))
		}
	}
	for _, id := range ids {
		_, err1 := s.Load(t.Context(), id)
		_, err2 := s.Save(t.Context(), id, nil, store.Rev{}, store.SaveOptions{})
		_, err3 := s.Save(t.Context(), id, nil, store.AnyRev, store.SaveOptions{})
		err4 := s.Delete(t.Context(), id, store.AnyRev)
		err5 := s.Touch(t.Context(), id, time.Hour)
		for _, err := range []error{err1, err2, err3, err4, err5} {
			if !errors.Is(err, store.ErrInvalidID) {
				t.Errorf("id %.20q: %v; want %v", id, err, store.ErrInvalidID)
			}
		}
	}
	if len(srv.requests) > 0 {
		t.Errorf("%q reached the wire", srv.requests)
	}
	longest := strings.Repeat("~", 247)
	loadFails(t, s, longest, store.ErrNotFound)
	if want := "gets ns:" + longest; len(srv.requests) != 1 || srv.requests[0] != want {
		t.Errorf("%q reached the wire", srv.requests)
	}
}
