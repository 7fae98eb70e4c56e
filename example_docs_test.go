package datasession_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/store/filestore"
	"github.com/go-datasession/datasession/typestring"
)

// Below is the code of README.md and docs/from-perl.md, here to be compiled; a test
// in internal/policy compares them.

var (
	_ = sharedWithPerl
	_ = webServer
	_ = firstProgram
)

func sharedWithPerl(ctx context.Context, r *http.Request) error {
	files, err := filestore.New("/var/lib/shop/sessions", nil)
	if err != nil {
		return err
	}
	m, err := datasession.New(files, dumper.Codec{Tail: true}, &datasession.Options{Family: datasession.CGISession})
	if err != nil {
		return err
	}
	s, err := m.Load(ctx, datasession.UserID(r, "CGISESSID"))
	if err != nil {
		return err
	}
	return s.Dump(os.Stdout, "loaded")
}

func webServer(m *datasession.Manager) error {
	sessions, err := sessionhttp.New(m, nil)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		s, err := sessionhttp.Session(r) // read here, at the first call
		if err != nil {
			sessions.Error(w, r, err)
			return
		}
		fmt.Fprintf(w, "Hello, %v\n", s.Get("user"))
	})
	return http.ListenAndServe("localhost:8080", sessions.Handler(mux))
}

func firstProgram(ctx context.Context, dir, id string) error {
	m, err := typestring.Std.Open(ctx, "driver:File;serialize:DataDumper", typestring.Params{Directory: dir}) // once
	if err != nil {
		return err
	}
	s, err := m.Open(ctx, id)
	if err != nil {
		return err
	}
	if err := s.Set("cart", []int{1, 2}); err != nil {
		return err
	}
	if err := s.Expire(time.Hour); err != nil {
		return err
	}
	return s.Flush(ctx)
}
