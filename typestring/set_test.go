package typestring

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/apache"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/codec/perlyaml"
	"github.com/go-datasession/datasession/codec/storable"
	"github.com/go-datasession/datasession/sessionid"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/memstore"
)

func open(t *testing.T, s *Set, typ string, p Params) *datasession.Manager {
	t.Helper()
	m, err := s.Open(t.Context(), typ, p)
	if err != nil {
		t.Fatalf("Open(%q): %v", typ, err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func TestOpenEveryLinkedName(t *testing.T) {
	for _, driver := range []string{"File", "Memory"} {
		for _, id := range Std.IDs() {
			for _, serialize := range []string{"DataDumper", "JSON"} {
				typ := Type{driver, id, serialize}
				t.Run(typ.String(), func(t *testing.T) {
					p := Params{ID: "reports", Directory: t.TempDir(), IDFile: filepath.Join(t.TempDir(), "id")}
					m := open(t, Std, typ.String(), p)
					if got := m.Options().NewID.Name(); got != id {
						t.Errorf("generator is %s", got)
					}
					if got := m.Codec().Name(); got != serialize {
						t.Errorf("codec is %s", got)
					}
					s, err := m.New(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if driver == "File" && strings.ContainsAny(s.ID(), "/\\\x00") || id == "UUID16" {
						return // not an id for a file
					}
					if err := s.Set("user", "ann"); err != nil {
						t.Fatal(err)
					}
					if err := s.Flush(t.Context()); err != nil {
						t.Fatal(err)
					}
					again, err := m.Load(t.Context(), s.ID())
					if err != nil || again.Get("user") != "ann" {
						t.Errorf("loaded %v, %v; want ann", again, err)
					}
				})
			}
		}
	}
}

func TestOpenFileAsPerlDoes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	p := Params{ID: "abc", Directory: dir, FileName: "s_%s.txt", Migrate: true}
	s, err := open(t, Std, "id:Static", p).New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Set("user", "ann"); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "s_abc.txt"))
	if err != nil || !strings.HasPrefix(string(data), "$D = {") || strings.HasSuffix(string(data), ";$D") {
		t.Errorf("file holds %q, %v; want Data::Session's DataDumper", data, err)
	}
}

func TestMissingDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "typo")
	m := open(t, Std, "", Params{Directory: dir})
	if _, err := m.Load(t.Context(), strings.Repeat("a", 32)); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Load = %v, want ErrUnavailable", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory was made: %v", err)
	}
}

func TestOpenCGI(t *testing.T) {
	p := Params{ID: "abc", Options: datasession.Options{Family: datasession.CGISession}}
	for _, typ := range []string{"", "d:Memory;i:static;s:default", "driver:Memory;id:Static;serialize:DataDumper"} {
		m := open(t, Std.With(Driver("File", openMemory)), typ, p)
		if m.Codec() != (dumper.Codec{Tail: true}) || m.Options().Family != datasession.CGISession {
			t.Errorf("Open(%q): codec %#v, family %v; want default and CGI::Session", typ, m.Codec(), m.Options().Family)
		}
	}
	// Without the family the same strings are Data::Session's.
	if _, err := Std.Open(t.Context(), "d:Memory", Params{}); err == nil {
		t.Error("Data::Session takes d for driver")
	}
	if m := open(t, Std, "driver:Memory", Params{}); m.Codec() != (dumper.Codec{}) {
		t.Errorf("codec is %#v, want that of Data::Session", m.Codec())
	}
}

func TestNotLinked(t *testing.T) {
	for typ, hint := range map[string]string{
		"driver:BerkeleyDB": "bdbstore",
		"driver:Memcached":  "memcachestore",
		"driver:mysql":      "sqlstore.MySQL",
		"driver:ODBC":       "sqlstore.New(db, sqlstore.ODBC(dialect), opts)",
		"driver:Oracle":     "sqlstore.Oracle",
		"driver:Pg":         "sqlstore.Pg",
		"driver:SQLite":     "database/sql driver",
	} {
		m, err := Std.Open(t.Context(), typ, Params{})
		if m != nil || !errors.Is(err, ErrNotLinked) || !strings.Contains(fmt.Sprint(err), hint) {
			t.Errorf("Open(%q) = %v, %v; want ErrNotLinked and %q", typ, m, err, hint)
		}
	}
}

func TestSerializerOfAFamily(t *testing.T) {
	for _, test := range []struct {
		family    datasession.Family
		serialize string
		want      codec.Codec
	}{
		{datasession.DataSession, "DataDumper", dumper.Codec{}},
		{datasession.CGISession, "default", dumper.Codec{Tail: true}},
		{datasession.DataSession, "storable", storable.Codec{}},
		{datasession.CGISession, "storable", storable.Codec{}},
		{datasession.ApacheSession, "Storable", storable.Codec{Network: true}},
		{datasession.DataSession, "YAML", perlyaml.Codec{UTF8: true}},
		{datasession.CGISession, "yaml", perlyaml.Syck},
		{datasession.CGISession, "yamlxs", perlyaml.XS},
		{datasession.ApacheSession, "Base64", apache.Base64{}},
	} {
		p := Params{Options: datasession.Options{Family: test.family}}
		m := open(t, Std, "driver:Memory;serialize:"+test.serialize, p)
		if m.Codec() != test.want {
			t.Errorf("%s, %s: codec is %#v, want %#v", test.family, test.serialize, m.Codec(), test.want)
		}
	}
}

func TestStaticWantsID(t *testing.T) {
	for _, id := range []string{"", "0"} {
		_, err := Std.Open(t.Context(), "driver:Memory;id:Static", Params{ID: id})
		const want = "When using id:Static, you must provide a (true) id to new(id => ...)"
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ID %q: %v, want %s", id, err, want)
		}
	}
}

func TestBadCounterOptions(t *testing.T) {
	if _, err := Std.Open(t.Context(), "driver:Memory;id:AutoIncrement", Params{IDStep: -1}); err == nil {
		t.Error("Open takes a negative IDStep")
	}
}

// recorder is an opener that keeps what it was called with.
type recorder struct {
	params []Params
	store  closing
	err    error
}

type closing struct {
	store.Store
	closed int
}

func (c *closing) Close() error { c.closed++; return nil }

func (r *recorder) open(_ context.Context, p Params) (store.Store, error) {
	r.params = append(r.params, p)
	if r.err != nil {
		return nil, r.err
	}
	r.store.Store = memstore.New(nil)
	return &r.store, nil
}

func TestOpenerGetsPerlsDefaults(t *testing.T) {
	var r recorder
	set := Std.With(Driver("Recorder", r.open))
	open(t, set, "driver:recorder", Params{})
	want := Params{
		Name: "CGISESSID", Directory: os.TempDir(), FileName: "cgisess_%s", Umask: 0o660,
		TableName: "sessions", IDColName: "id", DataColName: "a_session", PgBytea: true, Charset: Latin1,
		IDFile: filepath.Join(os.TempDir(), "data.session.id"), IDStep: 1,
	}
	if len(r.params) != 1 || !reflect.DeepEqual(r.params[0], want) {
		t.Errorf("opener got %+v, want %+v", r.params, want)
	}
	given := Params{
		ID: "a", Name: "b", Directory: "c", FileName: "d%s", NoFlock: true, Umask: 0o600, ForeignOwner: true,
		TableName: "f", IDColName: "g", DataColName: "h", DataSource: "i", Username: "j", Password: "k",
		Host: "l", Port: 1, Socket: "m", PgText: true, Charset: UTF8, IDFile: "n", IDBase: 2, IDStep: 3, Migrate: true,
		Options: datasession.Options{Lifetime: time.Hour},
	}
	open(t, set, "driver:recorder", given)
	if !reflect.DeepEqual(r.params[1], given) {
		t.Errorf("opener got %+v, want %+v", r.params[1], given)
	}
}

func TestPgColumn(t *testing.T) {
	cgi := datasession.Options{Family: datasession.CGISession}
	for _, c := range []struct {
		name string
		p    Params
		text bool
	}{
		{"neither", Params{}, false},
		{"text", Params{PgText: true}, true},
		{"bytea", Params{PgBytea: true}, false},
		{"both", Params{PgBytea: true, PgText: true}, false},
		{"CGI, neither", Params{Options: cgi}, true},
		{"CGI, bytea", Params{PgBytea: true, Options: cgi}, false},
	} {
		if p := c.p.withDefaults(); p.PgText != c.text || p.PgBytea == c.text {
			t.Errorf("%s: text %v, bytea %v; want text %v", c.name, p.PgText, p.PgBytea, c.text)
		}
	}
}

func TestNothingOpenedInVain(t *testing.T) {
	var r recorder
	set := Std.With(Driver("Recorder", r.open))
	for _, typ := range []string{"driver:Recorder;id:x", "driver:Recorder;serialize:x", "driver:Recorder;id:Static", "driver:Recorder;x:y"} {
		if _, err := set.Open(t.Context(), typ, Params{}); err == nil {
			t.Errorf("Open(%q) reports no error", typ)
		}
	}
	if len(r.params) != 0 {
		t.Error("a store was opened")
	}
	p := Params{Options: datasession.Options{Lifetime: -1}} // which New refuses
	if _, err := set.Open(t.Context(), "driver:Recorder", p); err == nil || r.store.closed != 1 {
		t.Errorf("Open with refused options: %v, store closed %d times; want an error and once", err, r.store.closed)
	}
	r.err = errors.New("no such place")
	if _, err := set.Open(t.Context(), "driver:Recorder", Params{}); !errors.Is(err, r.err) || !strings.Contains(err.Error(), "Recorder") {
		t.Errorf("Open = %v, want the opener's error and the driver", err)
	}
}

func TestOptionsArePassedOn(t *testing.T) {
	p := Params{Options: datasession.Options{NewID: sessionid.SHA512, Lifetime: time.Minute}}
	opts := open(t, Std, "driver:Memory;id:MD5", p).Options()
	if opts.NewID != sessionid.SHA512 || opts.Lifetime != time.Minute {
		t.Errorf("generator %s, lifetime %v; want SHA512 and a minute", opts.NewID.Name(), opts.Lifetime)
	}
}

func TestWith(t *testing.T) {
	var r recorder
	set := Std.With(Driver("sqlite", r.open), Driver("Redis", r.open), Serializer(utf8JSON{}), ID(sessionid.Static("x")))
	for typ, want := range map[string]string{
		"driver:SQLITE;id:static;serialize:json": "driver:sqlite;id:Static;serialize:JSON",
		"driver:redis":                           "driver:Redis;id:MD5;serialize:DataDumper",
	} {
		if got := outcome(set.Parse(typ)); got != want {
			t.Errorf("Parse(%q) = %s, want %s", typ, got, want)
		}
	}
	m := open(t, set, "driver:SQLite;id:Static;serialize:JSON", Params{})
	if id, err := m.Options().NewID.New(t.Context()); id != "x" || err != nil {
		t.Errorf("id = %q, %v; want x", id, err)
	}
	if _, ok := m.Codec().(utf8JSON); !ok {
		t.Errorf("codec is %T, want that of With", m.Codec())
	}
	if _, err := Std.Parse("driver:Redis"); err == nil {
		t.Error("With has changed Std")
	}
	if _, err := Std.Open(t.Context(), "driver:SQLite", Params{}); !errors.Is(err, ErrNotLinked) {
		t.Errorf("With has changed Std: %v", err)
	}
}

type utf8JSON struct{ perljson.Codec }

func TestWithRefusesNames(t *testing.T) {
	for _, name := range []string{"", "0", "a b", "a:b", "a;b"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("With takes the name %q", name)
				}
			}()
			Std.With(Driver(name, openMemory))
		}()
	}
}

func TestEmptySet(t *testing.T) {
	for _, set := range []*Set{nil, new(Set)} {
		if _, err := set.Open(t.Context(), "", Params{}); outcome(Type{}, err) != "Unknown driver 'File'" {
			t.Errorf("Open = %v, want unknown driver", err)
		}
		if n := len(set.With(Driver("x", openMemory)).Drivers()); n != 1 {
			t.Errorf("With has %d drivers, want 1", n)
		}
	}
}

func TestNamesInOrder(t *testing.T) {
	const want = "BerkeleyDB File Memcached Memory mysql ODBC Oracle Pg SQLite" +
		"|AutoIncrement MD5 SHA1 SHA256 SHA512 Static UUID16 UUID34 UUID36 UUID64" +
		"|Base64 DataDumper FreezeThaw Hstore JSON Storable Sybase UUEncode YAML yamlxs"
	got := strings.Join(Std.Drivers(), " ") + "|" + strings.Join(Std.IDs(), " ") + "|" + strings.Join(Std.Serializers(), " ")
	if got != want {
		t.Errorf("names are %s, want %s", got, want)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	p := Params{ID: "canary1", Password: "canary2", DataSource: "user:canary3@host", TableName: "visible",
		Options: datasession.Options{NewID: sessionid.Static("canary4")}}
	var out bytes.Buffer
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		fmt.Fprintf(&out, format+"\n", p)
		fmt.Fprintf(&out, format+"\n", &p)
		fmt.Fprintf(&out, format+"\n", []Params{p})
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("open", "params", p)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("open", "params", p)
	for _, secret := range []string{"canary", fmt.Sprintf("%x", "canary"), fmt.Sprintf("%d", []byte("canary"))} {
		if i := strings.Index(out.String(), secret); i >= 0 {
			t.Errorf("%q is shown: ...%s", secret, out.String()[max(0, i-100):i+20])
		}
	}
	if !strings.Contains(out.String(), "visible") {
		t.Error("nothing is shown")
	}
}
