package main

import (
	"testing"

	"github.com/go-datasession/datasession/internal/examples/check"
)

func TestSite(t *testing.T) {
	h, err := site()
	if err != nil {
		t.Fatal(err)
	}
	check.Visits(t, h)
}
