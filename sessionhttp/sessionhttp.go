// Package sessionhttp gives each HTTP request its session.
//
// A [Middleware] puts a [Handle] in the context of each request. Nothing is read,
// and nothing stored, until the handler asks the Handle for the session; a request
// that does not ask costs no store access, no cookie and no Vary header. What was
// changed is stored once, before the first byte of the response or the first flush
// goes out, so that whoever follows a redirect sees it; if that fails, an error
// response goes out in place of the handler's. A handler that panics stores nothing.
//
// Ids come from the cookie only. One that is not in the store, or has not the shape
// of the ids that the Manager makes, is never adopted: the visitor gets a new one.
//
// The three steps can be taken one at a time, without the middleware: [Middleware.Find]
// the session, [Handle.Commit] it, which decides on the cookie too.
package sessionhttp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-datasession/datasession"
)

// ErrNoMiddleware reports a request that no Middleware has seen.
var ErrNoMiddleware = errors.New("sessionhttp: no middleware around this handler")

// Options are the choices of a [Middleware]. The zero value of each field is the
// sensible default; nil is all of them.
type Options struct {
	// Cookie has the cookie's name and attributes. The default is CGISESSID,
	// Path=/; HttpOnly; Secure; SameSite=Lax. The browser keeps it as long as
	// the session lives.
	Cookie datasession.CookieOptions

	// AllowGuessable permits a Manager whose ids can be guessed, such as those of
	// AutoIncrement.
	AllowGuessable bool

	// Error answers a request whose session could not be loaded, by way of
	// [Middleware.Error], or not be stored. Nil means 503 Service Unavailable
	// with a short text.
	Error func(w http.ResponseWriter, r *http.Request, err error)

	// Timeout bounds the storing of a session, which goes on if the client
	// leaves. Zero means ten seconds.
	Timeout time.Duration

	// Logger gets what cannot be reported to the client. Nil means slog.Default.
	Logger *slog.Logger
}

// Middleware gives requests the sessions of one Manager. It is safe for use by
// several goroutines.
type Middleware struct {
	manager *datasession.Manager
	opts    Options
}

// New returns a Middleware over a Manager. It reports an error for ids that can be
// guessed, and for a cookie that browsers would not keep.
func New(m *datasession.Manager, opts *Options) (*Middleware, error) {
	mw := &Middleware{manager: m}
	if opts != nil {
		mw.opts = *opts
	}
	if mw.opts.Timeout <= 0 {
		mw.opts.Timeout = 10 * time.Second
	}
	if mw.opts.Logger == nil {
		mw.opts.Logger = slog.Default()
	}
	g, ok := m.Options().NewID.(interface{ Guessable() bool })
	if ok && g.Guessable() && !mw.opts.AllowGuessable {
		return nil, fmt.Errorf("sessionhttp: %s ids can be guessed; set AllowGuessable if strangers may have each other's sessions",
			m.Options().NewID.Name())
	}
	return mw, checkCookie(mw.opts.Cookie)
}

func checkCookie(o datasession.CookieOptions) error {
	name := o.Name
	if name == "" {
		name = datasession.CookieName
	}
	lower := strings.ToLower(name)
	switch probe := (&http.Cookie{Name: name, Value: "x", Path: o.Path, Domain: o.Domain}).Valid(); {
	case probe != nil:
		return fmt.Errorf("sessionhttp: cookie: %w", probe)
	case strings.HasPrefix(lower, "__host-") && (o.Insecure || o.Domain != "" || o.Path != "" && o.Path != "/"):
		return fmt.Errorf("sessionhttp: cookie %s needs Secure, Path=/ and no Domain", name)
	case strings.HasPrefix(lower, "__secure-") && o.Insecure:
		return fmt.Errorf("sessionhttp: cookie %s needs Secure", name)
	case o.SameSite == http.SameSiteNoneMode && o.Insecure:
		return errors.New("sessionhttp: cookie with SameSite=None needs Secure")
	case o.Partitioned && o.Insecure:
		return errors.New("sessionhttp: cookie with Partitioned needs Secure")
	}
	return nil
}

type contextKey struct{}

// Handler returns next with a session for each request.
func (mw *Middleware) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := mw.Find(r)
		r = r.WithContext(context.WithValue(r.Context(), contextKey{}, h))
		h.request = r
		sw := &writer{ResponseWriter: w, handle: h}
		next.ServeHTTP(sw, r)
		sw.finish()
	})
}

// Find returns the Handle of a request without reading anything yet.
func (mw *Middleware) Find(r *http.Request) *Handle {
	return &Handle{mw: mw, request: r}
}

// From returns the Handle of the request that ctx belongs to. It is never nil; where
// there is none, it answers ErrNoMiddleware.
func From(ctx context.Context) *Handle {
	if h, ok := ctx.Value(contextKey{}).(*Handle); ok {
		return h
	}
	return &Handle{}
}

// Session returns the session of a request, loading it at the first call:
// From(r.Context()).Session().
func Session(r *http.Request) (*datasession.Session, error) { return From(r.Context()).Session() }

// Error answers a request whose session could not be loaded.
func (mw *Middleware) Error(w http.ResponseWriter, r *http.Request, err error) {
	mw.opts.Logger.ErrorContext(r.Context(), "session error", "error", err)
	if mw.opts.Error != nil {
		mw.opts.Error(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, "The session cannot be reached at the moment. Please try again.", http.StatusServiceUnavailable)
}
