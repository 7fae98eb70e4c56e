package typestring

import (
	"fmt"
	"slices"

	"github.com/go-datasession/datasession"
)

// Charset says how the characters of a session beyond ASCII are bytes in the store, for
// the serializers that write characters: JSON, YAML (that of YAML::Tiny), FreezeThaw and
// Hstore. The others write bytes in every store.
type Charset uint8

// The character sets. Perl leaves the choice to its drivers, and they differ: so does
// DriverCharset.
//
// It is Latin1 with File, SQLite, and Pg with a column of bytea. It is UTF8 with mysql,
// ODBC, BerkeleyDB, DB_File and Memcached, where Perl writes UTF-8 and takes each byte
// of it for a character when it reads: what Perl has read once is two characters for one
// here too. There YAML that is not UTF-8 is read as Latin-1, as Perl wrote it from byte
// strings; and FreezeThaw is written in Latin-1, which Perl can read, and read as what it
// is. It is UTF8 as well with Pg and a column of text, with the SQL drivers of the family
// Apache::Session, whose JSON and Hstore are Browseable's, and with Redis, Oracle and
// Memory; but it is Latin1 with Redis in the family Apache::Session, as Browseable sends
// it. With drivers that are not of this list it is Latin1.
//
// An opener for a column of text in PostgreSQL takes sqlstore.PgCharacters with UTF8, and
// sqlstore.PgText with Latin1.
const (
	DriverCharset Charset = iota // what Perl's driver makes of characters
	Latin1                       // a byte for each character up to U+00FF; no others
	UTF8                         // UTF-8
)

// String returns "driver", "latin1" or "utf8".
func (c Charset) String() string {
	if names := [...]string{"driver", "latin1", "utf8"}; int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("Charset(%d)", uint8(c))
}

// characters are the serializers that write characters and not bytes.
var characters = []string{"json", "yaml", "freezethaw", "hstore"}

// charset returns the character set of the records of a serializer in a driver's store.
// If mixed is true, there are also records in Latin-1.
func (p Params) charset(driver, serializer string) (c Charset, mixed bool) {
	driver, serializer = lower(driver), lower(serializer)
	if p.Charset != DriverCharset {
		return p.Charset, false
	}
	if !slices.Contains(characters, serializer) {
		return Latin1, false
	}
	text := p.Options.Family == datasession.ApacheSession
	switch driver {
	case "mysql":
		return UTF8, !text
	case "odbc", "berkeleydb", "db_file", "memcached":
		return UTF8, true
	case "redis":
		if !text { // no peer in Perl
			return UTF8, false
		}
		text = false // Browseable sends a byte for each character
	case "oracle", "memory":
		return UTF8, false
	case "pg":
		text = text || p.PgText
	case "sqlite":
	default:
		text = false
	}
	if text {
		return UTF8, false
	}
	return Latin1, false
}
