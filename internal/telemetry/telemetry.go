// Package telemetry sends traces and metrics to a collector over OTLP, when the
// settings name one.
//
// It owns the connection to the collector and what is noted of the log's writing. It
// refuses to matter: a collector that is slow or away costs records of the program's
// work, never the work. The metrics are those of package metrics, so that /metrics
// and the collector say the same. Start at [Open].
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	prombridge "go.opentelemetry.io/contrib/bridges/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

const (
	// metricsEvery is the pace at which metrics are sent.
	metricsEvery = 15 * time.Second
	// sendMax bounds the sending of one batch.
	sendMax = 5 * time.Second
	// closeMax bounds the sending of what is left when the program ends.
	closeMax = 3 * time.Second
)

// Options say where to send what.
type Options struct {
	// Endpoint is the collector's address, e.g. http://127.0.0.1:4318. Defaults to
	// none: nothing is sent.
	Endpoint string
	// Version and Instance name the program and this process of it.
	Version, Instance string
	// Metrics are sent every 15 s. Defaults to none.
	Metrics prometheus.Gatherer
	// MetricsEvery overrides that pace. Defaults to 15 s.
	MetricsEvery time.Duration
}

// Exports is the connection to the collector.
type Exports struct {
	traces  trace.TracerProvider
	closing []func(context.Context) error
}

// Open prepares the sending; it does not wait for the collector. The caller closes
// it. An error says what is wrong with the endpoint.
func Open(ctx context.Context, o Options) (*Exports, error) {
	if o.Endpoint == "" {
		return &Exports{traces: noop.NewTracerProvider()}, nil
	}
	if !strings.HasPrefix(o.Endpoint, "http://") && !strings.HasPrefix(o.Endpoint, "https://") {
		return nil, fmt.Errorf("otlp-endpoint %q: an address such as http://127.0.0.1:4318 is needed", o.Endpoint)
	}
	base := strings.TrimRight(o.Endpoint, "/")
	who := resource.NewSchemaless(attribute.String("service.name", "zhitong"),
		attribute.String("service.version", o.Version), attribute.String("service.instance.id", o.Instance))
	spans, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(base+"/v1/traces"), otlptracehttp.WithTimeout(sendMax))
	if err != nil {
		return nil, fmt.Errorf("otlp-endpoint %q: %w", o.Endpoint, err)
	}
	traces := sdktrace.NewTracerProvider(sdktrace.WithBatcher(spans), sdktrace.WithResource(who))
	e := &Exports{traces: traces, closing: []func(context.Context) error{traces.Shutdown}}
	if o.Metrics == nil {
		return e, nil
	}
	figures, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(base+"/v1/metrics"), otlpmetrichttp.WithTimeout(sendMax))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("otlp-endpoint %q: %w", o.Endpoint, err), e.Close(ctx))
	}
	every := metricsEvery
	if o.MetricsEvery > 0 {
		every = o.MetricsEvery
	}
	reader := metric.NewPeriodicReader(figures, metric.WithInterval(every), metric.WithTimeout(sendMax),
		metric.WithProducer(prombridge.NewMetricProducer(prombridge.WithGatherer(o.Metrics))))
	meters := metric.NewMeterProvider(metric.WithReader(reader), metric.WithResource(who))
	e.closing = append(e.closing, meters.Shutdown)
	return e, nil
}

// Traces is where spans are made.
func (e *Exports) Traces() trace.TracerProvider { return e.traces }

// Close sends what is left, within 3 s.
func (e *Exports) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeMax)
	defer cancel()
	var errs []error
	for _, c := range e.closing {
		errs = append(errs, c(ctx))
	}
	return errors.Join(errs...)
}
