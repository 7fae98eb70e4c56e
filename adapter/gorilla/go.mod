module github.com/go-datasession/datasession/adapter/gorilla

go 1.26.0

require github.com/go-datasession/datasession v0.0.0

replace github.com/go-datasession/datasession => ../..
