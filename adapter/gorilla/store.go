// Package gorillaadapter lets a program that uses gorilla/sessions keep its sessions in
// our stores, by changing one line:
//
//	var store = gorillaadapter.New(m, nil) // was: sessions.NewCookieStore(key)
//
// They are sessions like any other of that Manager: other parts of the program, the
// command, or a Perl program work on the same ones, so that a program can be moved one
// handler at a time. The cookie, named as the program names its gorilla session, holds the
// session's id.
//
// What the adapter changes, beside the store: a save stores what the request changed and
// merges it with what others stored meanwhile, so that requests at once do not lose
// each other's values; a session that was deleted meanwhile stays deleted; one that has no
// values is neither stored nor given a cookie; and a store that is down
// is an error of Save as well as of Get, and no new session.
package gorillaadapter

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/sessions"

	"github.com/go-datasession/datasession"
)

// Store is a sessions.Store over a Manager. It is safe for use by several goroutines.
type Store struct {
	m *datasession.Manager

	// Options are copied into each session. They must not be changed while the
	// Store is in use.
	Options *sessions.Options
}

var _ sessions.Store = (*Store)(nil)

// New returns a Store. Nil options mean Path=/; HttpOnly; Secure; SameSite=Lax and the
// lifetime of the Manager. An Options.MaxAge above zero is the lifetime of the cookie and of
// the session, in seconds; zero leaves the lifetime of the session to the Manager, and the
// cookie ends with the browser; a negative one, as always in gorilla/sessions, deletes the
// session at the next Save.
func New(m *datasession.Manager, opts *sessions.Options) *Store {
	if opts == nil {
		lifetime := min(m.Options().Lifetime, maxCookieAge)
		opts = &sessions.Options{
			Path:     "/",
			MaxAge:   int(lifetime / time.Second),
			Secure:   true,
			HttpOnly: true,
			SameSite: http.SameSiteLaxMode,
		}
	}
	return &Store{m, opts}
}

// maxCookieAge is what browsers limit the life of a cookie to.
const maxCookieAge = 400 * 24 * time.Hour

// kept is the key under which Values keeps what the values were loaded from.
type kept struct{}

// Get returns the session of that name which the request has already, or New.
func (st *Store) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(st, name)
}

// New returns the session whose id is in the request's cookie of that name, or a new one
// if there is no cookie, or no such session any more. The session is never nil. With
// an error, that of a store that cannot be reached or a session that cannot be read, it is
// empty, and the former is an error of Save too.
func (st *Store) New(r *http.Request, name string) (*sessions.Session, error) {
	gs := sessions.NewSession(st, name)
	options := *st.Options
	gs.Options = &options
	gs.IsNew = true
	cookie, err := r.Cookie(name)
	if err != nil {
		return gs, nil
	}
	id := datasession.UnescapeCookie(cookie.Value)
	if !st.m.ValidID(id) {
		return gs, nil
	}
	s, err := st.m.Load(r.Context(), id)
	switch {
	case errors.Is(err, datasession.ErrNotFound):
		return gs, nil
	case err != nil:
		if !errors.Is(err, datasession.ErrCorrupt) {
			gs.Values[kept{}] = err
		}
		return gs, err
	}
	gs.ID, gs.IsNew = id, false
	for _, name := range s.Names() {
		gs.Values[key(name)] = s.Get(name)
	}
	gs.Values[kept{}] = s
	return gs, nil
}

// Save stores the values, whose keys must be strings, and sets the cookie. Values are
// stored as [datasession.Session.Set] stores them and come back as
// [datasession.Session.Get] returns them: strings, ints, floats, booleans, slices and maps
// as such, a struct as a map, a time as text, a []byte as a string.
//
// With an empty ID the session gets a new one, and the old one is gone: do that when somebody
// signs in. Save reports ErrDeleted for a session that was deleted since it was
// loaded, and makes the browser forget it.
func (st *Store) Save(r *http.Request, w http.ResponseWriter, gs *sessions.Session) error {
	ctx := r.Context()
	s, err := st.session(r, gs)
	if err != nil {
		return err
	}
	if gs.Options.MaxAge < 0 {
		if err := s.Delete(ctx); err != nil {
			return err
		}
		st.drop(w, gs)
		return nil
	}
	if err := apply(s, gs.Values); err != nil {
		return err
	}
	if age := time.Duration(gs.Options.MaxAge) * time.Second; age > 0 && s.Lifetime() != age {
		if err := s.Expire(age); err != nil {
			return err
		}
	}
	if !s.Stored() && len(s.Names()) == 0 {
		return nil
	}
	if gs.ID == "" && s.Stored() {
		err = s.Rename(ctx, "")
	} else {
		err = s.Flush(ctx)
	}
	if errors.Is(err, datasession.ErrDeleted) {
		st.drop(w, gs)
	}
	if err != nil {
		return err
	}
	gs.ID, gs.Values[kept{}] = s.ID(), s
	http.SetCookie(w, sessions.NewCookie(gs.Name(), datasession.EscapeCookie(gs.ID), gs.Options))
	w.Header().Set("Cache-Control", "no-store")
	return nil
}

// session returns what a session of theirs was loaded from, or a new one.
func (st *Store) session(r *http.Request, gs *sessions.Session) (*datasession.Session, error) {
	switch kept := gs.Values[kept{}].(type) {
	case *datasession.Session:
		return kept, nil
	case error:
		return nil, kept
	}
	if gs.ID == "" {
		return st.m.New(r.Context())
	}
	return st.m.Load(r.Context(), gs.ID) // the program has thrown all values away
}

// apply makes the parameters of s what the values are. What is equal is no change.
func apply(s *datasession.Session, values map[any]any) error {
	want := make(map[string]any, len(values))
	for k, v := range values {
		switch k := k.(type) {
		case kept:
		case string:
			want[param(k)] = v
		default:
			return fmt.Errorf("gorillaadapter: the keys of a session must be strings, and one is a %T", k)
		}
	}
	for _, name := range s.Names() {
		if _, ok := want[name]; !ok {
			if err := s.Clear(name); err != nil {
				return err
			}
		}
	}
	return s.SetAll(want)
}

// drop makes the browser forget the session.
func (st *Store) drop(w http.ResponseWriter, gs *sessions.Session) {
	options := *gs.Options
	options.MaxAge = -1
	gs.ID = ""
	delete(gs.Values, kept{})
	http.SetCookie(w, sessions.NewCookie(gs.Name(), "", &options))
}

// flash is the key that gorilla/sessions keeps flash messages under; names that begin
// with an underscore are reserved here.
const flash, flashParam = "_flash", "gorilla.flash"

func param(key string) string {
	if key == flash {
		return flashParam
	}
	return key
}

func key(param string) string {
	if param == flashParam {
		return flash
	}
	return param
}
