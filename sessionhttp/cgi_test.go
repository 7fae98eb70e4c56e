package sessionhttp_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/fcgi"
	"net/http/httptest"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/store/filestore"
)

// childEnv names what the test binary is to be, beside itself, and the sessions' folder.
const childEnv = "SESSIONHTTP_CHILD"

func TestMain(m *testing.M) {
	kind, dir, _ := strings.Cut(os.Getenv(childEnv), ":")
	if kind == "" {
		os.Exit(m.Run())
	}
	if err := beGateway(kind, dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// beGateway answers one CGI request, or FastCGI requests at a socket in the folder.
func beGateway(kind, dir string) error {
	h, err := counter(dir)
	if err != nil {
		return err
	}
	if kind == "cgi" {
		return cgi.Serve(h)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		return err
	}
	return fcgi.Serve(l, h)
}

// counter counts visits in sessions kept in a folder.
func counter(dir string) (http.Handler, error) {
	files, err := filestore.New(filepath.Join(dir, "sessions"), &filestore.Options{NoSync: true})
	if err != nil {
		return nil, err
	}
	m, err := datasession.New(files, perljson.Codec{}, nil)
	if err != nil {
		return nil, err
	}
	mw, err := sessionhttp.New(m, &sessionhttp.Options{MatchAddr: true})
	if err != nil {
		return nil, err
	}
	return mw.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := sessionhttp.Session(r)
		if err != nil {
			mw.Error(w, r, err)
			return
		}
		n, _ := datasession.Get[int](s, "n")
		_ = s.Set("n", n+1)
		fmt.Fprintf(w, "visit %d from %s", n+1, s.RemoteAddr())
	})), nil
}

func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "sessions"), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// visits checks that a client who keeps its cookie is counted.
func visits(t *testing.T, do func(*http.Request) *http.Response) {
	t.Helper()
	id := ""
	for n := range 3 {
		r := do(request(id))
		got := body(t, r)
		if want := fmt.Sprintf("visit %d from 192.0.2.1", n+1); got != want || r.StatusCode != http.StatusOK {
			t.Fatalf("%d %q; want %q", r.StatusCode, got, want)
		}
		if r.Header.Get("Vary") != "Cookie" || r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("header %v", r.Header)
		}
		if id != "" && cookie(r) != id {
			t.Error("the id changed")
		}
		id = cookie(r)
	}
}

func TestCGI(t *testing.T) {
	h := &cgi.Handler{Path: os.Args[0], Env: []string{childEnv + "=cgi:" + folder(t)}, Stderr: os.Stderr}
	visits(t, func(r *http.Request) *http.Response {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result()
	})
}

func TestFastCGI(t *testing.T) {
	dir := folder(t)
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childEnv+"=fcgi:"+dir)
	child.Stderr = os.Stderr
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill(); _ = child.Wait() })
	socket := filepath.Join(dir, "socket")
	for range 500 {
		if _, err := os.Stat(socket); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	visits(t, func(r *http.Request) *http.Response {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		res, err := fastCGI(conn, map[string]string{
			"REQUEST_METHOD": r.Method, "REQUEST_URI": "/", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "example.com",
			"REMOTE_ADDR": "192.0.2.1", "REMOTE_PORT": "1234", "HTTP_COOKIE": r.Header.Get("Cookie"),
		})
		if err != nil {
			t.Fatal(err)
		}
		return res
	})
}

// fastCGI makes one request without a body, as a web server does.
func fastCGI(conn io.ReadWriter, params map[string]string) (*http.Response, error) {
	const begin, end, parameters, stdin, stdout = 1, 3, 4, 5, 6
	var out bytes.Buffer
	record := func(kind byte, content []byte) {
		out.Write([]byte{1, kind, 0, 1, byte(len(content) >> 8), byte(len(content)), 0, 0})
		out.Write(content)
	}
	record(begin, []byte{0, 1, 0, 0, 0, 0, 0, 0}) // the role of a responder
	var pairs []byte
	for name, value := range params {
		pairs = append(pairs, byte(len(name)))
		pairs = binary.BigEndian.AppendUint32(pairs, uint32(len(value))|1<<31)
		pairs = append(append(pairs, name...), value...)
	}
	record(parameters, pairs)
	record(parameters, nil)
	record(stdin, nil)
	if _, err := conn.Write(out.Bytes()); err != nil {
		return nil, err
	}
	var answer bytes.Buffer
	for {
		var head [8]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return nil, err
		}
		content := make([]byte, int(head[4])<<8+int(head[5])+int(head[6]))
		if _, err := io.ReadFull(conn, content); err != nil {
			return nil, err
		}
		switch head[1] {
		case stdout:
			answer.Write(content[:len(content)-int(head[6])])
		case end:
			r := textproto.NewReader(bufio.NewReader(&answer))
			header, err := r.ReadMIMEHeader()
			res := &http.Response{StatusCode: http.StatusOK, Header: http.Header(header), Body: io.NopCloser(r.R)}
			_, _ = fmt.Sscan(res.Header.Get("Status"), &res.StatusCode)
			return res, err
		}
	}
}
