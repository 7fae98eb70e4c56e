package valuejson

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/internal/jsonscan"
)

// tape is a document as the list of its tokens, without the ends of containers.
// Members may come in any order, so a reference can come before the thing it
// refers to; hence all of the document is read before its values are made.
type tape []token

type token struct {
	str   string // characters of a string or name, text of a number
	at    uint32 // where it is in the document
	next  int32  // the token after this one and all that is in it
	kind  jsonscan.Kind
	ascii bool
}

// scan reads a document, and returns the objects that have the name $id or $slot
// beside it.
func scan(data []byte, lim codec.Limits) (t tape, ids []int32, err error) {
	var s jsonscan.Scanner
	err = s.Reset(name, data, jsonscan.UTF8, codec.Limits{
		Depth: 8 * (lim.Depth + 1), // no more than seven forms around a container's elements
		Nodes: math.MaxInt,         // counted as values, later
		Bytes: min(lim.Bytes, math.MaxInt32),
	})
	if err != nil {
		return nil, nil, err
	}
	var open []int32
	for {
		kind, err := s.Next()
		var limit *codec.LimitError
		if errors.As(err, &limit) && limit.What == "depth" {
			limit.Max = lim.Depth
		}
		if err != nil {
			return nil, nil, err
		}
		switch kind {
		case jsonscan.End:
			return t, ids, nil
		case jsonscan.ObjectEnd, jsonscan.ArrayEnd:
			t[open[len(open)-1]].next = int32(len(t))
			open = open[:len(open)-1]
			continue
		case jsonscan.Object, jsonscan.Array:
			open = append(open, int32(len(t)))
		}
		tok := token{at: uint32(s.Offset()), next: int32(len(t)) + 1, kind: kind}
		switch kind {
		case jsonscan.Key, jsonscan.String, jsonscan.Int, jsonscan.Float:
			tok.str, tok.ascii = s.Str()
		}
		if kind == jsonscan.Key && (tok.str == "$id" || tok.str == "$slot") {
			ids = append(ids, open[len(open)-1])
		}
		t = append(t, tok)
	}
}

// elements yields the tokens of a container's elements; of an object, its names.
func (t tape) elements(i int32) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for j := i + 1; j < t[i].next; j = t[j].next {
			if !yield(j) {
				return
			}
			if t[j].kind == jsonscan.Key {
				j++ // its value is next
			}
		}
	}
}

// tagged is an object with a member whose name begins with $.
type tagged struct {
	tag   string
	value int32 // the tag's value
	v     int32 // the value of the member v, or 0
}

// forms has the tags, and whether the member v goes with them.
var forms = map[string]struct{ may, must bool }{
	"$bytes":   {},
	"$chars":   {},
	"$f":       {},
	"$pairs":   {},
	"$ref":     {},
	"$blessed": {true, true},
	"$bool":    {},
	"$regexp":  {},
	"$weak":    {},
	"$id":      {true, true},
	"$same":    {},
	"$slot":    {true, false},
	"$other":   {},
}

// tagged returns what token i is, if it is one of our forms. The tag is empty
// if it is not: any other kind of token, or an object without a $.
func (t tape) tagged(i int32) (tagged, error) {
	var f tagged
	if t[i].kind != jsonscan.Object {
		return f, nil
	}
	others := 0
	for j := range t.elements(i) {
		switch name := t[j].str; {
		case strings.HasPrefix(name, "$") && f.tag != "":
			return f, t.fault(j, "a second name that begins with $")
		case strings.HasPrefix(name, "$"):
			f.tag, f.value = name, j+1
		case name == "v" && f.v == 0:
			f.v = j + 1
		default:
			others++
		}
	}
	if f.tag == "" {
		return tagged{}, nil
	}
	form, known := forms[f.tag]
	switch {
	case !known:
		return f, t.fault(i, "an unknown name that begins with $")
	case others > 0 || f.v != 0 && !form.may:
		return f, t.fault(i, "a member that does not go with %s", f.tag)
	case f.v == 0 && form.must:
		return f, t.fault(i, "no member v, want one with %s", f.tag)
	}
	return f, nil
}

// fault reports what is wrong with token i.
func (t tape) fault(i int32, format string, args ...any) error {
	return &codec.SyntaxError{Codec: name, Offset: int64(t[i].at), Err: fmt.Errorf(format, args...)}
}
