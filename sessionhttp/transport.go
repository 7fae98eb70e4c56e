package sessionhttp

import (
	"net/http"
	"strings"

	"github.com/go-datasession/datasession"
)

// Transport is a place in requests and responses where an id travels. It is safe for
// use by several goroutines.
type Transport interface {
	// Find returns what a request has in that place, unchecked, the best first. No
	// more than four of those that have the shape of an id are tried.
	Find(r *http.Request) []string

	// Send has the client keep the id of s, by way of the response's header, or
	// with nil forget the one it has. A Transport that cannot tell a client
	// anything does nothing.
	Send(header http.Header, s *datasession.Session)

	// Vary returns the name of the request header that the id is in, or "".
	Vary() string
}

const (
	mostTransports = 8
	mostIDs        = 4 // that are tried
)

// Cookie is the Transport for those who need several: ids in a cookie.
type Cookie datasession.CookieOptions

// Find implements [Transport].
func (c *Cookie) Find(r *http.Request) []string {
	name := c.Name
	if name == "" {
		name = datasession.CookieName
	}
	return cookieValues(nil, r.Header["Cookie"], name)
}

// Send implements [Transport].
func (c *Cookie) Send(header http.Header, s *datasession.Session) {
	o := (*datasession.CookieOptions)(c)
	if s == nil {
		header.Add("Set-Cookie", o.Drop().String())
		return
	}
	header.Add("Set-Cookie", s.Cookie(o).String())
}

// Vary implements [Transport].
func (*Cookie) Vary() string { return "Cookie" }

// Header is the Transport for programs rather than browsers: ids in a header of that
// name, of requests and of responses. After a sign-out the response has it empty.
type Header string

// Find implements [Transport].
func (name Header) Find(r *http.Request) []string { return nonEmpty(r.Header.Get(string(name))) }

// Send implements [Transport].
func (name Header) Send(header http.Header, s *datasession.Session) {
	if s == nil {
		header.Set(string(name), "")
		return
	}
	header.Set(string(name), s.ID())
}

// Vary implements [Transport].
func (name Header) Vary() string { return http.CanonicalHeaderKey(string(name)) }

// Bearer is a Transport that reads ids from the request header Authorization, after the
// word Bearer. It tells the client nothing: a program hands out the id itself.
type Bearer struct{}

// Find implements [Transport].
func (Bearer) Find(r *http.Request) []string {
	scheme, id, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return nil
	}
	return nonEmpty(strings.TrimSpace(id))
}

// Send implements [Transport].
func (Bearer) Send(http.Header, *datasession.Session) {}

// Vary implements [Transport].
func (Bearer) Vary() string { return "Authorization" }

// FormField is a Transport that reads ids from a field of a posted form, and parses that
// if need be. A program writes the field into its forms itself.
type FormField string

// Find implements [Transport].
func (name FormField) Find(r *http.Request) []string { return nonEmpty(r.PostFormValue(string(name))) }

// Send implements [Transport].
func (FormField) Send(http.Header, *datasession.Session) {}

// Vary implements [Transport].
func (FormField) Vary() string { return "" }

// Query is a Transport that reads ids from a parameter of the address. Addresses end up
// in histories, in logs and at other sites, and so do the ids. They are never put into
// an address by this package.
type Query string

// Find implements [Transport].
func (name Query) Find(r *http.Request) []string {
	if r.URL.RawQuery == "" {
		return nil
	}
	return nonEmpty(r.URL.Query().Get(string(name)))
}

// Send implements [Transport].
func (Query) Send(http.Header, *datasession.Session) {}

// Vary implements [Transport].
func (Query) Vary() string { return "" }

func nonEmpty(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}
