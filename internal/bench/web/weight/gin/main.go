// Command gin is what a program weighs that has a session.
package main

import (
	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
)

func main() {
	r := gin.New()
	r.Use(sessions.Sessions("mysession", cookie.NewStore([]byte("0123456789abcdef"))))
	r.GET("/", func(c *gin.Context) {
		s := sessions.Default(c)
		s.Set("a", "b")
		_ = s.Save()
	})
	_ = r.Run("127.0.0.1:0")
}
