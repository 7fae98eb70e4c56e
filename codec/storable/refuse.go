package storable

import (
	"github.com/go-datasession/datasession/internal/perlpath"
	"github.com/go-datasession/datasession/perl"
)

// refusals are the types of what is refused.
var refusals = map[byte]string{
	tagTiedArray:  "tied array",
	tagTiedHash:   "tied hash",
	tagTiedScalar: "tied scalar",
	tagTiedKey:    "element of a tied hash",
	tagTiedIndex:  "element of a tied array",
	tagHook:       "object that is frozen by its class",
	tagCode:       "CODE",
	tagRegexp:     "pattern without a reference",
}

// isContent reports whether what is of type c is what a scalar contains. Others of
// the types that are refused stand for the scalar, or for a container.
func isContent(c byte) bool { return refusals[c] == "" }

// refuse notes that something is refused, and reads on: the key comes after the
// value, so only what follows tells where this was. It stands for it with undef.
func (d *decoder) refuse(c byte) error {
	if c == tagLarge { // of which nothing follows, in less than 2 GiB
		return perlpath.Refuse("more than 2 GiB in one value")
	}
	what, ok := refusals[c]
	if !ok {
		return d.errorAt(d.i-1, "unexpected type 0x%02x", c)
	}
	if d.refused == nil {
		d.refused = perlpath.Refuse(what)
	}
	if c == tagRegexp {
		_, err := d.regexp("")
		return err
	}
	d.note(&perl.Scalar{})
	if err := d.enter(); err != nil {
		return err
	}
	err := d.skip(c)
	d.depth--
	return err
}

// skip reads what follows a type that is refused.
func (d *decoder) skip(c byte) error {
	switch c {
	case tagHook:
		return d.hook()
	case tagTiedKey:
		if err := d.any(); err != nil {
			return err
		}
	case tagTiedIndex:
		if err := d.any(); err != nil {
			return err
		}
		_, err := d.length()
		return err
	}
	return d.any()
}

// any reads a value of any type.
func (d *decoder) any() error {
	if err := d.claim(1); err != nil {
		return err
	}
	_, err := d.thing()
	return err
}

// The flags of a hook.
const (
	hookKind      = 1<<2 - 1 // what kind of thing the object is:
	hookExtra     = 3        // one that is tied; the kind is in a byte after the flags
	hookLongClass = 1 << 2
	hookLongData  = 1 << 3
	hookLongList  = 1 << 4
	hookAgain     = 1 << 5 // the class has been seen
	hookMore      = 1 << 6 // another object comes first, and flags after it
	hookList      = 1 << 7 // there are numbers of other objects
)

// hook reads what a class made of an object: some other objects, the class, a
// string, the numbers of other objects, and what it was tied to.
func (d *decoder) hook() error {
	flags, err := d.byte()
	if err != nil {
		return err
	}
	tied := flags&hookKind == hookExtra
	if tied {
		if _, err := d.byte(); err != nil {
			return err
		}
	}
	for flags&hookMore != 0 {
		if err := d.any(); err != nil {
			return err
		}
		if flags, err = d.byte(); err != nil {
			return err
		}
	}
	if err := d.hookClass(flags); err != nil {
		return err
	}
	n, err := d.hookLength(flags & hookLongData)
	if err != nil {
		return err
	}
	if _, err := d.take(n); err != nil {
		return err
	}
	if flags&hookList != 0 {
		if n, err = d.hookLength(flags & hookLongList); err != nil {
			return err
		}
		if _, err := d.take(4 * n); err != nil {
			return err
		}
	}
	if tied {
		return d.any()
	}
	return nil
}

func (d *decoder) hookClass(flags byte) error {
	at := d.i
	n, err := d.hookLength(flags & hookLongClass)
	if err != nil {
		return err
	}
	if flags&hookAgain != 0 {
		if n >= uint64(len(d.classes)) {
			return d.errorAt(at, "class number %d, of %d so far", n, len(d.classes))
		}
		return nil
	}
	class, err := d.take(n)
	d.classes = append(d.classes, class)
	return err
}

// hookLength reads a length in four bytes if long is not zero, else in one.
func (d *decoder) hookLength(long byte) (uint64, error) {
	if long != 0 {
		n, err := d.length()
		return uint64(n), err
	}
	n, err := d.byte()
	return uint64(n), err
}
