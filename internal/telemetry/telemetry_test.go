package telemetry_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"zhitong/events/log"
	"zhitong/events/log/logtest"
	"zhitong/internal/telemetry"
)

// collector takes what is sent to it.
type collector struct {
	spans   chan string
	metrics chan string
}

func startCollector(t *testing.T) (*collector, string) {
	t.Helper()
	c := &collector{make(chan string, 64), make(chan string, 64)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", func(w http.ResponseWriter, r *http.Request) {
		var m coltrace.ExportTraceServiceRequest
		read(t, r, &m)
		for _, rs := range m.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				for _, s := range ss.Spans {
					c.spans <- s.Name + " " + s.String() + rs.Resource.String()
				}
			}
		}
	})
	mux.HandleFunc("POST /v1/metrics", func(w http.ResponseWriter, r *http.Request) {
		var m colmetrics.ExportMetricsServiceRequest
		read(t, r, &m)
		for _, rm := range m.ResourceMetrics {
			for _, sm := range rm.ScopeMetrics {
				for _, f := range sm.Metrics {
					c.metrics <- f.Name
				}
			}
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return c, s.URL
}

func read(t *testing.T, r *http.Request, m proto.Message) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = proto.Unmarshal(body, m)
	}
	if err != nil {
		t.Error(err)
	}
}

func TestTracesAndMetricsReachTheCollector(t *testing.T) {
	t.Parallel()
	c, address := startCollector(t)
	registry := prometheus.NewRegistry()
	commands := prometheus.NewCounter(prometheus.CounterOpts{Name: "zhitong_commands_total", Help: "Commands."})
	registry.MustRegister(commands)
	commands.Inc()
	e, err := telemetry.Open(t.Context(), telemetry.Options{Endpoint: address + "/", Version: "v1", Instance: "one", Metrics: registry, MetricsEvery: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	l := telemetry.Log(log.NewMemory(), e.Traces())
	head := logtest.MustAppend(t, l, log.Head{}, logtest.Commits("a", 3))
	if _, err := l.Append(t.Context(), log.Head{}, logtest.Commits("b", 1)); err == nil {
		t.Fatalf("an append on a stale head succeeded; the head is %+v", head)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	first, second := <-c.spans, <-c.spans
	for _, want := range []string{"log.append", `"zhitong.commits"`, "int_value:3", `"service.instance.id"`} {
		if !strings.Contains(first, want) {
			t.Errorf("the first span has no %s: %s", want, first)
		}
	}
	if !strings.Contains(second, "STATUS_CODE_ERROR") {
		t.Errorf("the refused append is no error: %s", second)
	}
	if got := <-c.metrics; got != "zhitong_commands_total" {
		t.Errorf("got metric %q", got)
	}
}

func TestACollectorThatIsAwayHoldsNothingUp(t *testing.T) {
	t.Parallel()
	e, err := telemetry.Open(t.Context(), telemetry.Options{Endpoint: "http://127.0.0.1:1", Metrics: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	logtest.MustAppend(t, telemetry.Log(log.NewMemory(), e.Traces()), log.Head{}, logtest.Commits("a", 1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Close(ctx); err == nil {
		t.Error("what could not be sent is not mentioned")
	}
}

func TestNoEndpointSendsNothingAndABadOneIsRefused(t *testing.T) {
	t.Parallel()
	e, err := telemetry.Open(t.Context(), telemetry.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := telemetry.Open(t.Context(), telemetry.Options{Endpoint: "collector:4318"}); err == nil || !strings.Contains(err.Error(), `"collector:4318"`) {
		t.Errorf("got %v", err)
	}
}
