// Command datasession is what a program weighs that has a session.
package main

import (
	"net/http"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/store/memstore"
)

func main() {
	m, err := datasession.New(memstore.New(nil), perljson.Codec{}, nil)
	if err != nil {
		panic(err)
	}
	mw, err := sessionhttp.New(m, nil)
	if err != nil {
		panic(err)
	}
	_ = http.ListenAndServe("127.0.0.1:0", mw.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if s, err := sessionhttp.Session(r); err == nil {
			_ = s.Set("a", "b")
		}
	})))
}
