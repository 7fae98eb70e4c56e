package browser

import (
	"cmp"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/store/filestore"
)

const cart datasession.Key[[]string] = "cart"

var page = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<p id="user">{{.User}}</p> <p id="cart">{{.Cart}}</p>
{{range .Flashes}}<p class="flash">{{.Text}}</p>{{end}}
<form method="post" action="/signin"><button id="signin" name="name" value="ann">sign in</button></form>
<form method="post" action="/cart"><input id="item" name="item"><button id="add">add</button></form>
<form method="post" action="/others"><button id="others">sign out elsewhere</button></form>
`))

const watch = `<!DOCTYPE html>
<pre id="log"></pre>
<script>
const log = document.getElementById("log");
const events = new EventSource("/events");
events.onmessage = e => log.textContent += e.data + "\n";
events.onerror = () => { log.textContent += "end\n"; events.close(); };
</script>
`

// serve runs the shop over the files in dir at addr, and returns its address and what
// stops it.
func serve(t *testing.T, dir, addr string) (string, func()) {
	t.Helper()
	st, err := filestore.New(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := datasession.New(st, perljson.Codec{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := sessionhttp.New(m, &sessionhttp.Options{SameOrigin: true})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", cmp.Or(addr, "127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: sessions.Handler(routes(sessions))}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	return l.Addr().String(), func() {
		_ = srv.Close()
		<-done
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}

func routes(sessions *sessionhttp.Middleware) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, fn func(http.ResponseWriter, *http.Request, *sessionhttp.Handle) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := fn(w, r, sessionhttp.From(r.Context())); err != nil {
				sessions.Error(w, r, err)
			}
		})
	}
	post := func(path string, fn func(*http.Request, *sessionhttp.Handle) error) {
		handle("POST "+path, func(w http.ResponseWriter, r *http.Request, h *sessionhttp.Handle) error {
			if err := fn(r, h); err != nil {
				return err
			}
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return nil
		})
	}
	handle("GET /{$}", index)
	handle("GET /events", events)
	mux.HandleFunc("GET /watch", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, watch) })
	post("/signin", func(r *http.Request, h *sessionhttp.Handle) error {
		if err := h.Login(r.FormValue("name")); err != nil {
			return err
		}
		return h.AddFlash("done", "Welcome.")
	})
	post("/cart", func(r *http.Request, h *sessionhttp.Handle) error {
		s, err := h.Session()
		if err != nil {
			return err
		}
		items, _ := cart.Get(s) // none yet
		return cart.Set(s, append(items, r.FormValue("item")))
	})
	post("/others", func(_ *http.Request, h *sessionhttp.Handle) error {
		_, err := h.RevokeOthers()
		return err
	})
	return mux
}

func index(w http.ResponseWriter, _ *http.Request, h *sessionhttp.Handle) error {
	s, err := h.Session()
	if err != nil {
		return err
	}
	flashes, err := h.Flashes()
	if err != nil {
		return err
	}
	items, _ := cart.Get(s) // none yet
	return page.Execute(w, map[string]any{"User": s.Principal(), "Cart": items, "Flashes": flashes})
}

// events streams the cart whenever it changes.
func events(w http.ResponseWriter, r *http.Request, h *sessionhttp.Handle) error {
	session, err := h.Detach()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for last := ""; ; {
		s, err := session.Reload(r.Context())
		if err != nil {
			return nil // signed out, or the browser left
		}
		if now := fmt.Sprint(s.Get("cart")); now != last {
			last = now
			fmt.Fprintf(w, "data: %s\n\n", now)
			if err := http.NewResponseController(w).Flush(); err != nil {
				return nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
}
