package perlyaml_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/perlyaml"
	"github.com/go-datasession/datasession/perl"
)

const plain = codectest.HighBytes | codectest.Floats | codectest.BigInts | codectest.Bools

// The real modules. What a module's format loses is left out of its features.
func TestDifferential(t *testing.T) {
	for _, test := range []struct {
		name, source, pkg string
		codec             perlyaml.Codec
		features          codectest.Features
		same              func(got, want []byte) bool
		more              bool // only in a longer run
	}{
		{"YAML::Tiny", tiny, "libyaml-tiny-perl", perlyaml.Tiny, plain, sameButQuotes, false},
		{"YAML::Tiny in UTF-8", tinyUTF8, "libyaml-tiny-perl", perlyaml.Codec{UTF8: true}, plain | codectest.Wide | codectest.VStrings, sameButQuotes, true},
		{"YAML::XS", xs, "libyaml-libyaml-perl", perlyaml.XS,
			plain | codectest.Wide | codectest.Shared | codectest.Cycles | codectest.ScalarRefs, nil, false},
		{"YAML::XS with objects", xs, "libyaml-libyaml-perl", perlyaml.XS,
			plain | codectest.Wide | codectest.VStrings | codectest.Shared | codectest.Cycles | codectest.Blessed, nil, true},
		{"YAML::Syck", syck, "libyaml-syck-perl", perlyaml.Syck,
			plain | codectest.Shared | codectest.Cycles | codectest.Blessed, sameButShort, false},
		{"YAML::Syck with references to scalars", syck, "libyaml-syck-perl", perlyaml.Syck,
			plain | codectest.ScalarRefs, sameButShort, true},
		{"YAML", pm, "libyaml-perl", perlyaml.PM,
			plain | codectest.Shared | codectest.Cycles | codectest.Blessed, nil, true},
		{"YAML in UTF-8 with references to scalars", pmUTF8, "libyaml-perl", perlyaml.Codec{Dialect: perlyaml.DialectPM, UTF8: true},
			plain&^codectest.HighBytes | codectest.Wide | codectest.Shared | codectest.ScalarRefs, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.more && codectest.Rounds() < 10_000 {
				t.Skip("set DATASESSION_FULL=1")
			}
			codectest.Differential(t, readable{test.codec}, codectest.Peer{
				Source:   test.source,
				Package:  test.pkg,
				Share:    2,
				Features: test.features,
				Same:     test.same,
				Equal:    func(a, b perl.Value) bool { return perl.EqualLoose(unslotted(a), unslotted(b)) },
			})
		})
	}
}

// readable is a codec whose values are changed so that Perl can read them.
type readable struct{ perlyaml.Codec }

func (c readable) Append(dst []byte, v perl.Value, lim codec.Limits) ([]byte, error) {
	if c.Dialect == perlyaml.DialectSyck {
		v = unslotted(v)
	}
	return c.Codec.Append(dst, v, lim)
}

// To YAML::Tiny what it reads is a string, and it puts quotes around it if it looks
// like a number.
var quotedNumber = regexp.MustCompile(`(?m)(: |- )'([-+.]*[0-9][-+.0-9Ee]*)'$`)

func sameButQuotes(got, want []byte) bool {
	return string(quotedNumber.ReplaceAll(got, []byte("$1$2"))) == string(want)
}

// YAML::Syck puts quotes around a float even if it looks like an integer.
var quotedShort = regexp.MustCompile(`(?m)(: |- )'(0|-?[1-9][0-9]{0,7}|[1-9][0-9]{8})'$`)

func sameButShort(got, want []byte) bool {
	return string(quotedShort.ReplaceAll(got, []byte("$1$2"))) == string(want)
}

const (
	unquote = `
		# As YAML::Tiny does, but where it cannot read what it writes.
		my $dump = YAML::Tiny->can('_dump_scalar');
		my %escape = ("\t" => 't', "\n" => 'n', "\f" => 'f', "\r" => 'r', "\x0b" => 'v');
		*YAML::Tiny::_dump_scalar = sub {
			my ($self, $s, $key) = @_;
			my $yaml = &$dump;
			return $yaml if !defined $s || $yaml =~ /^"/;
			return '"' . $s =~ s/([\t\n\f\r\x0b])/\\$escape{$1}/gr . '"' if $s =~ /[\n\r]/;
			return "'$s'" if $yaml !~ /^'/ && ($s =~ /\xa0/ || $key && $s =~ /^(?:-|\.\.\.)/);
			return $yaml;
		};
		sub unquote { $_[0] =~ s/(: |- )'([-+.]*[0-9][-+.0-9Ee]*)'$/$1$2/mgr }`
	tiny = `use YAML::Tiny ();` + unquote + `
		sub freeze { unquote(YAML::Tiny->new($_[0])->write_string) }
		sub thaw { YAML::Tiny->read_string($_[0])->[-1] }`
	tinyUTF8 = `use YAML::Tiny ();` + unquote + `
		sub freeze { my $s = YAML::Tiny->new($_[0])->write_string; utf8::encode($s); unquote($s) }
		sub thaw { my $s = $_[0]; utf8::decode($s); YAML::Tiny->read_string($s)->[-1] }`
	xs = `
		use YAML::XS ();
		$YAML::XS::LoadBlessed = 1;
		sub freeze { YAML::XS::Dump($_[0]) }
		sub thaw { YAML::XS::Load($_[0]) }`
	quotedKeys = `
		use YAML ();
		use YAML::Dumper ();
		$YAML::SortKeys = 2;
		$YAML::LoadBlessed = 1;
		# As YAML does, but where it cannot read what it writes: it does not indent the
		# colon after a key in lines, and in an array it takes no key with a quote in
		# quotes for one, and none that begins with a colon; one with an equals sign and
		# a colon it takes for the key of a reference. What ends in white space and >0
		# it takes for the beginning of a block, and a quote in quotes before a colon for
		# the end of a key.
		my $emit = YAML::Dumper->can('_emit_str');
		*YAML::Dumper::_emit_str = sub {
			my $self = $_[0];
			my $at = length $self->{stream};
			if (($_[2] || 0) != 3) {
				my $value = $_[1];
				&$emit; # which takes $self off @_
				if (substr($self->{stream}, $at) =~ /^ [^'"|].*\s[>|](?:[-+]0+|0+[-+]?)$/) {
					substr($self->{stream}, $at) = ' ';
					$value =~ /'/ ? $self->_emit_double($value) : $self->_emit_single($value);
					$self->_emit("\n");
				}
				substr($self->{stream}, $at) =~ s/^( "(?:[^"\\]|\\[^"])*)\\"(?=(?: |\\t)*: )/$1\\x22/;
				return;
			}
			if ($_[1] =~ /\n/) { $self->_emit_double($_[1]) } else { &$emit }
			my $key = substr $self->{stream}, $at;
			1 while $key =~ s/^("(?:[^\\]|\\[^"])*)\\"/$1\\x22/;
			$key = $key =~ /'/ ? '"' . $self->escape($key) =~ s/"/\\x22/gr . '"' : "'$key'" if $key =~ /^(?:=\s*)?:/;
			substr($self->{stream}, $at) = $key;
		};`
	pm = quotedKeys + `
		sub freeze { YAML::Dump($_[0]) }
		sub thaw { YAML::Load($_[0]) }`
	pmUTF8 = quotedKeys + `
		sub freeze { my $s = YAML::Dump($_[0]); utf8::encode($s); $s }
		sub thaw { my $s = $_[0]; utf8::decode($s); YAML::Load($s) }`
	syck = `
		use YAML::Syck ();
		$YAML::Syck::SortKeys = $YAML::Syck::LoadBlessed = 1;
		# It numbers anchors in an order of its own, and cannot read a scalar that
		# ends in a carriage return, nor a number with one before a line break.
		sub quote {
			my ($before, $s) = @_;
			$s =~ s/([\\"])/\\$1/g;
			$s =~ s/([^ -~])/{ "\r" => '\r', "\t" => '\t', "\n" => '\n' }->{$1} || sprintf '\x%02X', ord $1/ge;
			return qq($before"$s");
		}
		my $string = \&make_string;
		*make_string = sub { $string->() =~ s/^=\0/=/r };
		sub freeze {
			my $yaml = YAML::Syck::Dump($_[0]);
			my %number;
			$yaml =~ s/((?:^---|-|:) [&*])(\d+)(?= |$)/my $n = 1 + keys %number; $1 . ($number{$2} ||= $n)/mge;
			$yaml =~ s/((?:-|:) )'([^']*\r\n[^']*)'$/my ($at, $s) = ($1, $2); quote($at, $s =~ s{\n(\n+)}{$1}gr)/mge;
			return $yaml =~ s/((?:-|:) )(.*\r)$/quote($1, $2)/mger;
		}
		sub thaw { YAML::Syck::Load($_[0]) }`
)

// unslotted returns a copy of v in which no element has an identity of its own:
// in Perl, what an alias gives is the scalar of its anchor.
//
// YAML::Syck reads another string where one begins with = and NUL.
func unslotted(v perl.Value) perl.Value {
	copies := map[perl.Thing]perl.Thing{}
	var visit func(v perl.Value) perl.Value
	visit = func(v perl.Value) perl.Value {
		v = v.Plain()
		if twin := copies[v.Thing()]; twin != nil {
			return perl.NewRef(twin)
		}
		switch t := v.Thing().(type) {
		case *perl.Hash:
			h := perl.NewHash(t.Len())
			perl.Bless(h, t.Class())
			copies[t] = h
			for k, v := range t.All() {
				if strings.HasPrefix(k.String(), "=\x00") {
					k = perl.StringKey("=" + k.String()[2:])
				}
				h.SetKey(k, visit(v))
			}
			return perl.NewRef(h)
		case *perl.Array:
			a := perl.NewArray()
			perl.Bless(a, t.Class())
			copies[t] = a
			for _, v := range t.All() {
				a.Push(visit(v))
			}
			return perl.NewRef(a)
		case *perl.Scalar:
			s := &perl.Scalar{}
			perl.Bless(s, t.Class())
			copies[t] = s
			s.Set(visit(t.Get()))
			return perl.NewRef(s)
		}
		if s := v.Str(); strings.HasPrefix(s, "=\x00") {
			if v.Kind() == perl.KindText {
				return perl.Text("=" + s[2:])
			}
			return perl.Bytes("=" + s[2:])
		}
		return v
	}
	return visit(v)
}
