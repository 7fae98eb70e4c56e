package datasession

import (
	"net/http"
	"time"
)

// CookieName is the name that Data::Session and CGI::Session give their cookie, and
// their form field.
const CookieName = "CGISESSID"

// CookieOptions are the attributes of a session's cookie; nil and the zero value
// mean Path=/; HttpOnly; Secure; SameSite=Lax, which is not what Perl sends.
type CookieOptions struct {
	Name        string        // default CGISESSID; see Check for the prefixes __Host- and so on
	Path        string        // default /
	Domain      string        // default none: this host only
	SameSite    http.SameSite // default Lax
	Insecure    bool          // send it over plain HTTP too
	Script      bool          // let scripts read it: no HttpOnly
	Partitioned bool          // one for each site that embeds ours; wants SameSite=None
	Browser     bool          // forget it when the browser closes, however long the session lives
}

// HostCookie returns the options of the cookie that browsers guard best: __Host-, so
// that no other host can set one of its name, and SameSite=Strict, so that it does not
// come along with links from elsewhere. It works over TLS only.
func HostCookie() CookieOptions {
	return CookieOptions{Name: "__Host-" + CookieName, SameSite: http.SameSiteStrictMode}
}

// PerlCookie returns the options of the cookie that Data::Session and CGI::Session send:
// without Secure, HttpOnly and SameSite. Browser and name can be set in it. It ends as
// theirs do, with the session, but that one which does not expire has no end, where
// Data::Session by mistake lets it end at once.
func PerlCookie() CookieOptions {
	return CookieOptions{Insecure: true, Script: true, SameSite: http.SameSiteDefaultMode}
}

// Cookie returns the cookie that carries the session's id. It lives as long as the
// session would if it were not used again, 400 days at most, as browsers allow; with
// Browser, or if [Session.Persist] has said no, until the browser closes. For a session
// that was deleted, or is over, it is what Drop returns. The value is escaped as
// Perl's CGI does.
func (s *Session) Cookie(opts *CookieOptions) *http.Cookie {
	const most = 400 * 24 * time.Hour
	expires, ends := s.Expires()
	now := s.m.opts.Now()
	if s.Deleted() || s.Expired() || ends && !expires.After(now) {
		return opts.Drop()
	}
	c := opts.cookie(EscapeCookie(s.ID()))
	if s.Outlives(opts) {
		if last := now.Add(most); ends && expires.After(last) {
			expires = last
		}
		if ends {
			c.Expires = expires.UTC()
		}
	}
	return c
}

// Outlives reports whether the session's cookie is to outlive the browser.
func (s *Session) Outlives(opts *CookieOptions) bool {
	if yes, said := s.Persistent(); said {
		return yes
	}
	return opts == nil || !opts.Browser
}

// Drop returns the cookie that makes a browser forget the session's.
func (o *CookieOptions) Drop() *http.Cookie {
	c := o.cookie("")
	c.MaxAge, c.Expires = -1, time.Unix(1, 0).UTC()
	return c
}

func (o *CookieOptions) cookie(value string) *http.Cookie {
	if o == nil {
		o = &CookieOptions{}
	}
	c := &http.Cookie{
		Name: or(o.Name, CookieName), Value: value, Path: or(o.Path, "/"), Domain: o.Domain, Secure: !o.Insecure,
		HttpOnly: !o.Script, SameSite: o.SameSite, Partitioned: o.Partitioned,
	}
	if o.SameSite == 0 {
		c.SameSite = http.SameSiteLaxMode
	}
	return c
}

// Header returns the header of a CGI response: the session's cookie, the date, and
// the content type, text/html by default. Perl's http_header is this as text.
func (s *Session) Header(opts *CookieOptions, contentType string) http.Header {
	h := http.Header{}
	if c := s.Cookie(opts).String(); c != "" {
		h.Set("Set-Cookie", c)
		h.Set("Cache-Control", "no-store")
	}
	h.Set("Date", s.m.opts.Now().UTC().Format(http.TimeFormat))
	h.Set("Content-Type", or(contentType, "text/html; charset=utf-8"))
	return h
}

// UserID returns the id that a request asks for as Perl reads it: the value of the
// cookie of that name (CGISESSID if it is empty), and if there is none, or it is "0",
// the form field. An empty result means none.
//
// An id from here is a stranger's. Load it, and make a new session where that reports
// ErrNotFound; Open would let the stranger choose the id of a session that somebody
// else then signs in with. Taking an id from a form is what Perl does and is best
// avoided.
func UserID(r *http.Request, name string) string {
	name = or(name, CookieName)
	if c, err := r.Cookie(name); err == nil {
		if id := UnescapeCookie(c.Value); id != "" && id != "0" {
			return id
		}
	}
	if id := r.FormValue(name); id != "0" {
		return id
	}
	return ""
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
