package dumper_test

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/dumper"
)

// TestDataSession compares with what Data::Session's serializer does: it has
// Data::Dumper write, and Safe evaluate.
func TestDataSession(t *testing.T) {
	codectest.Differential(t, dumper.Codec{}, codectest.Peer{
		Package:  "perl",
		Features: codectest.All,
		Same:     func(got, want []byte) bool { return same(bytes.TrimSuffix(got, []byte(";$D")), want) },
		Source: `
			use Data::Dumper;
			use Safe;
			my $safe = Safe->new;
			sub freeze {
				my $d = Data::Dumper->new([$_[0]], ['D']);
				$d->Indent(0)->Purity(1)->Useqq(0)->Deepcopy(0)->Quotekeys(1)->Terse(0)->Sortkeys(1);
				return unsafe($d->Dump);
			}
			sub thaw { my $v = $safe->reval($_[0]); die $@ if $@; return $v }` + unsafe,
	})
}

// TestCGISession compares with CGI::Session's default serializer.
func TestCGISession(t *testing.T) {
	codectest.Differential(t, dumper.Codec{Tail: true}, codectest.Peer{
		Package:  "libcgi-session-perl",
		Features: codectest.All,
		Same:     same,
		Source: `
			use CGI::Session::Serialize::default;
			$Data::Dumper::Sortkeys = 1;
			my $c = 'CGI::Session::Serialize::default';
			sub freeze { unsafe($c->freeze($_[0])) }
			sub thaw { $c->thaw($_[0]) // die $c->errstr }` + unsafe,
	})
}

// unsafe takes the class away that Safe gives to patterns.
const unsafe = `
	sub unsafe { $_[0] =~ s{bless\( (qr/(?:[^/\\]|\\.)*/\w*), 'Safe::Root\d+::Regexp' \)}{$1}gsr }`

// same reports whether two texts are equal but for what Perl misreads in its own:
// variables in a pattern, and an element that comes after a reference to it.
func same(got, want []byte) bool {
	got = literal.ReplaceAll(got, []byte("$1"))
	want = literal.ReplaceAll(want, []byte("$1"))
	return bytes.Equal(got, want) || misread.Match(want)
}

var misread = regexp.MustCompile(`(?:[\[,]|=> )\$\{`)

var literal = regexp.MustCompile(`\$\{\\q\((.[[{-]*)\)\}`)
