// Command gin counts its visitors' visits, with gin.
package main

import (
	"log"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/store/memstore"
)

const visits datasession.Key[int] = "visits"

func site() (http.Handler, error) {
	m, err := datasession.New(memstore.New(nil), perljson.Codec{}, nil)
	if err != nil {
		return nil, err
	}
	sessions, err := sessionhttp.New(m, nil)
	if err != nil {
		return nil, err
	}
	r := gin.New()
	r.GET("/", func(c *gin.Context) {
		s, err := sessionhttp.Session(c.Request)
		if err != nil {
			c.AbortWithStatus(sessionhttp.Status(err))
			return
		}
		n, _ := visits.Get(s) // zero, the first time
		if err := visits.Set(s, n+1); err != nil {
			_ = c.AbortWithError(http.StatusInternalServerError, err)
			return
		}
		c.String(http.StatusOK, "visit %d\n", n+1)
	})
	return sessions.Handler(r), nil // around gin: its own writer stays gin's
}

func main() {
	h, err := site()
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8080", h))
}
