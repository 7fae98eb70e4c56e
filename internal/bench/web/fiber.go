package web

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/gofiber/fiber/v3/middleware/session"
)

// Fiber is the session middleware of fiber.
var Fiber = Library{"fiber", "v3.1.0, the documentation's: `session.New()`, its store in memory", openFiber}

func openFiber(_ testing.TB, set Setup) *Site {
	st := &fiberStorage{}
	cfg := session.Config{IdleTimeout: set.Idle}
	if !set.Plain {
		cfg.Storage = st
	}
	app := fiber.New()
	app.Use(recover.New(), session.New(cfg))
	for path, h := range set.Routes {
		app.Get(path, func(c fiber.Ctx) error {
			return h(Visit{&fiberSession{session.FromContext(c)}, fiberWriter{c}, c.Context()})
		})
	}
	return &Site{Fast: app.Handler(), Meter: &st.Meter, Spoil: st.spoil}
}

// fiberWriter is fiber's response, which is sent when the handler is done.
type fiberWriter struct{ c fiber.Ctx }

func (f fiberWriter) Header() http.Header         { return http.Header{} }
func (f fiberWriter) Write(p []byte) (int, error) { return f.c.Write(p) }
func (f fiberWriter) Flush()                      {}

func (f fiberWriter) WriteHeader(code int) {
	if code >= 200 {
		f.c.Status(code)
	}
}

type fiberSession struct{ m *session.Middleware }

func (f *fiberSession) Get(name string) any { return f.m.Get(name) }

func (f *fiberSession) Set(name string, value any) error {
	f.m.Set(name, value)
	return nil
}

func (f *fiberSession) Increment(name string) error {
	n, _ := f.Get(name).(int)
	return f.Set(name, n+1)
}

func (f *fiberSession) Save() error    { return nil }
func (f *fiberSession) Renew() error   { return f.m.Regenerate() }
func (f *fiberSession) Destroy() error { return f.m.Destroy() }

// fiberStorage is a metered fiber.Storage in memory.
type fiberStorage struct {
	fiber.Storage
	Meter
	all sync.Map
}

func (f *fiberStorage) GetWithContext(_ context.Context, key string) ([]byte, error) {
	if v, ok := f.all.Load(key); ok {
		return v.([]byte), nil
	}
	return nil, nil
}

func (f *fiberStorage) SetWithContext(ctx context.Context, key string, val []byte, _ time.Duration) error {
	if err := f.write(ctx, len(val)); err != nil {
		return err
	}
	f.all.Store(key, append([]byte(nil), val...))
	return nil
}

func (f *fiberStorage) DeleteWithContext(_ context.Context, key string) error {
	f.all.Delete(key)
	return nil
}

func (f *fiberStorage) spoil() error {
	f.all.Range(func(key, _ any) bool {
		f.all.Store(key, garbage)
		return true
	})
	return nil
}
