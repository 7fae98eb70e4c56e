package perljson

import (
	"slices"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/internal/jsonscan"
	"github.com/go-datasession/datasession/perl"
)

var _ codec.Picker = Codec{}

// Pick implements [codec.Picker]. It accepts what Decode accepts, all of it.
func (c Codec) Pick(data []byte, lim codec.Limits, keys []string) (h *perl.Hash, ok bool) {
	charset := jsonscan.Latin1
	if c.UTF8 {
		charset = jsonscan.UTF8
	}
	d := decoders.Get().(*decoder)
	defer d.free()
	if d.scan.Reset(name, data, charset, limits(lim)) != nil {
		return nil, false
	}
	if kind, err := d.scan.Next(); err != nil || kind != jsonscan.Object {
		return nil, false
	}
	h = perl.NewHash(len(keys))
	for depth := 1; ; {
		kind, err := d.scan.Next()
		if err != nil {
			return nil, false
		}
		switch kind {
		case jsonscan.Object, jsonscan.Array:
			depth++
		case jsonscan.ObjectEnd, jsonscan.ArrayEnd:
			depth--
		case jsonscan.Key:
			if s, _ := d.scan.Str(); depth > 1 || !slices.Contains(keys, s) {
				continue
			}
			key := d.key()
			v, ok := d.plain()
			if !ok {
				return nil, false
			}
			h.SetKey(key, v)
		case jsonscan.End:
			return h, true
		}
	}
}

// plain reads a value that is no container and no object.
func (d *decoder) plain() (v perl.Value, ok bool) {
	kind, err := d.scan.Next()
	if err != nil {
		return v, false
	}
	switch kind {
	case jsonscan.String:
		return d.str(), true
	case jsonscan.Int:
		return d.integer(), true
	case jsonscan.Null:
		return v, true
	}
	return v, false
}
