module github.com/go-datasession/datasession/adapter/scs

go 1.26.0

require (
	github.com/alexedwards/scs/v2 v2.9.0
	github.com/go-datasession/datasession v0.0.0
)

replace github.com/go-datasession/datasession => ../..
