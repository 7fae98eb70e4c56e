// Package oteladapter makes traces and metrics of what requests do with their sessions,
// by OpenTelemetry:
//
//	observer, err := oteladapter.New(otel.GetTracerProvider(), otel.GetMeterProvider())
//	sessions, err := sessionhttp.New(m, &sessionhttp.Options{Observer: observer})
//
// Each access to the store is a span, "session load" or "session store" for instance, below
// that of the request, which gets the outcome as attributes. The metrics are
//
//   - session.operation.duration, a histogram in seconds, by session.operation and error,
//   - session.requests, those that used their session, by session.found and
//     session.cookie,
//   - session.read.size and session.written.size, histograms in bytes,
//   - session.conflicts and session.retries.
//
// None of them holds an id: a span has the session's fingerprint, a metric has neither. It
// imports the API of OpenTelemetry and no SDK.
package oteladapter

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/go-datasession/datasession/sessionhttp"
)

const scope = "github.com/go-datasession/datasession/adapter/otel"

// Observer is a [sessionhttp.Observer]. It is safe for use by several goroutines.
type Observer struct {
	tracer   trace.Tracer
	duration metric.Float64Histogram
	requests metric.Int64Counter
	read     metric.Int64Histogram
	written  metric.Int64Histogram
	conflict metric.Int64Counter
	retries  metric.Int64Counter
	outcomes map[outcome]metric.MeasurementOption
}

var _ sessionhttp.Observer = (*Observer)(nil)

type outcome struct {
	found  sessionhttp.Outcome
	cookie sessionhttp.Reason
}

// New returns an Observer. Its error is that of a provider that refuses one of the
// instruments.
func New(tp trace.TracerProvider, mp metric.MeterProvider) (*Observer, error) {
	m := mp.Meter(scope)
	o := &Observer{tracer: tp.Tracer(scope), outcomes: map[outcome]metric.MeasurementOption{}}
	var errs [6]error
	o.duration, errs[0] = m.Float64Histogram("session.operation.duration", metric.WithUnit("s"),
		metric.WithDescription("What an access to the session store took."),
		metric.WithExplicitBucketBoundaries(.00001, .0001, .0005, .001, .005, .01, .05, .1, .5, 1, 5))
	o.requests, errs[1] = m.Int64Counter("session.requests", metric.WithUnit("{request}"),
		metric.WithDescription("Requests that used their session."))
	o.read, errs[2] = m.Int64Histogram("session.read.size", metric.WithUnit("By"),
		metric.WithDescription("The stored size of a session that was read."))
	o.written, errs[3] = m.Int64Histogram("session.written.size", metric.WithUnit("By"),
		metric.WithDescription("The stored size of a session that was written."))
	o.conflict, errs[4] = m.Int64Counter("session.conflicts", metric.WithUnit("{parameter}"),
		metric.WithDescription("Parameters that two requests had changed."))
	o.retries, errs[5] = m.Int64Counter("session.retries", metric.WithUnit("{write}"),
		metric.WithDescription("Writes that met a newer session."))
	for found := sessionhttp.NoID; found <= sessionhttp.Failed; found++ {
		for cookie := sessionhttp.NoCookie; cookie <= sessionhttp.Withheld; cookie++ {
			o.outcomes[outcome{found, cookie}] = metric.WithAttributeSet(attribute.NewSet(
				attribute.String("session.found", found.String()), attribute.String("session.cookie", cookie.String())))
		}
	}
	return o, errors.Join(errs[:]...)
}

// Begin implements [sessionhttp.Observer]: a span, and its duration.
func (o *Observer) Begin(ctx context.Context, op string) (context.Context, func(error)) {
	start := time.Now()
	ctx, span := o.tracer.Start(ctx, "session "+op)
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
		o.duration.Record(ctx, time.Since(start).Seconds(), metric.WithAttributes(
			attribute.String("session.operation", op), attribute.Bool("error", err != nil)))
	}
}

// Done implements [sessionhttp.Observer]: the outcome, as attributes of the request's span,
// and counted.
func (o *Observer) Done(r *http.Request, rec sessionhttp.Record) {
	ctx := r.Context()
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.SetAttributes(
			attribute.String("session.fingerprint", rec.Session), attribute.String("session.found", rec.Found.String()),
			attribute.String("session.cookie", rec.Cookie.String()), attribute.Bool("session.signed_out", rec.SignedOut),
			attribute.Int("session.retries", rec.Retries), attribute.Int("session.conflicts", rec.Conflicts))
	}
	o.requests.Add(ctx, 1, o.outcomes[outcome{rec.Found, rec.Cookie}])
	if rec.Bytes > 0 {
		o.read.Record(ctx, int64(rec.Bytes))
	}
	if rec.Stored > 0 {
		o.written.Record(ctx, int64(rec.Stored))
	}
	if rec.Conflicts > 0 {
		o.conflict.Add(ctx, int64(rec.Conflicts))
	}
	if rec.Retries > 0 {
		o.retries.Add(ctx, int64(rec.Retries))
	}
}
