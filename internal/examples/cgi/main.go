// Command cgi counts its visitors' visits, a process for each.
package main

import (
	"fmt"
	"log"
	"net/http"
	"net/http/cgi"
	"os"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/store/filestore"
)

const visits datasession.Key[int] = "visits"

func site() (http.Handler, error) {
	files, err := filestore.New(os.Getenv("SESSIONS"), nil)
	if err != nil {
		return nil, err
	}
	m, err := datasession.New(files, perljson.Codec{}, nil)
	if err != nil {
		return nil, err
	}
	sessions, err := sessionhttp.New(m, nil)
	if err != nil {
		return nil, err
	}
	return sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
	})), nil
}

func main() {
	h, err := site()
	if err != nil {
		log.Fatal(err)
	}
	if err := cgi.Serve(h); err != nil {
		log.Fatal(err)
	}
}
