package typestring

import (
	"strings"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/internal/perltest"
)

// CGI::Session and Go are told of one folder in the same words, and change one
// session in turn.
func TestOneStringForPerlAndGo(t *testing.T) {
	perltest.Need(t, perltest.CGISession)
	dir := t.TempDir()
	inPerl := func(typ, code, id string) string {
		t.Helper()
		script := `my $s = CGI::Session->new($ARGV[0], $ARGV[2] || undef, {Directory => $ARGV[1]}) or die CGI::Session->errstr; ` + code
		out, err := perltest.Command(t, "-MCGI::Session", "-e", script, typ, dir, id).CombinedOutput()
		if err != nil {
			t.Fatalf("perl: %v: %s", err, out)
		}
		return string(out)
	}
	for _, typ := range []string{"driver:file;serializer:default;id:md5", "d:file", "driver:File;id:MD5"} {
		t.Run(typ, func(t *testing.T) {
			id := inPerl(typ, `$s->param(user => 'ann'); $s->expire('+1h'); $s->flush; print $s->id`, "")
			m := open(t, Std, typ, Params{Directory: dir, Options: datasession.Options{Family: datasession.CGISession}})
			if !m.ValidID(id) {
				t.Errorf("ValidID(an id of Perl's) = false")
			}
			s, err := m.Load(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Get("user"); got != "ann" {
				t.Errorf("user is %v, want ann", got)
			}
			if err := s.Set("cart", []any{"book", "pen"}); err != nil {
				t.Fatal(err)
			}
			if err := s.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := inPerl(typ, `print join ' ', $s->id, $s->param('user'), @{$s->param('cart')}`, id); got != id+" ann book pen" {
				t.Errorf("Perl has %q", strings.ReplaceAll(got, id, "ID"))
			}
		})
	}
}
