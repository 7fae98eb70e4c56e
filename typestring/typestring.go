// Package typestring makes a Manager from a type string, by which Perl's
// Data::Session is told where sessions are and what they look like:
//
//	m, err := typestring.Std.Open(ctx, "driver:File;id:MD5;serialize:DataDumper",
//		typestring.Params{Directory: "/var/lib/app/sessions"})
//
// A program that calls constructors has no use for it. It is for configuration that
// a Perl application has too, and for commands.
//
// The names that can be used are those of a [Set], a table and nothing that
// packages register themselves in. [Std] has what needs the standard library
// only; a program that links more extends it:
//
//	set := typestring.Std.With(
//		typestring.Driver("SQLite", openSQLite),
//		typestring.Serializer(storable.Codec{}),
//	)
//
// All names of Data::Session are known. One that is known and that the program has
// not linked gives [ErrNotLinked] and says what to add; one that is not known gives
// what Data::Session says, and the known ones.
//
// With the family CGI::Session the string is what that module calls a DSN:
// "driver:file;serializer:default;id:md5".
package typestring

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Type is a type string that was read: the names of a driver, an id generator and a
// serializer, as Data::Session spells them.
type Type struct {
	Driver, ID, Serialize string
}

// String returns the string that Data::Session gives back,
// driver:File;id:MD5;serialize:DataDumper. It reads back to the same Type.
func (t Type) String() string {
	return "driver:" + t.Driver + ";id:" + t.ID + ";serialize:" + t.Serialize
}

// Error reports a type string that cannot be read, in Data::Session's words.
type Error struct {
	Text  string   // such as "Unknown driver 'foo'"
	Known []string // what could be there instead, if a name is unknown
}

func (e *Error) Error() string {
	if e.Known == nil {
		return "typestring: " + e.Text
	}
	return "typestring: " + e.Text + "; known are " + strings.Join(e.Known, ", ")
}

// ErrNotLinked reports a name that is known and for which the program has no code.
var ErrNotLinked = errors.New("not linked into this program")

// part is a component of a type string.
type part string

const (
	driverPart    part = "driver"
	idPart        part = "id"
	serializePart part = "serialize"
)

// what Data::Session calls the values of a part.
func (p part) String() string {
	if p == idPart {
		return "id generator"
	}
	return string(p)
}

// Parse reads a type string of Data::Session. What is not given is
// driver:File;id:MD5;serialize:DataDumper. Keys and names may be in either case,
// spaces do not count, and the last of several values wins. A string that cannot be
// read is an [*Error]. Whether there is code for the names is seen by Open.
func (s *Set) Parse(typ string) (Type, error) {
	values, keys := pairs(lower(strings.ReplaceAll(typ, " ", "")))
	for _, key := range keys {
		if p := part(key); p != driverPart && p != idPart && p != serializePart {
			return Type{}, &Error{Text: "Error in type: Unexpected component " + quote(key)}
		}
	}
	return s.typeOf(func(p part) (string, bool) {
		v, ok := values[string(p)]
		return v, ok
	})
}

// ParseDSN reads a DSN of CGI::Session. Keys may be cut short, down to d, s and i,
// so that a type string of Data::Session is a DSN too; other keys do not count. Names
// may be CGI::Session's (default, incr, postgresql) or Data::Session's. What is not
// given is driver:file;serializer:default;id:md5.
//
// Unlike CGI::Session it refuses a name that could not be loaded in any case.
func (s *Set) ParseDSN(dsn string) (Type, error) {
	values, keys := pairs(dsn)
	short := make(map[part]string)
	for _, key := range keys {
		switch k := lower(key); {
		case k == "":
		case strings.HasPrefix("driver", k):
			short[driverPart] = values[key]
		case strings.HasPrefix("serializer", k):
			short[serializePart] = values[key]
		case strings.HasPrefix("id", k):
			short[idPart] = values[key]
		}
	}
	return s.typeOf(func(p part) (string, bool) {
		v, ok := short[p]
		v = lower(v)
		if name, renamed := cgiNames[p][v]; renamed {
			v = lower(name)
		}
		return v, ok
	})
}

// cgiNames are the names of CGI::Session that Data::Session calls otherwise.
var cgiNames = map[part]map[string]string{
	driverPart:    {"postgresql": "Pg"},
	idPart:        {"incr": "AutoIncrement"},
	serializePart: {"default": "DataDumper"},
}

// typeOf finds the names of a type, in the order in which Data::Session does.
func (s *Set) typeOf(value func(part) (string, bool)) (t Type, err error) {
	for _, c := range []struct {
		part part
		def  string
		name *string
	}{
		{driverPart, "File", &t.Driver},
		{idPart, "MD5", &t.ID},
		{serializePart, "DataDumper", &t.Serialize},
	} {
		v, ok := value(c.part)
		switch {
		case !ok:
			v = c.def
		case v == "" || v == "0":
			return Type{}, &Error{Text: "Error in type: Missing value for option " + quote(string(c.part))}
		}
		e := s.find(c.part, v)
		if e == nil {
			return Type{}, &Error{Text: fmt.Sprintf("Unknown %v %s", c.part, quote(v)), Known: s.known(c.part)}
		}
		*c.name = e.name
	}
	return t, nil
}

// pairs reads k:v;k:v as Perl's map { split /:/ } split /;/ does, which is not by
// pairs: all fields make one list, of which every other one is a key, and a field
// that is empty counts unless only empty ones follow before the semicolon. It also
// returns the keys, without repetitions, in order.
func pairs(s string) (values map[string]string, keys []string) {
	var fields []string
	for part := range strings.SplitSeq(s, ";") {
		if part = strings.TrimRight(part, ":"); part != "" {
			fields = append(fields, strings.Split(part, ":")...)
		}
	}
	values = make(map[string]string)
	for i := 0; i < len(fields); i += 2 {
		if !slices.Contains(keys, fields[i]) {
			keys = append(keys, fields[i])
		}
		values[fields[i]] = ""
		if i+1 < len(fields) {
			values[fields[i]] = fields[i+1]
		}
	}
	return values, keys
}

// lower is Perl's lc for bytes. It leaves alone what has a lower case beyond ASCII,
// such as the Kelvin sign.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// quote puts a name in Perl's quotes, with what could disturb a log escaped.
func quote(name string) string {
	q := strconv.Quote(name)
	return "'" + q[1:len(q)-1] + "'"
}
