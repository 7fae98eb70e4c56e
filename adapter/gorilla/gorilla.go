// Package gorilla offers a Manager as a Store of gorilla/sessions.
package gorilla
