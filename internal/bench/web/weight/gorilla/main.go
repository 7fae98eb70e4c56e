// Command gorilla is what a program weighs that has a session.
package main

import (
	"net/http"

	"github.com/gorilla/sessions"
)

func main() {
	st := sessions.NewCookieStore([]byte("0123456789abcdef"))
	_ = http.ListenAndServe("127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := st.Get(r, "session-name")
		s.Values["a"] = "b"
		_ = s.Save(r, w)
	}))
}
