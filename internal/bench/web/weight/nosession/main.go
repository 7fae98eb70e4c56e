// Command nosession is what a program weighs that has a session.
package main

import "net/http"

func main() {
	_ = http.ListenAndServe("127.0.0.1:0", http.NotFoundHandler())
}
