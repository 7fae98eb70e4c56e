module github.com/go-datasession/datasession

go 1.26
