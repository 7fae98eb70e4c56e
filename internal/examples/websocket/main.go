// Command websocket keeps what is said on a WebSocket in the visitor's session.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/coder/websocket"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/store/memstore"
)

const said datasession.Key[[]string] = "said"

func site() (http.Handler, error) {
	m, err := datasession.New(memstore.New(nil), perljson.Codec{}, nil)
	if err != nil {
		return nil, err
	}
	sessions, err := sessionhttp.New(m, nil)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		s, err := sessionhttp.Session(r)
		if err != nil {
			sessions.Error(w, r, err)
			return
		}
		lines, err := said.Get(s)
		if err != nil {
			_ = said.Set(s, nil) // so that there is a session to talk in
		}
		fmt.Fprintln(w, len(lines), "lines")
	})
	mux.HandleFunc("GET /talk", func(w http.ResponseWriter, r *http.Request) {
		session, err := sessionhttp.From(r.Context()).Detach()
		if err != nil {
			sessions.Error(w, r, err)
			return
		}
		conn, err := websocket.Accept(w, r, nil) // takes the connection over
		if err != nil {
			return
		}
		defer conn.CloseNow()
		if err := talk(r.Context(), conn, session); err != nil {
			_ = conn.Close(websocket.StatusPolicyViolation, "no session any more")
		}
	})
	return sessions.Handler(mux), nil
}

// talk stores each line, until the client leaves or its session ends.
func talk(ctx context.Context, conn *websocket.Conn, session *sessionhttp.Detached) error {
	for {
		_, line, err := conn.Read(ctx)
		if err != nil {
			return nil
		}
		n := 0
		err = session.Update(ctx, func(s *datasession.Session) error {
			lines, _ := said.Get(s)
			n = len(lines) + 1
			return said.Set(s, append(lines, string(line)))
		})
		if err != nil {
			return err
		}
		if err := conn.Write(ctx, websocket.MessageText, fmt.Appendf(nil, "line %d", n)); err != nil {
			return nil
		}
	}
}

func main() {
	h, err := site()
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8080", h))
}
