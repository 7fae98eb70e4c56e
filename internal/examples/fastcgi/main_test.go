package main

import (
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/go-datasession/datasession/internal/examples/check"
	"github.com/go-datasession/datasession/internal/testserver"
)

// TestMain is the program itself where a web server has started it.
func TestMain(m *testing.M) {
	if os.Getenv("SESSIONS") != "" {
		main()
		return
	}
	m.Run()
}

// The program gets a listener as its standard input, as web servers hand it over.
func TestFastCGI(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	stdin, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	program := exec.CommandContext(t.Context(), os.Args[0])
	program.Stdin, program.Stderr = stdin, os.Stderr
	program.Env = append(os.Environ(), "SESSIONS="+t.TempDir())
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = program.Process.Kill(); _ = program.Wait() }()

	check.Visits(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		res, err := testserver.FastCGI(conn, map[string]string{
			"REQUEST_METHOD": r.Method, "REQUEST_URI": r.RequestURI, "SERVER_PROTOCOL": r.Proto, "HTTP_HOST": r.Host,
			"REMOTE_ADDR": "192.0.2.1", "REMOTE_PORT": "1234", "HTTP_COOKIE": r.Header.Get("Cookie"), "HTTPS": "on",
		})
		if err != nil {
			t.Error(err)
			return
		}
		maps.Copy(w.Header(), res.Header)
		w.WriteHeader(res.StatusCode)
		_, _ = io.Copy(w, res.Body)
	}))
}
