// Command fiber is what a program weighs that has a session.
package main

import (
	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/session"
)

func main() {
	app := fiber.New()
	app.Use(session.New())
	app.Get("/", func(c fiber.Ctx) error {
		session.FromContext(c).Set("a", "b")
		return nil
	})
	_ = app.Listen("127.0.0.1:0")
}
