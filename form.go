package datasession

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"

	"github.com/go-datasession/datasession/perl"
)

// LoadParam copies parameters into form values, replacing what is there under their
// names: Perl's load_param. Without names it copies all of them. A list becomes
// several values. It reports an error, and copies nothing, if a parameter is a hash
// or an object, which Perl copies as its address. Names that are not there are
// passed over.
func (s *Session) LoadParam(form url.Values, names ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.collect(); err != nil {
		return err
	}
	if len(names) == 0 {
		names = s.names()
	}
	copied := make(url.Values, len(names))
	for _, name := range names {
		if err := s.settable(name); err != nil {
			return err
		}
		v, ok := s.value(name)
		if !ok {
			continue
		}
		values, err := formValues(v)
		if err != nil {
			return fmt.Errorf("parameter %q: %w", name, err)
		}
		copied[name] = values
	}
	maps.Copy(form, copied)
	return nil
}

func formValues(v perl.Value) ([]string, error) {
	list := v.Array()
	switch {
	case v.Kind() != perl.KindRef:
		return []string{text(v)}, nil
	case list == nil || list.Class() != "":
		return nil, fmt.Errorf("%s cannot be a form value", v)
	}
	values := make([]string, 0, list.Len())
	for _, e := range list.All() {
		if e.Kind() == perl.KindRef {
			return nil, fmt.Errorf("a list that holds %s cannot be form values", e)
		}
		values = append(values, text(e))
	}
	return values, nil
}

// SaveParam copies form values into parameters: Perl's save_param. Without names it
// copies all of them but those of reserved names, which a visitor could have sent;
// a reserved name that is asked for is ErrReserved. A field with several values
// becomes a list, as in CGI::Session, where Data::Session keeps the first. A name
// that the form lacks becomes undef.
func (s *Session) SaveParam(form url.Values, names ...string) error {
	params := make(map[string]any, len(form))
	for _, name := range names {
		params[name] = formParam(form[name])
	}
	if len(names) == 0 {
		for name, values := range form {
			if !s.m.opts.Family.Reserved(name) {
				params[name] = formParam(values)
			}
		}
	}
	return s.SetAll(params)
}

func formParam(values []string) any {
	switch len(values) {
	case 0:
		return nil
	case 1:
		return values[0]
	}
	return values
}

// LoadRequest is LoadParam into the form of a request, which it parses if need be.
func (s *Session) LoadRequest(r *http.Request, names ...string) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	return s.LoadParam(r.Form, names...)
}

// SaveRequest is SaveParam from the form of a request, which it parses if need be.
func (s *Session) SaveRequest(r *http.Request, names ...string) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	return s.SaveParam(r.Form, names...)
}
