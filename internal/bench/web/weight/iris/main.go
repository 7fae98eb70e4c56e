// Command iris is what a program weighs that has a session.
package main

import (
	"github.com/kataras/iris/v12"
	"github.com/kataras/iris/v12/sessions"
)

func main() {
	app := iris.New()
	app.Use(sessions.New(sessions.Config{Cookie: "mysession"}).Handler())
	app.Get("/", func(ctx iris.Context) { sessions.Get(ctx).Set("a", "b") })
	_ = app.Listen("127.0.0.1:0")
}
