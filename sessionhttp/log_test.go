package sessionhttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/sessionid"
	"github.com/go-datasession/datasession/store"
)

// watcher notes what an Observer is told.
type watcher struct {
	ops     []string
	records []sessionhttp.Record
}

func (w *watcher) Begin(ctx context.Context, op string) (context.Context, func(error)) {
	return ctx, func(err error) { w.ops = append(w.ops, fmt.Sprint(op, " ", err)) }
}

func (w *watcher) Done(_ *http.Request, rec sessionhttp.Record) { w.records = append(w.records, rec) }

// both gives every line to two handlers, at all levels.
func both(text, json *bytes.Buffer) *slog.Logger {
	o := &slog.HandlerOptions{Level: slog.LevelDebug}
	return slog.New(slog.NewMultiHandler(slog.NewTextHandler(text, o), slog.NewJSONHandler(json, o)))
}

// hostile is text that would upset a terminal, a log, a page.
const hostile = "\x1b[2J\r\nfake line\u009b31m\x00\u2028<script>\xff\u202e"

// Everything that is logged, answered and told, of requests that go well and badly, holds
// no id and nothing of the sessions, and no raw control character.
func TestI1I2NothingSecretNothingRaw(t *testing.T) {
	var text, json bytes.Buffer
	w := &watcher{}
	var errs []error
	o := sessionhttp.Options{
		Logger: both(&text, &json), Observer: w,
		OnError: func(_ *http.Request, err error) { errs = append(errs, err) },
	}
	mo := &datasession.Options{Logger: o.Logger, Resolve: datasession.KeepMine}
	var told []string
	f := serveWith(t, mo, o, func(w http.ResponseWriter, r *http.Request) {
		h := sessionhttp.From(r.Context())
		s, err := h.Session()
		d, _ := h.Detach()
		told = append(told, fmt.Sprintf("%v %+v %#v %s %+v %+v %#v %+v %#v", h, h, h, s, s, d, d, r.Context(), r.Context()))
		if err == nil && r.URL.Path == "/conflict" {
			s.Get(hostile)
			other, _ := sessionhttp.From(r.Context()).Detach()
			err = errors.Join(s.Set(hostile, "mine"), other.Update(r.Context(), func(s *datasession.Session) error { return s.Set(hostile, "theirs") }))
		}
		if err == nil && r.URL.Path == "/late" {
			w.WriteHeader(http.StatusOK)
			_ = s.Set("user", "secret")
			return
		}
		if err == nil {
			shop(t)(w, r)
			return
		}
		told = append(told, fmt.Sprint(err), fmt.Sprintf("%+v %#v %q", err, err, err))
		http.Error(w, "no", sessionhttp.Status(err))
	})
	var ids []string
	all := func(path, id string) {
		r := f.path(path, id)
		ids = append(ids, id, cookie(r))
		told = append(told, body(t, r))
	}
	id := f.put("secret", "s3cr3t")
	all("/", id)
	all("/set?"+"secret=s3cr3t", "")
	all("/conflict", id)
	all("/in?user=ann", id)
	all("/late", "")
	unknown, _ := sessionid.SHA256.New(t.Context())
	all("/", unknown)
	torn, _ := sessionid.SHA256.New(t.Context())
	if _, err := f.store.Store.Save(t.Context(), torn, []byte(`{"secret":"s3cr3t`+hostile), store.Rev{}, store.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	all("/", torn)
	f.store.down = errors.New("dial tcp: connection refused " + hostile)
	all("/", unknown)
	all("/set?secret=s3cr3t", "")
	f.store.down = nil
	for _, err := range errs {
		told = append(told, fmt.Sprintf("%v %+v %#v", err, err, err))
	}
	if len(errs) != 2 || len(w.records) < 8 {
		t.Errorf("%d errors, %d records", len(errs), len(w.records))
	}
	output := strings.Join(told, "\n") + text.String() + json.String() + fmt.Sprintf("%+v", w)
	for _, id := range ids {
		if id != "" && strings.Contains(output, id) {
			t.Errorf("an id is in what was said")
		}
	}
	if strings.Contains(output, "s3cr3t") {
		t.Error("a parameter is in what was said")
	}
	for _, log := range []string{text.String(), json.String()} {
		for line := range strings.Lines(log) {
			if i := strings.IndexFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool {
				return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u202e'
			}); i >= 0 || strings.HasPrefix(line, "fake") {
				t.Errorf("a log line has a raw control character: %q", line)
			}
		}
	}
	if !strings.Contains(text.String(), "connection refused") || !strings.Contains(text.String(), "conflict") {
		t.Errorf("the log lacks lines:\n%s", text.String())
	}
}

func TestRecord(t *testing.T) {
	var log bytes.Buffer
	w := &watcher{}
	o := sessionhttp.Options{Observer: w, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	f := serveWith(t, nil, o, shop(t))
	steps := []struct {
		path, id string
		found    sessionhttp.Outcome
		cookie   sessionhttp.Reason
		ops      string
	}{
		{"/", "", sessionhttp.NoID, sessionhttp.NoCookie, "load <nil>"},
		{"/set?user=ann", "", sessionhttp.NoID, sessionhttp.SetNew, "load <nil> store <nil>"},
		{"/", "malformed", sessionhttp.Malformed, sessionhttp.Cleared, "load <nil>"},
		{"/", strings.Repeat("0", 64), sessionhttp.Unknown, sessionhttp.Cleared, "load <nil>"},
		{"/", "have", sessionhttp.Found, sessionhttp.Kept, "load <nil>"},
		{"/set?user=bob", "have", sessionhttp.Found, sessionhttp.SetLater, "load <nil> store <nil>"},
		{"/in?user=ann", "have", sessionhttp.Found, sessionhttp.SetNewID, "load <nil> login <nil>"},
		{"/out", "have", sessionhttp.Found, sessionhttp.Cleared, "load <nil> logout <nil>"},
	}
	for _, step := range steps {
		*w = watcher{}
		if step.id == "have" {
			step.id = f.put("cart", "full")
		}
		f.path(step.path, step.id)
		if len(w.records) != 1 || w.records[0].Found != step.found || w.records[0].Cookie != step.cookie || strings.Join(w.ops, " ") != step.ops {
			t.Errorf("%s: ops %q, records %+v; want %v, %v, %s", step.path, w.ops, w.records, step.found, step.cookie, step.ops)
		}
	}
	for _, want := range []string{`found="malformed id"`, `cookie="set: new id"`, "signed_out=true", "bytes=", "decode="} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %s:\n%s", want, log.String())
		}
	}
	if slices.ContainsFunc(w.records, func(r sessionhttp.Record) bool { return r.Bytes == 0 || r.Session == "" }) {
		t.Errorf("the last record: %+v", w.records)
	}
}
