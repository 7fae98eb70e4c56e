package sessionhttp_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/fcgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/internal/testserver"
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
		res, err := testserver.FastCGI(conn, map[string]string{
			"REQUEST_METHOD": r.Method, "REQUEST_URI": "/", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "example.com",
			"REMOTE_ADDR": "192.0.2.1", "REMOTE_PORT": "1234", "HTTP_COOKIE": r.Header.Get("Cookie"),
		})
		if err != nil {
			t.Fatal(err)
		}
		return res
	})
}
