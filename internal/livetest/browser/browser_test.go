package browser

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/go-datasession/datasession/internal/perltest"
)

// start returns a tab of a new Chromium with a profile of its own.
func start(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		perltest.Packages(t, "chromium")
		path = "/usr/bin/chromium"
	}
	opts := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir())}
	for _, name := range []string{"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
		"disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage"} {
		opts = append(opts, chromedp.Flag(name, true))
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(cancel)
	return tab(ctx, t)
}

// tab opens another tab, or the first.
func tab(ctx context.Context, t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	do(ctx, t, chromedp.Navigate("about:blank"))
	return ctx
}

func do(ctx context.Context, t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- chromedp.Do(ctx, steps...) }() // the first must have no deadline
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the browser does not answer")
	}
}

// shows waits until an element has a text. Between two pages there is none.
func shows(ctx context.Context, t *testing.T, id, want string) {
	t.Helper()
	get := chromedp.Evaluate[string](fmt.Sprintf("(document.querySelector(%q) || {textContent: 'no such element'}).textContent", id))
	got, err := "", error(nil)
	for range 400 {
		if got, err = chromedp.Run(ctx, get); err == nil && strings.TrimSpace(got) == want {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("%s is %q, want %q (%v)", id, got, want, err)
}

func click(ctx context.Context, t *testing.T, id string) {
	t.Helper()
	do(ctx, t, chromedp.Click(chromedp.CSS(id)))
}

func add(ctx context.Context, t *testing.T, item string) {
	t.Helper()
	do(ctx, t, chromedp.SendKeys(chromedp.CSS("#item"), item))
	click(ctx, t, "#add")
}

func TestBrowser(t *testing.T) {
	dir := t.TempDir()
	addr, stop := serve(t, dir, "")
	ann := start(t)
	home := chromedp.Navigate("http://" + addr + "/")

	// What was put into the cart before the sign-in is there after it, and the page
	// after the redirect knows of the sign-in.
	do(ann, t, home)
	add(ann, t, "book")
	shows(ann, t, "#cart", "[book]")
	click(ann, t, "#signin")
	shows(ann, t, ".flash", "Welcome.")
	shows(ann, t, "#user", "ann")
	shows(ann, t, "#cart", "[book]")
	do(ann, t, home)
	shows(ann, t, ".flash", "no such element") // once

	// Another server over the same files.
	stop()
	_, stop = serve(t, dir, addr)
	defer func() { stop() }()
	do(ann, t, home)
	shows(ann, t, "#user", "ann")
	shows(ann, t, "#cart", "[book]")

	// A stream in one tab, and another tab that changes the session.
	stream := tab(ann, t)
	do(stream, t, chromedp.Navigate("http://"+addr+"/watch"))
	shows(stream, t, "#log", "[book]")
	add(ann, t, "lamp")
	shows(ann, t, "#cart", "[book lamp]")
	shows(stream, t, "#log", "[book]\n[book lamp]")

	// Another browser signs in to the account, and this one out.
	other := start(t)
	do(other, t, home)
	click(other, t, "#signin")
	shows(other, t, "#user", "ann")
	click(other, t, "#others")
	shows(stream, t, "#log", "[book]\n[book lamp]\nend")
	do(ann, t, home)
	shows(ann, t, "#user", "")
	shows(ann, t, "#cart", "[]")
	do(other, t, home)
	shows(other, t, "#user", "ann")
}
