package datasession

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// What browsers keep of a cookie: RFC 6265bis, 5.4 and 5.5.
const (
	mostCookie    = 4096 // bytes of name and value
	mostAttribute = 1024 // bytes of an attribute's value
	mostID        = 512  // bytes of an id, each of which may become three
)

// Check reports what is wrong with the options: a name, path or domain that cannot be
// in a cookie or is too long, or attributes with which browsers drop it. Those are
// SameSite=None and Partitioned without Secure; __Secure- without it; __Host- without
// it, with a Domain or with another Path than /; __Http- and __Host-Http- also without
// HttpOnly. Browsers do not look at the case of these prefixes, and neither does Check.
func (o *CookieOptions) Check() error {
	c := o.cookie("x")
	if err := c.Valid(); err != nil {
		return fmt.Errorf("session cookie: %w", err)
	}
	if c.Domain != "" && validDomain(c.Domain) != nil {
		return fmt.Errorf("session cookie: %w", validDomain(c.Domain))
	}
	secure := func(what string) error {
		if c.Secure {
			return nil
		}
		return fmt.Errorf("session cookie: %s needs Secure", what)
	}
	var errs []error
	if len(c.Name) > mostCookie-3*mostID {
		errs = append(errs, fmt.Errorf("session cookie: name of %d bytes, want at most %d", len(c.Name), mostCookie-3*mostID))
	}
	for what, value := range map[string]string{"Path": c.Path, "Domain": c.Domain} {
		if len(value) > mostAttribute {
			errs = append(errs, fmt.Errorf("session cookie: %s of %d bytes, want at most %d", what, len(value), mostAttribute))
		}
	}
	if c.Path[0] != '/' {
		errs = append(errs, fmt.Errorf("session cookie: path %q, want one that begins with /", c.Path))
	}
	name := strings.ToLower(c.Name)
	host := strings.HasPrefix(name, "__host-")
	if host && (c.Domain != "" || c.Path != "/") {
		errs = append(errs, fmt.Errorf("session cookie: %s needs Path=/ and no Domain", c.Name))
	}
	if host || strings.HasPrefix(name, "__secure-") {
		errs = append(errs, secure(c.Name))
	}
	if strings.HasPrefix(name, "__http-") || strings.HasPrefix(name, "__host-http-") {
		errs = append(errs, secure(c.Name))
		if !c.HttpOnly {
			errs = append(errs, fmt.Errorf("session cookie: %s needs HttpOnly", c.Name))
		}
	}
	if c.SameSite == http.SameSiteNoneMode {
		errs = append(errs, secure("SameSite=None"))
	}
	if c.SameSite < 0 || c.SameSite > http.SameSiteNoneMode {
		errs = append(errs, fmt.Errorf("session cookie: SameSite is %d, want one of the modes of net/http", c.SameSite))
	}
	if c.Partitioned {
		errs = append(errs, secure("Partitioned"))
	}
	return errors.Join(errs...)
}

// validDomain refuses what net/http would leave out with no more than a line in the
// log, and what names no site.
func validDomain(domain string) error {
	sent := (&http.Cookie{Name: "x", Value: "x", Domain: domain}).String()
	name := strings.TrimPrefix(domain, ".")
	if !strings.Contains(sent, "; Domain="+name) || strings.HasSuffix(name, ".") {
		return fmt.Errorf("invalid Domain %q", domain)
	}
	return nil
}
