package perlyaml

import (
	"math"
	"strconv"
	"strings"

	"github.com/go-datasession/datasession/perl"
)

// The tags of Perl.
const (
	tagRef    = "!!perl/ref"
	tagHash   = "!!perl/hash"
	tagArray  = "!!perl/array"
	tagScalar = "!!perl/scalar"
	tagRegexp = "!!perl/regexp"
	tagCode   = "!!perl/code"
	tagGlob   = "!!perl/glob"
)

// properties reads anchors and tags.
func (p *parser) properties(props *properties) error {
	for p.i < p.eol && (p.s[p.i] == '&' || p.s[p.i] == '!') {
		at, into := p.i, &props.tag
		if p.s[p.i] == '&' {
			into = &props.anchor
		}
		word := p.word()
		if *into != "" {
			return p.errorAt(at, "second anchor or tag of one value")
		}
		if *into = word; into == &props.anchor {
			if *into = word[1:]; !isName(*into) {
				return p.errorAt(at, "want the name of an anchor")
			}
		} else if err := p.known(word, at); err != nil {
			return err
		}
		p.i = p.skipSpace(p.i)
	}
	return nil
}

// word reads what there is up to the next blank.
func (p *parser) word() string {
	start := p.i
	for p.i < p.eol && p.s[p.i] != ' ' && p.s[p.i] != '\t' {
		p.i++
	}
	return p.s[start:p.i]
}

func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && c != '-' && (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// known wants a tag of those that Perl writes.
func (p *parser) known(tag string, at int) error {
	kind, class, blessed := cutTag(tag)
	switch kind {
	case tagCode:
		return p.unsupported("CODE")
	case tagGlob:
		return p.unsupported("GLOB")
	case tagHash, tagArray, tagScalar, tagRegexp, tagRef:
		if blessed && class == "" || strings.Contains(class, "%") {
			return p.errorAt(at, "want a class in a tag")
		}
		if !blessed && kind == tagScalar || blessed && kind == tagRef && p.codec.Dialect == DialectXS {
			break
		}
		return nil
	}
	return p.errorAt(at, "unknown tag")
}

// cutTag returns the kind of thing and the class of a tag.
func cutTag(tag string) (kind, class string, blessed bool) { return cut3(strings.Cut(tag, ":")) }

func cut3(kind, class string, ok bool) (string, string, bool) { return kind, class, ok }

// blessContainer gives a container the class that its tag says.
func (p *parser) blessContainer(t perl.Thing, tag string) error {
	if tag == "" {
		return nil
	}
	kind, class, _ := cutTag(tag)
	ok := false
	switch t.(type) {
	case *perl.Hash:
		ok = kind == tagHash
	case *perl.Array:
		ok = kind == tagArray
	case *perl.Scalar:
		ok = kind == tagRef
	}
	if !ok {
		return p.errorf("tag %s of another kind of thing", kind)
	}
	perl.Bless(t, class)
	return nil
}

// alias reads a reference to what an anchor is at.
func (p *parser) alias(props *properties) (perl.Value, error) {
	at := p.i
	name := p.word()[1:]
	if p.codec.Dialect == DialectTiny {
		return perl.Value{}, p.errorAt(at, "alias")
	}
	if props != nil {
		return perl.Value{}, p.errorAt(at, "anchor or tag of an alias")
	}
	v, ok := p.anchors[name]
	if !ok {
		return v, p.errorAt(at, "alias without its anchor")
	}
	return v, p.aliasEnd()
}

// sameScalar returns what an alias after =: refers to, if that is what a reference
// refers to elsewhere. If there is an anchor, it is noted as that of s.
func (p *parser) sameScalar(s *perl.Scalar) *perl.Scalar {
	i := p.skipSpace(p.i)
	word, _, _ := strings.Cut(p.s[i:p.eol], " ")
	switch {
	case strings.HasPrefix(word, "&"):
		if p.scalars == nil {
			p.scalars = map[string]*perl.Scalar{}
		}
		p.scalars[word[1:]] = s
	case strings.HasPrefix(word, "*"):
		if other := p.scalars[word[1:]]; other != nil {
			p.i = i + len(word)
			return other
		}
	}
	return nil
}

// aliasEnd goes on after an alias.
func (p *parser) aliasEnd() error {
	if err := p.endLine(); err != nil {
		return err
	}
	p.content()
	return nil
}

// nothing returns what an empty place means.
func (p *parser) nothing(props *properties) (perl.Value, error) {
	if props == nil {
		return perl.Value{}, nil
	}
	return p.scalar("", props, true)
}

// scalar returns what a scalar means.
func (p *parser) scalar(s string, props *properties, plain bool) (perl.Value, error) {
	v := p.str(s)
	switch {
	case props != nil && props.tag != "":
		var err error
		if v, err = p.tagged(v, props.tag, plain); err != nil {
			return v, err
		}
	case !plain:
	case p.codec.Dialect == DialectXS:
		v = resolveXS(s, v)
	case s == "~":
		v = perl.Value{}
	}
	p.anchor(props, v)
	return v, nil
}

// tagged returns an object whose content is a string.
func (p *parser) tagged(v perl.Value, tag string, plain bool) (perl.Value, error) {
	kind, class, _ := cutTag(tag)
	switch kind {
	case tagScalar:
		if plain && p.codec.Dialect == DialectSyck && v.Str() == "~" {
			v = perl.Value{}
		}
		s := perl.NewScalar(v)
		perl.Bless(s, class)
		return perl.NewRef(s), nil
	case tagRegexp:
		r := p.regexp(v)
		if class != "" {
			perl.Bless(r, class)
		}
		return perl.NewRef(r), nil
	}
	return v, p.errorf("tag %s of a scalar", kind)
}

// regexp returns the pattern that a text such as (?^i:a.b) is. YAML::XS makes all
// of them characters; YAML::Syck puts the whole text in a pattern without flags.
func (p *parser) regexp(v perl.Value) *perl.Regexp {
	if p.codec.Dialect == DialectSyck {
		return perl.NewRegexp(v, "")
	}
	s := v.Str()
	flags, pattern, ok := strings.Cut(strings.TrimPrefix(s, "(?"), ":")
	on, _, _ := strings.Cut(strings.TrimPrefix(flags, "^"), "-")
	if !ok || !strings.HasPrefix(s, "(?") || !strings.HasSuffix(s, ")") || strings.Trim(on, "uixsm") != "" || strings.Contains(s, "\n") {
		if p.codec.Dialect == DialectPM {
			return perl.NewRegexp(v, "")
		}
		return perl.NewRegexp(v, "u")
	}
	pattern = pattern[:len(pattern)-1]
	text := perl.Bytes(pattern)
	if v.Kind() == perl.KindText {
		text = perl.String(pattern)
	}
	flags = strings.ReplaceAll(on, "u", "")
	if p.codec.Dialect == DialectXS {
		flags = "u" + flags
	}
	return perl.NewRegexp(text, flags)
}

// resolveXS returns what YAML::XS makes of a plain scalar. A number is one only if
// it is written again with the same characters.
func resolveXS(s string, v perl.Value) perl.Value {
	switch s {
	case "", "~", "null":
		return perl.Value{}
	case "true":
		return perl.Bool(true)
	case "false":
		return perl.Bool(false)
	}
	if !looksNumeric(s) {
		return v
	}
	if f, ok := shortDecimal(s); ok {
		return f
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(i, 10) == s {
		return perl.Int(i)
	}
	if u, err := strconv.ParseUint(s, 10, 64); err == nil && strconv.FormatUint(u, 10) == s {
		return perl.Uint(u)
	}
	f, err := strconv.ParseFloat(s, 64)
	if n := strings.TrimPrefix(s, "-"); n == "Inf" || n == "NaN" || err == nil && !math.IsInf(f, 0) {
		if perl.FormatFloat(f) == s {
			return perl.Float(f)
		}
	}
	return v
}

// shortDecimal returns the number that s is if it has at most 15 digits, no exponent and
// nothing that would be left out when it is written, so that it is written as it is.
func shortDecimal(s string) (v perl.Value, ok bool) {
	unsigned := strings.TrimPrefix(s, "-")
	whole := digits(unsigned)
	if whole == 0 || len(unsigned) > 15 || unsigned[0] == '0' && whole > 1 {
		return v, false
	}
	if whole == len(unsigned) {
		if s == "-0" {
			return v, false
		}
		i, err := strconv.ParseInt(s, 10, 64)
		return perl.Int(i), err == nil
	}
	fraction := unsigned[whole+1:]
	n := len(fraction)
	if unsigned[whole] != '.' || unsigned[0] == '0' || n == 0 || digits(fraction) < n || fraction[n-1] == '0' {
		return v, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return perl.Float(f), err == nil
}

// readable refuses what libyaml does not read: control characters.
func (p *parser) readable() error {
	for i := 0; i < len(p.s); {
		if c := p.s[i]; c >= ' ' && c < 0x7F || c == '\n' || c == '\t' || c == '\r' {
			i++
			continue
		}
		if r, _ := p.codec.rune(p.s[i:]); r != 0x85 && r < 0x10000 && !isPrintable(p.s[i:]) {
			return p.errorAt(i, "control character")
		}
		i += width(p.s[i])
	}
	return nil
}
