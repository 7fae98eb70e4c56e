package web

import (
	"testing"

	"github.com/kataras/iris/v12"
	"github.com/kataras/iris/v12/sessions"
)

// Iris is the session package of iris.
var Iris = Library{"iris", "v12.2.11, the documentation's: `sessions.New`, in memory, where values stay what they are", openIris}

func openIris(tb testing.TB, set Setup) *Site {
	tb.Helper()
	app := iris.New()
	app.Logger().SetLevel("disable")
	app.Use(sessions.New(sessions.Config{Cookie: "mysession", Expires: set.Idle}).Handler())
	for path, h := range set.Routes {
		app.Get(path, func(ctx iris.Context) {
			if err := h(Visit{&irisSession{ctx}, ctx.ResponseWriter(), ctx.Request().Context()}); err != nil {
				fail(ctx.ResponseWriter())
			}
		})
	}
	if err := app.Build(); err != nil {
		tb.Fatal(err)
	}
	return &Site{Handler: app, Meter: &Meter{}}
}

type irisSession struct{ ctx iris.Context }

func (i *irisSession) Get(name string) any { return sessions.Get(i.ctx).Get(name) }

func (i *irisSession) Set(name string, value any) error {
	sessions.Get(i.ctx).Set(name, value)
	return nil
}

func (i *irisSession) Increment(name string) error {
	sessions.Get(i.ctx).Increment(name, 1)
	return nil
}

func (i *irisSession) Save() error  { return nil }
func (i *irisSession) Renew() error { return errNone }

func (i *irisSession) Destroy() error {
	sessions.Get(i.ctx).Destroy()
	return nil
}
