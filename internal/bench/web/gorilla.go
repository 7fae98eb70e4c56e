package web

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	gin "github.com/gin-gonic/gin"

	ginsessions "github.com/gin-contrib/sessions"
	ginmemstore "github.com/gin-contrib/sessions/memstore"
	"github.com/gorilla/sessions"
	"github.com/quasoft/memstore"
)

var key = []byte("0123456789abcdef0123456789abcdef")

// Gorilla is gorilla/sessions. Its handlers save, before they write.
var Gorilla = Library{
	"gorilla", "sessions v1.4.0, the README's, with its FilesystemStore, the one of its stores that keeps sessions on the server",
	openGorilla,
}

func openGorilla(tb testing.TB, set Setup) *Site {
	tb.Helper()
	site := &Site{Meter: &Meter{}}
	var st sessions.Store
	if set.Plain {
		st = memstore.NewMemStore(key)
	} else {
		dir := tb.TempDir()
		st = &gorillaStore{sessions.NewFilesystemStore(dir, key), site.Meter}
		site.Spoil = func() error {
			files, err := filepath.Glob(filepath.Join(dir, "session_*"))
			for _, f := range files {
				err = os.WriteFile(f, garbage, 0o600)
			}
			return err
		}
	}
	site.Handler = set.mux(func(w http.ResponseWriter, r *http.Request, h Handler) {
		if err := h(Visit{&gorillaSession{store: st, w: w, r: r}, w, r.Context()}); err != nil {
			fail(w)
		}
	})
	return site
}

// gorillaStore is a metered sessions.Store.
type gorillaStore struct {
	sessions.Store
	meter *Meter
}

func (g *gorillaStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(g, name)
}

func (g *gorillaStore) New(r *http.Request, name string) (*sessions.Session, error) {
	s, err := g.Store.New(r, name)
	if s != nil {
		twin := sessions.NewSession(g, name) // whose Save comes by here
		twin.ID, twin.Values, twin.Options, twin.IsNew = s.ID, s.Values, s.Options, s.IsNew
		s = twin
	}
	return s, err
}

func (g *gorillaStore) Save(r *http.Request, w http.ResponseWriter, s *sessions.Session) error {
	if s.Options.MaxAge >= 0 {
		if g.meter.Fail.Load() {
			return errFull
		}
		g.meter.Writes.Add(1)
	}
	return g.Store.Save(r, w, s)
}

type gorillaSession struct {
	store sessions.Store
	w     http.ResponseWriter
	r     *http.Request
}

func (g *gorillaSession) get() *sessions.Session {
	s, _ := g.store.Get(g.r, "session-name") // as the README: it is never nil
	return s
}

func (g *gorillaSession) Get(name string) any { return g.get().Values[name] }

func (g *gorillaSession) Set(name string, value any) error {
	g.get().Values[name] = value
	return nil
}

func (g *gorillaSession) Increment(name string) error {
	n, _ := g.Get(name).(int)
	return g.Set(name, n+1)
}

func (g *gorillaSession) Save() error { return g.get().Save(g.r, g.w) }

func (g *gorillaSession) Renew() error { return errNone }

func (g *gorillaSession) Destroy() error {
	s := g.get()
	s.Options.MaxAge = -1
	return s.Save(g.r, g.w)
}

// errNone is what a library does not have.
const errNone = constError("no such thing")

// Gin is gin-contrib/sessions.
var Gin = Library{"gin", "contrib/sessions v1.0.4 over gin v1.10.1, the README's with its memstore", openGin}

func openGin(_ testing.TB, set Setup) *Site {
	gin.SetMode(gin.ReleaseMode)
	site := &Site{Meter: &Meter{}}
	st := ginmemstore.NewStore(key)
	if !set.Plain {
		st = &ginStore{st, gorillaStore{st, site.Meter}}
	}
	r := gin.New()
	r.Use(gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, _ any) { fail(c.Writer) }))
	r.Use(ginsessions.Sessions("mysession", st))
	for path, h := range set.Routes {
		r.GET(path, func(c *gin.Context) {
			if err := h(Visit{&ginSession{c}, c.Writer, c.Request.Context()}); err != nil {
				fail(c.Writer)
			}
		})
	}
	site.Handler = r
	return site
}

type ginStore struct {
	ginsessions.Store
	metered gorillaStore
}

func (g *ginStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return g.metered.Get(r, name)
}

func (g *ginStore) Save(r *http.Request, w http.ResponseWriter, s *sessions.Session) error {
	return g.metered.Save(r, w, s)
}

type ginSession struct{ c *gin.Context }

func (g *ginSession) Get(name string) any { return ginsessions.Default(g.c).Get(name) }

func (g *ginSession) Set(name string, value any) error {
	ginsessions.Default(g.c).Set(name, value)
	return nil
}

func (g *ginSession) Increment(name string) error {
	n, _ := g.Get(name).(int)
	return g.Set(name, n+1)
}

func (g *ginSession) Save() error  { return ginsessions.Default(g.c).Save() }
func (g *ginSession) Renew() error { return errNone }

func (g *ginSession) Destroy() error {
	s := ginsessions.Default(g.c)
	s.Clear()
	s.Options(ginsessions.Options{Path: "/", MaxAge: -1})
	return s.Save()
}
