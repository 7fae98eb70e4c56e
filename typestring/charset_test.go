package typestring

import (
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/freezethaw"
	"github.com/go-datasession/datasession/codec/hstore"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/codec/perlyaml"
	"github.com/go-datasession/datasession/codec/storable"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/perl"
)

// The table of what Perl's drivers make of characters.
func TestCharset(t *testing.T) {
	apache := datasession.Options{Family: datasession.ApacheSession}
	for _, test := range []struct {
		driver, serialize string
		p                 Params
		want              codec.Codec
	}{
		{"File", "JSON", Params{}, perljson.Codec{}},
		{"file", "json", Params{Charset: UTF8}, perljson.Codec{UTF8: true}},
		{"SQLite", "JSON", Params{}, perljson.Codec{}},
		{"SQLite", "YAML", Params{}, perlyaml.Tiny},
		{"SQLite", "JSON", Params{Options: apache}, perljson.Codec{UTF8: true}},
		{"Pg", "JSON", Params{}, perljson.Codec{}},
		{"Pg", "JSON", Params{PgText: true}, perljson.Codec{UTF8: true}},
		{"Pg", "JSON", Params{PgText: true, PgBytea: true}, perljson.Codec{}},
		{"Pg", "JSON", Params{PgText: true, Charset: Latin1}, perljson.Codec{}},
		{"Pg", "FreezeThaw", Params{}, freezethaw.Codec{}},
		{"Pg", "FreezeThaw", Params{PgText: true}, freezethaw.Codec{UTF8: true}},
		{"Pg", "Hstore", Params{Options: apache}, hstore.Codec{UTF8: true}},
		{"Pg", "Storable", Params{PgText: true}, storable.Codec{}},
		{"mysql", "JSON", Params{}, perljson.Codec{UTF8: true}},
		{"mysql", "YAML", Params{}, perlyaml.Codec{UTF8: true, Recover: true}},
		{"mysql", "YAML", Params{Charset: Latin1}, perlyaml.Tiny},
		{"mysql", "FreezeThaw", Params{}, freezethaw.Codec{Recover: true}},
		{"mysql", "FreezeThaw", Params{Charset: UTF8}, freezethaw.Codec{UTF8: true}},
		{"ODBC", "JSON", Params{}, perljson.Codec{UTF8: true}},
		{"Oracle", "JSON", Params{}, perljson.Codec{UTF8: true}},
		{"BerkeleyDB", "YAML", Params{}, perlyaml.Codec{UTF8: true, Recover: true}},
		{"DB_File", "JSON", Params{}, perljson.Codec{UTF8: true}},
		{"Memcached", "FreezeThaw", Params{}, freezethaw.Codec{Recover: true}},
		{"Redis", "YAML", Params{}, perlyaml.Codec{UTF8: true}},
		{"Redis", "JSON", Params{Options: datasession.Options{Family: datasession.ApacheSession}}, perljson.Codec{}},
		{"Mine", "JSON", Params{}, perljson.Codec{}},
	} {
		var r recorder
		set := Std.With(Driver(test.driver, r.open))
		m := open(t, set, "driver:"+test.driver+";serialize:"+test.serialize, test.p)
		if m.Codec() != test.want {
			t.Errorf("%s, %s, %v: codec is %#v, want %#v", test.driver, test.serialize, test.p.Charset, m.Codec(), test.want)
		}
		if got := r.params[0].Charset; got != Latin1 && got != UTF8 {
			t.Errorf("%s, %s: opener got %v", test.driver, test.serialize, got)
		}
	}
}

func TestCharsetNames(t *testing.T) {
	for c, want := range map[Charset]string{DriverCharset: "driver", Latin1: "latin1", UTF8: "utf8", 9: "Charset(9)"} {
		if got := c.String(); got != want {
			t.Errorf("String of %d is %q, want %q", uint8(c), got, want)
		}
	}
}

// What Perl's driver for files makes of characters, Go reads as they were meant, and Perl
// reads what Go makes of them: byte by byte, whether they had the UTF-8 flag or not.
func TestCharsetOfFiles(t *testing.T) {
	perltest.Need(t, perltest.CGISession, perltest.JSONXS, perltest.Module{Name: "FreezeThaw", Package: "libfreezethaw-perl"})
	for _, serializer := range []string{"json", "freezethaw"} {
		t.Run(serializer, func(t *testing.T) {
			dir := t.TempDir()
			inPerl := func(code, id string) string {
				t.Helper()
				return perltest.Run(t, perltest.CGISessionJSON+`
					use CGI::Session;
					my ($dir, $serializer, $id) = @ARGV;
					my $s = CGI::Session->new("driver:file;serializer:$serializer", $id || undef, {Directory => $dir})
						or die CGI::Session->errstr;
					`+code, dir, serializer, id)
			}
			id := inPerl(`
				my $text = my $bytes = "caf\xe9";
				utf8::upgrade($text);
				$s->param(text => $text);
				$s->param(bytes => $bytes);
				$s->flush;
				print $s->id`, "")
			opts := datasession.Options{Family: datasession.CGISession}
			m := open(t, Std, "driver:file;serializer:"+serializer, Params{Directory: dir, Options: opts})
			s, err := m.Load(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"text", "bytes"} {
				v := s.Value(name)
				if got := perl.Upgrade(v); got != "café" {
					t.Errorf("%s is %q, want café", name, got)
				}
				if err := s.Set("go_"+name, v); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			const want = "c3a9 c3a9 c3a9 c3a9"
			got := inPerl(`print join ' ', map {
				my $e = substr $s->param($_), 3;
				utf8::encode($e);
				unpack 'H*', $e;
			} qw(text bytes go_text go_bytes)`, id)
			if got != want {
				t.Errorf("Perl reads %s, want %s", got, want)
			}
		})
	}
}
