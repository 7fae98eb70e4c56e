// Package check tests the programs that count visits.
package check

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"testing"
)

// Visitor returns a client with a cookie jar, and the address of a server of h. It is
// TLS, for the cookie is Secure.
func Visitor(t *testing.T, h http.Handler) (*http.Client, string) {
	t.Helper()
	srv := httptest.NewTLSServer(h)
	t.Cleanup(srv.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := srv.Client()
	client.Jar = jar
	return client, srv.URL
}

// Visits visits a site several times with one client, and once with another.
func Visits(t *testing.T, h http.Handler) {
	t.Helper()
	client, url := Visitor(t, h)
	for _, want := range []string{"visit 1\n", "visit 2\n", "visit 3\n"} {
		if got := Get(t, client, url); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	client.Jar = nil
	if got := Get(t, client, url); got != "visit 1\n" {
		t.Errorf("another client: %q", got)
	}
}

// Get returns the body of a page.
func Get(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v", res.Status, err)
	}
	return string(body)
}
