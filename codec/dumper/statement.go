package dumper

import (
	"github.com/go-datasession/datasession/perl"
)

// text reads the whole: the value of $D, and the statements that make it what
// it was.
func (p *parser) text() (perl.Value, error) {
	v, err := p.program()
	if err != nil {
		return perl.Value{}, p.located(err)
	}
	return v, nil
}

func (p *parser) program() (v perl.Value, err error) {
	p.semicolons()
	if !p.take("$D") {
		return v, p.want("$D")
	}
	if err := p.expect("="); err != nil {
		return v, err
	}
	if p.root, err = p.value(); err != nil {
		return v, err
	}
	for _, a := range p.aliases {
		if err := p.resolve(a); err != nil {
			return v, err
		}
	}
	for {
		ended := p.semicolons()
		if p.i == len(p.s) {
			return p.root, nil
		}
		if !ended {
			return v, p.want(`";"`)
		}
		last, err := p.statement()
		if err != nil {
			return v, err
		}
		if last {
			p.semicolons()
			if p.i < len(p.s) {
				return v, p.want("the end")
			}
			return p.root, nil
		}
	}
}

// semicolons skips semicolons and white space, and reports whether there were
// semicolons.
func (p *parser) semicolons() (some bool) {
	for p.take(";") {
		some = true
	}
	return some
}

// statement reads TARGET = SOURCE, and does it, or the $D at the end.
func (p *parser) statement() (last bool, err error) {
	target, err := p.place()
	if err != nil {
		return false, err
	}
	if target.isRoot() && p.next() != '=' {
		return true, nil
	}
	if target.isRoot() {
		return false, p.errorf("a second $D")
	}
	if err := p.expect("="); err != nil {
		return false, err
	}
	v, err := p.source()
	if err != nil {
		return false, err
	}
	target.set(v)
	return false, nil
}

// source reads PLACE, \PLACE or bless( \PLACE, 'Class' ).
func (p *parser) source() (perl.Value, error) {
	switch {
	case p.take(`\`):
		s, err := p.slot()
		if err != nil {
			return perl.Value{}, err
		}
		return perl.NewRef(s), nil
	case p.take("bless"):
		if err := p.expect("(", `\`); err != nil {
			return perl.Value{}, err
		}
		s, err := p.slot()
		if err != nil {
			return perl.Value{}, err
		}
		class, err := p.class()
		if err != nil {
			return perl.Value{}, err
		}
		perl.Bless(s, class)
		return perl.NewRef(s), nil
	}
	pl, err := p.place()
	if err != nil {
		return perl.Value{}, err
	}
	return pl.get(p), nil
}

// slot reads a place and returns the scalar that it is.
func (p *parser) slot() (*perl.Scalar, error) {
	p.space()
	start := p.i
	pl, err := p.place()
	if err != nil {
		return nil, err
	}
	if pl.isRoot() {
		return nil, p.errorAt(start, "reference to $D itself")
	}
	return pl.slot(), nil
}

// place is where a value is: an element, an entry, the content of a scalar, or
// $D if it is none of them.
type place struct {
	array  *perl.Array
	index  int
	hash   *perl.Hash
	key    perl.Key
	scalar *perl.Scalar
}

func (pl place) isRoot() bool { return pl.array == nil && pl.hash == nil && pl.scalar == nil }

func (pl place) get(p *parser) perl.Value {
	switch {
	case pl.array != nil:
		return pl.array.At(pl.index).Plain()
	case pl.hash != nil:
		v, _ := pl.hash.Get(pl.key.String())
		return v.Plain()
	case pl.scalar != nil:
		return pl.scalar.Get()
	}
	return p.root
}

func (pl place) set(v perl.Value) {
	switch {
	case pl.array != nil:
		pl.array.Set(pl.index, v)
	case pl.hash != nil:
		pl.hash.SetKey(pl.key, v)
	case pl.scalar != nil:
		pl.scalar.Set(v)
	}
}

func (pl place) slot() *perl.Scalar {
	switch {
	case pl.array != nil:
		return pl.array.Slot(pl.index)
	case pl.hash != nil:
		return pl.hash.Slot(pl.key)
	}
	return pl.scalar
}

// be makes s itself the element or entry at pl.
func (pl place) be(s *perl.Scalar) {
	if pl.array != nil {
		pl.array.SetSlot(pl.index, s)
	} else {
		pl.hash.SetSlot(pl.key, s)
	}
}

// place reads $D or ${ PLACE }, and what follows: ->{'key'}[0] and so on.
func (p *parser) place() (pl place, err error) {
	if p.take("${") {
		pl.scalar, err = p.target()
	} else if !p.take("$D") {
		err = p.want("$D")
	}
	for first := true; err == nil; first = false {
		if p.take("->") {
			p.space()
		} else if c := p.next(); first || c != '{' && c != '[' {
			return pl, nil
		}
		pl, err = p.subscript(pl)
	}
	return pl, err
}

// target reads the rest of ${ PLACE } or ${ \PLACE } and returns the scalar.
func (p *parser) target() (*perl.Scalar, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	p.space()
	start := p.i
	var s *perl.Scalar
	var err error
	if p.take(`\`) {
		s, err = p.slot()
	} else {
		var pl place
		if pl, err = p.place(); err == nil {
			if s, _ = pl.get(p).Thing().(*perl.Scalar); s == nil {
				err = p.errorAt(start, "want a reference to a scalar")
			}
		}
	}
	if err != nil {
		return nil, err
	}
	p.depth--
	return s, p.expect("}")
}

// subscript reads {'key'} or [0], which must be there in what pl refers to.
func (p *parser) subscript(pl place) (place, error) {
	start := p.i
	v := pl.get(p)
	switch {
	case p.take("{"):
		key, err := p.key()
		if err != nil {
			return place{}, err
		}
		h := v.Hash()
		if h == nil {
			return place{}, p.errorAt(start, "want a reference to a hash")
		}
		if _, ok := h.Get(key.String()); !ok {
			return place{}, p.errorAt(start, "no such entry")
		}
		return place{hash: h, key: key}, p.expect("}")
	case p.take("["):
		p.space()
		if p.i == len(p.s) || !isDigit(p.s[p.i]) {
			return place{}, p.want("an index")
		}
		n, err := p.number()
		if err != nil {
			return place{}, err
		}
		a := v.Array()
		if a == nil {
			return place{}, p.errorAt(start, "want a reference to an array")
		}
		if n.Kind() != perl.KindInt || n.Int() >= int64(a.Len()) {
			return place{}, p.errorAt(start, "no such element")
		}
		return place{array: a, index: int(n.Int())}, p.expect("]")
	}
	return place{}, p.want(`"{" or "["`)
}

// alias is an element that was written as ${$D->...}: it is what that reference,
// which was written before it, refers to.
type alias struct {
	at     place
	source int // where it is written
}

// alias reads an element that is written as a place. What it means can be told
// when all of $D is there.
func (p *parser) alias(at place) error {
	start := p.i
	if !p.take("${") {
		return p.want("a value")
	}
	if err := p.node(); err != nil {
		return err
	}
	for depth := 1; depth > 0; p.i++ {
		if p.i == len(p.s) {
			return p.errorAt(start, "place without an end")
		}
		switch p.s[p.i] {
		case '{':
			depth++
		case '}':
			depth--
		case '\'', '"':
			var err error
			if p.s[p.i] == '"' {
				_, err = p.double()
			} else {
				_, err = p.single()
			}
			if err != nil {
				return err
			}
			p.i--
		}
	}
	p.aliases = append(p.aliases, alias{at, start})
	return nil
}

// resolve makes an element what it was written as.
func (p *parser) resolve(a alias) error {
	end := p.i
	p.i = a.source + len("${")
	s, err := p.target()
	if err != nil {
		return err
	}
	a.at.be(s)
	p.i = end
	return nil
}
