package hstore

import (
	"errors"
	"strconv"
	"strings"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/perl"
)

// budget is the limits, and the values that there have been.
type budget struct {
	lim   codec.Limits
	nodes int
}

func newBudget(lim codec.Limits) budget {
	lim = lim.WithDefaults()
	lim.Depth = min(lim.Depth, MaxDepth)
	return budget{lim: lim}
}

func (b *budget) spend(nodes int) error {
	if b.nodes += nodes; b.nodes > b.lim.Nodes {
		return limit("nodes", b.lim.Nodes)
	}
	return nil
}

// inner returns the limits for what is written as JSON, in so many bytes. The value
// itself has been spent.
func (b *budget) inner(bytes int) (codec.Limits, error) {
	in := codec.Limits{Depth: b.lim.Depth - 1, Nodes: b.lim.Nodes - b.nodes + 1, Bytes: bytes}
	switch { // zero would be the default
	case in.Depth < 1:
		return in, limit("depth", b.lim.Depth)
	case in.Bytes < 1:
		return in, limit("bytes", b.lim.Bytes)
	}
	return in, nil
}

// outer returns an error of the inner codec as one of the whole: at is where the
// JSON begins.
func (b *budget) outer(err error, at int) error {
	var (
		tooMuch     *codec.LimitError
		unsupported *codec.UnsupportedError
		syntax      *codec.SyntaxError
	)
	switch {
	case errors.As(err, &tooMuch):
		most := map[string]int{"depth": b.lim.Depth, "nodes": b.lim.Nodes, "bytes": b.lim.Bytes}
		return limit(tooMuch.What, most[tooMuch.What])
	case errors.As(err, &unsupported):
		return &codec.UnsupportedError{Codec: name, Path: unsupported.Path, What: unsupported.What}
	case errors.As(err, &syntax):
		return &codec.SyntaxError{Codec: name, Offset: int64(at), Err: syntax.Err}
	}
	return err
}

// nodes counts the values of a tree.
func nodes(v perl.Value) int {
	n := 1
	switch t := v.Thing().(type) {
	case *perl.Array:
		for _, v := range t.All() {
			n += nodes(v)
		}
	case *perl.Hash:
		for _, v := range t.All() {
			n += nodes(v)
		}
	}
	return n
}

func limit(what string, most int) error {
	return &codec.LimitError{Codec: name, What: what, Max: most}
}

func unsupported(what string) error {
	return &codec.UnsupportedError{Codec: name, Path: "$D", What: what}
}

// within puts the key under which an *UnsupportedError happened into its path.
func within(err error, key string) error {
	var u *codec.UnsupportedError
	if errors.As(err, &u) {
		inner := strings.TrimPrefix(strings.TrimPrefix(u.Path, "$D"), "->")
		u.Path = "$D->{" + strconv.QuoteToASCII(key) + "}" + inner
	}
	return err
}
