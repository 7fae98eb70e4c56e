package sessionhttp_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/store/memstore"
)

func newSite() (http.Handler, error) {
	m, err := datasession.New(memstore.New(nil), perljson.Codec{}, &datasession.Options{
		Lifetime: time.Hour,           // after the last use
		MaxAge:   30 * 24 * time.Hour, // however much it is used
	})
	if err != nil {
		return nil, err
	}
	sessions, err := sessionhttp.New(m, &sessionhttp.Options{
		Cookie:     datasession.CookieOptions{Name: "shop", Insecure: true}, // plain HTTP, for this example
		SameOrigin: true,                                                    // no posts from other sites
		Skip:       sessionhttp.SkipPaths("/static/"),
	})
	if err != nil {
		return nil, err
	}
	const cart datasession.Key[[]string] = "cart"
	mux := http.NewServeMux()
	handle := func(pattern string, fn func(http.ResponseWriter, *http.Request, *sessionhttp.Handle, *datasession.Session) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			h := sessionhttp.From(r.Context())
			s, err := h.Session() // read here, at the first call
			if err == nil {
				err = fn(w, r, h, s)
			}
			if err != nil {
				sessions.Error(w, r, err)
			}
		})
	}
	handle("GET /{$}", func(w http.ResponseWriter, _ *http.Request, h *sessionhttp.Handle, s *datasession.Session) error {
		flashes, err := h.Flashes()
		if err != nil {
			return err
		}
		for _, f := range flashes {
			fmt.Fprintln(w, f.Text)
		}
		items, _ := cart.Get(s)
		_, err = fmt.Fprintf(w, "%q has %q\n", s.Principal(), items)
		return err
	})
	handle("POST /cart", func(w http.ResponseWriter, r *http.Request, _ *sessionhttp.Handle, s *datasession.Session) error {
		items, _ := cart.Get(s)
		if err := cart.Set(s, append(items, r.FormValue("item"))); err != nil {
			return err
		}
		http.Redirect(w, r, "/", http.StatusSeeOther) // everything is set: it is stored now
		return nil
	})
	handle("POST /signin", func(w http.ResponseWriter, r *http.Request, h *sessionhttp.Handle, _ *datasession.Session) error {
		name := r.FormValue("name") // and check the password
		if err := h.Remember(r.FormValue("remember") != ""); err != nil {
			return err
		}
		if err := h.Login(name); err != nil {
			return err
		}
		if err := h.AddFlash("done", "Welcome."); err != nil {
			return err
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	})
	handle("POST /signout", func(w http.ResponseWriter, r *http.Request, h *sessionhttp.Handle, _ *datasession.Session) error {
		if err := h.Logout(); err != nil {
			return err
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	})
	return sessions.Handler(mux), nil
}

func events(w http.ResponseWriter, r *http.Request) {
	session, err := sessionhttp.From(r.Context()).Detach()
	if err != nil {
		http.Error(w, "no session", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for out := http.NewResponseController(w); ; {
		s, err := session.Reload(r.Context()) // as it is stored now
		if err != nil {
			return // signed out, expired, or the client left
		}
		fmt.Fprintf(w, "data: %q\n\n", s.Get("cart"))
		if out.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(time.Second):
		}
	}
}

var _ = events

func Example() {
	site, err := newSite()
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(site)
	defer server.Close()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	post := func(path string, form url.Values) {
		r, err := browser.PostForm(server.URL+path, form)
		if err != nil {
			log.Fatal(err)
		}
		defer r.Body.Close()
		page, _ := io.ReadAll(r.Body)
		fmt.Print(string(page))
	}
	post("/cart", url.Values{"item": {"Camel book"}})
	post("/signin", url.Values{"name": {"ann"}})
	post("/cart", url.Values{"item": {"Gopher, plush"}})
	post("/signout", nil)
	// Output:
	// "" has ["Camel book"]
	// Welcome.
	// "ann" has ["Camel book"]
	// "ann" has ["Camel book" "Gopher, plush"]
	// "" has []
}
