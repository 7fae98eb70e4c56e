module github.com/go-datasession/datasession/adapter/gorilla

go 1.26.0

require (
	github.com/go-datasession/datasession v0.0.0
	github.com/gorilla/sessions v1.4.0
)

require github.com/gorilla/securecookie v1.1.2 // indirect

replace github.com/go-datasession/datasession => ../..
