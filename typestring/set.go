package typestring

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/sessionid"
	"github.com/go-datasession/datasession/store"
)

// Set is a table of names that a type string may use, and of what they stand for.
// The zero Set, and nil, is empty. A Set does not change, so goroutines may share it.
type Set struct {
	entries []Entry
}

// Entry is one name of a [Set].
type Entry struct {
	part  part
	name  string
	needs string // what to add to the program if there is no code

	open  Opener
	newID func(Params) (sessionid.Generator, error)
	codec func(Params) codec.Codec
}

// Opener opens a store. The parameters have Perl's defaults in the place of zero
// values. What a store has no use for it ignores.
type Opener func(ctx context.Context, p Params) (store.Store, error)

// Driver returns an entry for a store.
func Driver(name string, open Opener) Entry {
	return Entry{part: driverPart, name: name, open: open}
}

// ID returns an entry for an id generator, under its own name.
func ID(g sessionid.Generator) Entry {
	return idEntry(g.Name(), func(Params) (sessionid.Generator, error) { return g, nil })
}

func idEntry(name string, newID func(Params) (sessionid.Generator, error)) Entry {
	return Entry{part: idPart, name: name, newID: newID}
}

// Serializer returns an entry for a codec, under its own name.
func Serializer(c codec.Codec) Entry {
	return serializerEntry(c.Name(), func(Params) codec.Codec { return c })
}

func serializerEntry(name string, c func(Params) codec.Codec) Entry {
	return Entry{part: serializePart, name: name, codec: c}
}

// missing returns an entry for a name that has no code here.
func missing(p part, name, needs string) Entry {
	return Entry{part: p, name: name, needs: needs}
}

// With returns a Set with further entries. An entry replaces what has the same name
// in s. With panics if a name could not be written in a type string.
func (s *Set) With(entries ...Entry) *Set {
	var all []Entry
	if s != nil {
		all = slices.Clone(s.entries)
	}
	for _, e := range entries {
		if e.name == "" || e.name == "0" || strings.ContainsAny(e.name, " :;") {
			panic(fmt.Sprintf("typestring: bad name %q", e.name))
		}
		same := func(o Entry) bool { return o.part == e.part && lower(o.name) == lower(e.name) }
		if i := slices.IndexFunc(all, same); i >= 0 {
			all[i] = e
		} else {
			all = append(all, e)
		}
	}
	return &Set{all}
}

// Drivers returns the names of drivers in alphabetical order, those among them that
// are not linked included.
func (s *Set) Drivers() []string { return s.known(driverPart) }

// IDs returns the names of id generators, as Drivers does.
func (s *Set) IDs() []string { return s.known(idPart) }

// Serializers returns the names of serializers, as Drivers does.
func (s *Set) Serializers() []string { return s.known(serializePart) }

func (s *Set) known(p part) []string {
	names := []string{}
	if s != nil {
		for _, e := range s.entries {
			if e.part == p {
				names = append(names, e.name)
			}
		}
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(lower(a), lower(b)) })
	return names
}

// find returns the entry with a name, in any case, or nil.
func (s *Set) find(p part, name string) *Entry {
	if s == nil {
		return nil
	}
	name = lower(name)
	for i, e := range s.entries {
		if e.part == p && lower(e.name) == name {
			return &s.entries[i]
		}
	}
	return nil
}

// linked returns the entry with a name that Parse has found, or ErrNotLinked.
func (s *Set) linked(p part, name string) (*Entry, error) {
	e := s.find(p, name)
	if e.needs != "" {
		return nil, fmt.Errorf("typestring: %v %s is %w: %s", p, e.name, ErrNotLinked, e.needs)
	}
	return e, nil
}

// Open reads a type string and returns a Manager for what it says, whose Close closes
// the store. A string of the family CGI::Session, p.Options.Family, is read as a
// DSN; see [Set.ParseDSN].
//
// The string is checked, and the generator and the codec are made, before a store is
// opened. Open reports an [*Error] for a string that cannot be read, ErrNotLinked
// for a name that has no code here, and the opener's errors.
func (s *Set) Open(ctx context.Context, typ string, p Params) (*datasession.Manager, error) {
	parse := s.Parse
	if p.Options.Family == datasession.CGISession {
		parse = s.ParseDSN
	}
	t, err := parse(typ)
	if err != nil {
		return nil, err
	}
	driver, err := s.linked(driverPart, t.Driver)
	if err != nil {
		return nil, err
	}
	id, err := s.linked(idPart, t.ID)
	if err != nil {
		return nil, err
	}
	serializer, err := s.linked(serializePart, t.Serialize)
	if err != nil {
		return nil, err
	}
	p = p.withDefaults()
	p.Charset, p.mixed = p.charset(driver.name, serializer.name)
	opts := p.Options
	opts.Lifetime = cmp.Or(opts.Lifetime, datasession.Forever)
	if opts.NewID == nil {
		if opts.NewID, err = id.newID(p); err != nil {
			return nil, err
		}
	}
	st, err := driver.open(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", driver.name, err)
	}
	m, err := datasession.New(st, serializer.codec(p), &opts)
	if err == nil && p.Migrate {
		if migrator, ok := st.(store.Migrator); ok {
			err = migrator.Migrate(ctx)
		}
	}
	if err != nil {
		_ = st.Close()
		return nil, fmt.Errorf("open %s: %w", driver.name, err)
	}
	return m, nil
}
