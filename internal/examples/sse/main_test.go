package main

import (
	"bufio"
	"net/url"
	"testing"

	"github.com/go-datasession/datasession/internal/examples/check"
)

func TestEvents(t *testing.T) {
	h, err := site()
	if err != nil {
		t.Fatal(err)
	}
	client, address := check.Visitor(t, h)
	add := func(item string) {
		t.Helper()
		res, err := client.PostForm(address+"/cart", url.Values{"item": {item}})
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	add("book")
	res, err := client.Get(address + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for _, want := range []string{"data: [book]", "data: [book lamp]"} {
		for lines.Scan() && lines.Text() == "" {
		}
		if lines.Text() != want {
			t.Fatalf("%q, want %q", lines.Text(), want)
		}
		if want == "data: [book]" {
			add("lamp")
		}
	}
}
