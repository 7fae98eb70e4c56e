package typestring

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/internal/perltest"
)

// outcome is what a parser made of a string: a type or an error.
func outcome(t Type, err error) string {
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			return e.Text
		}
		return "not an *Error: " + err.Error()
	}
	return t.String()
}

const standard = "driver:File;id:MD5;serialize:DataDumper"

var typeStrings = []struct{ in, want string }{
	{"", standard},
	{standard, standard},
	{" driver : FILE ; id:sha1", "driver:File;id:SHA1;serialize:DataDumper"},
	{"driver:Foo", "Unknown driver 'foo'"},
	{"id:none", "Unknown id generator 'none'"},
	{"serialize:x", "Unknown serialize 'x'"},
	{"foo:bar", "Error in type: Unexpected component 'foo'"},
	{"dri:File", "Error in type: Unexpected component 'dri'"},
	{"driver", "Error in type: Missing value for option 'driver'"},
	{"driver:", "Error in type: Missing value for option 'driver'"},
	{"driver::", "Error in type: Missing value for option 'driver'"},
	{"driver:0", "Error in type: Missing value for option 'driver'"},
	{"id:", "Error in type: Missing value for option 'id'"},
	{"serialize:", "Error in type: Missing value for option 'serialize'"},
	{"driver:File;driver:", "Error in type: Missing value for option 'driver'"},
	{"serialize:x;id:y", "Unknown id generator 'y'"},
	{"serialize:x;driver:y;id:z", "Unknown driver 'y'"},
	{";;", standard},
	{":;::;", standard},
	{";;driver:File;;id:MD5;;", standard},
	{":File", "Error in type: Unexpected component ''"},
	{"serializer:JSON", "Error in type: Unexpected component 'serializer'"},
	{"serialize:default", "Unknown serialize 'default'"},
	{"id:incr", "Unknown id generator 'incr'"},
	{"driver:SQLite;driver:File", standard},
	{"driver:x;driver:File", standard},
	{"driver;file", standard}, // all fields make one list
	{"driver:;id:md5", "Error in type: Unexpected component 'md5'"},
	{"driver:File:x", "Error in type: Unexpected component 'x'"},
	{"driver:File\n", `Unknown driver 'file\n'`},
	{"driver:\tFile", `Unknown driver '\tfile'`},
	{"driver:Fi le", standard},
	{"driver:BER\u212aELEYDB", "Unknown driver 'ber\u212aeleydb'"}, // a Kelvin sign
	{"driver:'x'", "Unknown driver ''x''"},
	{"dRiVeR:bErKeLeYdB;iD:aUtOiNcReMeNt;SERIALIZE:FREEZETHAW", "driver:BerkeleyDB;id:AutoIncrement;serialize:FreezeThaw"},
	{"driver:Memory", "driver:Memory;id:MD5;serialize:DataDumper"}, // Perl has none
}

func TestParse(t *testing.T) {
	for _, c := range typeStrings {
		if got := outcome(Parse(c.in)); got != c.want {
			t.Errorf("Parse(%q) = %s, want %s", c.in, got, c.want)
		}
	}
}

func TestEveryName(t *testing.T) {
	for part, names := range map[string]string{
		"driver":    "BerkeleyDB File Memcached mysql ODBC Oracle Pg SQLite",
		"id":        "AutoIncrement MD5 SHA1 SHA256 SHA512 Static UUID16 UUID34 UUID36 UUID64",
		"serialize": "DataDumper FreezeThaw JSON Storable YAML",
	} {
		for name := range strings.FieldsSeq(names) {
			want := Type{"File", "MD5", "DataDumper"}
			switch part {
			case "driver":
				want.Driver = name
			case "id":
				want.ID = name
			case "serialize":
				want.Serialize = name
			}
			for _, spelt := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
				got, err := Parse(part + ":" + spelt)
				if got != want || err != nil {
					t.Errorf("Parse(%s:%s) = %v, %v; want %v", part, spelt, got, err, want)
				}
			}
			if again, err := Parse(want.String()); again != want || err != nil {
				t.Errorf("Parse(%s) = %v, %v", want, again, err)
			}
		}
	}
}

func TestErrorListsKnownNames(t *testing.T) {
	_, err := Parse("driver:Foo")
	const want = "typestring: Unknown driver 'foo'; known are BerkeleyDB, File, Memcached, Memory, mysql, ODBC, Oracle, Pg, SQLite"
	if err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
	_, err = Parse("driver")
	if want := "typestring: Error in type: Missing value for option 'driver'"; err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}

var dsns = []struct{ in, want string }{
	{"", standard},
	{"driver:file;serializer:default;id:md5", standard},
	{"d:sqlite;s:storable;i:incr", "driver:SQLite;id:AutoIncrement;serialize:Storable"},
	{"dri:MySQL;ser:FreezeThaw", "driver:mysql;id:MD5;serialize:FreezeThaw"},
	{"DRIVER:File;Id:STATIC", "driver:File;id:Static;serialize:DataDumper"},
	{"driver:postgresql", "driver:Pg;id:MD5;serialize:DataDumper"},
	{standard, standard},
	{"drivers:x;ids:y;foo:bar;:z", standard},
	{" driver:x", standard}, // another key: spaces count
	{"driver:file ", "Unknown driver 'file '"},
	{"driver", "Error in type: Missing value for option 'driver'"},
	{"id:", "Error in type: Missing value for option 'id'"},
	{"driver:nosuch", "Unknown driver 'nosuch'"},
	{"driver:foo-bar", "Unknown driver 'foo-bar'"},
	{"driver:file;driver:sqlite", "driver:SQLite;id:MD5;serialize:DataDumper"},
	{"driver;file", standard},
	{"driver:file:x", standard}, // x is a key without a value, and unknown
}

func TestParseDSN(t *testing.T) {
	for _, c := range dsns {
		if got := outcome(Std.ParseDSN(c.in)); got != c.want {
			t.Errorf("ParseDSN(%q) = %s, want %s", c.in, got, c.want)
		}
	}
}

// soup returns strings that are made of pieces, so that many of them mean something.
func soup(n int, pieces string) []string {
	r := rand.New(rand.NewChaCha8([32]byte{'s', 'o', 'u', 'p'}))
	words := append(strings.Fields(pieces), " ", ":", ":", ":", ":", ":", ";", ";", ";", ";", "0", "\xe9")
	out := make([]string, n)
	for i := range out {
		for range 1 + r.IntN(11) {
			out[i] += words[r.IntN(len(words))]
		}
	}
	return out
}

const pieces = "driver driver: Driver: driver:File driver:sqlite;driver: FILE mYsQl Pg file id id: id:MD5 id:sha1;" +
	" ;id:Static UUID36 none serialize serialize: serialize:JSON;serialize:yaml STORABLE Storable; serializer x dri ;; :: ;;driver:"

func TestLikePerl(t *testing.T) {
	inputs := soup(2000, pieces)
	for _, c := range typeStrings {
		if !strings.Contains(c.in, "Memory") {
			inputs = append(inputs, c.in)
		}
	}
	accepted := 0
	for i, want := range askPerl(t, inputs, "testdata/typestring.pl") {
		got := outcome(Parse(inputs[i]))
		const unexpected = "Error in type: Unexpected component "
		switch {
		case strings.HasPrefix(want, unexpected) && strings.HasPrefix(got, unexpected):
			continue // Perl names any one of several
		case unescape(got) != want:
			t.Errorf("Parse(%q) = %s, Perl has %s", inputs[i], got, want)
		case strings.HasPrefix(want, "driver:"):
			accepted++
		}
	}
	if accepted < len(inputs)/20 {
		t.Errorf("only %d of %d strings mean anything", accepted, len(inputs))
	}
}

func TestDSNLikePerl(t *testing.T) {
	inputs := soup(2000, pieces+" d: i:incr s:default ser: postgresql")
	for _, c := range dsns {
		inputs = append(inputs, c.in)
	}
	inputs = slicesDelete(inputs, "", "0") // a usage error in Perl
	accepted := 0
	for i, answer := range askPerl(t, inputs, "testdata/dsn.pl") {
		got, err := Std.ParseDSN(inputs[i])
		want, ok := perlDSN(answer)
		if spellings(inputs[i]) {
			continue // which of them wins changes from run to run
		}
		switch {
		case ok != (err == nil), ok && got != want:
			t.Errorf("ParseDSN(%q) = %s, Perl has %s", inputs[i], outcome(got, err), answer)
		case ok:
			accepted++
		}
	}
	if accepted < len(inputs)/10 {
		t.Errorf("only %d of %d strings mean anything", accepted, len(inputs))
	}
}

// perlDSN makes a type of dsn.pl's answer, and reports whether it names what is known.
func perlDSN(answer string) (Type, bool) {
	t := Type{"File", "MD5", "DataDumper"}
	for i, field := range strings.Split(answer, "\t") {
		_, value, given := strings.Cut(field, "=")
		if !given {
			continue
		}
		part := []part{driverPart, idPart, serializePart}[i]
		if name := cgiNames[part][value]; name != "" {
			value = name
		}
		e := Std.find(part, value)
		if e == nil {
			return t, false
		}
		*[]*string{&t.Driver, &t.ID, &t.Serialize}[i] = e.name
	}
	return t, true
}

// spellings reports whether a DSN has one key in two spellings.
func spellings(dsn string) bool {
	_, keys := pairs(dsn)
	seen := map[byte]bool{}
	for _, key := range keys {
		key = lower(key)
		if key == "" || !strings.HasPrefix("driver", key) && !strings.HasPrefix("serializer", key) && !strings.HasPrefix("id", key) {
			continue
		}
		if seen[key[0]] {
			return true
		}
		seen[key[0]] = true
	}
	return false
}

func slicesDelete(s []string, drop ...string) (kept []string) {
	for _, v := range s {
		if !strings.Contains("\n"+strings.Join(drop, "\n")+"\n", "\n"+v+"\n") {
			kept = append(kept, v)
		}
	}
	return kept
}

// unescape undoes quote for the strings of these tests.
func unescape(s string) string {
	return strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\xe9`, "\xe9").Replace(s)
}

func askPerl(t *testing.T, inputs []string, script string) []string {
	t.Helper()
	if strings.Contains(script, "dsn") {
		perltest.Need(t, perltest.CGISession)
	}
	var in strings.Builder
	for _, s := range inputs {
		fmt.Fprintln(&in, hex.EncodeToString([]byte(s)))
	}
	cmd := perltest.Command(t, script)
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if len(lines) != len(inputs) {
		t.Fatalf("%d answers to %d strings", len(lines), len(inputs))
	}
	return lines
}

func FuzzParse(f *testing.F) {
	for _, c := range typeStrings {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := Parse(in)
		if err == nil {
			if again, err := Parse(got.String()); again != got || err != nil {
				t.Errorf("Parse(%s) = %v, %v", got, again, err)
			}
		}
		_, _ = Std.ParseDSN(in)
	})
}
