module github.com/go-datasession/datasession/odbc

go 1.26.0

