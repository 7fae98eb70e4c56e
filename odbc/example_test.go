package odbc_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-datasession/datasession/odbc"
)

func Example() {
	db, err := sql.Open("odbc", "Driver={PostgreSQL Unicode};Server=localhost;Database=web;UID=me;PWD=secret")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err = db.ExecContext(ctx, "INSERT INTO users (name, photo) VALUES (?, ?)", "ann", []byte{0xff, 0xd8})
	if err != nil {
		log.Fatal(err) // an *odbc.Error has SQLSTATE, the database's number and all messages
	}
}

func ExampleError() {
	err := insert()
	if e, ok := errors.AsType[*odbc.Error](err); ok && e.SQLState() == "23505" {
		fmt.Println("there is an ann already")
	}
}

func insert() error { return nil }

func ExampleNewConnector() {
	c, err := odbc.NewConnector("DSN=web", &odbc.Options{Location: time.Local, MaxLeft: 16})
	if err != nil {
		log.Fatal(err)
	}
	db := sql.OpenDB(c)
	defer db.Close()
}

// What is at the other end of a connection.
func ExampleInfo() {
	db, err := sql.Open("odbc", "DSN=web")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Conn(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	err = conn.Raw(func(c any) error {
		info := c.(odbc.Info)
		fmt.Println(info.DBMSName(), info.DBMSVersion(), info.DriverName())
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
}
