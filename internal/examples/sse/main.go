// Command sse streams what is in the visitor's cart to every page that is open.
package main

import (
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/store/memstore"
)

const cart datasession.Key[[]string] = "cart"

func site() (http.Handler, error) {
	m, err := datasession.New(memstore.New(nil), perljson.Codec{}, nil)
	if err != nil {
		return nil, err
	}
	sessions, err := sessionhttp.New(m, nil)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /cart", func(w http.ResponseWriter, r *http.Request) {
		s, err := sessionhttp.Session(r)
		if err != nil {
			sessions.Error(w, r, err)
			return
		}
		items, _ := cart.Get(s) // none, the first time
		if err := cart.Set(s, append(items, r.FormValue("item"))); err != nil {
			sessions.Error(w, r, err)
		}
	})
	mux.HandleFunc("GET /events", events)
	return sessions.Handler(mux), nil
}

func events(w http.ResponseWriter, r *http.Request) {
	session, err := sessionhttp.From(r.Context()).Detach()
	if err != nil {
		http.Error(w, "no session", sessionhttp.Status(err))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for last := ""; ; {
		s, err := session.Reload(r.Context()) // as it is stored now
		if err != nil {
			return // signed out, expired, or the client left
		}
		items, _ := cart.Get(s)
		if now := fmt.Sprint(items); now != last {
			last = now
			fmt.Fprintf(w, "data: %s\n\n", now)
			if http.NewResponseController(w).Flush() != nil {
				return
			}
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

func main() {
	h, err := site()
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8080", h))
}
