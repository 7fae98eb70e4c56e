// Package demo is a small real site on sessions: sign in, fill a cart, look at your
// session, let one parameter expire, sign out.
package demo

import (
	"embed"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/sessionhttp"
)

//go:embed page.html style.css
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"when": func(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") },
	"perl": datasession.FormatLifetime,
}).ParseFS(files, "page.html"))

// The parameters of a session.
const (
	user  datasession.Key[string]         = "user"
	visit datasession.Key[int]            = "visits"
	cart  datasession.Key[map[string]int] = "cart"
	note  datasession.Key[string]         = "note"
)

var catalogue = []string{"Camel book", "Llama book", "Gopher, plush"}

type site struct{ manager *datasession.Manager }

// New returns the site, with its sessions in m.
func New(m *datasession.Manager) (http.Handler, error) {
	mw, err := sessionhttp.New(m, &sessionhttp.Options{
		Cookie:     datasession.CookieOptions{Name: "datasession_demo", Insecure: true}, // plain HTTP on the own machine
		SameOrigin: true,
	})
	if err != nil {
		return nil, err
	}
	s := &site{m}
	mux := http.NewServeMux()
	handle := func(pattern string, fn func(http.ResponseWriter, *http.Request, *datasession.Session) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			session, err := sessionhttp.Session(r)
			if err == nil {
				err = fn(w, r, session)
			}
			if err != nil {
				mw.Error(w, r, err)
			}
		})
	}
	handle("GET /{$}", s.home)
	handle("GET /session", s.session)
	handle("POST /signin", s.signIn)
	handle("POST /signout", s.signOut)
	handle("POST /cart", s.putInCart)
	handle("POST /note", s.putNote)
	handle("POST /expire", s.expire)
	handle("POST /revoke", s.revoke)
	mux.HandleFunc("GET /watch", s.watch)
	mux.Handle("GET /style.css", http.FileServerFS(files))
	return headers(mw.Handler(mux)), nil
}

func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		next.ServeHTTP(w, r)
	})
}

// line is one row of a cart.
type line struct {
	Item  string
	Count int
}

// view is what a page shows.
type view struct {
	Page, User, Note, Error string
	Visits                  int
	Catalogue               []string
	Cart                    []line
	Session                 *datasession.Session
	Expires                 time.Time
	Ends                    bool
	NoteLifetime            time.Duration
	NoteLeft                int // seconds; below zero: over
	HasNote                 bool
	Flashes                 []sessionhttp.Flash
	SignIns                 []datasession.SignIn // of this user; the first is this session's
}

func look(page string, s *datasession.Session) view {
	v := view{Page: page, Session: s, Catalogue: catalogue}
	v.User, _ = user.Get(s)
	v.Visits, _ = visit.Get(s)
	items, _ := cart.Get(s)
	for item, n := range items {
		v.Cart = append(v.Cart, line{item, n})
	}
	slices.SortFunc(v.Cart, func(a, b line) int { return strings.Compare(a.Item, b.Item) })
	v.Expires, v.Ends = s.Expires()
	v.HasNote = s.Has(string(note))
	v.Note, _ = note.Get(s)
	v.NoteLifetime = s.ParamLifetimes()[string(note)]
	v.NoteLeft = int(v.NoteLifetime.Seconds()) - int(time.Since(s.AccessTime()).Seconds())
	return v
}

func render(w http.ResponseWriter, v view) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return pages.ExecuteTemplate(w, "page.html", v)
}

func (*site) home(w http.ResponseWriter, r *http.Request, s *datasession.Session) error {
	n, _ := visit.Get(s)
	if err := visit.Set(s, n+1); err != nil {
		return err
	}
	v := look("home", s)
	var err error
	if v.Flashes, err = sessionhttp.From(r.Context()).Flashes(); err != nil {
		return err
	}
	return render(w, v)
}

func (*site) session(w http.ResponseWriter, r *http.Request, s *datasession.Session) error {
	v := look("session", s)
	for in, err := range sessionhttp.From(r.Context()).SignIns() {
		if err != nil {
			return err
		}
		v.SignIns = append(v.SignIns, in)
	}
	slices.SortFunc(v.SignIns, func(a, b datasession.SignIn) int {
		if a.Handle == s.Handle() {
			return -1
		}
		if b.Handle == s.Handle() {
			return 1
		}
		return b.SignedIn.Compare(a.SignedIn)
	})
	return render(w, v)
}

// revoke ends another session of this user, or all others.
func (*site) revoke(w http.ResponseWriter, r *http.Request, _ *datasession.Session) error {
	h := sessionhttp.From(r.Context())
	err := error(nil)
	if handle := r.FormValue("handle"); handle != "" {
		err = h.Revoke(handle)
	} else {
		_, err = h.RevokeOthers()
	}
	if err != nil && !errors.Is(err, datasession.ErrNotFound) {
		return err
	}
	return back(w, r, "/session")
}

// signIn gives the session a new id, so that whoever knew the old one has nothing.
func (*site) signIn(w http.ResponseWriter, r *http.Request, s *datasession.Session) error {
	name := strings.TrimSpace(r.FormValue("name"))
	if name == "" || len(name) > 40 {
		v := look("home", s)
		v.Error = "A name has 1 to 40 characters."
		w.WriteHeader(http.StatusBadRequest)
		return render(w, v)
	}
	h := sessionhttp.From(r.Context())
	if err := h.Login(name); err != nil {
		return err
	}
	if err := errors.Join(user.Set(s, name), h.AddFlash("done", "Welcome, "+name+".")); err != nil {
		return err
	}
	return back(w, r, "/")
}

func (*site) signOut(w http.ResponseWriter, r *http.Request, _ *datasession.Session) error {
	if err := sessionhttp.From(r.Context()).Logout(); err != nil {
		return err
	}
	return back(w, r, "/")
}

func (*site) putInCart(w http.ResponseWriter, r *http.Request, s *datasession.Session) error {
	item := r.FormValue("item")
	if !slices.Contains(catalogue, item) {
		http.Error(w, "There is no such item.", http.StatusBadRequest)
		return nil
	}
	items, err := cart.Get(s)
	if err != nil {
		items = map[string]int{}
	}
	if items[item]++; r.FormValue("remove") != "" {
		delete(items, item)
	}
	if err := cart.Set(s, items); err != nil {
		return err
	}
	return back(w, r, "/")
}

func (*site) putNote(w http.ResponseWriter, r *http.Request, s *datasession.Session) error {
	if err := s.SaveRequest(r, string(note)); err != nil {
		return err
	}
	return expire(w, r, s, string(note), "/watch")
}

func (*site) expire(w http.ResponseWriter, r *http.Request, s *datasession.Session) error {
	return expire(w, r, s, r.FormValue("param"), "/session")
}

// expire sets the lifetime of a parameter, or of the session for the empty name.
func expire(w http.ResponseWriter, r *http.Request, s *datasession.Session, name, next string) error {
	d, err := datasession.ParseLifetime(r.FormValue("time"))
	switch {
	case err != nil:
	case name == "":
		err = s.Expire(d)
	default:
		err = s.ExpireParam(name, d)
	}
	if errors.Is(err, datasession.ErrLifetime) || errors.Is(err, datasession.ErrReserved) {
		v := look("session", s)
		v.Error = err.Error()
		w.WriteHeader(http.StatusBadRequest)
		return render(w, v)
	}
	if err != nil {
		return err
	}
	return back(w, r, next)
}

// watch looks at the session without using it: the note's time, which counts from the
// last use, runs out under the visitor's eyes.
func (s *site) watch(w http.ResponseWriter, r *http.Request) {
	c, err := r.Cookie("datasession_demo")
	if err != nil || !s.manager.ValidID(c.Value) {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	session, err := s.manager.Peek(r.Context(), c.Value)
	if err != nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	_ = render(w, look("watch", session))
}

func back(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
