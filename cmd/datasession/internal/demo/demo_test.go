package demo_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/cmd/datasession/internal/demo"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/store/memstore"
)

func manager(t *testing.T) *datasession.Manager {
	t.Helper()
	m, err := datasession.New(memstore.New(nil), perljson.Codec{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// browser is a visitor of the site with a cookie jar.
type browser struct {
	*testing.T
	*http.Client
	url string
}

func visit(t *testing.T, m *datasession.Manager) *browser {
	t.Helper()
	site, err := demo.New(m)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(site)
	t.Cleanup(server.Close)
	jar, _ := cookiejar.New(nil)
	return &browser{t, &http.Client{Jar: jar}, server.URL}
}

// wants makes a request, a POST if there is a form, and looks for text in the answer.
func (b *browser) wants(path string, form url.Values, code int, texts ...string) {
	b.Helper()
	r, err := b.Get(b.url + path)
	if form != nil {
		r, err = b.PostForm(b.url+path, form)
	}
	if err != nil {
		b.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		b.Fatal(err)
	}
	if r.StatusCode != code {
		b.Errorf("%s: %d; want %d", path, r.StatusCode, code)
	}
	for _, text := range texts {
		if !strings.Contains(string(body), text) {
			b.Errorf("%s lacks %q:\n%s", path, text, body)
		}
	}
}

func (b *browser) cookie() string {
	u, _ := url.Parse(b.url)
	for _, c := range b.Jar.Cookies(u) {
		return c.Value
	}
	return ""
}

func TestVisit(t *testing.T) {
	m := manager(t)
	b := visit(t, m)
	b.wants("/", nil, 200, `<b id="visits">1</b> time in`)
	b.wants("/", nil, 200, `<b id="visits">2</b> times`)
	b.wants("/cart", url.Values{"item": {"Camel book"}}, 200, "1 × Camel book")
	b.wants("/cart", url.Values{"item": {"Camel book"}}, 200, "2 × Camel book")
	before := b.cookie()
	b.wants("/signin", url.Values{"name": {"<b>Ann"}}, 200, "&lt;b&gt;Ann", "2 × Camel book")
	if after := b.cookie(); after == before || after == "" {
		t.Errorf("the sign-in left the id as it was")
	}
	b.wants("/session", nil, 200, datasession.Fingerprint(b.cookie()), "1d after its last use", "<code>cart</code>")
	b.wants("/note", url.Values{"note": {"milk"}, "time": {"10s"}}, 200, "“milk” has <b>10</b> seconds left")
	b.wants("/note", url.Values{"note": {"milk"}, "time": {"0"}}, 200, "stays as long as the session")
	b.wants("/expire", url.Values{"param": {""}, "time": {"2h"}}, 200, "2h after its last use")
	b.wants("/expire", url.Values{"param": {""}, "time": {"0"}}, 200, "for ever")
	b.wants("/cart", url.Values{"item": {"Camel book"}, "remove": {"1"}}, 200, "Nothing yet")
	signedIn := b.cookie()
	b.wants("/signout", url.Values{}, 200, `<b id="visits">1</b> time in`)
	if _, err := m.Load(t.Context(), signedIn); !errors.Is(err, datasession.ErrNotFound) {
		t.Errorf("the signed-out session loads: %v", err)
	}
}

func TestSignOutElsewhere(t *testing.T) {
	m := manager(t)
	here, there, everywhere := visit(t, m), visit(t, m), visit(t, m)
	for _, b := range []*browser{here, there, everywhere} {
		b.wants("/signin", url.Values{"name": {"Ann"}}, 200, "Welcome, Ann.", "Signed in as")
	}
	var handle string
	for in, err := range m.SignIns(t.Context(), "Ann") {
		if err != nil {
			t.Fatal(err)
		}
		if in.Handle == datasession.Handle(there.cookie()) {
			handle = in.Handle
		}
	}
	here.wants("/session", nil, 200, handle, "<b>here</b>", "Go-http-client")
	here.wants("/revoke", url.Values{"handle": {handle}}, 200, "<b>here</b>")
	there.wants("/", nil, 200, "Sign in")
	everywhere.wants("/", nil, 200, "Signed in as")
	here.wants("/revoke", url.Values{}, 200, "<b>here</b>")
	everywhere.wants("/", nil, 200, "Sign in")
	here.wants("/", nil, 200, "Signed in as")
}

func TestBadInput(t *testing.T) {
	b := visit(t, manager(t))
	b.wants("/signin", url.Values{"name": {"  "}}, 400, "A name has")
	b.wants("/signin", url.Values{"name": {strings.Repeat("x", 41)}}, 400, "A name has")
	b.wants("/cart", url.Values{"item": {"Yacht"}}, 400, "no such item")
	b.wants("/expire", url.Values{"param": {""}, "time": {"soon"}}, 400, "cannot parse time")
	b.wants("/expire", url.Values{"param": {"_SESSION_ID"}, "time": {"1h"}}, 400, "reserved")
	b.wants("/nothing", nil, 404)
	b.wants("/watch", nil, 200, "You have seen this page")
}

func TestForeignOriginIsRefused(t *testing.T) {
	b := visit(t, manager(t))
	r, _ := http.NewRequestWithContext(t.Context(), "POST", b.url+"/signin", strings.NewReader("name=eve"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://evil.example")
	answer, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("POST from another origin: %d; want 403", answer.StatusCode)
	}
}

func TestServe(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	up, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- demo.Serve(ctx, manager(t), "127.0.0.1:0", func(url string) { up <- url }) }()
	address := <-up
	r, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	u, _ := url.Parse(address)
	if err := demo.Serve(t.Context(), manager(t), u.Host, nil); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("Serve at a port that is taken = %v; want EADDRINUSE", err)
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("Serve stopped with %v; want nil", err)
	}
}
