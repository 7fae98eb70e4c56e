package datasession

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// CookieName is the name that Data::Session and CGI::Session give their cookie, and
// their form field.
const CookieName = "CGISESSID"

// CookieOptions are the attributes of a session's cookie; nil and the zero value
// mean Path=/; HttpOnly; Secure; SameSite=Lax, which is not what Perl sends.
type CookieOptions struct {
	Name        string        // default CGISESSID
	Path        string        // default /
	Domain      string        // default none: this host only
	SameSite    http.SameSite // default Lax
	Insecure    bool          // send it over plain HTTP too
	Script      bool          // let scripts read it: no HttpOnly
	Partitioned bool
	Browser     bool // forget it when the browser closes, however long the session lives
}

// Cookie returns the cookie that carries the session's id. It lives as long as the
// session would if it were not used again: without end for a session that does not
// expire, which Data::Session by mistake lets end at once. For a session that was
// deleted, or is over, it is what Drop returns. The value is escaped as Perl's CGI
// does.
func (s *Session) Cookie(opts *CookieOptions) *http.Cookie {
	expires, ends := s.Expires()
	if s.Deleted() || s.Expired() || ends && !expires.After(s.m.opts.Now()) {
		return opts.Drop()
	}
	c := opts.cookie(EscapeCookie(s.ID()))
	if ends && (opts == nil || !opts.Browser) {
		c.Expires = expires.UTC()
	}
	return c
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

// EscapeCookie returns a cookie value as Perl's CGI writes it: each byte but letters,
// digits and _.~- as %XX.
func EscapeCookie(value string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(value) {
		switch c := value[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("_.~-", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// UnescapeCookie reads a cookie value as Perl's CGI does: %XX is a byte, + is a space,
// and the value ends at the first &. A % that begins no such escape stands for itself.
func UnescapeCookie(value string) string {
	value, _, _ = strings.Cut(value, "&")
	b := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(value):
			if n, err := strconv.ParseUint(value[i+1:i+3], 16, 8); err == nil {
				c = byte(n)
				i += 2
			}
		}
		b = append(b, c)
	}
	return string(b)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
