// Command echo counts its visitors' visits, with echo.
package main

import (
	"fmt"
	"log"
	"net/http"

	"github.com/labstack/echo/v4"

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
	e := echo.New()
	e.Use(echo.WrapMiddleware(sessions.Handler))
	e.GET("/", func(c echo.Context) error {
		s, err := sessionhttp.Session(c.Request())
		if err != nil {
			return echo.NewHTTPError(sessionhttp.Status(err)).SetInternal(err)
		}
		n, _ := visits.Get(s) // zero, the first time
		if err := visits.Set(s, n+1); err != nil {
			return err
		}
		return c.String(http.StatusOK, fmt.Sprintf("visit %d\n", n+1))
	})
	return e, nil
}

func main() {
	h, err := site()
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8080", h))
}
