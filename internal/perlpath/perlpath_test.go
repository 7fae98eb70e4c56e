package perlpath_test

import (
	"errors"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/internal/perlpath"
	"github.com/go-datasession/datasession/perl"
)

func TestPath(t *testing.T) {
	entry := func(key string) perlpath.Step { return perlpath.Entry(perl.StringKey(key)) }
	for want, steps := range map[string][]perlpath.Step{
		"$D":                         nil,
		"$D->{a}[1]{_b2}":            {entry("a"), perlpath.Element(1), entry("_b2")},
		`$D->{"a key"}{""}{"2b"}`:    {entry("a key"), entry(""), entry("2b")},
		`$D->{"\u20ac\n"}`:           {entry("€\n")},
		"${$D}":                      {perlpath.Content()},
		"${$D->{r}}->{k}":            {entry("r"), perlpath.Content(), entry("k")},
		"${${$D->[0]}->{k}[2]}->[3]": {perlpath.Element(0), perlpath.Content(), entry("k"), perlpath.Element(2), perlpath.Content(), perlpath.Element(3)},
	} {
		if got := perlpath.Path(steps); got != want {
			t.Errorf("Path = %s; want %s", got, want)
		}
	}
}

func TestLocated(t *testing.T) {
	err := perlpath.Refuse("CODE")
	err = perlpath.Within(err, perlpath.Element(1))
	err = perlpath.Within(err, perlpath.Entry(perl.StringKey("a")))
	var u *codec.UnsupportedError
	if err = perlpath.Located(err, "Test"); !errors.As(err, &u) || *u != (codec.UnsupportedError{Codec: "Test", Path: "$D->{a}[1]", What: "CODE"}) {
		t.Errorf("Located = %#v", err)
	}
	other := errors.New("other")
	if got := perlpath.Located(perlpath.Within(other, perlpath.Content()), "Test"); got != other {
		t.Errorf("Located of another error = %v; want it as it is", got)
	}
}
