package freezethaw

import (
	"github.com/go-datasession/datasession/perl"
)

// sharedThings reads the shared things: all of them empty, then what is in each. So
// what is in one can refer to any other.
func (p *parser) sharedThings() error {
	n, err := p.number()
	if err != nil {
		return err
	}
	if n >= p.lim.Nodes {
		return limit("nodes", p.lim.Nodes)
	}
	for range n + 1 {
		t, err := p.empty()
		if err != nil {
			return err
		}
		p.shared = append(p.shared, t)
	}
	for _, t := range p.shared {
		if err := p.full(t); err != nil {
			return err
		}
	}
	return nil
}

// empty reads what announces a shared thing.
func (p *parser) empty() (t perl.Thing, err error) {
	class := ""
	if p.take('{') {
		if class, err = p.class(); err != nil {
			return nil, err
		}
	}
	start := p.i
	n := 0
	switch p.next() {
	case '@':
		t = &perl.Array{}
		n, err = p.count('@')
	case '%':
		t = &perl.Hash{}
		n, err = p.count('%')
	case '\\':
		t = &perl.Scalar{}
		if p.i++; !p.take('_') {
			err = p.want("'_'")
		}
	case '/':
		re := perl.NewRegexp(perl.Value{}, "")
		return re, p.pattern(re)
	case '&', '*':
		v, err := p.code()
		return v.Thing(), err
	default:
		return nil, p.want("an empty thing")
	}
	if err == nil && n > 0 {
		err = p.errorAt(start, "want an empty thing, found %d in it", n)
	}
	perl.Bless(t, class)
	return t, err
}

// full reads what is in a shared thing.
func (p *parser) full(t perl.Thing) error {
	start, class := p.i, ""
	if p.take('}') {
		var err error
		if class, err = p.class(); err != nil {
			return err
		}
	}
	re, isPattern := t.(*perl.Regexp)
	if class != t.Class() && !isPattern {
		return p.errorAt(start, "want the class that was announced, found another")
	}
	tag := p.next()
	if tag == '&' || tag == '*' {
		_, err := p.code() // as before it
		return err
	}
	if isPattern && tag == '/' {
		return p.pattern(re)
	}
	switch t := t.(type) {
	case *perl.Array:
		if tag == '@' {
			return p.array(t)
		}
	case *perl.Hash:
		if tag == '%' {
			return p.hash(t)
		}
	case *perl.Scalar:
		if tag == '\\' {
			return p.scalar(t)
		}
	}
	return p.want("what was announced")
}

// again reads a reference to a shared thing.
func (p *parser) again() (perl.Value, error) {
	start := p.i
	n, err := p.count('<')
	if err != nil {
		return perl.Value{}, err
	}
	if n >= len(p.shared) {
		return perl.Value{}, p.errorAt(start, "want the number of a shared thing, found %d of %d", n, len(p.shared))
	}
	if re, ok := p.shared[n].(*perl.Regexp); ok {
		own := perl.NewRegexp(perl.Value{}, "")
		p.patterns = append(p.patterns, sharedPattern{own, re})
		return perl.NewRef(own), nil
	}
	return perl.NewRef(p.shared[n]), nil
}

// sharedPattern is a pattern that is to have the text of a shared one.
type sharedPattern struct{ own, from *perl.Regexp }

func (p *parser) fillPatterns() {
	for _, re := range p.patterns {
		re.own.Pattern = re.from.Pattern
	}
}
