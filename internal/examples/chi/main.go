// Command chi counts its visitors' visits, with chi.
package main

import (
	"fmt"
	"log"
	"net/http"

	"github.com/go-chi/chi/v5"

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
	r := chi.NewRouter()
	r.Use(sessions.Handler)
	r.Get("/", func(w http.ResponseWriter, r *http.Request) {
		s, err := sessionhttp.Session(r)
		if err != nil {
			sessions.Error(w, r, err)
			return
		}
		n, _ := visits.Get(s) // zero, the first time
		if err := visits.Set(s, n+1); err != nil {
			sessions.Error(w, r, err)
			return
		}
		fmt.Fprintf(w, "visit %d\n", n+1)
	})
	return r, nil
}

func main() {
	h, err := site()
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8080", h))
}
