package perljson

import (
	"errors"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/internal/perlpath"
	"github.com/go-datasession/datasession/perl"
)

func unsupported(what string) error {
	return &codec.UnsupportedError{Codec: name, What: what}
}

func limit(what string, most int) error {
	return &codec.LimitError{Codec: name, What: what, Max: most}
}

// placed tells an *UnsupportedError where it happened.
func (e *encoder) placed(err error) error {
	var u *codec.UnsupportedError
	if errors.As(err, &u) {
		u.Path = e.where()
	}
	return err
}

// where returns the path to the value at hand, as Perl would write it.
func (e *encoder) where() string {
	steps := make([]perlpath.Step, len(e.path))
	for i, s := range e.path {
		steps[i] = perlpath.Element(s.index)
		if _, ok := s.thing.(*perl.Hash); ok {
			steps[i] = perlpath.Entry(s.key)
		}
	}
	return perlpath.Path(steps)
}
