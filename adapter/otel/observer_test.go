package oteladapter_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/go-datasession/datasession"
	oteladapter "github.com/go-datasession/datasession/adapter/otel"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/sessionhttp"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/memstore"
)

// failing is a store that takes nothing once it is told so.
type failing struct {
	*memstore.Store
	full bool
}

func (f *failing) Save(ctx context.Context, id string, data []byte, old store.Rev, opts store.SaveOptions) (store.Rev, error) {
	if f.full {
		return store.Rev{}, errors.New("disk full")
	}
	return f.Store.Save(ctx, id, data, old, opts)
}

func TestObserver(t *testing.T) {
	spans, reader := tracetest.NewSpanRecorder(), metric.NewManualReader()
	tracers := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
	observer, err := oteladapter.New(tracers, metric.NewMeterProvider(metric.WithReader(reader)))
	if err != nil {
		t.Fatal(err)
	}
	st := &failing{Store: memstore.New(nil)}
	m, err := datasession.New(st, perljson.Codec{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := sessionhttp.New(m, &sessionhttp.Options{Observer: observer, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	h := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := sessionhttp.Session(r)
		if err == nil {
			n, _ := datasession.Get[int](s, "n")
			err = s.Set("n", n+1)
		}
		if err != nil {
			sessions.Error(w, r, err)
		}
	}))
	var cookies []*http.Cookie
	visit := func() int {
		ctx, span := tracers.Tracer("test").Start(t.Context(), "request")
		defer span.End()
		r, w := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil), httptest.NewRecorder()
		for _, c := range cookies {
			r.AddCookie(c)
		}
		h.ServeHTTP(w, r)
		if got := w.Result().Cookies(); len(got) > 0 {
			cookies = got
		}
		return w.Code
	}
	if a, b := visit(), visit(); a != http.StatusOK || b != http.StatusOK {
		t.Fatal(a, b)
	}
	st.full = true
	if code := visit(); code < 500 {
		t.Fatal(code)
	}

	var got []string
	for _, s := range spans.Ended() {
		var line strings.Builder
		line.WriteString(s.Name())
		for _, a := range s.Attributes() {
			if key := string(a.Key); key == "session.found" || key == "session.cookie" {
				line.WriteString(", " + a.Value.String())
			}
		}
		if s.Status().Code == codes.Error {
			line.WriteString(", error")
		}
		got = append(got, line.String())
	}
	want := []string{
		"session load", "session store", "request, no id, set: new session",
		"session load", "session store", "request, found, set: later end",
		"session load", "session store, error", "request, found, none",
	}
	if !slices.Equal(got, want) {
		t.Errorf("spans %q, want %q", got, want)
	}
	for _, s := range spans.Ended() {
		if strings.Contains(fmt.Sprint(s), cookies[0].Value) {
			t.Error("a span has the session's id")
		}
	}
	checkMetrics(t, reader, cookies[0].Value)
}

func checkMetrics(t *testing.T, reader metric.Reader, id string) {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(fmt.Sprint(all), id) {
		t.Error("a metric has the session's id")
	}
	counts := map[string]int{}
	for _, m := range all.ScopeMetrics[0].Metrics {
		switch data := m.Data.(type) {
		case metricdata.Histogram[float64]:
			for _, p := range data.DataPoints {
				op, _ := p.Attributes.Value("session.operation")
				failed, _ := p.Attributes.Value("error")
				counts[fmt.Sprint(m.Name, " ", op.AsString(), " ", failed.AsBool())] = int(p.Count)
			}
		case metricdata.Histogram[int64]:
			for _, p := range data.DataPoints {
				counts[m.Name] = int(p.Count)
			}
		case metricdata.Sum[int64]:
			for _, p := range data.DataPoints {
				found, _ := p.Attributes.Value("session.found")
				counts[m.Name+" "+found.AsString()] += int(p.Value)
			}
		}
	}
	want := map[string]int{
		"session.operation.duration load false": 3, "session.operation.duration store false": 2,
		"session.operation.duration store true": 1, "session.requests no id": 1, "session.requests found": 2,
		"session.read.size": 2, "session.written.size": 2,
	}
	if fmt.Sprint(counts) != fmt.Sprint(want) {
		t.Errorf("metrics %v, want %v", counts, want)
	}
}
