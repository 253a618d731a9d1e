package main

import (
	"context"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"

	"zhitong/internal/telemetry"
)

// openTelemetry begins to send traces and the metrics to the collector that the
// settings name; where they name none it does nothing. What is left is sent by the
// function that it returns.
func (s *serving) openTelemetry(ctx context.Context) (end func(), err error) {
	if s.p.cfg.OTLPEndpoint == "" {
		return func() {}, nil
	}
	exports, err := telemetry.Open(ctx, telemetry.Options{
		Endpoint: s.p.cfg.OTLPEndpoint, Version: version, Instance: processName(), Metrics: s.metrics.Gatherer(),
	})
	if err != nil {
		return nil, usageError{err}
	}
	s.house.traces = exports.Traces()
	return func() {
		if err := exports.Close(ctx); err != nil {
			s.p.logger().Warn("the last traces and metrics were not sent", "error", err)
		}
	}, nil
}

// traced is h with a span for every request, in the trace that the client names.
func (s *serving) traced(h http.Handler) http.Handler {
	if s.house.traces == nil {
		return h
	}
	return otelhttp.NewHandler(h, "http.request", otelhttp.WithTracerProvider(s.house.traces), otelhttp.WithPropagators(propagation.TraceContext{}))
}
