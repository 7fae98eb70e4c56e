// Package sessionhttp gives each HTTP request its session.
//
// A [Middleware] puts a [Handle] in the context of each request. Nothing is read,
// and nothing stored, until the handler asks the Handle for the session; a request
// that does not ask costs no store access, no cookie and no Vary header. What was
// changed is stored once, before the first byte of the response, a flush, a hijack or
// a push, so that whoever follows a redirect sees it; if that fails, an error
// response goes out in place of the handler's. What is changed after the first byte is
// stored when the handler is done. A handler that panics stores nothing, unless
// [Options].SaveOnPanic says so.
//
// Ids come from the cookie only; a [Transport] for anything else must be chosen. One
// that is not in the store, or has not the shape of the ids that the Manager makes, is
// never adopted: the visitor gets a new one. If a request has several cookies of the
// name, at most four whose value has that shape are tried, in the order in which they
// came, and the first that is in the store counts. Names are compared byte by byte.
//
// The three steps can be taken one at a time, without the middleware: [Middleware.Find]
// the session, [Handle.Commit] it, which decides on the cookie too.
package sessionhttp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-datasession/datasession"
)

// Errors that a program decides on.
var (
	// ErrNoMiddleware reports a request that no Middleware has seen, or that
	// Options.Skip has left out.
	ErrNoMiddleware = errors.New("sessionhttp: no middleware around this handler")
	// ErrTooLate reports a new id after the response has begun, when the client
	// cannot be told of it any more.
	ErrTooLate = errors.New("sessionhttp: the response has begun")
	// ErrCrossOrigin reports a request that another site made a browser send.
	ErrCrossOrigin = errors.New("sessionhttp: cross-origin request")
	// ErrTooManySessions reports a sign-in beyond Options.PerPrincipal.
	ErrTooManySessions = errors.New("sessionhttp: too many sessions of this account")
)

// Options are the choices of a [Middleware]. The zero value of each field is the
// sensible default; nil is all of them.
type Options struct {
	// Cookie has the cookie's name and attributes. The default is CGISESSID,
	// Path=/; HttpOnly; Secure; SameSite=Lax. The browser keeps it as long as
	// the session lives. See also datasession.HostCookie and PerlCookie.
	Cookie datasession.CookieOptions

	// Transports say where ids are looked for, the first place first; a new id is
	// sent by way of the first. Nil means the cookie.
	Transports []Transport

	// PerlRules takes ids as Data::Session does: from the cookie, and if there is
	// none, from the form field of its name; and an id that is not in the store
	// becomes that of the new session. So a stranger can make a visitor sign in
	// under an id that the stranger knows, and only Login or Renew help.
	PerlRules bool

	// AllowGuessable permits a Manager whose ids can be guessed, such as those of
	// AutoIncrement.
	AllowGuessable bool

	// MatchAddr gives a session only to the address that it was made at or signed
	// in from, as CGI::Session does with -ip_match; a session that has none is
	// given to nobody. Unlike there, the session is kept. Addresses change under
	// honest visitors, and many share one.
	MatchAddr bool

	// ClientAddr returns the address of a request's client. Nil means the host of
	// RemoteAddr, which behind a proxy is the proxy's.
	ClientAddr func(*http.Request) string

	// Skip leaves out requests, of which no session can be had; see SkipPaths.
	Skip func(*http.Request) bool

	// SameOrigin refuses what another site made a browser send, other than GET,
	// HEAD and OPTIONS, with 403 Forbidden, by the rules of
	// http.CrossOriginProtection. TrustedOrigins, as https://example.com, are
	// let through.
	SameOrigin     bool
	TrustedOrigins []string

	// PerPrincipal is how many sessions of one account there may be. One sign-in
	// more, and those that signed in first end; or the sign-in is ErrTooManySessions,
	// with RefuseMore. Zero means any number.
	PerPrincipal int
	RefuseMore   bool

	// Remember is how long a session lives that is remembered; see
	// [Handle.Remember]. Zero means 30 days.
	Remember time.Duration

	// ClearSiteData is what a browser is asked to forget at a sign-out, such as
	// "cookies", "storage", "cache". Nil means nothing but the session's cookie.
	ClearSiteData []string

	// SaveOnPanic stores what a handler had changed before it panicked.
	SaveOnPanic bool

	// Error answers a request whose session could not be loaded, by way of
	// [Middleware.Error], or not be stored, and one that SameOrigin refuses. Nil
	// means the status of [Status] with a short text.
	Error func(w http.ResponseWriter, r *http.Request, err error)

	// OnError is told of what the client could not be told: a change after the
	// first byte that could not be stored, or was not, because the client has no cookie
	// for the session; a corrupt session that a new one stands in for. It must not ask
	// for the request's session. Nil means none; they are logged in any case.
	OnError func(r *http.Request, err error)

	// Observer is told what each request does with its session. Nil means nobody.
	Observer Observer

	// Timeout bounds the storing of a session, which goes on if the client
	// leaves. Zero means ten seconds.
	Timeout time.Duration

	// Logger gets what cannot be reported to the client, and, at debug level, the
	// [Record] of each request that used its session. Nil means slog.Default.
	Logger *slog.Logger
}

// Middleware gives requests the sessions of one Manager. It is safe for use by
// several goroutines.
type Middleware struct {
	manager    *datasession.Manager
	opts       Options
	transports []Transport
	protection *http.CrossOriginProtection
	stampAddr  bool // new sessions get the client's address
}

// New returns a Middleware over a Manager. It reports an error for ids that can be
// guessed, for a cookie that browsers would not keep, and for options that contradict
// each other.
func New(m *datasession.Manager, opts *Options) (*Middleware, error) {
	mw := &Middleware{manager: m}
	if opts != nil {
		mw.opts = *opts
	}
	o := &mw.opts
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Remember <= 0 {
		o.Remember = 30 * 24 * time.Hour
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.ClientAddr == nil {
		o.ClientAddr = remoteHost
	}
	g, ok := m.Options().NewID.(interface{ Guessable() bool })
	if ok && g.Guessable() && !o.AllowGuessable {
		return nil, fmt.Errorf("sessionhttp: %s ids can be guessed; set AllowGuessable if strangers may have each other's sessions",
			m.Options().NewID.Name())
	}
	if param := m.Options().PrincipalParam; o.PerPrincipal > 0 && !m.CanList() && !m.Indexed(param) {
		return nil, errors.New("sessionhttp: PerPrincipal needs a store that can find or list sessions")
	}
	mw.stampAddr = o.MatchAddr || m.Options().Family.String() == datasession.CGISession.String()
	if err := mw.setTransports(); err != nil {
		return nil, err
	}
	return mw, mw.setProtection()
}

func (mw *Middleware) setTransports() error {
	o := &mw.opts
	mw.transports = o.Transports
	if o.PerlRules {
		if o.Transports != nil {
			return errors.New("sessionhttp: PerlRules says where ids come from, and so do Transports")
		}
		name := o.Cookie.Name
		if name == "" {
			name = datasession.CookieName
		}
		mw.transports = []Transport{(*Cookie)(&o.Cookie), FormField(name)}
	}
	if mw.transports == nil {
		mw.transports = []Transport{(*Cookie)(&o.Cookie)}
	}
	if n := len(mw.transports); n > mostTransports {
		return fmt.Errorf("sessionhttp: %d transports, want at most %d", n, mostTransports)
	}
	for _, t := range mw.transports {
		if c, ok := t.(*Cookie); ok {
			if err := (*datasession.CookieOptions)(c).Check(); err != nil {
				return fmt.Errorf("sessionhttp: %w", err)
			}
		}
	}
	return nil
}

func (mw *Middleware) setProtection() error {
	if !mw.opts.SameOrigin {
		if len(mw.opts.TrustedOrigins) > 0 {
			return errors.New("sessionhttp: TrustedOrigins without SameOrigin")
		}
		return nil
	}
	mw.protection = http.NewCrossOriginProtection()
	for _, origin := range mw.opts.TrustedOrigins {
		if err := mw.protection.AddTrustedOrigin(origin); err != nil {
			return fmt.Errorf("sessionhttp: %w", err)
		}
	}
	return nil
}

// Manager returns the Manager.
func (mw *Middleware) Manager() *datasession.Manager { return mw.manager }

// exchange is what a request costs: its context, its hold on the session and its
// response writer in one.
type exchange struct {
	context.Context
	handle Handle
	writer writer
}

type contextKey struct{}

// Value implements context.Context.
func (e *exchange) Value(key any) any {
	if key == (contextKey{}) || key == e.handle.mw {
		return &e.handle
	}
	return e.Context.Value(key)
}

// Format prints the context without the session's id, whatever the verb.
func (e *exchange) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "%v with %v", e.Context, &e.handle) }

// Handler returns next with a session for each request. Around a handler that has one
// of this Middleware already, it does nothing.
func (mw *Middleware) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if mw.opts.Skip != nil && mw.opts.Skip(r) || r.Context().Value(mw) != nil {
			next.ServeHTTP(w, r)
			return
		}
		if mw.protection != nil {
			if err := mw.protection.Check(r); err != nil {
				mw.Error(w, r, fmt.Errorf("%w: %w", ErrCrossOrigin, err))
				return
			}
		}
		mw.serve(next, w, r)
	})
}

func (mw *Middleware) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	e := &exchange{Context: r.Context()}
	e.handle.mw = mw
	r = r.WithContext(e)
	e.handle.request = r
	e.writer = writer{ResponseWriter: w, handle: &e.handle}
	returned := false
	defer func() {
		e.writer.finish(returned)
		e.handle.explain()
	}()
	next.ServeHTTP(e.writer.capable(), r)
	returned = true
}

// Find returns the Handle of a request without reading anything yet.
func (mw *Middleware) Find(r *http.Request) *Handle {
	return &Handle{mw: mw, request: r}
}

// From is the function From for a request that has passed several Middlewares: it
// returns the Handle of this one.
func (mw *Middleware) From(ctx context.Context) *Handle {
	if h, ok := ctx.Value(mw).(*Handle); ok {
		return h
	}
	return &Handle{}
}

// From returns the Handle of the request that ctx belongs to: that of the innermost
// Middleware, if there are several. It is never nil; where there is none, it answers
// ErrNoMiddleware.
func From(ctx context.Context) *Handle {
	if h, ok := ctx.Value(contextKey{}).(*Handle); ok {
		return h
	}
	return &Handle{}
}

// Session returns the session of a request, loading it at the first call:
// From(r.Context()).Session().
func Session(r *http.Request) (*datasession.Session, error) { return From(r.Context()).Session() }

// SkipPaths returns a function for [Options].Skip: it leaves out the paths given, and
// for one that ends in a slash, all that is below.
func SkipPaths(paths ...string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		for _, p := range paths {
			if r.URL.Path == p || strings.HasSuffix(p, "/") && strings.HasPrefix(r.URL.Path, p) {
				return true
			}
		}
		return false
	}
}

func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
