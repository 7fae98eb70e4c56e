// Command scs is what a program weighs that has a session.
package main

import (
	"net/http"

	"github.com/alexedwards/scs/v2"
)

func main() {
	m := scs.New()
	_ = http.ListenAndServe("127.0.0.1:0", m.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		m.Put(r.Context(), "a", "b")
	})))
}
