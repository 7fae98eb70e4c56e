package main

import (
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/go-datasession/datasession/internal/examples/check"
)

func TestTalk(t *testing.T) {
	h, err := site()
	if err != nil {
		t.Fatal(err)
	}
	client, url := check.Visitor(t, h)
	if got := check.Get(t, client, url); got != "0 lines\n" {
		t.Fatalf("%q", got)
	}
	conn, _, err := websocket.Dial(t.Context(), strings.Replace(url, "https:", "wss:", 1)+"/talk",
		&websocket.DialOptions{HTTPClient: client})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	for _, want := range []string{"line 1", "line 2"} {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, got, err := conn.Read(t.Context()); string(got) != want {
			t.Fatalf("%q, %v, want %q", got, err, want)
		}
	}
	if got := check.Get(t, client, url); got != "2 lines\n" {
		t.Errorf("%q", got)
	}
}
