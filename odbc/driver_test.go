package odbc

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestBadSources(t *testing.T) {
	for _, source := range []string{"", " ", "DSN=a\x00b", strings.Repeat("x", 40_000)} {
		if _, err := NewConnector(source, nil); err == nil {
			t.Errorf("NewConnector(%.20q) = no error", source)
		}
		if _, err := sql.Open("odbc", source); err == nil {
			t.Errorf("Open(%.20q) = no error", source)
		}
	}
	if _, err := NewConnector("DSN=a", &Options{MaxLeft: -1}); err == nil {
		t.Error("NewConnector with MaxLeft -1 = no error")
	}
}

func TestMissingLibrary(t *testing.T) {
	c, err := NewConnector("DSN=x", &Options{Library: "libodbc-that-is-not-there.so"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Connect(t.Context())
	if err == nil || !strings.Contains(err.Error(), "apt-get install unixodbc") {
		t.Errorf("Connect = %v; want what to install", err)
	}
	c, _ = NewConnector("DSN=x", &Options{Library: "libc.so.6"})
	if _, err := c.Connect(t.Context()); err == nil || !strings.Contains(err.Error(), "lacks SQL") {
		t.Errorf("Connect with another library = %v", err)
	}
}

func TestNoSuchSource(t *testing.T) {
	sqliteSource(t) // there is a driver manager
	for _, source := range []string{"no-such-source", "DSN=no-such-source;PWD=geheim", "Driver=/no/such/driver.so;PWD={geh;eim}",
		"Driver={No such driver};Password=geheim", "Driver=/dev/null;pwd = geheim", ";;;=;", "{", "PWD={geheim"} {
		c, err := NewConnector(source, nil)
		if err != nil {
			t.Errorf("NewConnector(%q) = %v", source, err)
			continue
		}
		_, err = c.Connect(t.Context())
		var e *Error
		if !errors.As(err, &e) || len(e.SQLState()) != 5 || strings.Contains(err.Error(), "geh") {
			t.Errorf("Connect to %s = %v", source, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if _, err := c.Connect(ctx); !errors.As(err, &e) {
			t.Errorf("Connect with a deadline = %v", err)
		}
		cancel()
		lib, err := load("")
		if err != nil {
			t.Fatal(err)
		}
		if n := lib.handles.Load(); n != 0 {
			t.Errorf("%d handles are left", n)
		}
	}
}

// The connection string is not in what is printed, and not in what a driver says of it.
func TestSecrets(t *testing.T) {
	const source = "Driver=x;UID=me;PWD={ge;heim}"
	c, err := NewConnector(source, nil)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "connector", c)
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%v %+v %#v %s %q", c, c, c, c, c), log.String()} {
		if strings.Contains(text, "heim") {
			t.Errorf("printed: %s", text)
		}
	}
	e := &Error{"connect", []Record{{"28000", 1, "bad password ge;heim for me"}, {"28000", 1, "ge;heim"}}}
	if text := fmt.Sprintf("%+v", e.without(c.secrets).Records) + e.Error(); strings.Contains(text, "heim") || !strings.Contains(text, "for me") {
		t.Errorf("the error says %s", text)
	}
}

func TestPasswordsAreFound(t *testing.T) {
	for source, want := range map[string]string{
		"DSN=x;PWD=abc":                 "abc",
		"pwd = abc ;DSN=x":              "abc ",
		"DSN=x;Password={a;b}}c};UID=y": "a;b}}c",
		"DSN=x;PWD=;UID=y":              "",
		"DSN=x;UID=y":                   "",
	} {
		c, err := NewConnector(source, nil)
		if err != nil || strings.Join(c.secrets, "|") != want {
			t.Errorf("of %s %q is secret, %v; want %q", source, c.secrets, err, want)
		}
	}
}

func TestLostConnections(t *testing.T) {
	for _, c := range []struct {
		rec  Record
		lost bool
	}{
		{Record{State: "08S01"}, true},
		{Record{State: "08003"}, true},
		{Record{State: "HY000", Native: 2006}, true},
		{Record{State: "HY000", Native: 2013}, true},
		{Record{State: "57P01"}, true},
		{Record{State: "HY000", Native: 1, Message: "server closed the connection unexpectedly\n\tThis probably means"}, true},
		{Record{State: "HY000", Native: 1, Message: "FATAL:  terminating connection due to administrator command"}, true},
		{Record{State: "HY000", Native: 19}, false},
		{Record{State: "23000", Native: 1062}, false},
		{Record{State: "42S02"}, false},
	} {
		if got := isLost(fmt.Errorf("x: %w", &Error{"execute", []Record{{State: "01000"}, c.rec}})); got != c.lost {
			t.Errorf("%v is lost: %v, want %v", c.rec, got, c.lost)
		}
	}
}
