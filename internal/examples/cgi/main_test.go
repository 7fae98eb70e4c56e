package main

import (
	"net/http/cgi"
	"os"
	"testing"

	"github.com/go-datasession/datasession/internal/examples/check"
)

// TestMain is the program itself where a web server has started it.
func TestMain(m *testing.M) {
	if os.Getenv("GATEWAY_INTERFACE") != "" {
		main()
		return
	}
	m.Run()
}

func TestCGI(t *testing.T) {
	check.Visits(t, &cgi.Handler{Path: os.Args[0], Env: []string{"SESSIONS=" + t.TempDir()}, Stderr: os.Stderr})
}
