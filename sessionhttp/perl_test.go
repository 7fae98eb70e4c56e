package sessionhttp_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/sessionid"
	"github.com/go-datasession/datasession/store/filestore"
)

// A program on CGI::Session goes on with a session that was signed in here, and does not
// lose the sign-in; the epochs are sessions to it that nobody has.
func TestPerlReadsOn(t *testing.T) {
	perltest.Need(t, perltest.CGISession)
	dir := t.TempDir()
	files, err := filestore.New(dir, &filestore.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	m, err := datasession.New(files, dumper.Codec{Tail: true}, &datasession.Options{
		Family: datasession.CGISession, NewID: sessionid.MD5, RenameGrace: time.Minute, EpochCheck: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	mw, err := sessionhttp.New(m, &sessionhttp.Options{Logger: slog.New(slog.DiscardHandler), Cookie: datasession.PerlCookie()})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{T: t, store: &counting{Store: files}, manager: m, middleware: mw, handler: mw.Handler(http.HandlerFunc(shop(t)))}
	before := cookie(f.path("/set?cart=full", ""))
	id := cookie(f.path("/in?user=ann", before))
	if err := m.NotBefore(t.Context(), "", time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	out := perltest.Run(t, `
use CGI::Session;
$ENV{REMOTE_ADDR} = "192.0.2.1";
$CGI::Session::IP_MATCH = 1;
my ($dir, $id, $before) = @ARGV;
my $s = CGI::Session->load("driver:file", $id, { Directory => $dir }) or die CGI::Session->errstr;
print join(",", sort $s->param), " ", $s->param("cart"), "\n";
$s->param(cart => "fuller");
$s->flush;
my $old = CGI::Session->load("driver:file", $before, { Directory => $dir }) or die CGI::Session->errstr;
print $old->is_expired ? "expired" : "alive", "\n";
my $n = 0;
CGI::Session->find("driver:file", sub { $n++ unless $_[0]->is_expired }, { Directory => $dir });
print "$n found\n";
`, dir, id, before)
	if out != "cart full\nexpired\n2 found\n" {
		t.Errorf("Perl sees %q", out)
	}
	s, err := m.Load(t.Context(), id)
	if err != nil || s.Principal() != "ann" || s.Get("cart") != "fuller" || s.SignedIn().IsZero() {
		t.Errorf("after Perl: %v", err)
	}
	if got := body(t, f.path("/", id)); got != "ann" {
		t.Errorf("the page of %q", got)
	}
	line := strings.Join(f.path("/set?cart=empty", id).Header["Set-Cookie"], "\n")
	if !strings.HasPrefix(line, "CGISESSID="+id+"; Path=/; Expires=") || strings.Contains(line, "Secure") || strings.Contains(line, "SameSite") {
		t.Errorf("Set-Cookie = %q; want Perl's", strings.ReplaceAll(line, id, "ID"))
	}
}
