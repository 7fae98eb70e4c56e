package main

import (
	"github.com/gin-gonic/gin"
	"testing"

	"github.com/go-datasession/datasession/internal/examples/check"
)

func TestSite(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	h, err := site()
	if err != nil {
		t.Fatal(err)
	}
	check.Visits(t, h)
}
